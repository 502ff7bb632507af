"""clean-appdir against a process that swaps files, folders and links under its hands."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rattail.appdir.cleaning.clean import apply_clean, plan_clean
from rattail.appdir.layout import Place
from rattail.appdir.locate import Located
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.appdir.test_clean import Cleaning, old
from tests.kit.snapshot import snapshot
from tests.kit.swapping import Swapping, files_at, swapped_at, swapping_process

FILES = [f"f{number}" for number in range(12)]
SUB_FOLDERS = ["", "s0/", "s1/", "s1/deep/"]
ROUNDS_AN_EPOCH = 2500
MOST_FURTHER_EPOCHS = 8  # how often the two meet depends on how a busy machine shares its cores out


def test_nothing_outside_is_lost_to_a_race(tmp_path: Path, registry: Registry) -> None:
    _race(tmp_path, registry, rounds=1 * ROUNDS_AN_EPOCH)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("work/csv/token/file", "treasure"),
        ("work/csv/token/file", "folder"),
        ("work/csv/token/file", "link"),
        ("work/csv/token", "folder"),
        ("work/csv/token", "link"),
        ("work/csv/token", "treasure"),
        ("work/csv", "folder"),
        ("work/csv", "link"),
        ("work", "folder"),
    ],
)
def test_whatever_is_swapped_at_whatever_moment_nothing_outside_is_lost(
    appdir: Path, registry: Registry, tmp_path: Path, inner: str, outer: str
) -> None:
    cleaning = Cleaning(appdir, registry, only="work")
    moment = 0
    while True:
        moment += 1
        outside = _fresh(cleaning.csv, tmp_path / str(moment))
        plan = cleaning.plan()
        moved_out = swapped_at(
            moment,
            lambda plan=plan: cleaning.apply(plan),  # type: ignore[misc]
            inner=appdir / inner,
            outer=outside / outer,
        )

        kept = _contents(outside) | _contents(appdir)
        assert {f"treasure {number}" for number in range(1, 5)} <= kept, f"swapped at touch {moment}"
        if moved_out is None:
            break
        assert moved_out <= files_at(outside / outer), f"swapped at touch {moment}"
    assert moment > 20


def test_a_folder_swapped_between_two_of_its_files_loses_nothing(
    appdir: Path, registry: Registry, tmp_path: Path
) -> None:
    cleaning = Cleaning(appdir, registry, only="work")
    moment = 0
    was_between = False
    while True:
        moment += 1
        outside = _fresh(cleaning.csv, tmp_path / str(moment))
        for name in ("file1", "file2"):
            old(cleaning.csv / "token" / name, content=f"planned {name}")
            old(outside / "folder" / name, content=f"treasure {name}")
        old(cleaning.csv / "token")
        plan = cleaning.plan()
        moved_out = swapped_at(
            moment,
            lambda plan=plan: cleaning.apply(plan),  # type: ignore[misc]
            inner=cleaning.csv / "token",
            outer=outside / "folder",
        )

        kept = _contents(outside) | _contents(appdir)
        assert {"treasure 2", "treasure file1", "treasure file2"} <= kept, f"swapped at touch {moment}"
        if moved_out is None:
            break
        assert moved_out <= files_at(outside / "folder"), f"swapped at touch {moment}"
        was_between |= 0 < len(moved_out) < 3
    assert was_between


def _fresh(csv: Path, base: Path) -> Path:
    """An old folder to clean, with one old file in it; returns a folder outside with old things to swap in."""
    shutil.rmtree(csv.parent)
    old(csv / "token" / "file", content="planned")
    old(csv / "token")
    outside = base / "outside"
    old(outside / "treasure", content="treasure 1")
    old(outside / "folder" / "file", content="treasure 2")
    old(outside / "folder" / "csv" / "token" / "file", content="treasure 3")
    old(outside / "target" / "file", content="treasure 4")
    (outside / "link").symlink_to("target")
    return outside


def test_what_was_caught_by_mistake_is_put_back_over_nothing(appdir: Path, registry: Registry, tmp_path: Path) -> None:
    cleaning = Cleaning(appdir, registry, only="work")
    newcomer = tmp_path / "newcomer"
    newcomer.write_text("newcomer")
    moment = 0
    is_going_on = True
    while is_going_on:
        moment += 1
        outside = _fresh(cleaning.csv, tmp_path / str(moment))
        plan = cleaning.plan()
        file = cleaning.csv / "token" / "file"

        def take_the_name(file: Path = file, taken: Path = outside / "taken") -> None:
            if file.parent.exists() and not os.path.lexists(file) and not taken.exists():
                os.link(newcomer, file)
                os.link(newcomer, taken)

        is_going_on = None is not swapped_at(
            moment,
            lambda plan=plan: cleaning.apply(plan),  # type: ignore[misc]
            inner=file,
            outer=outside / "treasure",
            then=take_the_name,
        )

        kept = _contents(outside) | _contents(appdir)
        assert "treasure 1" in kept, f"swapped at touch {moment}"
        assert not (outside / "taken").exists() or file.read_text() == "newcomer", f"swapped at touch {moment}"


@pytest.mark.long
def test_nothing_outside_is_lost_in_100_000_rounds(tmp_path: Path, registry: Registry) -> None:
    _race(tmp_path, registry, rounds=100_000)


def _race(tmp_path: Path, registry: Registry, *, rounds: int) -> None:
    removed = swaps = 0
    spared: Counter[str] = Counter()
    for epoch in range(rounds // ROUNDS_AN_EPOCH + MOST_FURTHER_EPOCHS):
        if swaps >= rounds and sum(spared.values()) > rounds // 100:
            break
        one = _Epoch(tmp_path / str(epoch), registry)
        swaps += one.run(seed=epoch)
        removed += one.removed
        spared += one.spared
    print(f"{swaps:,} swaps, {removed:,} removed, {sum(spared.values()):,} spared: {spared}")  # noqa: T201 - for -s

    assert removed > rounds // 20  # a race in which nobody runs proves nothing
    assert swaps >= rounds
    assert sum(spared.values()) > rounds // 100


class _Epoch:
    """A fresh app folder, a fresh outside, and one race between them."""

    def __init__(self, base: Path, registry: Registry) -> None:
        self.root = base / "env" / "app"
        self.outside = base / "outside"
        self._made = base / "made"
        self.removed = 0
        self.spared: Counter[str] = Counter()
        self._numbers = itertools.count()
        self.root.parent.mkdir(parents=True)
        make(registry, Request(located=Located(str(self.root), "in a test"), now=datetime.now(UTC)), environ={})
        places: tuple[Place, ...] = registry.layout.place(str(self.root), {})
        self.places = [place for place in places if place.path.startswith("work")]
        self.csv = self.root / "work" / "csv"
        self._csv_inode = self.csv.stat().st_ino
        self.templates = self.root / "data" / "templates"
        self._make_outside()

    def run(self, *, seed: int) -> int:
        self._refill()
        treasures = _contents(self.outside)
        essential = snapshot(self.templates)
        child, report_fd = swapping_process(lambda: self._swapping(seed), ROUNDS_AN_EPOCH)
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            self._refill()
            self._made.unlink(missing_ok=True)
            self._clean()
        with open(report_fd, encoding="utf-8") as stream:
            report = json.load(stream)
        left_outside = _contents(self.outside)
        self._clean()

        assert report["violations"] == []
        assert treasures <= _contents(self.outside.parent)
        assert left_outside <= _contents(self.outside)
        assert snapshot(self.templates) == essential
        assert isinstance(report["swaps"], int)
        return report["swaps"]

    def _make_outside(self) -> None:
        """Things that must not be lost: new files, so that no rule applies to them wherever they are moved."""
        self.outside.mkdir()
        (self.outside / "spare").mkdir()
        for number in range(8):
            (self.outside / f"file{number}").write_text(f"treasure {number}")
        for number in range(3):
            for sub in SUB_FOLDERS:
                folder = self.outside / f"folder{number}" / sub
                folder.mkdir(parents=True, exist_ok=True)
                for name in FILES[:4]:
                    (folder / name).write_text(f"treasure {number} {sub} {name}")
        for name in FILES:
            (self.templates / name).write_text(f"essential {name}")
            os.utime(self.templates / name, (0, 0))
        (self.outside / "link0").symlink_to(self.outside / "folder0")
        (self.outside / "link1").symlink_to(self.templates)
        (self.outside / "link2").symlink_to(self.templates / FILES[0])

    def _swapping(self, seed: int) -> Swapping:
        inside = [f"csv/{sub}".rstrip("/") for sub in SUB_FOLDERS]
        outside = [path for path in sorted(self.outside.iterdir()) if path.name != "spare"]
        return Swapping(base=self.csv.parent, inside=inside, outside=outside, spare=self.outside / "spare", seed=seed)

    def _refill(self) -> None:
        """Old files to be removed, wherever there is a folder for them just now that has nothing better."""
        for sub in SUB_FOLDERS:
            for name in FILES:
                try:
                    fd = os.open(self.csv, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                except OSError:
                    return
                try:
                    self._make_old(fd, sub, name)
                except OSError:
                    continue
                finally:
                    os.close(fd)

    def _make_old(self, fd: int, sub: str, name: str) -> None:
        if os.fstat(fd).st_ino != self._csv_inode:
            return  # something else lies there just now
        for part in sub.rstrip("/").split("/") if sub else []:
            if part not in os.listdir(fd):
                os.mkdir(part, dir_fd=fd)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            os.dup2(inner, fd)
            os.close(inner)
        os.link(self._new_file(), name, dst_dir_fd=fd)
        os.utime(fd, (0, 0))

    def _new_file(self) -> Path:
        """A file with a time of its own, to be linked to where it belongs in one step."""
        number = next(self._numbers)
        self._made.unlink(missing_ok=True)
        self._made.write_text(f"old {number}")
        os.utime(self._made, (number, number))
        return self._made

    def _clean(self) -> None:
        now = datetime.now(UTC)
        root = str(self.root)
        plan = plan_clean(self.places, root=root, app_id="", keep_days={"work/csv": 30}, now=now)
        done = apply_clean(plan, self.places, root=root, app_id="", command="clean-appdir")
        self.removed += len(done.removed)
        self.spared.update(one.reason.partition(";")[0] for one in done.spared)


def _contents(path: Path) -> set[str]:
    """What the files below a folder say; no link is followed."""
    return {
        Path(folder, name).read_text()
        for folder, _, names in os.walk(path)
        for name in names
        if not Path(folder, name).is_symlink()
    }
