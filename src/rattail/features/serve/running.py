"""One process of the server, as its supervisor sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from rattail.errors import RattailError, all_errors

#: What would make a child talk to systemd, or take somebody else's socket, in its parent's name.
_NOT_PASSED_ON = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "GUNICORN_PID", "GUNICORN_FD")


class Role(NamedTuple):
    """One process that has to be there: its name for people, the words that start it, the descriptors it inherits.

    `grace_s` is how long it may take to stop, `hurry` the signal that makes it stop at once. `after` names a role that
    has to be at work first: where the machine is busy, the first page comes before the first job.
    """

    name: str
    words: tuple[str, ...]
    fds: tuple[int, ...] = ()
    grace_s: float = 30.0
    hurry: signal.Signals = signal.SIGTERM
    after: str = ""


def python_words(module: str) -> tuple[str, ...]:
    """How a module of ours is run as a program: by this Python, and never from the current folder."""
    return (sys.executable, "-P", "-m", module)


class Running:
    """A process that was started. It is ready once it has said so."""

    def __init__(self, role: Role, *, environ: Mapping[str, str]) -> None:
        """Start it, in a process group of its own: Ctrl-C is for the supervisor alone.

        Raises:
            OSError: the system has no more processes, memory or descriptors.
        """
        self.role = role
        self.is_ready = False
        self.is_told_to_stop = False
        self.refusal: RattailError | None = None
        self.started_at = time.monotonic()
        self.kill_at: float | None = None
        self._said = b""
        self.ready_fd, told_fd = os.pipe()
        os.set_blocking(self.ready_fd, False)
        words = [str(told_fd) if word == "{ready}" else word for word in role.words]
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                pass_fds=(*role.fds, told_fd),
                env={name: value for name, value in environ.items() if name not in _NOT_PASSED_ON},
                process_group=0,
            )
        except OSError:
            os.close(self.ready_fd)
            raise
        finally:
            os.close(told_fd)
        self.pid = self._process.pid
        self.pid_fd = os.pidfd_open(self.pid)

    def hear(self) -> None:
        """Read what it said about itself; never waits."""
        while True:
            try:
                chunk = os.read(self.ready_fd, 65536)
            except BlockingIOError:
                break
            if not chunk:
                break
            self._said += chunk
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            told = json.loads(line)
            self.is_ready = self.is_ready or "ready" in told
            if "refused" in told:
                self.refusal = _error(**told["refused"])

    def stop(self) -> None:
        """Ask it to stop, once; `press` makes it stop when it takes too long."""
        if not self.is_told_to_stop:
            self.is_told_to_stop = True
            self.kill_at = time.monotonic() + self.role.grace_s
            self._signal(signal.SIGTERM)

    def hurry(self) -> None:
        """Have it stop at once."""
        self.is_told_to_stop = True
        self.kill_at = time.monotonic() + 3.0
        self._signal(self.role.hurry)

    def press(self) -> bool:
        """Kill it, and what it started, where its time to stop is over; returns whether that was so."""
        if self.kill_at is None or time.monotonic() < self.kill_at:
            return False
        self.kill_at = None
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return True

    def ended(self) -> str | None:
        """How it ended, as a phrase, once it has; then it is forgotten by the system."""
        if self._process.poll() is None:
            return None
        self.hear()
        os.close(self.ready_fd)
        os.close(self.pid_fd)
        code = self._process.returncode
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started_at

    def _signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)


def _error(kind: str, message: str, hint: str) -> RattailError:
    found = next((each for each in all_errors() if each.__name__ == kind), RattailError)
    if "faults" in found.__init__.__code__.co_varnames:  # ConfigInvalid takes its lines one by one
        return found(message.splitlines(), hint=hint)  # type: ignore[arg-type]
    return found(message, hint=hint)
