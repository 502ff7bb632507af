"""Which process somebody is, such that no other one is ever taken for it, and whether it is still there."""

from __future__ import annotations

import os
from functools import cache


def own_identity() -> str:
    """This process: host, boot of its machine, pid namespace, pid, and the moment of its start."""
    pid = os.getpid()
    return "/".join((os.uname().nodename.replace("/", "-"), *_own_place(), str(pid), _started(pid) or "0"))


def is_gone(identity: str) -> bool | None:
    """Whether that process has ended; None where it cannot be seen from here: another machine or container."""
    pid, started = _seen_from_here(identity)
    return _started(pid) != started if pid else None


def is_stopped(identity: str) -> bool:
    """Whether that process can be seen to stand still: by SIGSTOP, or in a debugger's hands."""
    pid, started = _seen_from_here(identity)
    return bool(pid) and _fields(pid)[:1] in (["T"], ["t"]) and _started(pid) == started


def shown_identity(identity: str) -> str:
    """An identity for people: `process 4121 on db1`."""
    parts = identity.split("/")
    return f"process {parts[3]} on {parts[0]}" if len(parts) == 5 else identity


@cache
def _own_place() -> tuple[str, str]:
    """Where pids mean what they mean here: this boot of this machine, this pid namespace."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        boot = stream.read().strip()
    return boot, os.readlink("/proc/self/ns/pid").strip("pid:[]")


def _seen_from_here(identity: str) -> tuple[int, str]:
    """The pid and the start of a process of this machine and pid namespace; else (0, "")."""
    parts = identity.split("/")
    if len(parts) != 5 or tuple(parts[1:3]) != _own_place():
        return 0, ""
    return int(parts[3]), parts[4]


def _started(pid: int) -> str:
    """When a process started, in ticks since the boot; empty where there is none, or it has ended and nobody asked
    for its exit code yet."""
    fields = _fields(pid)
    return "" if not fields or fields[0] in "ZX" else fields[19]


def _fields(pid: int) -> list[str]:
    """What the kernel says of a process, from its state on; nothing where there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()  # its name may hold anything
    except (FileNotFoundError, ProcessLookupError):
        return []
