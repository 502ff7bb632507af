"""The list of batches, and the pages of one batch: overview, rows, changes, history."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import batch_for, kinds_for
from rattail.features.batches.pages.files import files_of
from rattail.features.batches.pages.frame import frame_of, last_job
from rattail.features.batches.pages.listings.batches import BATCHES
from rattail.features.batches.pages.listings.changes import CHANGES
from rattail.features.batches.pages.listings.rows import HELD_BACK, ROWS, bits_of, rows_of
from rattail.features.batches.pages.planned import totals_of
from rattail.features.batches.pages.words import field_word, statuses_shown
from rattail.features.batches.service.edits import ACCEPTED, ADDED, REMOVED, YES, EditShown, edits_of
from rattail.features.batches.states import State
from rattail.features.batches.statuses import HELD
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Filter, Listing
from rattail.web.lists import render_list

_EDITS_SHOWN = 200
_MODES = {
    "replace": "what was counted becomes the stock",
    "adjust": "what was counted is added to the stock",
    "zero": "what was counted becomes the stock; nothing is left of what was not counted in the same departments",
    "variance": "a report only: no stock is changed",
}


def listed(request: Request) -> HttpResponse:
    """All batches."""
    return render_list(
        request,
        BATCHES,
        template="batches/list.html",
        context={"can_make": bool(kinds_for(signed_in(request)))},
    )


def overview(request: Request, number: int) -> HttpResponse:
    """One batch: what it is, how its rows were judged, what it would change, what can be done with it."""
    person = signed_in(request)
    last = last_job(number)
    batch = batch_for(person, number, site=request.site)
    values = {
        **frame_of(batch, person, last=last, site=request.site, here="batches.show"),
        "title": f"Batch {batch}",
        "statuses": statuses_shown(batch.counts),
        "totals": [] if batch.state == State.FAILED else totals_of(batch),
        "facts": _facts(batch),
        "remarks": [_without_options(text) for text in batch.remarks],
        "files": files_of(batch, ground_folders=request.site.folders),
        "rows_address": reverse("batches.rows", args=[batch.number]),
    }
    return render(request, "batches/show.html", values)


def rows(request: Request, number: int) -> HttpResponse:
    """The rows of a batch."""
    person = signed_in(request)
    last = last_job(number)
    batch = batch_for(person, number, site=request.site)
    listing = ROWS[batch.kind]
    listing = listing._replace(select=partial(rows_of, batch))  # it was looked for, and may be seen
    listing = _narrowed(listing, batch, is_counted=listing.wanted(request.GET.dict()).keys() <= {"status"})
    values = {
        **frame_of(batch, person, last=last, site=request.site, here="batches.rows"),
        "title": f"Rows of batch {batch}",
        "statuses": statuses_shown(batch.counts),
        "status_here": request.GET.get("status", ""),
    }
    fixed = {"batch": str(batch.number)}
    return render_list(request, listing, fixed=fixed, template="batches/rows.html", context=values)


def changes(request: Request, number: int) -> HttpResponse:
    """What a batch changes, before and after."""
    person = signed_in(request)
    last = last_job(number)
    batch = batch_for(person, number, site=request.site)
    values = {
        **frame_of(batch, person, last=last, site=request.site, here="batches.changes"),
        "title": f"Changes of batch {batch}",
    }
    fixed = {"batch": str(batch.number)}
    return render_list(request, CHANGES, fixed=fixed, template="batches/changes.html", context=values)


def history(request: Request, number: int) -> HttpResponse:
    """What people did to the rows of a batch."""
    person = signed_in(request)
    last = last_job(number)
    batch = batch_for(person, number, site=request.site)
    edits = [(one, _deed(one)) for one in reversed(edits_of(batch, limit=_EDITS_SHOWN))]
    values = {
        **frame_of(batch, person, last=last, site=request.site, here="batches.history"),
        "title": f"History of batch {batch}",
        "edits": edits,
    }
    return render(request, "batches/history.html", values)


def _without_options(remark: str) -> str:
    """A remark without what to type on a command line, which stands after a semicolon."""
    said, _, more = remark.rpartition(";")
    return f"{said}." if said and "--" in more else remark


def _narrowed(listing: Listing, batch: Batch, *, is_counted: bool) -> Listing:
    """The list with the statuses that occur in this batch; `is_counted`: by status at most, whose counts are known."""
    shown = statuses_shown(batch.counts)
    choices = [(one.name, f"{one.title} ({one.rows:,})") for one in shown]
    if any(bits_of(one.name) & HELD for one in shown):
        choices.insert(0, (HELD_BACK, "held back, whatever the reason"))
    filters = tuple(
        Filter("status", "Status", "choice", choices) if each.name == "status" else each for each in listing.filters
    )

    def counted(asked: Asked) -> int:
        status = asked.filters.get("status", "")
        return int(batch.counts.get(status, 0)) if status else batch.row_count

    return listing._replace(filters=filters, counted=counted if is_counted else None)


def _facts(batch: Batch) -> list[tuple[str, Any]]:
    """What is said of a batch beside its times: name and value, those that there are."""
    settings = batch.settings
    said: list[tuple[str, Any]] = [
        ("Vendor", f"{batch.vendor.name} ({batch.vendor.code})" if batch.vendor else ""),
        ("Store", f"{batch.store.code} {batch.store.name}" if batch.store else ""),
        ("What it does", _MODES.get(str(settings.get("mode", "")), "")),
        ("Costs hold from", settings.get("effective", "")),
        ("Goods are received", {True: "yes, into the stock", False: "no"}.get(settings.get("receive"), "")),
        ("Reason", settings.get("reason", "")),
        ("Description", batch.description),
        ("Layout of the file", batch.answers.get("reason", "")),
    ]
    return [(name, value) for name, value in said if value]


def _deed(edit: EditShown) -> str:
    """What was done, in words."""
    if edit.field == REMOVED:
        return "removed" if edit.after == YES else "put back"
    if edit.field == ADDED:
        return f"added: {edit.after}"
    if edit.field == ACCEPTED:
        return "accepted as it is"
    return f"{field_word(edit.field)}: {edit.before or 'nothing'} became {edit.after or 'nothing'}"
