"""A shop with everything in it that a proof must not let out, and the processes of a proof."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rattail.site import Site
from tests.conftest import clean_environment
from tests.jobs.working import wait_until


def started(*words: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """A command in a process and a session of its own, as in a terminal that nobody else uses."""
    return subprocess.Popen(
        [sys.executable, "-m", "rattail", *words],
        env={**clean_environment(), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def quarantined(target: Path) -> set[int]:
    """The processes of every application that runs in a scratch place beside the backups in `target`."""
    found = set()
    for entry in os.listdir("/proc"):
        try:
            words = Path("/proc", entry, "cmdline").read_bytes() if entry.isdigit() else b""
        except OSError:
            continue  # it has ended
        if os.fsencode(f"{target}/.proving-") in words and b"make-appdir" not in words:
            found.add(int(entry))
    return found


def wait_until_all_run(target: Path) -> set[int]:
    """Until the application of a proof has its worker, which it starts last; gives its processes."""

    def has_worker() -> bool:
        return any(b"idle-worker" in _words(pid) for pid in quarantined(target))

    wait_until(has_worker)
    return quarantined(target)


def _words(pid: int) -> bytes:
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return b""


def scratch_of(target: Path) -> list[str]:
    return [name for name in os.listdir(target) if name.startswith(".proving-")]


def let_things_wait(site: Site) -> None:
    """A job that waits, and a mail that waits; what recurs is due as it is."""
    from rattail.jobs.queue import enqueue
    from rattail.notices.note import note

    enqueue(site.registry.jobs["mail.send"], arguments={}, actor="alice", now=site.now())
    enqueue(site.registry.jobs["backups.make"], arguments={}, actor="alice", now=site.now())
    note("freezer", subject="the freezer is warm", level="error", now=site.now())
