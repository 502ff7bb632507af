"""The generated pages of the reference say what the code says."""

from __future__ import annotations

import pytest

from tests.docs.blocks import DOCS
from tests.docs.generate import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_page_of_the_reference_is_generated() -> None:
    assert {path.name for path in (DOCS / "reference").iterdir()} == set(PAGES)
