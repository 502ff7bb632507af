"""What tests of faults share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.quick_disk import quick_folder

pytest.register_assert_rewrite("tests.faults.striking", "tests.faults.trials", "tests.faults.server_trials")


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """As `tmp_path`, in memory: what is run hundreds of times flushes thousands of times."""
    with quick_folder() as path:
        yield path
