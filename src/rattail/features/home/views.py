"""The first page: whether the shop is well, and what concerns one's own work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString

from rattail.appdir.folder import Keep
from rattail.audit.models import Entry
from rattail.feature import SIGNED_IN
from rattail.features.home.disks import disks_of
from rattail.features.home.kept import ERRORS, FINDINGS, SIZES, Answer, kept
from rattail.features.home.state import state_of
from rattail.jobs.alive import workers_alive
from rattail.jobs.models import READY, RUNNING
from rattail.jobs.queue import enqueue
from rattail.notices.read import waiting
from rattail.site import Site
from rattail.web import charts, show
from rattail.web.access import Person, Request, signed_in
from rattail.web.flash import say
from rattail.web.listing import Asked, listing_of
from rattail.web.tables import head_html, rows_html

DETAILS = "home.details"
PROVED = ("backups", "prove backup")  # subject and action of the entry in the trail
LOOKS = ("home.measure", "home.check", "home.errors")
_LAST_BATCHES = 6
_JOBS_SHOWN = 5
_NOTICES_SHOWN = 5
_LEVELS = {"error": "to mend now", "warning": "to mend", "info": "good to know"}


class Part(NamedTuple):
    """The first rows of a list of another feature."""

    head: SafeString
    rows: SafeString
    has_rows: bool


def home(request: Request) -> HttpResponse:
    person = signed_in(request)
    values: dict[str, Any] = {
        "title": "Home",
        "may_see_details": person.may(DETAILS),
        "batches": _part(request, "batches.list", {}, limit=_LAST_BATCHES),
        "jobs": [
            part
            for state in (RUNNING, READY)
            if (part := _part(request, "jobs", {"state": state}, limit=_JOBS_SHOWN)) and part.has_rows
        ],
        "may_make_batches": person.may("batches.create"),
    }
    if person.may(DETAILS):
        values |= _details(request.site, request.site.now())
    return render(request, "home/home.html", values)


def look(request: Request) -> HttpResponse:
    """Have everything looked at anew, in the background."""
    person, now = signed_in(request), request.site.now()
    for name in LOOKS:
        kind = request.site.registry.jobs[name]
        enqueue(kind, arguments={}, actor=person.name, now=now, unique_key=f"recurring:{name}")
    say(request, "The app folder is looked at; load this page again in a moment.")
    return redirect("home.appdir" if request.POST.get("back") == "appdir" else "home.home")


def classes_chart(sizes: Answer) -> SafeString:
    """How large what is essential, history and scratch is."""
    named = {Keep.ESSENTIAL: "essential", Keep.HISTORY: "history", Keep.SCRATCH: "scratch"}
    rows = [
        charts.Bar(label, size_bytes, show.size(size_bytes), str(keep))
        for keep, label in named.items()
        for size_bytes in (int(sizes.value["classes"].get(str(keep), 0)),)
    ]
    return charts.bars("Sizes of the folders by class: " + ", ".join(f"{bar.label} {bar.text}" for bar in rows), rows)


def _details(site: Site, now: datetime) -> Mapping[str, Any]:
    answers, disks, workers = kept(), disks_of(site), workers_alive(now)
    sizes, findings, errors = (answers.get(name) for name in (SIZES, FINDINGS, ERRORS))
    proved = Entry.objects.filter(subject=PROVED[0], action=PROVED[1]).order_by("-at").first()
    return {
        "state": state_of(
            kept=answers, disks=disks, workers=workers, unproven_days=_unproven_days(site, proved, now), now=now
        ),
        "sizes": sizes,
        "chart": classes_chart(sizes) if sizes else "",
        "disks": disks,
        "workers": workers,
        "findings": findings,
        "found": [{**one, "level_said": _LEVELS.get(one["level"], one["level"])} for one in findings.value["findings"]]
        if findings
        else [],
        "errors": _with_moments(errors),
        "errors_at": errors.at if errors else None,
        "notices": waiting(_NOTICES_SHOWN),
        "proved": proved,
    }


def _unproven_days(site: Site, proved: Entry | None, now: datetime) -> int:
    """For how many days no backup was proved, where that is too long; else 0."""
    setting = site.settings.by_key.get("mail.warn_no_backup_days")
    most = int(str(setting.value)) if setting is not None else 0
    try:
        since = proved.at if proved is not None else datetime.fromisoformat(site.marker.made_at)
        days = (now - since).days
    except (ValueError, TypeError):
        return 0
    return days if most and days >= most else 0


def _with_moments(errors: Answer | None) -> list[dict[str, Any]]:
    if errors is None:
        return []
    return [{**error, "at": datetime.fromisoformat(error["at"])} for error in errors.value["errors"]]


def _part(request: Request, name: str, filters: Mapping[str, str], *, limit: int) -> Part | None:
    """The first rows of a declared list, if there is one that this person may see."""
    declared = request.site.registry.lists.get(name)
    person: Person = signed_in(request)
    if declared is None or (declared.needs != SIGNED_IN and not person.may(declared.needs)):
        return None
    listing = listing_of(request.site.registry, name)
    chunk = listing.select(Asked(request.site, person, filters, limit=limit))
    rows = rows_html(listing.columns, chunk, time_zone=request.site.time_zone)
    return Part(head_html(listing.columns), rows, bool(chunk.rows))
