"""What goes into a backup: all that is essential, nothing that is scratch, and a sentence about what leaves it."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from rattail.appdir.folder import Keep
from rattail.appdir.layout import Place
from rattail.appdir.marker import require_marker
from rattail.errors import AppDirBroken
from rattail.features.backups.making.walk import Walk
from rattail.registry import Registry
from tests.conftest import Run


class Packing:
    """The walk over an app folder."""

    def __init__(self, root: Path, registry: Registry) -> None:
        self.root = root
        self._registry = registry
        self.relocations: dict[str, str] = {}
        self.warnings: list[str] = []

    @property
    def places(self) -> tuple[Place, ...]:
        app_id = require_marker(str(self.root)).app_id
        return self._registry.layout.place(str(self.root), self.relocations, app_id=app_id)

    def put(self, path: str, content: str = "x") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def walk(self, *, is_full: bool = False, without: Collection[str] = ()) -> dict[str, str]:
        """The kind of each entry, by its logical path."""
        app_id = require_marker(str(self.root)).app_id
        walk = Walk(self.places, root=str(self.root), app_id=app_id, is_full=is_full, without=without)
        found: dict[str, str] = {}
        for one in walk:
            above = one.path.rpartition("/")[0]
            assert one.path not in found, one.path
            assert not above or found[above] == "folder", f"{one.path} comes before its folder"
            assert os.lstat(one.name, dir_fd=one.folder_fd).st_ino == one.look.st_ino
            found[one.path] = one.kind
        self.warnings = walk.warnings
        return found


@pytest.fixture
def packing(appdir: Path, registry: Registry, run: Run) -> Packing:
    run("make-appdir", "--path", appdir)
    return Packing(appdir, registry)


def test_each_declared_folder_goes_in_or_stays_out_as_it_was_declared(packing: Packing) -> None:
    for place in packing.places:
        packing.put(f"{place.path}/mine.txt")

    minimal, full = packing.walk(), packing.walk(is_full=True)

    for place in packing.places:
        name = "mine.txt" if place.path == "." else f"{place.path}/mine.txt"
        assert (name in minimal) is (place.folder.keep is Keep.ESSENTIAL), name
        assert (name in full) is (place.folder.keep is not Keep.SCRATCH), name
    assert {"app-folder.json", "rattail.toml", "secrets.toml"} <= set(minimal)


def test_what_nobody_declared_goes_in_and_what_is_only_half_written_does_not(packing: Packing) -> None:
    for path in ("mine/of/the/shop.txt", "data/own/notes.txt", "own.sh", "luigitasks/more.py"):
        packing.put(path)
    for path in (".tmp-0123456789abcdef", "data/.tmp-0123456789abcdef/x", "app-folder.lock", "data/rattail.sqlite3"):
        packing.put(path)

    found = packing.walk(without=["data/rattail.sqlite3"])

    assert {"mine/of/the/shop.txt", "data/own/notes.txt", "own.sh", "luigitasks/more.py", "mine/of"} <= set(found)
    assert not any(".tmp-" in path for path in found)
    assert {"app-folder.lock", "data/rattail.sqlite3"}.isdisjoint(found)


def test_a_relocated_folder_goes_in_under_its_own_name_without_the_file_that_says_whose_it_is(
    packing: Packing, run: Run, tmp_path: Path
) -> None:
    place = tmp_path / "inventory"
    run("set-option", "folders.data/batches/inventory", place, "--appdir", packing.root)
    run("make-appdir", "--path", packing.root)
    packing.put("data/batches/inventory/left-behind")
    packing.relocations = {"data/batches/inventory": str(place)}
    (place / "deep").mkdir()
    (place / "deep" / "file").write_text("x")

    found = packing.walk()

    assert {path for path in found if path.startswith("data/batches/inventory")} == {
        "data/batches/inventory",
        "data/batches/inventory/deep",
        "data/batches/inventory/deep/file",
    }
    assert "left behind at its old place" in packing.warnings[0]


def test_a_relocated_folder_that_is_not_there_stops_the_backup(packing: Packing, run: Run, tmp_path: Path) -> None:
    place = tmp_path / "uploads"
    run("set-option", "folders.data/batches/inventory", place, "--appdir", packing.root)
    run("make-appdir", "--path", packing.root)
    packing.relocations = {"data/batches/inventory": str(place)}
    place.rename(tmp_path / "unmounted")
    place.mkdir()

    with pytest.raises(AppDirBroken, match=r"does not say so .* would not be one"):
        packing.walk()


@pytest.mark.parametrize("folder", ["data/batches/inventory", "data", "luigitasks"])
def test_a_declared_folder_that_is_a_link_stops_the_backup(packing: Packing, folder: str, tmp_path: Path) -> None:
    (packing.root / folder).rename(tmp_path / "elsewhere")
    (packing.root / folder).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(AppDirBroken, match=r"is a link to .* would be in no backup"):
        packing.walk()


def test_links_go_in_as_links_and_those_that_leave_the_folder_are_named(packing: Packing, tmp_path: Path) -> None:
    (packing.root / "inside").symlink_to("data")
    (packing.root / "data" / "up").symlink_to("../rattail.toml")
    (packing.root / "absolute").symlink_to(packing.root / "data")
    (packing.root / "outside").symlink_to(tmp_path)
    (packing.root / "data" / "climbing").symlink_to("../../outside")

    found = packing.walk()

    assert all(found[path] == "link" for path in ("inside", "data/up", "absolute", "outside", "data/climbing"))
    assert sorted(text.split("'")[1] for text in packing.warnings) == ["data/climbing", "outside"]


def test_sockets_pipes_and_many_of_them_are_named_and_stay_out(packing: Packing) -> None:
    for number in range(25):
        os.mkfifo(packing.root / f"pipe{number}")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(packing.root / "s"))

        found = packing.walk()

    assert not any(path.startswith("pipe") or path == "s" for path in found)
    assert len(packing.warnings) == 21
    assert packing.warnings[-1] == "6 more of these."


def test_a_folder_that_may_not_be_read_stops_the_backup(packing: Packing, as_root: None) -> None:
    packing.put("data/own/secret/file")
    (packing.root / "data/own/secret").chmod(0)
    pid = os.fork()
    if not pid:
        os.chown(packing.root / "data/own/secret", 0, 0)
        os.setuid(65534)
        try:
            packing.walk()
        except AppDirBroken:
            os._exit(7)
        os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


_NAMES = some.text(some.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..") and not name.startswith((".tmp-", ".cleaning-"))
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=some.lists(some.lists(_NAMES, min_size=1, max_size=4), max_size=8), top=some.sampled_from(["", "data/"]))
def test_whatever_the_names_all_that_is_on_the_disk_goes_in(packing: Packing, tree: list[list[str]], top: str) -> None:
    for parts in tree:
        try:
            packing.put(f"{top}own/{'/'.join(parts)}")
        except OSError:
            continue  # a file stands where a folder was wanted

    found = {path for path in packing.walk() if path.startswith(f"{top}own/")}

    own = packing.root / f"{top}own"
    assert found == {f"{top}own/{path.relative_to(own)}" for path in own.rglob("*")}


def test_deep_trees_need_few_open_files(packing: Packing) -> None:
    fd = os.open(packing.root, os.O_DIRECTORY)
    for _ in range(200):
        os.mkdir("d", dir_fd=fd)
        deeper = os.open("d", os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    os.close(os.open("file", os.O_CREAT, dir_fd=fd))
    os.close(fd)

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
    try:
        found = packing.walk()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert sum(path.endswith("d/file") for path in found) == 1
