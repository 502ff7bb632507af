"""`rattail show-appdir`: what people see, and what machines get."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from rattail.appdir.layout import Place
from rattail.appdir.marker import require_marker
from rattail.features.core.show.drawing import branches
from rattail.registry import Registry
from tests.conftest import Run, clean_environment
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


@pytest.mark.parametrize("columns", [0, 20, 60, 80, 100, 131, 160, 250])
def test_on_a_terminal_no_line_of_the_tree_is_wider_than_it(appdir: Path, columns: int) -> None:
    (appdir / "rattail.toml").write_text(f'[folders]\nlog = "/nowhere/{"long-" * 30}"\n')

    lines = on_terminal(columns, "show-appdir", "--appdir", str(appdir))[2:]

    tree = lines[: lines.index("")]
    assert len(tree) > 20
    assert max(map(len, tree)) <= min(max(columns or 80, 60), 160)
    assert all("B " in line or line.endswith("B") or "missing" in line or " -" in line for line in tree[1:])
    assert f"log -> /nowhere/{'long-' * 30}" in lines
    left_out = [line for line in lines if line.startswith("Left out to fit")]
    assert bool(left_out) == (columns < 110)


def test_where_no_terminal_shows_it_nothing_is_cut(appdir: Path, run: Run, registry: Registry) -> None:
    shown = run("show-appdir", "--appdir", appdir).out

    assert "..." not in shown
    assert all(place.folder.purpose in shown for place in registry.layout.place(str(appdir), {}))


def test_quiet_does_not_swallow_what_was_asked_for(appdir: Path, run: Run) -> None:
    assert run("show-appdir", "--appdir", appdir, "-q").out == run("show-appdir", "--appdir", appdir).out != ""


def on_terminal(columns: int, *words: str) -> list[str]:
    """The lines that the real command shows on a real terminal that wide."""
    ours, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "rattail", *words]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=clean_environment())
    os.close(terminal)
    shown = b""
    with open(ours, "rb", buffering=0) as stream, contextlib.suppress(OSError):  # EIO: the other side is closed
        while chunk := stream.read(65536):
            shown += chunk
    assert process.wait() == 0
    return shown.decode().replace("\r\n", "\n").splitlines()


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
