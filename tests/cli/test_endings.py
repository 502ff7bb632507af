"""How a command ends when the terminal, the pipe, the person or our own code does not play along."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rattail.logs.read import newest
from tests.conftest import Run, clean_environment
from tests.kit.environment import Environment
from tests.kit.extension import write_extension

NOBODY = 65534
INTERRUPTED = """
import os, signal, sys
sys.path.remove(os.path.dirname(__file__))
os.kill(os.getpid(), signal.SIGINT)
while True:
    pass
"""
RATTAIL = shlex.join([sys.executable, "-m", "rattail"])
BROKEN_COMMAND = """
@command("break-shop")
def break_shop(session):
    raise ValueError("the password is hunter2")

FEATURE = Feature(
    name="breaking", title="Breaking", commands=(Command("break-shop", "Break.", "breaking:break_shop"),)
)
"""
LONG_ANSWER = """
@command("say-much")
def say_much(session):
    return Outcome({}, (f"line {number}" for number in range(100_000)))

FEATURE = Feature(
    name="talking", title="Talking", commands=(Command("say-much", "Say much.", "talking:say_much"),)
)
"""


def shell(line: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a line of bash with pipefail."""
    command = ["bash", "-c", f"set -o pipefail; {line}"]
    everything = {**clean_environment(), **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, env=everything, timeout=60, check=False)


def test_a_reader_that_goes_away_is_no_error() -> None:
    ran = shell(f"{RATTAIL} --help | head -1")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Usage: rattail")


def test_a_reader_that_goes_away_in_the_middle_of_much_output_is_no_error(tmp_path: Path, appdir: Path) -> None:
    env = write_extension(tmp_path / "site", "talking", LONG_ANSWER)

    ran = shell(f"{RATTAIL} say-much --appdir '{appdir}' | head -1", env)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "line 0\n", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stops_nothing(tmp_path: Path, closed: str) -> None:
    root = tmp_path / "app"

    ran = shell(f"{RATTAIL} make-appdir --path '{root}' {closed}")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "make folder" not in (root / "app-folder.json").read_text()
    assert shell(f"{RATTAIL} make-appdir --path '{root}'").stdout.endswith("is whole: nothing to do.\n")


@pytest.mark.parametrize("words", ["--help", "make-appdir --dry-run --path app", "--version"])
def test_output_that_cannot_be_written_is_said_and_fails(words: str, tmp_path: Path) -> None:
    ran = shell(f"cd '{tmp_path}' && {RATTAIL} {words} > /dev/full")

    assert ran.returncode == 1
    assert ran.stderr == "rattail: cannot write the output: No space left on device.\n"


