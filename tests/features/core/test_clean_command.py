"""`rattail clean-appdir`: what it says, what it does, and that it says what it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.appdir.test_clean import old
from tests.conftest import Run
from tests.kit.snapshot import snapshot


def test_the_dry_run_lists_exactly_what_the_run_removes(appdir: Path, run: Run) -> None:
    for path in ("work/csv/b", "work/csv/a/c", "log/x", "sessions/data/key", "data/uploads/token/file"):
        old(appdir / path)
    before = snapshot(appdir)

    dry = run("clean-appdir", "--appdir", appdir, "--dry-run", "--json").data

    assert snapshot(appdir) == before
    real = run("clean-appdir", "--appdir", appdir, "--json").data
    assert real["planned"] == dry["planned"]
    assert (dry["removed"], dry["freed_bytes"], dry["is_dry_run"]) == (0, 0, True)
    assert (real["removed"], real["freed_bytes"], real["is_dry_run"]) == (5, 15, False)
    assert [path for path in before if not (appdir / path).exists()] == [one["path"] for one in sorted_by(real, before)]


def sorted_by(data: dict[str, list[dict[str, str]]], order: Mapping[str, object]) -> list[dict[str, str]]:
    """What was planned, in the order of a snapshot."""
    return sorted(data["planned"], key=lambda one: list(order).index(one["path"]))


def test_people_get_one_line_a_folder_and_each_file_with_verbose(appdir: Path, run: Run) -> None:
    for name in ("a", "b"):
        old(appdir / "work" / "csv" / name)

    plain = run("clean-appdir", "--appdir", appdir, "--dry-run").out
    verbose = run("clean-appdir", "--appdir", appdir, "--dry-run", "-v").out

    assert plain.splitlines() == [
        "  work/csv: 2 to remove, 6 B, older than 30 days (work.keep_csv_days); the oldest is 100 days old",
        "Would remove 2, 6 B (nothing was done).",
    ]
    assert "    work/csv/a  3 B, 100 days" in verbose


def test_the_lines_of_the_plan_are_the_same_in_both_runs(appdir: Path, run: Run) -> None:
    old(appdir / "log" / "x")

    dry = run("clean-appdir", "--appdir", appdir, "--dry-run", "-v").out.splitlines()
    real = run("clean-appdir", "--appdir", appdir, "-v").out.splitlines()

    assert dry[:-1] == real[:-1]
    assert real[-1] == "Removed 1 of 1, 3 B freed."


def test_quiet_says_nothing_but_what_was_asked_for(appdir: Path, run: Run) -> None:
    old(appdir / "log" / "x")

    dry = run("clean-appdir", "--appdir", appdir, "--dry-run", "-q").out
    real = run("clean-appdir", "--appdir", appdir, "-q")

    assert dry.splitlines()[-1] == "Would remove 1, 3 B (nothing was done)."
    assert (real.code, real.out) == (0, "")


def test_cleaning_twice_finds_nothing_the_second_time(appdir: Path, run: Run) -> None:
    old(appdir / "log" / "x")
    run("clean-appdir", "--appdir", appdir)
    before = snapshot(appdir)

    again = run("cleanup", "--appdir", appdir)

    assert (again.code, again.out) == (0, "Nothing is old enough to be removed.\n")
    assert snapshot(appdir) == before


def test_the_option_of_the_folder_decides(appdir: Path, run: Run) -> None:
    old(appdir / "log" / "x", days=50)

    def planned(days: int) -> int:
        env = {"RATTAIL_LOG_KEEP_DAYS": str(days)}
        return len(run("clean-appdir", "--appdir", appdir, "--dry-run", "--json", env=env).data["planned"])

    assert (planned(49), planned(51)) == (1, 0)


def test_what_is_spared_is_said_with_the_reason(appdir: Path, run: Run) -> None:
    held = old(appdir / "log" / "web.log")

    with held.open():
        ran = run("clean-appdir", "--appdir", appdir, "--json")
        said = run("clean-appdir", "--appdir", appdir).out

    assert ran.data["spared"] == [{"path": "log/web.log", "reason": "it is open"}]
    assert "  spared: log/web.log: it is open\n" in said


def test_broken_settings_are_refused_and_nothing_is_removed(appdir: Path, run: Run) -> None:
    held = old(appdir / "log" / "web.log")
    (appdir / "rattail.toml").write_text("[log]\nkeep_days = 0\n")

    assert run("clean-appdir", "--appdir", appdir).code == 53
    assert held.exists()


def test_an_unmounted_disk_is_a_warning_and_the_rest_is_cleaned(appdir: Path, run: Run, tmp_path: Path) -> None:
    letter = old(tmp_path / "home" / "letter.txt")
    gone = old(appdir / "work" / "csv" / "x")

    ran = run("clean-appdir", "--appdir", appdir, env={"RATTAIL_FOLDERS_LOG": str(tmp_path / "home")})

    assert ran.code == 0
    assert "'log' is left alone" in ran.err
    assert letter.exists()
    assert not gone.exists()
