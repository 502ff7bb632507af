"""--json: one object with the same keys whatever happens."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conftest import Run

KEYS = ["ok", "data", "messages", "errors"]
ERROR_KEYS = ["kind", "code", "message", "hint"]


def test_success_is_one_object_with_data(run: Run, appdir: Path) -> None:
    ran = run("make-appdir", "--path", appdir, "--json")

    assert ran.code == 0
    assert list(ran.json) == KEYS
    assert ran.json["ok"] is True
    assert ran.json["errors"] == []
    assert ran.err == ""


def test_failure_is_the_same_object_with_errors(run: Run, tmp_path: Path) -> None:
    ran = run("make-appdir", "--path", tmp_path / "no" / "app", "--json")

    assert list(ran.json) == KEYS
    assert ran.json["ok"] is False
    assert ran.data is None
    assert [list(error) for error in ran.json["errors"]] == [ERROR_KEYS]
    assert ran.json["errors"][0]["kind"] == "AppDirNotFound"
    assert ran.code == ran.json["errors"][0]["code"] == 50
    assert ran.err == ""


def test_every_fault_of_the_settings_is_an_error_of_its_own(run: Run, appdir: Path) -> None:
    with (appdir / "rattail.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[uplaods]\na = 1\n[sesions]\nb = 2\n")

    ran = run("make-appdir", "--path", appdir, "--json")

    assert ran.code == 53
    assert [error["kind"] for error in ran.json["errors"]] == ["ConfigInvalid", "ConfigInvalid"]


def test_a_mistyped_option_is_an_error_of_kind_wrong_usage(run: Run) -> None:
    ran = run("make-appdir", "--json", "--pth", "x")

    assert ran.code == 2
    assert list(ran.json) == KEYS
    assert ran.json["errors"][0]["kind"] == "WrongUsage"
    assert ran.json["errors"][0]["hint"] == f"{sys.executable} -m rattail make-appdir --help"
    assert "--path" in ran.json["errors"][0]["message"]


def test_an_unknown_command_is_an_error_of_kind_wrong_usage(run: Run) -> None:
    ran = run("make-apdir", "--json")

    assert ran.code == 2
    assert ran.json["errors"][0]["message"] == "there is no command 'make-apdir'. Did you mean 'make-appdir'?"


def test_json_alone_says_that_a_command_is_missing(run: Run) -> None:
    ran = run("--json")

    assert ran.code == 2
    assert ran.json["errors"][0]["kind"] == "WrongUsage"


def test_remarks_are_messages_of_the_object_and_not_lines_beside_it(run: Run, appdir: Path) -> None:
    ran = run("make-appdir", "--path", appdir, "--json", "--verbose")

    assert ran.json["messages"] == [{"level": "note", "text": f"app folder: '{appdir}', because of --path"}]
    assert ran.err == ""


def test_remarks_made_before_a_failure_are_kept(run: Run, tmp_path: Path) -> None:
    ran = run("make-appdir", "--path", tmp_path / "no" / "app", "--json", "--verbose")

    assert ran.json["ok"] is False
    assert [message["level"] for message in ran.json["messages"]] == ["note"]
