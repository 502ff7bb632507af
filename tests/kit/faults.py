"""The disk and the processes that a program starts, failing or ending it at one chosen moment.

What is counted are the calls that change something, or that may be refused: the interpreter's own, in every thread
of the process. A moment is found by counting, never by hand: number 1, 2, 3, ... until the act ends by itself.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rattail.errors import RattailError

#: Calls of the module `os` that open, write, make, rename, remove or flush.
CALLS = (
    "open",
    "write",
    "pwrite",
    "sendfile",
    "fsync",
    "fdatasync",
    "sync",
    "rename",
    "replace",
    "link",
    "symlink",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "ftruncate",
    "chmod",
    "fchmod",
    "chown",
    "fchown",
    "utime",
)
KILL = 0
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
_NO_FAULT, _TOLD, _BUG = 0, 7, 8


class Ended(NamedTuple):
    """How an act ended: by itself, killed, with an error for a person, or with a fault of ours (its traceback)."""

    how: str
    text: str = ""


def struck(moment: int, fault: int, act: Callable[[], object]) -> Ended:
    """Run `act` in a process of its own in which the call number `moment` fails.

    `fault` is KILL (the process is killed with -9 before the call) or the error that the call raises; starting a
    program counts as a call, and fails as if it could not be started. "quiet" where the act ended before that call.
    """
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if not child:
        os.close(read_fd)
        _act(moment, fault, act, write_fd)
    os.close(write_fd)
    with open(read_fd, encoding="utf-8", errors="replace") as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, os.WTERMSIG(status)
        return Ended("killed")
    code = os.waitstatus_to_exitcode(status)
    return Ended({_NO_FAULT: "done", _TOLD: "told", _BUG: "bug"}.get(code, "quiet"), text)


def every_moment(
    fault: int, act: Callable[[], object], *, begin: int = 1, every: int = 1
) -> Iterator[tuple[int, Ended]]:
    """Strike at each moment, or at every so many of them; the last one is that in which nothing was struck any more."""
    moment = begin
    while True:
        ended = struck(moment, fault, act)
        yield moment, ended
        if ended.how == "quiet":
            return
        moment += every


class _Striking:
    def __init__(self, moment: int, fault: int) -> None:
        self._moment = moment
        self._fault = fault
        self._lock = threading.Lock()
        self.count = 0

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def striking(*words: Any, **more: Any) -> Any:
            self.touch()
            return call(*words, **more)

        return striking

    def touch(self) -> None:
        with self._lock:
            self.count += 1
            is_now = self.count == self._moment
        if is_now:
            if self._fault == KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self._fault, os.strerror(self._fault))


def _act(moment: int, fault: int, act: Callable[[], object], write_fd: int) -> None:
    striking = _Striking(moment, fault)
    code = _BUG
    write = os.write
    try:
        for name in CALLS:
            setattr(os, name, striking.wrap(getattr(os, name)))
        start = subprocess.Popen.__init__
        subprocess.Popen.__init__ = striking.wrap(start)  # type: ignore[method-assign]
        act()
        code = _NO_FAULT if striking.count >= moment else 9
    except RattailError as error:
        write(write_fd, f"{error.message} {error.hint}".encode())
        code = _TOLD
    except BaseException:  # noqa: BLE001 - it is told to the test
        write(write_fd, traceback.format_exc().encode())
    finally:
        sys.stdout.flush()
        os._exit(code)
