"""The pages of backups: the list, one of them, making, proving, downloading, and what the rules would delete."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta
from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString

from rattail.appdir.files import opened_folder
from rattail.audit.trail import record
from rattail.errors import NoSuchThing
from rattail.features.backups.archive.format import parse_name
from rattail.features.backups.at_site import app_at, backups_at, shelf_at, who_makes
from rattail.features.backups.jobs import MAKE_KEY, PRUNE_KEY, is_workers_turn, plan_at
from rattail.features.backups.keys.keys import stale, unproved
from rattail.features.backups.pages.listing import BACKUPS, badge
from rattail.features.backups.proving.deed import SUBJECT
from rattail.features.backups.shelf.shelf import Backup, find_backup
from rattail.features.backups.shelf.state import State
from rattail.jobs.models import UNFINISHED, Job, Recurrence
from rattail.jobs.queue import enqueue
from rattail.site import Site
from rattail.web import charts, show
from rattail.web.access import Person, Request, signed_in
from rattail.web.lists import render_list

CREATE, CONFIGURE, DOWNLOAD = "backups.create", "backups.configure", "backups.download"
_WARN_DAYS = 14
_LEAST_DRAWN, _MOST_DRAWN = 3, 40


def listed(request: Request) -> HttpResponse:
    """All backups, where they lie, when the next is made, and what is wrong."""
    site, person = request.site, signed_in(request)
    if request.GET.get("part"):
        return render_list(request, BACKUPS)
    jobs = _jobs(person)
    backups = backups_at(site)
    context: dict[str, Any] = {
        "target": shelf_at(site),
        "made_by": site.text("backups.made_by"),
        "who_makes": who_makes(site.text),
        "next_at": _next_at(site),
        "newest": backups[0] if backups else None,
        "chart": _sizes(backups[0]) if backups else "",
        "history": _history(backups, site.time_zone),
        "total_bytes": sum(one.size_bytes for one in backups),
        "warnings": _warnings(site, backups, site.now()),
        "may_create": person.may(CREATE),
        "may_configure": person.may(CONFIGURE),
        "copy_to": site.settings.texts("backups.copy_to") if person.may(CONFIGURE) else (),
        "jobs": jobs,
    }
    return render_list(request, BACKUPS, template="backups/list.html", context=context)


def one(request: Request, name: str) -> HttpResponse:
    """One backup: what is in it, and how each look at it went."""
    person = signed_in(request)
    jobs = _jobs(person)
    backup = _backup(request.site, name)
    proved = backup.known.proved
    values = {
        "title": f"Backup of {show.moment(backup.made_at, request.site.time_zone)}",
        "backup": backup,
        "known": backup.known,
        "badge": badge(backup),
        "chart": _sizes(backup),
        "proved": proved,
        "steps": [(step, f"{seconds:.1f}") for step, seconds in proved.steps] if proved else [],
        "copies": [(place, copy) for place, copy in backup.known.copies.items()] if person.may(CONFIGURE) else [],
        "may_create": person.may(CREATE),
        "may_download": person.may(DOWNLOAD),
        "jobs": jobs,
    }
    return render(request, "backups/one.html", values)


def make(request: Request) -> HttpResponse:
    """Make a backup now, in the background."""
    return _ask(request, "backups.make", key=MAKE_KEY)


def prove(request: Request, name: str) -> HttpResponse:
    """Prove one now, in the background."""
    backup = _backup(request.site, name)
    return _ask(request, "backups.prove", key=f"backups.prove:{backup.file_name}", name=backup.file_name)


def prune(request: Request) -> HttpResponse:
    """What the rules would delete, and why each stays; on a press of the button, do it in the background."""
    if request.method == "POST":
        return _ask(request, "backups.prune", key=PRUNE_KEY)
    plan = plan_at(request.site)
    values = {
        "title": "What the rules keep",
        "decisions": [(one, badge(one.backup)) for one in plan.decisions],
        "doomed": len(plan.doomed),
        "freed_bytes": sum(one.backup.size_bytes for one in plan.doomed),
        "rules": plan.rules,
    }
    return render(request, "backups/prune.html", values)


def download(request: Request, name: str) -> FileResponse:
    """The file of a backup that lies on the shelf; its name is looked up there, never opened as it was sent.

    Raises:
        NoSuchThing: there is none.
    """
    backup = _backup(request.site, name)
    person, now = signed_in(request), request.site.now()
    folder, file_name = os.path.split(backup.path)
    try:
        with opened_folder(folder) as folder_fd:
            fd = os.open(file_name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    except OSError:
        raise NoSuchThing(f"the backup {file_name} cannot be read (any more).") from None
    stream = os.fdopen(fd, "rb")
    look = os.fstat(fd)
    if not stat.S_ISREG(look.st_mode):
        stream.close()
        raise NoSuchThing(f"the backup {file_name} is no file.")
    record("download backup", SUBJECT, actor=person.name, now=now, details={"backup": file_name})
    response = FileResponse(stream, as_attachment=True, filename=file_name, content_type="application/x-tar")
    response["Content-Length"] = str(look.st_size)
    response["Cache-Control"] = "no-store"
    return response


def _backup(site: Site, name: str) -> Backup:
    if parse_name(name) is None:
        raise NoSuchThing("that is no name of a backup.", hint="choose one from the list of backups")
    return find_backup(shelf_at(site), name, app=app_at(site))


def _ask(request: Request, kind: str, *, key: str, **arguments: object) -> HttpResponse:
    job = enqueue(
        request.site.registry.jobs[kind],
        arguments=arguments,
        actor=signed_in(request).name,
        now=request.site.now(),
        subject=str(arguments.get("name", "")),
        unique_key=key,
    )
    return redirect("jobs.one", job.pk) if job.actor == signed_in(request).name else redirect("backups.list")


def _next_at(site: Site) -> datetime | None:
    if not is_workers_turn(site, now=site.now()) or not site.text("backups.at"):
        return None
    return Recurrence.objects.filter(job="backups.make").values_list("next_at", flat=True).first()


def _jobs(person: Person) -> list[tuple[Job, bool]]:
    """What works on backups now, and whether the person may look at it: one's own, or anybody's by permission.

    Look for them before the shelf: what a job does there is done before it ends, and nothing is missed in between.
    """
    found = Job.objects.filter(kind__startswith="backups.", state__in=UNFINISHED).order_by("pk")[:5]
    may_see_all = any(person.stores(permission) is None for permission in ("jobs.view", "jobs.configure"))
    return [(job, may_see_all or job.actor == person.name) for job in found]


def _sizes(backup: Backup) -> SafeString:
    sizes = ((_part_title(part), size) for part, size in backup.known.bytes_by_part.items() if size)
    parts = sorted(sizes, key=lambda pair: -pair[1])
    if not parts:
        return SafeString("")
    rows = [charts.Bar(part, size, show.size(size)) for part, size in parts]
    return charts.bars("Size of the backup by part: " + ", ".join(f"{bar.label} {bar.text}" for bar in rows), rows)


def _history(backups: tuple[Backup, ...], time_zone: str) -> SafeString:
    """How large the backups of the last time are, the oldest on the left."""
    shown = backups[:_MOST_DRAWN][::-1]
    if len(shown) < _LEAST_DRAWN:
        return SafeString("")
    rows = [
        charts.Bar(
            show.moment(one.made_at, time_zone),
            one.size_bytes,
            f"{show.size(one.size_bytes)}, {one.state}",
            "bad" if one.state is State.DAMAGED else "",
        )
        for one in shown
    ]
    first, last = rows[0], rows[-1]
    return charts.columns(
        f"Sizes of {len(rows)} backups: from {first.text} on {first.label} to {last.text} on {last.label}", rows
    )


def _part_title(part: str) -> str:
    titles = {"wheels": "the program (wheels)", "folder": "the folder", "database": "the records"}
    return titles.get(part.partition(".")[0], part)


def _warnings(site: Site, backups: tuple[Backup, ...], now: datetime) -> list[str]:
    days = (
        site.settings.integer("mail.warn_no_backup_days") if "mail.warn_no_backup_days" in site.settings.by_key else 0
    )
    days = days or _WARN_DAYS
    proofs = [one.known.proved.at for one in backups if one.known.proved is not None and one.known.proved.is_well]
    said = []
    if not proofs:
        said.append("No backup was proven yet: nobody has shown that the records come back from one.")
    elif now - max(proofs) > timedelta(days=days):
        said.append(f"No backup was proven for {(now - max(proofs)).days} days.")
    target, keys = shelf_at(site), site.settings.texts("backups.encrypt_to")
    said += [f"Nobody proved the key {key}: encrypted backups do not count." for key in unproved(target, keys)]
    said += [
        f"The key {key} was last proved on {at:%Y-%m-%d}: prove it again." for key, at in stale(target, keys, now=now)
    ]
    return said
