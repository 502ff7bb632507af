"""Opening folder after folder of a walk: the same folders as one by one, no link followed, nothing left open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rattail.appdir.files import descending

DEEP = "/".join(f"d{number}" for number in range(150))


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    for path in ("a/b/c", "a/b/d", "a/bb", "e", DEEP, f"{DEEP}/one", f"{DEEP}/two/three"):
        (tmp_path / path).mkdir(parents=True)
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("is_backwards", [False, True])
def test_each_folder_is_the_one_of_that_path(root: int, tmp_path: Path, is_backwards: bool) -> None:
    paths = [
        ".",
        "a",
        "a/b",
        "a/b/c",
        "a/b/d",
        "a/b",
        "a/bb",
        "a/bb",
        "e",
        DEEP,
        f"{DEEP}/one",
        f"{DEEP}/two/three",
        "e",
    ]
    before = _open_files()

    with descending(root) as opened:
        for path in paths[::-1] if is_backwards else paths:
            assert os.path.samestat(os.fstat(opened(path)), os.stat(tmp_path / path)), path
            assert _open_files() - before < 12

    assert _open_files() == before


def test_a_link_or_a_file_on_the_way_is_refused_and_the_walk_goes_on(root: int, tmp_path: Path) -> None:
    (tmp_path / "a/link").symlink_to(tmp_path / "e")
    (tmp_path / "a/file").touch()
    before = _open_files()

    with descending(root) as opened:
        opened("a/b/c")
        for path in ("a/link", "a/link/x", "a/file", "a/gone", "a/gone/x"):
            with pytest.raises(OSError, match=r"Not a directory|symbolic links|No such file"):
                opened(path)
            assert os.path.samestat(os.fstat(opened("a/b/d")), os.stat(tmp_path / "a/b/d"))

    assert _open_files() == before
