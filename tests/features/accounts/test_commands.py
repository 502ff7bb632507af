"""The commands: people and their roles, with passwords that are never a word of the command line."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Run, clean_environment

PASSWORD = "correct horse battery 27"


def test_people_are_made_listed_given_roles_and_disabled(run: Run, web_env: Mapping[str, str]) -> None:
    def data(*words: str, stdin: str = "") -> dict[str, object]:
        ran = run(*words, "--json", env=web_env, stdin=stdin)
        assert ran.code == 0, ran.out
        found: dict[str, object] = ran.data
        return found

    made = data("make-user", "Alice", "--role", "manager", "--email", "a@example.org", "--generate")
    data("make-user", "bob", "--display-name", "Bob", "--password-stdin", "--keep-password", stdin=f"{PASSWORD}\n")
    given = data("give-role", "bob", "viewer")
    again = data("give-role", "bob", "viewer")
    disabled = data("disable-user", "bob")
    users = data("list-users")["users"]

    assert (made["name"], made["must_change_password"]) == ("alice", True)
    assert len(str(made["password"])) > 20
    assert (given["is_changed"], again["is_changed"], disabled["is_changed"]) == (True, False, True)
    assert isinstance(users, list)
    alice, bob = users
    assert (alice["name"], alice["email"], alice["roles"]) == (
        "alice",
        "a@example.org",
        [{"role": "manager", "store": ""}],
    )
    assert (bob["display_name"], bob["is_active"], bob["must_change_password"]) == ("Bob", False, False)
    assert "password" not in bob


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (("make-user", "alice"), "", 57, "there is nobody to ask for the password"),
        (("make-user", "alice", "--password-stdin"), f"{PASSWORD}\nmore\n", 57, "has 2 lines: expected one"),
        (
            ("make-user", "alice", "--generate", "--role", "king"),
            "",
            56,
            "there is no role 'king': expected one of manager",
        ),
    ],
)
def test_what_cannot_be_done_says_why(
    run: Run, web_env: Mapping[str, str], words: tuple[str, ...], stdin: str, code: int, said: str
) -> None:
    ran = run(*words, env=web_env, stdin=stdin)

    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert PASSWORD not in ran.err + ran.out


def test_a_password_is_asked_for_twice_and_not_shown(web_env: Mapping[str, str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rattail", "make-user", "alice", "--role", "manager"]
    environ = {**clean_environment(), **web_env}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=tmp_path) as process:
        os.close(theirs)
        seen = ""
        for question in ("password: ", "confirmation: "):
            while not seen.endswith(question):
                assert select.select([ours], [], [], 30)[0], seen
                seen += os.read(ours, 1000).decode()
            os.write(ours, f"{PASSWORD}\n".encode())
        while True:
            try:
                seen += os.read(ours, 1000).decode()
            except OSError:  # the other end is closed
                break
    os.close(ours)

    assert process.returncode == 0, seen
    assert "Made user alice, manager." in seen
    assert PASSWORD not in seen
