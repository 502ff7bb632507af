"""Which app folder, and what its app is called."""

from __future__ import annotations

import pytest

from rattail.appdir.locate import Located


@pytest.mark.parametrize(
    ("root", "name"),
    [
        ("/srv/envs/poser/app", "poser"),
        ("/srv/shop", "shop"),
        ("/home/alice/shop/.venv/app", "shop"),
        ("/home/alice/shop/venv/app", "shop"),
        ("/app", "app"),
        ("/srv/caf\u00e9/app", "caf\u00e9"),
        ("/srv/two\nlines/app", "two?lines"),
        ("/srv/\udcff/app", "?"),
    ],
)
def test_the_name_of_an_app_is_what_its_surroundings_tell(root: str, name: str) -> None:
    assert Located(root, "in a test").name == name
