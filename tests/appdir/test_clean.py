"""What clean-appdir plans, what it removes, and all that it leaves alone."""

from __future__ import annotations

import fcntl
import gc
import os
import socket
import subprocess
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.appdir.cleaning.clean import Cleaned, CleanPlan, apply_clean, plan_clean
from rattail.appdir.cleaning.ground import Look, look_at
from rattail.appdir.cleaning.planned import Entries, Planned
from rattail.appdir.layout import Place
from rattail.appdir.lock import lock_appdir
from rattail.appdir.marker import Identity, require_marker
from rattail.appdir.names import CACHEDIR_TAG, CLAIM, CLEANING_PREFIX, IDENTITY
from rattail.errors import AppDirBusy
from rattail.registry import Registry
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot

KEEP_DAYS = {"work/csv": 30, "log": 90, "data/uploads": 7}
LEFTOVER = ".tmp-0123456789abcdef"
ESSENTIAL = ("data", "data/batches/inventory", "data/exports/report_output", "data/templates", "luigi", "luigitasks")


class Cleaning:
    """An app folder to clean, or `only` the places below a path: `plan` looks, `clean` plans and does."""

    def __init__(self, root: Path, registry: Registry, *, only: str = "") -> None:
        self.root = root
        self._only = only
        self.app_id = require_marker(str(root)).app_id
        self.csv = root / "work" / "csv"
        self._registry = registry
        self.relocations: dict[str, str] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        places = self._registry.layout.place(str(self.root), self.relocations, app_id=self.app_id)
        return tuple(place for place in places if place.path.startswith(self._only))

    def plan(self, *, keep_days: dict[str, int] = KEEP_DAYS) -> CleanPlan:
        now = datetime.now(UTC)
        return plan_clean(self.places, root=str(self.root), app_id=self.app_id, keep_days=keep_days, now=now)

    def apply(self, plan: CleanPlan, *, wait_s: float = 30) -> Cleaned:
        return apply_clean(
            plan, self.places, root=str(self.root), app_id=self.app_id, command="clean-appdir", wait_s=wait_s
        )

    def clean(self) -> Cleaned:
        return self.apply(self.plan())


@pytest.fixture
def cleaning(appdir: Path, registry: Registry) -> Cleaning:
    return Cleaning(appdir, registry)


