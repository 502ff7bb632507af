"""The supervisor over processes of the test's own: what it does with those that die, refuse or will not stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import pytest

from rattail.errors import LayoutOutdated, RattailError
from rattail.features.serve.running import Role
from rattail.features.serve.supervisor import Hooks, Supervisor

READY = "import os, sys, time; os.write(int(sys.argv[1]), b'{\"ready\": true}\\n'); "
REFUSED = "import os, sys; os.write(int(sys.argv[1]), "
REFUSED += 'b\'{"refused": {"kind": "LayoutOutdated", "message": "too old.", "hint": "migrate"}}\\n\')'


def role(script: str, name: str = "one", grace_s: float = 30) -> Role:
    return Role(name, (sys.executable, "-S", "-c", script, "{ready}"), grace_s=grace_s)


def supervised(roles: Sequence[Role]) -> tuple[list[str], RattailError | None]:
    """Run until it ends by itself, or until all are ready and it is told to stop; what it said, and its error."""
    said: list[str] = []

    def stop() -> None:
        said.append("all are ready")
        os.kill(os.getpid(), signal.SIGTERM)

    hooks = Hooks(say=said.append, ready=stop, roles=lambda: roles)
    try:
        Supervisor(hooks, environ=os.environ, first_wait_s=0.001).run()
    except RattailError as error:
        return said, error
    return said, None


def test_a_process_that_dies_at_once_again_and_again_is_given_up_with_a_sentence() -> None:
    said, error = supervised([role("raise SystemExit(3)")])

    assert error is not None
    assert "ended with exit code 3, for the 8th time, each time soon after its start" in error.message
    assert len([line for line in said if "it is started again" in line]) == 7
    assert "it is started again in 0.032 s" in said[-1]


def test_a_process_that_refuses_ends_everything_with_its_own_error() -> None:
    said, error = supervised([role(READY + "time.sleep(60)", "one"), role(REFUSED, "two")])

    assert isinstance(error, LayoutOutdated)
    assert (error.message, error.hint) == ("too old.", "migrate")
    assert said == []


def test_it_is_ready_when_all_are_and_stops_when_all_have_stopped() -> None:
    roles = [role(READY + "time.sleep(60)", name) for name in ("one", "two")]

    assert supervised(roles) == (["all are ready"], None)


def test_a_process_that_will_not_stop_is_killed_when_its_time_is_over() -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY + "time.sleep(60)"

    said, error = supervised([role(stubborn, grace_s=0.1)])

    assert error is None
    assert "did not stop in time and was killed" in said[-1]


def test_a_process_waits_for_the_one_that_it_comes_after() -> None:
    roles = [role(READY + "time.sleep(60)", "two")._replace(after="one"), role("raise SystemExit(3)", "one")]

    said, error = supervised(roles)

    assert error is not None
    assert all(line.startswith("one ") for line in said)


def test_told_to_stop_again_it_hurries() -> None:
    heeded = "signal.signal(signal.SIGQUIT, signal.SIG_DFL); "  # what is started with & by a script ignores it
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + heeded + READY + "time.sleep(60)"

    def stop_twice() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)

    said: list[str] = []
    hooks = Hooks(say=said.append, ready=stop_twice, roles=lambda: [role(stubborn)._replace(hurry=signal.SIGQUIT)])
    Supervisor(hooks, environ=os.environ).run()

    assert said == []  # nobody had to be killed


def test_a_restart_replaces_starts_and_ends_processes_as_the_settings_now_are() -> None:
    said: list[str] = []
    wanted = iter([["one", "two"], ["one", "three"]])
    script = READY + "time.sleep(60)"

    def say(text: str) -> None:
        said.append(text)
        if "one was replaced" in text:
            os.kill(os.getpid(), signal.SIGTERM)

    hooks = Hooks(
        say=say,
        ready=lambda: os.kill(os.getpid(), signal.SIGHUP),
        roles=lambda: [role(script, name) for name in next(wanted)],
    )
    supervisor = Supervisor(hooks, environ=os.environ)
    supervisor.run()

    assert said[0].startswith("restarting")
    assert [text for text in said[1:] if "replaced by process" not in text] == []


def test_what_would_make_a_child_speak_for_its_parent_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("LISTEN_FDS", "1")
    script = "import os; assert 'NOTIFY_SOCKET' not in os.environ and 'LISTEN_FDS' not in os.environ; "

    assert supervised([role(script + READY + "time.sleep(60)")]) == (["all are ready"], None)


def test_it_imports_nothing_heavy() -> None:
    import subprocess

    script = "import sys, rattail.features.serve.service; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert not set(told) & {"django", "gunicorn", "asyncio", "click"}
