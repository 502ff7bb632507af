"""What a process of the server owes its supervisor: to end with it, and to say whether it is at work."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from contextlib import suppress

from rattail.errors import RattailError

_PR_SET_PDEATHSIG = 1


def die_with(parent: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send this process a signal when its parent ends, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def say_ready(ready_fd: int) -> None:
    """Tell the supervisor that this process is at work."""
    _say(ready_fd, {"ready": True})


def say_refused(ready_fd: int, error: RattailError) -> None:
    """Tell the supervisor why this process cannot be at work."""
    _say(ready_fd, {"refused": {"kind": type(error).__name__, "message": error.message, "hint": error.hint}})


def _say(ready_fd: int, what: dict[str, object]) -> None:
    with suppress(OSError):  # the supervisor has ended; so will this process
        os.write(ready_fd, json.dumps(what).encode() + b"\n")