def test_a_terminal_that_knows_only_ascii_gets_escapes_and_no_traceback(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "café" / "app"
    ascii_only = {
        "LANG": "C",
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }

    ran = run("make-appdir", "--path", root, env=ascii_only)

    assert ran.code == 50
    assert "its parent folder" in ran.err
    assert ran.err.isascii()


def test_ctrl_c_ends_a_waiting_command_with_one_sentence(appdir: Path) -> None:
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    with (appdir / "app-folder.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = start("make-appdir", "--path", str(appdir))
        wait_until_open(waiting.pid, appdir / "app-folder.lock")
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    assert err == "rattail: interrupted.\n    run the same command again to complete it\n"


def test_ctrl_c_in_json_is_an_envelope_too(appdir: Path) -> None:
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    with (appdir / "app-folder.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = start("make-appdir", "--json", "--path", str(appdir))
        wait_until_open(waiting.pid, appdir / "app-folder.lock")
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=30)

    assert err == ""
    assert json.loads(out)["errors"][0]["kind"] == "Interrupted"


@pytest.mark.parametrize("module", ["click", "json", "rattail_interrupted"])
@pytest.mark.parametrize("words", [("show-appdir",), ("show-appdir", "--json")])
def test_ctrl_c_while_we_are_imported_is_said_as_at_any_other_time(
    run: Run, tmp_path: Path, module: str, words: tuple[str, ...]
) -> None:
    """Ctrl-C at the very moment when a module is imported: the first, one that is needed to say it, an extension."""
    env = write_extension(tmp_path / "site", "rattail_interrupted", "FEATURE = Feature('interrupted', 'X')")
    (tmp_path / "site" / f"{module}.py").write_text(INTERRUPTED)

    ran = run(*words, "--appdir", tmp_path / "none", env=env)

    if "--json" in words:
        assert ran.json["errors"][0]["kind"] == "Interrupted"
        assert ran.err == ""
    else:
        assert ran.err == "rattail: interrupted.\n    run the same command again to complete it\n"
        assert ran.out == ""
    assert ran.code == 130


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rattail", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(), cwd="/"
    )


def wait_until_open(pid: int, path: Path) -> None:
    """Wait until a process has opened a file."""
    for _ in range(3000):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                if os.readlink(f"/proc/{pid}/fd/{fd}") == str(path):
                    return
            except OSError:
                continue
        time.sleep(0.01)
    raise AssertionError(f"process {pid} never opened {path}")


def test_a_fault_of_ours_shows_its_traceback_and_is_logged_without_its_text(
    run: Run, tmp_path: Path, appdir: Path
) -> None:
    env = write_extension(tmp_path / "site", "breaking", BROKEN_COMMAND)

    ran = run("break-shop", "--appdir", appdir, env=env)
    run("break-shop", "--appdir", appdir, env=env)

    assert ran.code == 1
    assert "ValueError: the password is hunter2" in ran.err
    assert "this is a fault in rattail" in ran.err
    lines = newest(str(appdir / "log"), "cli", limit=9).lines
    assert [line.details["error"] for line in lines] == ["ValueError", "ValueError"]
    assert lines[0].details["command"] == "break-shop"
    assert "break_shop" in lines[0].details["where"].splitlines()[-1]
    assert "hunter2" not in (appdir / "log" / "cli.log").read_text()


def test_a_fault_of_ours_in_json_is_an_envelope_beside_the_traceback(run: Run, tmp_path: Path, appdir: Path) -> None:
    env = write_extension(tmp_path / "site", "breaking", BROKEN_COMMAND)

    ran = run("break-shop", "--appdir", appdir, "--json", env=env)

    assert ran.code == ran.json["errors"][0]["code"] == 1
    assert "ValueError" in ran.json["errors"][0]["message"]
    assert "hunter2" not in ran.out


def test_a_fault_without_an_app_folder_is_shown_and_makes_none(run: Run, tmp_path: Path) -> None:
    env = write_extension(tmp_path / "site", "breaking", BROKEN_COMMAND)

    ran = run("break-shop", "--appdir", tmp_path / "app", env=env)

    assert ran.code == 1
    assert not (tmp_path / "app").exists()


def test_verbose_says_which_app_folder_and_why_on_the_error_stream(run: Run, appdir: Path) -> None:
    by_option = run("make-appdir", "--path", appdir, "--verbose")
    by_variable = run("make-appdir", "--verbose", env={"RATTAIL_APPDIR": str(appdir)})

    assert f"app folder: '{appdir}', because of --path" in by_option.err
    assert "because of the environment variable RATTAIL_APPDIR" in by_variable.err


def test_what_a_refusal_says_to_type_next_can_be_typed_as_it_stands(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another shop"
    run("make-appdir", "--path", elsewhere)
    refused = run("show-job", "7", "--appdir", elsewhere)

    line = refused.err.strip().splitlines()[-1].strip()
    typed = shell(line)
    again = run("show-job", "7", "--appdir", elsewhere)

    assert "rattail migrate-db --appdir" in line
    assert typed.returncode == 0, typed.stderr
    assert again.err.startswith("rattail: there is no job 7")


def test_quiet_prints_nothing_when_all_is_well(run: Run, appdir: Path) -> None:
    ran = run("make-appdir", "--path", appdir, "--quiet")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_user_makes_a_folder_where_everybody_may_write(environment: Environment, as_root: None) -> None:
    shared = environment.path.parent / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    made = environment.run("make-appdir", "--path", shared / "app", user=NOBODY)

    assert made.returncode == 0, made.stderr
    assert (shared / "app" / "data").stat().st_uid == NOBODY
