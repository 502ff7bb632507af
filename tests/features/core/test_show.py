"""`rattail show-appdir`: what people see, and what machines get."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rattail.appdir.layout import Place
from rattail.appdir.marker import require_marker
from rattail.features.core.show.drawing import branches
from rattail.registry import Registry
from tests.conftest import Run
from tests.kit.golden import assert_golden

MOMENT = 1_790_000_000


def test_the_tree_is_drawn_as_the_manual_draws_it(appdir: Path, run: Run) -> None:
    (appdir / "luigi" / "2026").mkdir()
    (appdir / "own-scripts").mkdir()
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    (appdir / "work" / "csv").rmdir()
    (appdir / "log" / "web.log").write_text("x" * 12_345)
    for path in appdir.rglob("*"):
        os.utime(path, (MOMENT, MOMENT))
    (appdir / "rattail.toml").write_text('[app]\ntime_zone = "America/Chicago"\n')
    (appdir / "app-folder.json").touch()
    for name in ("rattail.toml", "app-folder.json"):
        os.utime(appdir / name, (MOMENT, MOMENT))

    shown = run("show-appdir", "--appdir", appdir).out

    # The numbers of the root hold the settings files, whose sizes change with every new option.
    shown = re.sub(r"(?m)^(app +essential +)\S+ kB", r"\1?.? kB", shown.replace(str(appdir), "/srv/envs/poser/app"))
    assert_golden("show-appdir.txt", re.sub(r"Essential \S+ kB", "Essential ?.? kB", shown))


def test_every_line_fits_120_columns(appdir: Path, run: Run) -> None:
    lines = run("show-appdir", "--appdir", appdir).out.splitlines()[1:]

    assert max(map(len, lines)) <= 120


def test_every_folder_of_the_layout_is_in_the_json_with_all_keys(appdir: Path, run: Run, registry: Registry) -> None:
    data = run("show-appdir", "--appdir", appdir, "--json").data

    marker = require_marker(str(appdir))
    places: tuple[Place, ...] = registry.layout.place(str(appdir), {})
    assert (data["appdir"], data["app_id"], data["layout"]) == (str(appdir), marker.app_id, 1)
    assert [one["path"] for one in data["folders"]] == [place.path for place in places]
    for one, place in zip(data["folders"], places, strict=True):
        assert (one["class"], one["mode"]) == (place.folder.keep, f"{place.folder.mode:04o}")
        assert (one["exists"], one["declared"], one["relocated"]) == (True, True, False)


def test_the_totals_have_each_file_once_by_class(appdir: Path, run: Run) -> None:
    (appdir / "log" / "web.log").write_bytes(b"x" * 1000)

    totals = run("show-appdir", "--appdir", appdir, "--json").data["totals"]

    assert totals["history_bytes"] == 1000
    assert totals["size_bytes"] == totals["essential_bytes"] + totals["history_bytes"] + totals["scratch_bytes"]
    assert totals["files"] == sum(len(files) for _, _, files in os.walk(appdir))


def test_times_are_utc_for_machines_and_local_for_people(appdir: Path, run: Run) -> None:
    (appdir / "log" / "web.log").touch()
    os.utime(appdir / "log" / "web.log", (4_000_000_000, 4_000_000_000))
    env = {"RATTAIL_APP_TIME_ZONE": "America/Chicago"}

    log = next(one for one in run("show-appdir", "--appdir", appdir, "--json").data["folders"] if one["path"] == "log")

    assert (log["newest"], log["newest_path"]) == ("2096-10-02T07:06:40Z", "log/web.log")
    assert "2096-10-02 02:06" in run("show-appdir", "--appdir", appdir, env=env).out


def test_a_terminal_without_line_drawing_gets_plain_letters(appdir: Path, run: Run) -> None:
    shown = run("show-appdir", "--appdir", appdir, env={"PYTHONIOENCODING": "ascii"}).out

    assert shown.isascii()
    assert "|   `-- uploads" in shown
    assert "\\u" not in shown


def test_a_relocated_folder_keeps_its_name_and_shows_its_place(appdir: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    env = {"RATTAIL_FOLDERS_LOG": str(tmp_path / "big")}
    assert run("make-appdir", "--path", appdir, env=env).code == 0

    line = next(one for one in run("show-appdir", "--appdir", appdir, env=env).out.splitlines() if "── log " in one)

    assert f"-> {tmp_path}/big" in line
    assert "history" in line


def test_an_unmounted_disk_is_told_and_is_no_failure(appdir: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()

    shown = run("show-appdir", "--appdir", appdir, env={"RATTAIL_FOLDERS_LOG": str(tmp_path / "disk")})

    assert shown.code == 0
    assert "Is its disk mounted?" in shown.err
    assert re.search(r"── log +history +- +- +missing", shown.out)


def test_names_that_would_spoil_the_picture_are_quoted(appdir: Path, run: Run) -> None:
    (appdir / "two\nlines").mkdir()
    os.mkdir(os.fsencode(appdir) + b"/\xff")

    shown = run("show-appdir", "--appdir", appdir).out

    assert "'two\\nlines'" in shown
    assert "'\\udcff'" in shown


def test_a_file_from_the_far_future_is_shown(appdir: Path, run: Run) -> None:
    (appdir / "log" / "web.log").touch()
    os.utime(appdir / "log" / "web.log", (2**33 + 2**32, 2**33 + 2**32))

    assert run("show-appdir", "--appdir", appdir).code == 0


def test_broken_settings_are_refused(appdir: Path, run: Run) -> None:
    (appdir / "rattail.toml").write_text('[folders]\nlog = "../elsewhere"\n')

    shown = run("show-appdir", "--appdir", appdir)

    assert shown.code == 53
    assert "Traceback" not in shown.err


def test_a_stem_has_a_line_for_every_ancestor_that_goes_on() -> None:
    paths = [".", "a", "a/b", "a/b/c", "a/d", "e", "e/f"]

    assert branches(paths, is_ascii=True) == ["", "|-- ", "|   |-- ", "|   |   `-- ", "|   `-- ", "`-- ", "    `-- "]
