"""A proof as a deed: written into the trail, which is where the home page and the mail look for it."""

from __future__ import annotations

from datetime import datetime

from rattail.audit.trail import record
from rattail.features.backups.proving.prove import Progress, Proof, ProveRequest, prove
from rattail.features.backups.shelf.shelf import Backup
from rattail.site import Site

ACTION, FAILED, SUBJECT = "prove backup", "prove backup failed", "backups"


def write_proof(name: str, seconds: float, *, actor: str, now: datetime) -> None:
    """Write down that the backup `name` was proved, in the caller's transaction."""
    record(ACTION, SUBJECT, actor=actor, now=now, details={"backup": name, "seconds": round(seconds, 1)})


def write_failure(name: str, problem: str, *, actor: str, now: datetime) -> None:
    """Write down that the backup `name` was not proved, and why, in the caller's transaction."""
    record(FAILED, SUBJECT, actor=actor, now=now, details={"backup": name, "problem": problem})


def prove_for(site: Site, backup: Backup, *, now: datetime, progress: Progress) -> Proof:
    """Prove a backup of an open app folder. Raises as `prove`."""
    return prove(ProveRequest(backup, site.registry, site.where, now), progress=progress)
