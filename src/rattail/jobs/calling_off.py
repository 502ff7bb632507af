"""Stopping a running job without the database.

On SQLite a job may hold the one lock for writing for as long as its effect takes, so that nobody could even write
down that it is to be cancelled. Its process is on this machine then, and bears the number of the job as its name.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator

from django.db import connection

from rattail.database.dialect import is_sqlite
from rattail.jobs.models import RUNNING, Job
from rattail.jobs.process import is_gone

_PATIENCE_MS = 500


def process_name(job_id: int) -> str:
    """What the process of a job is called, in `ps` as well; the system keeps 15 letters."""
    return f"job-{job_id}"[:15]


def stop_here(job_id: int) -> None:
    """Stop the process of a running job, if the records are in SQLite, and this process does not write itself.

    It gets half a second to leave by itself. What it had not committed is rolled back; the job itself
    is still to be cancelled.
    """
    if not is_sqlite() or connection.in_atomic_block:
        return
    worker = Job.objects.filter(pk=job_id, state=RUNNING).values_list("worker", flat=True).first()
    if worker is None or is_gone(worker) is not False:
        return
    parent = int(worker.split("/")[3])
    for pid in _children_of(parent, process_name(job_id)):
        _stop(pid, parent, process_name(job_id))


def _stop(pid: int, parent: int, name: str) -> None:
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if _name_and_parent(pid) != (name, parent):  # the number has come to mean another process
            return
        signal.pidfd_send_signal(fd, signal.SIGUSR1)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(_PATIENCE_MS):
            signal.pidfd_send_signal(fd, signal.SIGKILL)
            poll.poll(_PATIENCE_MS)
    except (ProcessLookupError, PermissionError):
        return  # it has ended; or it is not ours to stop, and its worker will do it
    finally:
        os.close(fd)


def _children_of(parent: int, name: str) -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _name_and_parent(int(entry)) == (name, parent):
            yield int(entry)


def _name_and_parent(pid: int) -> tuple[str, int] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            head, _, rest = stream.read().rpartition(")")
    except OSError:
        return None
    return head.partition("(")[2], int(rest.split()[1])
