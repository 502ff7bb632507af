"""Adopting under fire: killed anywhere, on a full disk, from a folder in use, as other users."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rattail.appdir.locate import Located
from rattail.appdir.names import is_temporary
from rattail.errors import AppDirBusy
from rattail.features.core.adopt import service as adopting
from rattail.features.core.adopt.copying import Copied, copy_files
from rattail.features.core.adopt.survey import Copy
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.conftest import Run
from tests.kit.environment import Environment
from tests.kit.killing import at_once, error_when_disturbed, killed_at
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot
from tests.kit.upstream import FILES, make_upstream

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOBODY = 65534
KILLS = 24


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_upstream(tmp_path / "old")


@pytest.fixture
def adopt_at(registry: Registry, old: Path) -> Callable[[Path], None]:
    """Do all of `make-appdir --adopt` in this process."""

    def do(new: Path) -> None:
        plan = adopting.plan_adoption(registry, given=str(old), target=str(new))
        located = Located(str(new), "in a test")
        request = Request(located=located, now=NOW, adopted_from=plan.source, first_values=plan.translation.values)
        make(registry, request, environ={})
        if not plan.is_complete:
            adopting.adopt(registry, plan, now=NOW, environ={}, on_file=lambda _: None)

    return do


def contents(root: Path) -> dict[str, str]:
    """What every file holds, but for what differs from making to making, and leftovers with a temporary name."""
    own = {"app-folder.json", "app-folder.lock", "secrets.toml", "upstream/ADOPTED.txt"}
    return {
        path: entry.content
        for path, entry in snapshot(root).items()
        if stat.S_ISREG(entry.mode) and path not in own and not is_temporary(os.path.basename(path))
    }


def test_killed_at_any_point_the_same_command_completes_it_and_no_file_is_ever_half(
    tmp_path: Path, old: Path, adopt_at: Callable[[Path], None]
) -> None:
    (old / "data/own/large").write_bytes(os.urandom(3 << 20))
    before = snapshot(old)
    new = tmp_path / "new/app"
    moments = _moments(lambda: adopt_at(new), new.parent)
    whole = contents(new)

    for moment in range(1, moments + 1, max(1, moments // KILLS)):
        shutil.rmtree(new.parent)
        new.parent.mkdir()
        assert killed_at(moment, lambda: adopt_at(new))
        if new.exists():
            cut = contents(new)
            assert cut == {path: whole[path] for path in cut}
        adopt_at(new)

        assert contents(new) == whole
        assert (new / "upstream/ADOPTED.txt").is_file()
    assert snapshot(old) == before


def _moments(act: Callable[[], object], parent: Path) -> int:
    """How many touches of the disk `act` needs in an empty `parent`; ends with `act` done."""
    parent.mkdir()
    act()  # what is imported on the way is touched once only
    low, high = 0, 1 << 13
    while high - low > 1:
        middle = (low + high) // 2
        shutil.rmtree(parent)
        parent.mkdir()
        low, high = (middle, high) if killed_at(middle, act) else (low, middle)
    shutil.rmtree(parent)
    parent.mkdir()
    act()
    return low


def test_four_at_once_make_one_whole_folder(tmp_path: Path, adopt_at: Callable[[Path], None]) -> None:
    new = tmp_path / "new/app"
    new.parent.mkdir()

    codes = at_once(4, lambda: adopt_at(new))

    assert codes == [0, 0, 0, 0]
    assert (new / "data/own/letters.txt").read_text() == FILES["data/own/letters.txt"]


@pytest.mark.usefixtures("as_root")
def test_a_disk_that_runs_full_on_the_way_is_one_sentence_and_the_same_command_completes_it(
    tmp_path: Path, old: Path, adopt_at: Callable[[Path], None]
) -> None:
    for number in range(30):
        (old / f"data/own/{number}").write_text(str(number))
    with small_file_system(tmp_path / "disk", options="size=8m,nr_inodes=700") as disk:
        new = disk / "app"

        said = error_when_disturbed(lambda: _use_every_inode(disk / "ballast"), at_link=20, act=lambda: adopt_at(new))

        assert "the disk is full" in said
        shutil.rmtree(disk / "ballast")
        adopt_at(new)
        assert (new / "data/own/29").read_text() == "29"


def _use_every_inode(ballast: Path) -> None:
    ballast.mkdir()
    with contextlib.suppress(OSError):
        for number in range(10_000):
            (ballast / str(number)).write_text("")


def test_a_file_that_changes_while_it_is_copied_is_not_taken(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "ledger").write_bytes(bytes(64 << 20))
    stop = threading.Event()

    def scribble() -> None:
        with (old / "ledger").open("r+b", buffering=0) as stream:
            while not stop.is_set():
                stream.seek(0)
                stream.write(os.urandom(8))

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        copied = _copy(old, new, "ledger", "data/ledger")
    finally:
        stop.set()
        writer.join()

    assert copied.changed == (f"{old}/ledger",)
    assert not (new / "data/ledger").exists()
    assert list((new / "data").iterdir()) == []
    assert _copy(old, new, "ledger", "data/ledger").files == 1


def test_a_log_that_grows_is_copied_up_to_where_it_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "web.log").write_bytes(b"line\n" * 2_000_000)
    stop = threading.Event()

    def grow() -> None:
        with (old / "web.log").open("ab", buffering=0) as stream:
            while not stop.is_set():
                stream.write(b"line\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        copied = _copy(old, new, "web.log", "log/web.log")
    finally:
        stop.set()
        writer.join()

    assert copied.files == 1
    assert (old / "web.log").read_bytes().startswith((new / "log/web.log").read_bytes())


def _copy(old: Path, new: Path, path: str, to: str) -> Copied:
    found = (old / path).stat()
    copy = Copy(str(old), path, to, found.st_size, found.st_mtime_ns, 0o640)
    return copy_files([copy], [], locate=lambda folder: (str(new), folder), on_file=lambda _: None)


def test_what_is_there_already_and_differs_stays_and_is_reported(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new / "data"):
        folder.mkdir(parents=True)
    (old / "a").write_text("theirs")
    (new / "data/a").write_text("mine")

    copied = _copy(old, new, "a", "data/a")

    assert (new / "data/a").read_text() == "mine"
    assert "is there already and differs" in copied.problems[0]


def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    old, new, secret = tmp_path / "old", tmp_path / "new", tmp_path / "secret"
    for folder in (old, new, secret):
        folder.mkdir()
    (secret / "key").write_text("key")
    (old / "own").symlink_to(secret)

    copied = copy_files(
        [Copy(str(old), "own/key", "data/own/key", 3, 0, 0o640)],
        [],
        locate=lambda folder: (str(new), folder),
        on_file=lambda _: None,
    )

    assert copied.files == 0
    assert "was not copied" in copied.problems[0]


def test_the_changed_files_are_named_and_the_report_is_not_written(
    tmp_path: Path, registry: Registry, old: Path
) -> None:
    new = tmp_path / "new/app"
    new.parent.mkdir()
    plan = adopting.plan_adoption(registry, given=str(old), target=str(new))
    make(registry, Request(located=Located(str(new), "in a test"), now=NOW, adopted_from=plan.source), environ={})
    vast = old / "data/own/vast"
    vast.write_bytes(bytes(64 << 20))
    found = vast.stat()
    copy = Copy(str(old), "data/own/vast", "data/own/vast", found.st_size, found.st_mtime_ns, 0o640)
    stop = threading.Event()

    def touch() -> None:
        while not stop.is_set():
            os.utime(vast)

    writer = threading.Thread(target=touch)
    writer.start()
    try:
        with pytest.raises(AppDirBusy, match=r"changed while they were copied.*vast"):
            adopting.adopt(registry, plan._replace(copies=(copy,)), now=NOW, environ={}, on_file=lambda _: None)
    finally:
        stop.set()
        writer.join()

    assert not (new / "upstream/ADOPTED.txt").exists()


@pytest.mark.usefixtures("as_root")
def test_root_adopts_for_another_user_who_then_owns_everything(environment: Environment) -> None:
    above = environment.path.parent
    old = make_upstream(above / "old")
    for path in (old.parent, *old.parent.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    before = snapshot(old)

    made = environment.run("make-appdir", "--adopt", old, "--user", "nobody")

    assert made.returncode == 0, made.stderr
    assert {entry.uid for entry in snapshot(environment.appdir).values()} == {NOBODY}
    assert (environment.appdir / "data/own/letters.txt").is_file()
    assert snapshot(old) == before


@pytest.mark.usefixtures("as_root")
def test_what_the_new_owner_may_not_read_is_named_before_anything_is_made(environment: Environment) -> None:
    old = make_upstream(environment.path.parent / "old")
    (old / "rattail.conf").chmod(0o600)
    (old / "data/own/letters.txt").chmod(0o600)
    (old / "luigi/2026").chmod(0o700)

    for words in ((), ("--dry-run",)):
        tried = environment.run("make-appdir", "--adopt", old, "--user", "nobody", *words)

        assert tried.returncode == 58, tried.stderr
        for name in ("rattail.conf", "data/own/letters.txt", "luigi/2026"):
            assert f"'{old}/{name}'" in tried.stderr
        assert "sudo cp -a" in tried.stderr
        assert not environment.appdir.exists()


def test_a_relocated_folder_gets_its_files_where_it_lies(tmp_path: Path, old: Path, run: Run) -> None:
    new, disk = tmp_path / "new/app", tmp_path / "disk"
    new.parent.mkdir()
    disk.mkdir()
    variable = {"RATTAIL_FOLDERS_DATA_BATCHES_INVENTORY": str(disk / "counts")}

    ran = run("make-appdir", "--adopt", old, "--path", new, env=variable)

    assert ran.code == 0, ran.err
    assert (disk / "counts/06/5f0e/count.csv").is_file()
    assert not (new / "data/batches/inventory").exists()
