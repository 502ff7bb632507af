"""Calling a program or an address when something failed."""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from pathlib import Path

import pytest

from rattail.features.mail import calling
from rattail.features.mail.calling import NotCalled, call
from rattail.features.mail.configured import Hook
from tests.features.mail.servers import web_server


def said(hook: Hook, root: Path) -> str:
    with pytest.raises(NotCalled) as caught:
        call(hook, {"text": "x" * 200_000}, root=str(root))
    return str(caught.value)


def program(*words: str) -> Hook:
    return Hook(words, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("/nowhere/page-me",), "'/nowhere/page-me' cannot be run: No such file or directory."),
        (("sh", "-c", "echo no pager >&2; exit 3"), "'sh' ended with exit code 3: no pager"),
        (("false",), "'false' ended with exit code 1: -"),
        (("a\0b",), "cannot be run: embedded null byte."),
    ],
)
def test_a_program_that_fails_is_told_with_what_it_said(words: Sequence[str], expected: str, tmp_path: Path) -> None:
    assert said(Hook(tuple(words), ""), tmp_path).endswith(expected)


def test_a_program_that_reads_nothing_and_prints_for_ever_harms_nobody(tmp_path: Path) -> None:
    call(program("sh", "-c", "head -c 1000000 /dev/zero"), {"text": "x" * 200_000}, root=str(tmp_path))


def test_a_program_that_does_not_end_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "LIMIT_S", 0.3)
    child = tmp_path / "child"
    child.touch()

    text = said(program("sh", "-c", f"sleep 600 & echo $! > {child}; wait"), tmp_path)

    assert "took longer than 0.3 seconds and was ended" in text
    assert ends(int(child.read_text()))


def ends(pid: int) -> bool:
    """Whether a process that was killed is gone, or is within ten seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


def test_both_are_called_and_both_failures_are_told_without_the_secret_of_the_address(tmp_path: Path) -> None:
    with web_server(status=500) as (url, got):
        text = said(Hook(("false",), url), tmp_path)
    gone = said(Hook((), url), tmp_path)

    assert len(got) == 1
    assert "'false' ended with exit code 1" in text
    assert "mail.on_failure_url at 127.0.0.1 answered 500." in text
    assert "cannot be called: " in gone
    assert "abc123" not in text + gone
