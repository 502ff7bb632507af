"""The work on backups that runs in the background."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from rattail.audit.trail import record
from rattail.errors import BackupUnproven, NoSuchThing
from rattail.features.backups.at_site import WORKER, app_at, backups_at, request_at, shelf_at
from rattail.features.backups.making.make import make_backup
from rattail.features.backups.making.renew import CopyPlace, is_renewal_due, renew_copy
from rattail.features.backups.proving.deed import SUBJECT, prove_for, write_failure, write_proof
from rattail.features.backups.retention.prune import PrunePlan, plan_prune, prune, rules_of
from rattail.features.backups.shelf.shelf import find_backup
from rattail.features.backups.targets.copying import CopyRequest, copy_backup
from rattail.jobs.queue import enqueue
from rattail.jobs.running import Running
from rattail.site import Site

PRUNE_KEY, MAKE_KEY = "recurring:backups.prune", "recurring:backups.make"


def make(job: Running) -> dict[str, object] | None:
    """Make a backup and read it back; then copy it where copies go, and prune.

    Killed, it begins again: what was half is removed by the next that makes one.
    """
    made = make_backup(request_at(job.site, now=job.now()), progress=_telling(job))
    name = os.path.basename(made.path)
    job.result = {"backup": name, "size": made.size_bytes, "seconds": round(made.seconds, 1)}
    follows = "backups.copy" if job.site.settings.texts("backups.copy_to") else "backups.prune"
    arguments = {"name": name} if follows == "backups.copy" else {}
    with job.effect():
        record("make backup", SUBJECT, actor=job.actor, now=job.now(), details={"backup": name})
        enqueue(
            job.site.registry.jobs[follows],
            arguments=arguments,
            actor=job.actor,
            now=job.now(),
            subject=name,
            unique_key=PRUNE_KEY if follows == "backups.prune" else f"backups.copy:{name}",
        )
    return None


def renew(job: Running) -> dict[str, object] | None:
    """Make the copy of the records in the folder anew, so that the folder alone is a backup of today.

    Killed, it begins again; until it is whole, the copy that was there stays.
    """
    place = _copy_place(job.site)
    if not place.has_records:
        return None
    copied = renew_copy(place, now=job.now(), progress=_telling(job))
    return {"size": copied.size_bytes, "rows": sum(copied.counts.values())}


def copy(job: Running, *, name: str) -> dict[str, object] | None:
    """Copy a backup to every place where copies go; a place that fails is told of after all were tried."""
    site = job.site
    target = shelf_at(site)
    request = CopyRequest(
        backup=find_backup(target, name),
        shelf=target,
        places=site.settings.texts("backups.copy_to"),
        password=site.text("backups.repository_password"),
        environ=os.environ,
        now=job.now(),
    )
    copies = copy_backup(request, progress=_telling(job))
    failed = [one.error for one in copies if one.error is not None]
    if failed:
        raise failed[0]
    with job.effect():
        enqueue(
            site.registry.jobs["backups.prune"],
            arguments={},
            actor=job.actor,
            now=job.now(),
            unique_key=PRUNE_KEY,
        )
    return None


def prove(job: Running, *, name: str = "newest") -> dict[str, object] | None:
    """Restore a backup into a scratch place and start the application there."""
    backup = find_backup(shelf_at(job.site), name, app=app_at(job.site) if name == "newest" else "")
    try:
        proof = prove_for(job.site, backup, now=job.now(), progress=_telling(job))
    except BackupUnproven as error:
        with transaction.atomic():  # no effect: that would say that the job is done
            write_failure(backup.file_name, error.message, actor=job.actor, now=job.now())
        raise
    job.result = {"backup": backup.file_name, "seconds": round(proof.seconds, 1)}
    with job.effect():
        write_proof(backup.file_name, proof.seconds, actor=job.actor, now=job.now())
    return None


def prune_by_rules(job: Running) -> dict[str, object] | None:
    """Delete the backups that no rule keeps."""
    pruned = prune(plan_at(job.site), progress=lambda count: job.progress(count, None, "deleting backups"))
    return {"deleted": len(pruned.removed), "freed": pruned.freed_bytes}


def plan_at(site: Site) -> PrunePlan:
    """What the rules as they are set would delete now."""
    return plan_prune(
        shelf_at(site),
        app=app_at(site),
        rules=rules_of(site.settings),
        zone=ZoneInfo(site.time_zone),
        copy_to=site.settings.texts("backups.copy_to"),
    )


def is_workers_turn(site: Site, *, now: datetime) -> bool:  # noqa: ARG001 - how recurring jobs ask
    """Whether the worker makes the daily backup; else the timer does, and the worker stays out."""
    return site.text("backups.made_by") == WORKER


def is_copy_due(site: Site, *, now: datetime) -> bool:
    """Whether the copy of the records is to be made anew: no backup has just done it."""
    return is_renewal_due(_copy_place(site), now=now)


def is_proof_due(site: Site, *, now: datetime) -> bool:
    """Whether the newest backup is to be proved again. One that is encrypted cannot be: its key is not here."""
    days = site.settings.integer("backups.prove_days")
    backups = backups_at(site)
    if not days or not backups or backups[0].known.is_encrypted:
        return False
    last = max((one.known.proved.at for one in backups if one.known.proved is not None), default=None)
    return last is None or now - last >= timedelta(days=days, hours=-1)


def is_prune_due(site: Site, *, now: datetime) -> bool:  # noqa: ARG001
    """Whether a rule lets a backup go that the timer's backups left behind."""
    try:
        return site.text("backups.made_by") != WORKER and not plan_at(site).is_empty
    except NoSuchThing:
        return False


def _copy_place(site: Site) -> CopyPlace:
    return CopyPlace.of(site.root, site.places, site.settings)


def _telling(job: Running) -> Callable[[str, int, int | None], object]:
    def tell(what: str, done: int, total: int | None) -> None:
        job.progress(done, total, what)

    return tell
