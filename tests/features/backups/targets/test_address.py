"""Copies at addresses of fsspec."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rattail.errors import AppDirBroken, NoSuchThing, WouldOverwrite
from tests.features.backups.targets.conftest import Shelf
from tests.kit.programs import needs_module


@pytest.fixture
def memory() -> Any:
    needs_module("fsspec", package="fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    MemoryFileSystem.store.clear()
    return MemoryFileSystem()


@pytest.mark.parametrize("scheme", ["memory", "file", "local"])
def test_a_copy_goes_to_the_address_and_is_read_back_there(
    shelf: Shelf, memory: Any, tmp_path: Path, scheme: str
) -> None:
    import fsspec

    address = f"{scheme}://{tmp_path}/far/inner"

    (made,) = shelf.copy(address)
    (again,) = shelf.copy(address)

    place, folder = fsspec.core.url_to_fs(address)
    assert (made.error, again.error) == (None, None)
    assert place.cat(f"{folder}/{shelf.newest.file_name}") == Path(shelf.newest.path).read_bytes()
    assert len(place.ls(folder)) == 1
    assert shelf.newest.known.copies[address].problem == ""


@pytest.mark.parametrize("is_same", [True, False], ids=["of this backup", "of another"])
def test_half_a_copy_is_gone_on_with_where_it_is_of_this_backup(shelf: Shelf, memory: Any, is_same: bool) -> None:
    content = Path(shelf.newest.path).read_bytes()
    half = content[: len(content) // 2] if is_same else bytes(len(content) // 2)
    memory.pipe(f"/far/{shelf.newest.file_name}.part", half)
    sent = []

    (made,) = shelf.copy("memory:///far", progress=lambda what, done, total: sent.append(what))

    assert made.error is None
    assert ("comparing what is there" in sent) == is_same
    assert memory.cat(f"/far/{shelf.newest.file_name}") == content


def test_another_file_of_that_name_is_left(shelf: Shelf, memory: Any) -> None:
    path = f"/far/{shelf.newest.file_name}"
    for content in (b"mine", bytes(shelf.newest.size_bytes)):
        memory.pipe(path, content)

        (made,) = shelf.copy("memory:///far")

        assert isinstance(made.error, WouldOverwrite)
        assert memory.cat(path) == content


def test_what_arrives_damaged_is_not_kept(shelf: Shelf, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rattail.features.backups.targets.address.CHUNK_BYTES", 1 << 20)
    part = f"/far/{shelf.newest.file_name}.part"

    def rot(what: str, done: int, total: int | None) -> None:
        if what == "reading the copy back":
            memory.store[part].getbuffer()[-1:] = b"x"

    memory.pipe(part, Path(shelf.newest.path).read_bytes())  # read in pieces: the last one rots after the first
    (made,) = shelf.copy("memory:///far", progress=rot)

    assert made.error is not None
    assert "cannot be read back as it was" in made.error.message
    assert not memory.exists(part)
    assert shelf.copy("memory:///far")[0].error is None


def test_a_place_that_refuses_is_told_with_its_own_words(shelf: Shelf, memory: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    unknown, refused = shelf.copy("gopher2://x", f"file://{tmp_path}/file/far")

    assert isinstance(unknown.error, NoSuchThing)
    assert isinstance(refused.error, AppDirBroken)
    assert "Error" in refused.error.message


def test_what_is_not_installed_is_named(shelf: Shelf) -> None:
    script = (
        "import sys\nsys.modules['fsspec'] = None\n"
        "from rattail.features.backups.targets.address import _opened\n"
        "from rattail.errors import NoSuchThing\n"
        "for address in ('s3://bucket/x', 'sftp://host/x', 'ftp://host/x'):\n"
        "    try:\n        _opened(address)\n"
        "    except NoSuchThing as error:\n        print(error.message, error.hint)\n"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == [
        "backups can be copied to 's3://bucket/x' only where the package 's3fs' is installed. pip install s3fs",
        "backups can be copied to 'sftp://host/x' only where the package 'paramiko' is installed. "
        "pip install fsspec paramiko",
        "backups can be copied to 'ftp://host/x' only where the package 'fsspec' is installed. pip install fsspec",
    ]
