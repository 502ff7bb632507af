"""Real processes, really killed: at a chosen moment, or many at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from rattail.errors import RattailError

WATCHED = ("open", "os.")


def killed_at(moment: int, act: Callable[[], object]) -> bool:
    """Run `act` in a process of its own that is killed with -9 at its n-th touch of the disk.

    The interpreter announces every opening, making, linking, renaming and so on before it does it;
    the process counts them and kills itself at number `moment` (from 1). Returns False where `act`
    came to its end before that. An error in `act` fails the test.
    """
    child = os.fork()
    if child == 0:
        _act_until(moment, act)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the process ended with an error"
    return False


def at_once(number: int, act: Callable[[], object]) -> list[int]:
    """Run `act` in that many processes, started by one signal; returns their exit codes."""
    gate_read, gate_write = os.pipe()
    children = []
    for _ in range(number):
        child = os.fork()
        if child == 0:
            os.close(gate_write)
            os.read(gate_read, 1)
            _finish(act)
        children.append(child)
    os.close(gate_read)
    os.close(gate_write)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def as_user(uid: int, act: Callable[[], object]) -> int:
    """Run `act` in a process that belongs to another user; returns its exit code."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        _finish(act)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def error_when_disturbed(disturb: Callable[[], object], *, at_link: int, act: Callable[[], object]) -> str:
    """Run `act` in a process of its own and call `disturb` there just before its n-th `os.link`.

    Returns the message of the `RattailError` that `act` ended with; empty where it ended well.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, _: object) -> None:
            nonlocal count
            count += event == "os.link"
            if event == "os.link" and count == at_link:
                disturb()

        def report() -> None:
            try:
                act()
            except RattailError as error:
                os.write(writer, error.message.encode())

        sys.addaudithook(watch)
        _finish(report)
    os.close(writer)
    with open(reader, encoding="utf-8") as stream:
        message = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the process ended with a fault"
    return message


def _act_until(moment: int, act: Callable[[], object]) -> None:
    count = 0

    def watch(event: str, _: object) -> None:
        nonlocal count
        if event.startswith(WATCHED):
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    _finish(act)


def _finish(act: Callable[[], object]) -> None:
    try:
        act()
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)
