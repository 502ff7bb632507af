"""The process of one job: how a worker starts it, hears from it and ends it; and what that process does."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import time
import traceback
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created

from rattail.database.dialect import is_sqlite
from rattail.errors import RattailError
from rattail.feature import JobKind
from rattail.jobs.calling_off import process_name
from rattail.jobs.ending import End
from rattail.jobs.models import Job
from rattail.jobs.progress import Told
from rattail.jobs.running import Cancelled, Running
from rattail.logs.context import job_id
from rattail.registry import load_target
from rattail.site import Site

_log = logging.getLogger("rattail.jobs")
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_CHUNK = 65536
_MOST_FAILURE = 20_000
_KILL_AFTER_S = 0.5
_FAULT = (
    "a fault in the program stopped it; whoever runs this installation finds the details with show-job and in the log."
)
#: The name under which a worker makes its own connections wait for little; its children wait as everybody does.
IMPATIENT = "rattail.jobs.impatient"
_not_ours: list[object] = []
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """A running job, seen from its worker."""

    def __init__(self, job: Job, kind: JobKind, *, pid: int, fd: int) -> None:
        self.job = job
        self.kind = kind
        self.pid = pid
        self.fd = fd
        self.pid_fd = os.pidfd_open(pid)
        self.told: Told | None = None  # what is not yet written down
        self.kept_at = self._started = time.monotonic()
        self._ending: End | None = None
        self._kill_at: float | None = None
        self._said: dict[str, Any] = {}
        self._rest = b""

    def listen(self) -> None:
        """Read what the process said since the last time; never waits."""
        while True:
            try:
                chunk = os.read(self.fd, _CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if "done" in said:
                    self.told = Told(said["done"], said["total"], _storable(said["message"]))
                else:
                    self._said = said

    def stop(self, end: End) -> None:
        """Ask the process to end, and make it half a second later; `end` is what is written down then."""
        if self._ending is None:
            self._ending = end
            self._kill_at = time.monotonic() + _KILL_AFTER_S
            self._signal(signal.SIGUSR1)

    def press(self) -> None:
        """End a process that was asked to and did not, or that takes too long."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._signal(signal.SIGKILL)
        elif self._ending is None and time.monotonic() - self._started > self.kind.limit_s:
            text = f"it took longer than it may: {self.kind.limit_s} s."
            self.stop(End("failed", reason=text, failure=text, is_fault=True))

    def reaped(self) -> End | None:
        """How it ended, once it has."""
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self._signal(signal.SIGKILL)  # what it started itself, and left; its number is not given away yet
        _, status = os.waitpid(self.pid, 0)
        self.listen()
        os.close(self.fd)
        os.close(self.pid_fd)
        said = self._said
        if "returned" in said:
            return End("returned", result=said["returned"])
        if self._ending is not None:
            return self._ending
        if "cancelled" in said:
            return End("cancelled")
        if "failed" in said:
            return End(
                "failed", reason=_storable(said["reason"]), failure=_storable(said["failed"]), is_fault=said["is_fault"]
            )
        code = os.waitstatus_to_exitcode(status)
        text = f"its process was ended by signal {-code}" if code < 0 else f"its process ended with exit code {code}"
        return End("died", reason=f"{text}.", failure=f"{text} on {os.uname().nodename}.", is_fault=True)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _storable(text: str) -> str:
    """A text without what no database takes: zero bytes, and the halves of letters that odd file names have."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def start(site: Site, job: Job, kind: JobKind) -> Child:
    """Run a job that was taken, in a process of its own.

    SQLite is closed before: a process must not inherit it. A connection to a server stays open for the worker, which
    saves it a new one for each job; the process of the job never touches it.
    """
    try:
        load_target(kind.target)  # once here, so that not every job of this kind has to
    except Exception:  # noqa: BLE001 - the job will fail in its own process, and say why
        _log.debug("job kind %s cannot be loaded", kind.name)
    if is_sqlite():
        connections.close_all()
    parent = os.getpid()
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if pid == 0:
        os.close(reader)
        _be_child(site, job, kind, parent=parent, fd=writer)
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(pid, pid)  # the child does the same: whoever comes first
    os.close(writer)
    os.set_blocking(reader, False)
    return Child(job, kind, pid=pid, fd=reader)


def _be_child(site: Site, job: Job, kind: JobKind, *, parent: int, fd: int) -> NoReturn:
    code = 1
    try:
        job_id.set(str(job.id))
        running = Running(site, job, tell_fd=fd)
        _settle(running, parent)
        os.set_blocking(fd, False)
        said = json.dumps(_carry_out(running, job, kind)).encode() + b"\n"
        os.set_blocking(fd, True)
        while said:
            said = said[os.write(fd, said) :]
        connections.close_all()
        code = 0
    finally:
        logging.shutdown()
        os._exit(code)


def _settle(running: Running, parent: int) -> None:
    """End when the worker ends, end when it says so, and not when somebody stops everything of this shop at once."""

    def call_off(_number: int, _frame: FrameType | None) -> None:
        running.is_cancelled = True
        raise Cancelled

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGUSR1, call_off)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)  # systemd tells every process; the worker decides
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with suppress(PermissionError):
        os.setpgid(0, 0)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc.prctl(_PR_SET_NAME, process_name(running.id).encode(), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    connection_created.disconnect(dispatch_uid=IMPATIENT)
    _not_ours.append(connections[DEFAULT_DB_ALIAS])  # kept, or the driver would say goodbye in the worker's name
    del connections[DEFAULT_DB_ALIAS]


def _carry_out(running: Running, job: Job, kind: JobKind) -> dict[str, object]:
    """Call the function; returns what to tell the worker."""
    try:
        function = load_target(kind.target)
        assert callable(function), kind.target
        returned = function(running, **job.arguments)
        result = running.result if returned is None else returned
        json.dumps(result)
    except Cancelled:
        return {"cancelled": True}
    except RattailError as error:
        reason = f"{error.message} {error.hint}".strip()
        return {"failed": _traceback(), "reason": reason, "is_fault": False}
    except BaseException:  # noqa: BLE001 - whatever it is, the worker writes it down
        return {"failed": _traceback(), "reason": _FAULT, "is_fault": True}
    return {"returned": result}


def _traceback() -> str:
    return traceback.format_exc()[-_MOST_FAILURE:]
