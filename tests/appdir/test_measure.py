"""How much is in each folder: the numbers are right whoever counts, and however many there are."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity, require_marker
from rattail.appdir.measuring.measure import COUNTED_ALONE, FolderSize, Measured, measure_appdir
from rattail.appdir.names import IDENTITY
from rattail.errors import AppDirBroken
from rattail.registry import Registry
from tests.kit.killing import as_user
from tests.kit.reach import open_the_way_to

Measure = Callable[..., Measured]


@pytest.fixture
def measure(appdir: Path, registry: Registry) -> Measure:
    def measure_it(relocations: dict[str, str] | None = None, *, workers: int = 1) -> Measured:
        app_id = require_marker(str(appdir)).app_id
        places: tuple[Place, ...] = registry.layout.place(str(appdir), relocations or {}, app_id=app_id)
        return measure_appdir(places, root=str(appdir), app_id=app_id, workers=workers)

    return measure_it


def by_path(measured: Measured) -> dict[str, FolderSize]:
    return {one.path: one for one in measured.folders}


def test_numbers_of_a_folder_hold_everything_below_it(appdir: Path, measure: Measure) -> None:
    before = by_path(measure())
    deep = appdir / "data" / "exports" / "report_output" / "00000001" / "deep"
    deep.mkdir(parents=True)
    (deep / "report.csv").write_bytes(b"x" * 1000)

    after = by_path(measure())

    for path in ("data/exports/report_output", "data/exports", "data", "."):
        assert after[path].size_bytes - before[path].size_bytes == 1000
        assert after[path].files - before[path].files == 1
    assert after["log"] == before["log"]


def test_the_newest_file_is_named(appdir: Path, measure: Measure) -> None:
    (appdir / "log" / "web.log").touch()
    os.utime(appdir / "log" / "web.log", ns=(0, 4_000_000_000_123_456_789))

    found = by_path(measure())

    assert found["log"].newest_ns == found["."].newest_ns == 4_000_000_000_123_456_789
    assert found["."].newest_path == "log/web.log"


def test_links_are_counted_and_not_followed(appdir: Path, measure: Measure, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big").write_bytes(b"x" * 100_000)
    (appdir / "log" / "away").symlink_to(tmp_path / "elsewhere")

    found = by_path(measure())["log"]

    assert found.files == 1
    assert found.size_bytes < 1000


def test_what_nobody_declared_is_listed_beside_declared_folders(appdir: Path, measure: Measure) -> None:
    (appdir / "luigi" / "2026" / "11").mkdir(parents=True)
    (appdir / "luigi" / "2026" / "11" / "done").write_text("{}")
    (appdir / "own-scripts").mkdir()

    found = by_path(measure())

    assert (found["luigi/2026"].is_declared, found["luigi/2026"].files) == (False, 1)
    assert found["luigi"].files == 1
    assert found["own-scripts"].keep == "essential"
    assert "luigi/2026/11" not in found


def test_too_many_undeclared_folders_are_counted_and_not_listed(appdir: Path, measure: Measure) -> None:
    for number in range(70):
        (appdir / "luigi" / f"{number:03}").mkdir()
        (appdir / "luigi" / f"{number:03}" / "done").write_text("ten bytes.")

    measured = measure()
    found = by_path(measured)

    assert (found["luigi"].files, found["luigi"].size_bytes) == (70, 700)
    assert measured.unlisted == {"luigi": 20}
    assert "luigi/049" in found
    assert "luigi/050" not in found


def test_a_relocated_folder_is_counted_under_its_logical_name(appdir: Path, measure: Measure, tmp_path: Path) -> None:
    place = tmp_path / "big disk"
    place.mkdir()
    (place / IDENTITY).write_bytes(Identity(require_marker(str(appdir)).app_id, "log", str(appdir)).encode())
    (place / "web.log").write_bytes(b"x" * 5000)
    (appdir / "log" / "left-behind.log").write_bytes(b"x" * 70)

    found = by_path(measure({"log": str(place)}))

    assert found["log"].location == str(place)
    assert found["log"].files == 2
    assert found["."].size_bytes > 5070
    assert sum(path == "log" for path in found) == 1


def test_a_relocated_folder_below_the_app_folder_is_counted_once(appdir: Path, measure: Measure) -> None:
    place = appdir / "own" / "logs"
    place.mkdir(parents=True)
    (place / IDENTITY).write_bytes(Identity(require_marker(str(appdir)).app_id, "log", str(appdir)).encode())
    files = by_path(measure())["."].files

    found = by_path(measure({"log": str(place)}))

    assert found["."].files == files
    assert found["own"].files == 0


def test_a_relocated_folder_without_its_identity_is_missing(appdir: Path, measure: Measure, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("not the app's")

    found = by_path(measure({"log": str(tmp_path / "home")}))["log"]

    assert (found.exists, found.files) == (False, 0)
    assert "Is its disk mounted?" in found.problem


def test_a_missing_folder_is_no_error(appdir: Path, measure: Measure) -> None:
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    (appdir / "work" / "csv").rmdir()

    found = by_path(measure())["work/csv"]

    assert (found.exists, found.mode, found.problem) == (False, None, "")


def test_a_link_in_place_of_a_folder_is_told(appdir: Path, measure: Measure) -> None:
    (appdir / "luigitasks").rmdir()
    (appdir / "luigitasks").symlink_to("/usr/lib")

    found = by_path(measure())["luigitasks"]

    assert found.files == 0
    assert "cannot read" in found.problem


def test_a_folder_that_may_not_be_read_is_told(appdir: Path, measure: Measure, as_root: None) -> None:
    (appdir / "log" / "private").mkdir(mode=0o700)
    for folder, names, files in os.walk(appdir):
        for name in (folder, *(f"{folder}/{one}" for one in (*names, *files))):
            if not name.endswith("private"):
                os.chown(name, 12345, 12345)
    open_the_way_to(appdir)

    def act() -> None:
        found = by_path(measure())["log"]
        assert found.problem == "1 folder below 'log' could not be read, such as 'log/private: Permission denied'."

    assert as_user(12345, act) == 0


def test_names_of_any_bytes_are_counted(appdir: Path, measure: Measure) -> None:
    for name in (b"two\nlines", b"\xff\xfe", "été".encode(), b"x" * 255):
        (Path(os.fsdecode(os.fsencode(appdir / "log") + b"/" + name))).write_bytes(b"12345")

    found = by_path(measure())["log"]

    assert (found.files, found.size_bytes) == (4, 20)


class TestManyFiles:
    """A folder that is worth several processes."""

    @pytest.fixture
    def many(self, appdir: Path) -> Path:
        """One large folder, many small ones, and some that are nested."""
        fill(appdir / "log", COUNTED_ALONE // 2)
        fill(appdir / "data" / "exports" / "report_output" / "all", COUNTED_ALONE // 2)
        for number in range(200):
            fill(appdir / "data" / "batches" / "inventory" / f"{number:08}" / "deep", 10)
            fill(appdir / "luigi" / f"{number:04}", 5)
        return appdir

    def test_several_processes_count_what_one_does(self, many: Path, measure: Measure) -> None:
        alone = measure(workers=1)

        assert without_ties(measure(workers=2)) == without_ties(alone)
        assert without_ties(measure(workers=3)) == without_ties(alone)
        assert by_path(alone)["log"].files == COUNTED_ALONE // 2
        assert by_path(alone)["luigi"].files == 1000

    def test_a_counting_process_that_dies_is_an_error(self, many: Path, registry: Registry, measure: Measure) -> None:
        first, before = os.getpid(), _children()

        def die(_count: int) -> None:
            if os.getpid() != first:
                os.kill(os.getpid(), signal.SIGKILL)

        places = registry.layout.place(str(many), {})
        with pytest.raises(AppDirBroken, match=r"SIGKILL.*numbers would be wrong"):
            measure_appdir(places, root=str(many), app_id="", workers=2, progress=die)

        assert _children() <= before  # none is left, not even a dead one


def without_ties(measured: Measured) -> Measured:
    """Of several files of the same moment any may be named as the newest."""
    return measured._replace(folders=tuple(one._replace(newest_path="") for one in measured.folders))


def fill(folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder, os.O_RDONLY)
    for one in range(number):
        os.close(os.open(f"{one}.csv", os.O_WRONLY | os.O_CREAT, 0o640, dir_fd=fd))
    os.truncate(folder / "0.csv", number)
    os.close(fd)


def _children() -> set[str]:
    """The processes that this one has started, dead ones included; a browser of other tests may be among them."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}