def old(path: Path, *, days: float = 100, content: str = "old") -> Path:
    """Make a file (or take what is there) that was last modified that many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(path):
        path.write_text(content)
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(path, (then, then), follow_symlinks=False)
    return path


def paths(ones: Iterable[Planned]) -> list[str]:
    return [one.path for one in ones]


def reasons(cleaned: Cleaned | CleanPlan) -> dict[str, str]:
    return {one.path: one.reason for one in cleaned.spared}


def test_what_is_older_than_the_rule_goes_and_what_is_newer_stays(cleaning: Cleaning) -> None:
    gone = old(cleaning.csv / "gone.csv", days=30.01, content="12345")
    stays = old(cleaning.csv / "stays.csv", days=29.99)

    cleaned = cleaning.clean()

    assert paths(cleaned.removed) == ["work/csv/gone.csv"]
    assert (cleaned.removed[0].age_days, cleaned.freed_bytes) == (30, 5)
    assert cleaned.removed[0].reason == "older than 30 days (work.keep_csv_days)"
    assert not gone.exists()
    assert stays.exists()


def test_each_folder_has_its_own_rule(cleaning: Cleaning) -> None:
    for folder in ("work/csv", "log", "data/uploads"):
        old(cleaning.root / folder / "file", days=40)

    assert paths(cleaning.clean().removed) == ["data/uploads/file", "work/csv/file"]


def test_planning_changes_nothing(cleaning: Cleaning) -> None:
    old(cleaning.csv / "sub" / "gone.csv")
    before = snapshot(cleaning.root)

    assert cleaning.plan().planned
    assert snapshot(cleaning.root) == before


def test_essential_folders_are_never_cleaned_whatever_the_rules_say(cleaning: Cleaning) -> None:
    for folder in ESSENTIAL:
        old(cleaning.root / folder / "1999" / "file")
        old(cleaning.root / folder / "file")
    before = snapshot(cleaning.root)

    plan = cleaning.plan(keep_days=dict.fromkeys([".", "data", *ESSENTIAL], 1))

    assert plan.planned == ()
    assert snapshot(cleaning.root) == before


def test_a_folder_goes_with_the_last_of_its_contents(cleaning: Cleaning) -> None:
    old(cleaning.csv / "token" / "deep" / "a")
    old(cleaning.csv / "token" / "deep")
    old(cleaning.csv / "token")
    new_inside = old(cleaning.csv / "kept" / "a", days=1)
    old(cleaning.csv / "kept")
    (cleaning.csv / "empty and new").mkdir()

    cleaned = cleaning.clean()

    assert paths(cleaned.removed) == ["work/csv/token/deep/a", "work/csv/token/deep", "work/csv/token"]
    assert new_inside.exists()
    assert (cleaning.csv / "empty and new").exists()


def test_a_folder_that_somebody_used_meanwhile_stays(cleaning: Cleaning) -> None:
    old(cleaning.csv / "token" / "a")
    old(cleaning.csv / "token")
    plan = cleaning.plan()
    (cleaning.csv / "token" / "new").touch()
    (cleaning.csv / "token" / "new").unlink()

    cleaned = cleaning.apply(plan)

    assert paths(cleaned.removed) == ["work/csv/token/a"]
    assert (cleaning.csv / "token").is_dir()


def test_a_link_is_removed_and_not_what_it_points_to(cleaning: Cleaning, tmp_path: Path) -> None:
    target = old(tmp_path / "outside" / "file")
    (cleaning.csv / "to-file").symlink_to(target)
    (cleaning.csv / "to-folder").symlink_to(target.parent)
    old(cleaning.csv / "to-file")
    old(cleaning.csv / "to-folder")

    assert paths(cleaning.clean().removed) == ["work/csv/to-file", "work/csv/to-folder"]
    assert target.exists()


def test_the_tag_and_special_files_stay(cleaning: Cleaning, monkeypatch: pytest.MonkeyPatch) -> None:
    old(cleaning.csv / CACHEDIR_TAG)
    os.mkfifo(cleaning.csv / "pipe")
    old(cleaning.csv / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(cleaning.csv)
        listening.bind("socket")
    old(cleaning.csv / "socket")

    plan = cleaning.plan()

    assert plan.planned == ()
    assert set(reasons(plan)) == {"work/csv/pipe", "work/csv/socket"}


def test_an_open_file_stays(cleaning: Cleaning) -> None:
    reading = old(cleaning.csv / "reading")
    writing = old(cleaning.csv / "writing")
    held = subprocess.Popen(
        ["sh", "-c", 'exec 3<"$1" 4>>"$2"; echo ready; read line', "sh", str(reading), str(writing)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert held.stdout is not None
    held.stdout.readline()

    plan = cleaning.plan()
    held.communicate(b"\n")

    assert reasons(plan) == {"work/csv/reading": "it is open", "work/csv/writing": "it is open"}
    assert len(cleaning.clean().removed) == 2


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_a_locked_file_stays_also_when_it_was_locked_after_the_plan(
    cleaning: Cleaning, lock: Callable[[int, int], None]
) -> None:
    file = old(cleaning.csv / "locked")
    plan = cleaning.plan()
    with file.open("r+") as stream:
        lock(stream.fileno(), fcntl.LOCK_EX)
        cleaned = cleaning.apply(plan)

    assert reasons(cleaned) == {"work/csv/locked": "it is open"}
    assert file.exists()


def test_a_folder_with_a_claim_stays_with_everything_in_it(cleaning: Cleaning) -> None:
    files = [old(cleaning.csv / "token" / name) for name in ("a", "deep/b")]
    (cleaning.csv / "token" / CLAIM).touch()

    plan = cleaning.plan()

    assert plan.planned == ()
    assert list(reasons(plan)) == ["work/csv/token"]
    assert all(file.exists() for file in files)


def test_a_claim_made_after_the_plan_counts_as_well(cleaning: Cleaning) -> None:
    file = old(cleaning.csv / "token" / "deep" / "a")
    plan = cleaning.plan()
    (cleaning.csv / "token" / CLAIM).touch()

    cleaned = cleaning.apply(plan)

    assert "in use" in reasons(cleaned)["work/csv/token/deep/a"]
    assert file.read_text() == "old"


@pytest.mark.parametrize("change", ["write", "touch", "replace", "remove", "link", "folder"])
def test_what_changed_since_the_plan_stays(cleaning: Cleaning, change: str) -> None:
    file = old(cleaning.csv / "file")
    plan = cleaning.plan()
    times = file.stat()
    if change == "write":
        file.write_text("longer than before")
        os.utime(file, ns=(times.st_mtime_ns, times.st_mtime_ns))
    elif change == "touch":
        file.touch()
    else:
        file.rename(cleaning.root / "before")
    if change == "replace":
        file.write_text("old")
        os.utime(file, ns=(times.st_mtime_ns, times.st_mtime_ns))
    elif change == "link":
        file.symlink_to(cleaning.root / "before")
    elif change == "folder":
        file.mkdir()
    before = snapshot(cleaning.root)

    cleaned = cleaning.apply(plan)

    assert cleaned.removed == ()
    assert "meanwhile" in reasons(cleaned)["work/csv/file"]
    assert snapshot(cleaning.csv) == {
        name.removeprefix("work/csv/"): one for name, one in before.items() if name.startswith("work/csv/")
    } | {".": before["work/csv"]}


def test_leftovers_of_a_crash_go_after_a_day_from_every_declared_folder(cleaning: Cleaning) -> None:
    for folder in ("", "data/templates", "data/batches/inventory/00000001", "sessions/lock", "luigi", "work/csv"):
        old(cleaning.root / folder / LEFTOVER, days=1.1)
    old(cleaning.root / "log" / LEFTOVER, days=0.9)
    for name in (".tmp-not-ours", ".tmp-0123456789ABCDEF", LEFTOVER + "0"):
        old(cleaning.root / "data" / "templates" / name)

    removed = cleaning.clean().removed

    assert {one.reason for one in removed} == {"left by a crash"}
    assert sorted(paths(removed)) == [
        LEFTOVER,
        f"data/batches/inventory/00000001/{LEFTOVER}",
        f"data/templates/{LEFTOVER}",
        f"luigi/{LEFTOVER}",
        f"sessions/lock/{LEFTOVER}",
        f"work/csv/{LEFTOVER}",
    ]


def test_what_the_operator_added_is_not_even_entered(cleaning: Cleaning) -> None:
    for folder in ("own", "data/own", "work/own"):
        old(cleaning.root / folder / LEFTOVER)

    assert cleaning.plan().planned == ()


def test_a_relocated_folder_is_cleaned_under_its_logical_name(cleaning: Cleaning, tmp_path: Path) -> None:
    place = tmp_path / "big"
    place.mkdir()
    (place / IDENTITY).write_bytes(Identity(cleaning.app_id, "work/csv", str(cleaning.root)).encode())
    cleaning.relocations = {"work/csv": str(place)}
    old(place / IDENTITY)
    old(place / "sub" / "gone.csv")
    left = old(cleaning.csv / "left-behind.csv")

    assert paths(cleaning.clean().removed) == ["work/csv/sub/gone.csv"]
    assert left.exists()


@pytest.mark.parametrize("identity", [b"", b"{}", Identity("another app", "work/csv", "/srv").encode()])
def test_a_relocated_folder_that_is_not_known_to_be_ours_is_left_alone(
    cleaning: Cleaning, tmp_path: Path, identity: bytes
) -> None:
    place = tmp_path / "home"
    letter = old(place / "letter.txt")
    places = [
        one._replace(location=str(place), is_relocated=True) if one.path == "work/csv" else one
        for one in cleaning.places
    ]
    if identity:
        (place / IDENTITY).write_bytes(identity)

    plan = plan_clean(
        places, root=str(cleaning.root), app_id=cleaning.app_id, keep_days=KEEP_DAYS, now=datetime.now(UTC)
    )

    assert plan.planned == ()
    assert "left alone" in plan.warnings[0]
    assert letter.exists()


def test_a_folder_that_is_a_link_is_left_alone(cleaning: Cleaning, tmp_path: Path) -> None:
    old(tmp_path / "outside" / "file")
    (cleaning.csv / CACHEDIR_TAG).unlink()
    cleaning.csv.rmdir()
    cleaning.csv.symlink_to(tmp_path / "outside")

    plan = cleaning.plan()

    assert plan.planned == ()
    assert "'work/csv' is left alone" in plan.warnings[0]


def test_another_file_system_is_not_entered(cleaning: Cleaning, as_root: None) -> None:
    with small_file_system(cleaning.csv / "disk", options="size=1m") as disk:
        old(disk / "file")

        assert reasons(cleaning.plan()) == {"work/csv/disk": "another file system is mounted there"}


def test_a_folder_of_the_same_disk_mounted_a_second_time_is_not_entered(
    cleaning: Cleaning, tmp_path: Path, as_root: None
) -> None:
    outside = old(tmp_path / "outside" / "file").parent
    with small_file_system(cleaning.csv / "sub", options="size=1m"):
        subprocess.run(["mount", "--bind", outside, cleaning.csv / "sub"], check=True)
        try:
            plan = cleaning.plan()
        finally:
            subprocess.run(["umount", cleaning.csv / "sub"], check=True)

    assert plan.planned == ()
    assert reasons(plan) == {"work/csv/sub": "another file system is mounted there"}


def test_names_of_any_bytes_and_any_length_are_removed(cleaning: Cleaning) -> None:
    for name in (b"two\nlines", b"\xff\xfe", "été".encode(), b"x" * 255, b" ", b"-rf", CLEANING_PREFIX.encode() * 3):
        old(Path(os.fsdecode(os.fsencode(cleaning.csv / "sub") + b"/" + name)))

    assert len(cleaning.clean().removed) == 7
    assert list((cleaning.csv / "sub").iterdir()) == []


def test_what_an_interrupted_run_took_out_of_the_way_is_removed_by_the_next(cleaning: Cleaning) -> None:
    file = old(cleaning.csv / "file", days=31)
    file.rename(cleaning.csv / (look_at_path(file).hidden_prefix + "0" * 16))

    assert [one.reason for one in cleaning.clean().removed] == ["left by a clean-appdir that was interrupted"]


def test_what_an_interrupted_run_caught_by_mistake_stays(cleaning: Cleaning, tmp_path: Path) -> None:
    prefix = look_at_path(old(cleaning.csv / "file")).hidden_prefix
    caught = old(tmp_path / "stranger")
    caught.rename(cleaning.csv / f"{prefix}{0:016}")

    cleaned = cleaning.plan()

    assert paths(cleaned.planned) == ["work/csv/file"]
    assert "rename it" in reasons(cleaned)[f"work/csv/{prefix}{0:016}"]


def test_a_plan_that_is_empty_needs_no_lock(cleaning: Cleaning) -> None:
    with lock_appdir(str(cleaning.root), command="upgrade"):
        assert cleaning.clean().removed == ()


def test_cleaning_waits_for_the_lock(cleaning: Cleaning) -> None:
    file = old(cleaning.csv / "file")
    plan = cleaning.plan()
    with lock_appdir(str(cleaning.root), command="upgrade"), pytest.raises(AppDirBusy, match="rattail upgrade"):
        cleaning.apply(plan, wait_s=0)

    assert file.exists()


def test_the_plan_of_a_folder_has_files_then_sub_folders_each_by_name(cleaning: Cleaning) -> None:
    for path in ("b", "a", "sub2/y", "sub2/x", "sub1/deep/z", "sub1/z", "sub1.5"):
        old(cleaning.csv / path)
    old(cleaning.csv / "sub1" / "deep")

    found = paths(cleaning.plan().planned)

    names = ("a", "b", "sub1.5", "sub1/z", "sub1/deep/z", "sub1/deep", "sub2/x", "sub2/y")
    assert found == [f"work/csv/{name}" for name in names]


def test_a_plan_takes_little_memory_for_each_entry(cleaning: Cleaning) -> None:
    number = 3000
    for count in range(number):
        old(cleaning.csv / f"token{count % 3}" / f"{count:08}", content="")
    cleaning.plan()
    gc.collect()
    tracemalloc.start()
    try:
        plan = cleaning.plan()
        taken_bytes, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(plan.planned) == number
    assert taken_bytes / number < 200
    assert peak_bytes / number < 300


def test_an_entry_of_any_time_is_the_same_when_it_is_taken_out_of_the_plan() -> None:
    times = (-(10**20), -1, 0, 10**9 + 1)
    looks = [Look("link", 2**40, 2**64 - 1, time_ns, 2**62) for time_ns in times]
    entries = Entries(now_ns=10**18)
    for number, look in enumerate(looks):
        entries.add("log", "" if number < 2 else "sub", str(number), look, "old")

    assert [one.look for one in entries] == looks
    assert [one.path for one in entries.without([1])] == ["log/0", "log/sub/2", "log/sub/3"]
    assert entries.without([0, 1, 2]).size_bytes == 2**62


def look_at_path(path: Path) -> Look:
    fd = os.open(path.parent, os.O_RDONLY)
    try:
        return look_at(fd, path.name)
    finally:
        os.close(fd)
