"""clean-appdir killed, starved and hindered: only what was planned is gone, and the next run completes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from rattail.appdir.names import CLEANING_PREFIX
from rattail.registry import Registry
from tests.appdir.test_clean import Cleaning, old, paths, reasons
from tests.conftest import Run
from tests.kit.killing import as_user, killed_at
from tests.kit.mounting import small_disk, small_file_system
from tests.kit.reach import open_the_way_to
from tests.kit.snapshot import Entry, snapshot

PLANNED = ("work/csv/a", "work/csv/sub/b", "work/csv/sub/deep/c", "log/old.log", "data/templates/.tmp-0123456789abcdef")
OTHERS = ("work/csv/new", "work/csv/sub/new", "data/templates/letter.txt", "own/thing", "luigi/1999/done")


def test_killed_at_every_touch_of_the_disk_only_planned_files_are_gone(appdir: Path, registry: Registry) -> None:
    cleaning = Cleaning(appdir, registry)
    for path in OTHERS:
        old(appdir / path, days=0 if "new" in path else 100)
    moment = 0
    while True:
        moment += 1
        for path in PLANNED:
            old(appdir / path)
        plan = cleaning.plan()
        before = _others(appdir)
        was_killed = killed_at(moment, lambda plan=plan: cleaning.apply(plan))  # type: ignore[misc]

        assert _others(appdir) == before, f"after a kill at touch {moment}"
        cleaning.clean()
        assert not any((appdir / path).exists() for path in PLANNED)
        assert not list(appdir.rglob(f"{CLEANING_PREFIX}*"))
        if not was_killed:
            break
    assert moment > 50  # there are that many moments at least, or the kill no longer works


def test_it_works_with_no_byte_free(tmp_path: Path, run: Run, as_root: None) -> None:
    with small_file_system(tmp_path / "full", options="size=4m") as full:
        root = full / "app"
        assert run("make-appdir", "--path", root).code == 0
        for number in range(50):
            old(root / "work" / "csv" / "sub" / f"{number}.csv", content="x" * 4096)
        with (full / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(b"x" * 4096):
                pass
        assert os.statvfs(full).f_bavail == 0

        ran = run("clean-appdir", "--appdir", root, "--json")

        assert ran.data["removed"] == 50
        assert os.statvfs(full).f_bavail >= 50


def test_it_works_with_no_inode_free(tmp_path: Path, run: Run, as_root: None) -> None:
    with small_file_system(tmp_path / "full", options="size=4m,nr_inodes=100") as full:
        root = full / "app"
        assert run("make-appdir", "--path", root).code == 0
        gone = old(root / "log" / "old.log")
        with contextlib.suppress(OSError):
            for number in range(100):
                (full / str(number)).touch()
        assert os.statvfs(full).f_favail == 0

        assert run("clean-appdir", "--appdir", root).code == 0
        assert not gone.exists()


def test_it_works_where_a_full_disk_has_no_room_for_one_more_name(
    tmp_path: Path, registry: Registry, run: Run, as_root: None
) -> None:
    with small_disk(tmp_path / "full", size_bytes=8 << 20) as full:
        root = full / "app"
        assert run("make-appdir", "--path", root).code == 0
        for path in (full, *root.rglob("*"), root):
            os.chown(path, 12345, 12345)  # root may use the last blocks of a disk; nobody else may
        open_the_way_to(full)
        cleaning = Cleaning(root, registry)
        number = _fill_first_block(cleaning.csv)

        def act() -> None:
            with (full / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
                while ballast.write(b"x" * 1024):
                    pass
            with contextlib.suppress(OSError):
                (cleaning.csv / f"{0:030}").rename(cleaning.csv / ("0" * 70))
                raise AssertionError("there is room for a longer name: this proves nothing")
            assert len(cleaning.clean().removed) == number

        assert as_user(12345, act) == 0


def _fill_first_block(folder: Path) -> int:
    """Fill a folder with old files until one more name would need another block; returns how many."""

    def fill(limit: int) -> int:
        shutil.rmtree(folder)
        folder.mkdir()
        os.chown(folder, 12345, 12345)
        for number in range(limit):
            os.chown(old(folder / f"{number:030}", content=""), 12345, 12345)
            if folder.stat().st_size > 1024:
                return number
        return limit

    return fill(fill(1000))


def test_where_the_kernel_lends_no_file_the_open_files_of_all_processes_are_searched(
    appdir: Path, registry: Registry, as_root: None
) -> None:
    cleaning = Cleaning(appdir, registry)
    files = [old(cleaning.csv / name) for name in ("open", "closed")]
    open_the_way_to(appdir)
    for folder, names, others in os.walk(appdir):
        for name in ("", *names, *others):
            if Path(folder, name) not in files:  # those stay root's: nobody else can be lent them
                os.chown(Path(folder, name), 12345, 12345)
                os.chmod(Path(folder, name), 0o755)

    def act() -> None:
        reading = subprocess.Popen(["sleep", "60"], stdin=files[0].open())
        try:
            plan = cleaning.plan()
            assert reasons(plan) == {"work/csv/open": "it is open"}
            assert paths(cleaning.apply(plan).removed) == ["work/csv/closed"]
        finally:
            reading.kill()
            reading.wait()

    assert as_user(12345, act) == 0


def test_what_the_system_does_not_let_go_stays_and_is_told(appdir: Path, registry: Registry, as_root: None) -> None:
    cleaning = Cleaning(appdir, registry)
    old(cleaning.csv / "sub" / "file")
    with small_file_system(cleaning.csv / "mounted", options="size=1m"):
        plan = cleaning.plan()
    frozen = cleaning.csv / "sub"
    subprocess.run(["mount", "--bind", "-o", "ro", frozen, frozen], check=True)
    try:
        cleaned = cleaning.apply(plan)
    finally:
        subprocess.run(["umount", frozen], check=True)

    assert cleaned.removed == ()
    assert reasons(cleaned)["work/csv/sub/file"]
    assert (frozen / "file").read_text() == "old"


def _others(root: Path) -> dict[str, Entry]:
    """All that is not planned; a folder's own time changes with what is removed from it."""
    gone = {*PLANNED, "app-folder.lock"}
    return {
        path: one._replace(mtime_ns=0) if one.content == "" else one
        for path, one in snapshot(root).items()
        if path not in gone and CLEANING_PREFIX not in path and path != "work/csv/sub/deep"
    }
