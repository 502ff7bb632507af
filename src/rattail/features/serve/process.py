"""What a process of the server does before its work, and its entry: `python -m rattail.features.serve.process`.

    process.py web ROOT PARENT READY DOOR      answers requests
    process.py worker ROOT PARENT READY        runs jobs
    process.py idle-worker ROOT PARENT READY   takes none: it is there, and nothing leaves

PARENT is the supervisor's pid; READY the descriptor of a pipe on which the process says, as one line of JSON, that
it is at work, or why it cannot be; DOOR the descriptor of the socket to listen on.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

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


def main(words: list[str]) -> NoReturn:
    """Do one of the two works; never returns."""
    part, root, parent, ready_fd, *more = words
    die_with(int(parent))
    try:
        if part == "web":
            from rattail.features.serve.web import answer_requests

            answer_requests(root, door_fd=int(more[0]), ready_fd=int(ready_fd))
        else:
            from rattail.features.serve.worker import run_jobs

            run_jobs(root, ready_fd=int(ready_fd), claims=part == "worker")
    except RattailError as error:
        told = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        _say(int(ready_fd), {"refused": told})
        sys.exit(error.exit_code)
    sys.exit(0)


def _say(ready_fd: int, what: dict[str, object]) -> None:
    with suppress(OSError):  # the supervisor has ended; so will this process
        os.write(ready_fd, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
