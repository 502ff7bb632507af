"""One row of a batch: all that is known of it, before beside after, and correcting it in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString

from rattail.errors import NoSuchThing, RattailError
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.pages.access import CREATE, batch_for, ground_for
from rattail.features.batches.pages.frame import doable, frame_of, job_at, last_job, plain
from rattail.features.batches.pages.listings.changes import changes_after, sides
from rattail.features.batches.pages.listings.cursor import LARGEST
from rattail.features.batches.pages.listings.rows import one_row
from rattail.features.batches.pages.words import StatusShown, explained, field_word, record_word
from rattail.features.batches.service import correct
from rattail.features.batches.service.shown import shown_row
from rattail.features.batches.service.spans import Span
from rattail.features.batches.statuses import Status
from rattail.web.access import Request, signed_in
from rattail.web.flash import say
from rattail.web.tables import rows_html

_NOT_SHOWN = frozenset(
    ("batch_id", "sequence", "statuses", "note", "product_id", "vendor_item_id", "record_id", "source_row")
)
_LAST_POSITION = 2**15 - 1
_MOST_CHANGES = 50
_LONGEST_VALUE = 300
_UNITS = ("case", "each", "pound", "kilogram")


class Field(NamedTuple):
    """A field that can be corrected, as a form shows it."""

    name: str
    title: str
    value: str
    choices: tuple[str, ...] = ()


class Deed(NamedTuple):
    """What a person asked for, and what came of it; where nothing did, what they typed is kept."""

    said: str = ""
    fault: str = ""
    typed: Mapping[str, str] = {}
    related: int = 0


def row(request: Request, number: int, sequence: int) -> HttpResponse:
    """A row on a page of its own; as a part, what unfolds beneath it in the list."""
    batch = batch_for(signed_in(request), number, site=request.site)
    return _shown(request, batch, sequence, Deed())


def correct_row(request: Request, number: int, sequence: int) -> HttpResponse:
    """Put what a person typed into a row, or let its doubts go, and judge it again."""
    batch = batch_for(signed_in(request), number, site=request.site, verb=CREATE)
    old = shown_row(_row_of(batch, sequence))
    typed = _typed(request, batch)
    said = {name: text for name, text in typed.items() if text != _text(old.get(name))}
    is_accepted = "accept" in request.POST
    deed = Deed("Nothing was different, so nothing was changed.")
    if said or is_accepted:
        try:
            done = correct.change_row(
                batch.number, sequence, said=said, ground=ground_for(request), is_accepted=is_accepted
            )
            deed = Deed("Corrected, and judged again." if said else "Accepted as it is.", related=done.related)
        except RattailError as error:
            deed = Deed(fault=plain(error), typed=typed)
    return _answer(request, batch, sequence, deed)


def remove_row(request: Request, number: int, sequence: int) -> HttpResponse:
    """Let a row change nothing."""
    return _removed(request, number, sequence, is_back=False)


def restore_row(request: Request, number: int, sequence: int) -> HttpResponse:
    """Take back that a row was removed."""
    return _removed(request, number, sequence, is_back=True)


def add_row(request: Request, number: int) -> HttpResponse:
    """Add a row that the file does not have."""
    person = signed_in(request)
    batch = batch_for(person, number, site=request.site, verb=CREATE)
    typed, fault = {}, ""
    if request.method == "POST":
        typed = _typed(request, batch, is_new=True)
        said = {name: text for name, text in typed.items() if text}
        try:
            done = correct.add_row(batch.number, said=said, ground=ground_for(request))
        except RattailError as error:
            fault = plain(error)
        else:
            say(request, f"Row {done.row.sequence:,} is added.")
            return redirect("batches.row", batch.number, done.row.sequence)
    values = {
        **frame_of(batch, person, last=last_job(batch.number), site=request.site, here=""),
        "title": f"Add a row to batch {batch}",
        "fields": _fields(batch, typed, is_new=True),
        "fault": fault,
    }
    return render(request, "batches/add_row.html", values, status=422 if fault else 200)


def _removed(request: Request, number: int, sequence: int, *, is_back: bool) -> HttpResponse:
    batch = batch_for(signed_in(request), number, site=request.site, verb=CREATE)
    _row_of(batch, sequence)
    try:
        act = correct.restore_rows if is_back else correct.remove_rows
        done = act(batch.number, [Span(sequence, sequence)], ground=ground_for(request))
        said = "Put back, and judged by the records as they are now." if is_back else "Removed: it changes nothing."
        deed = Deed(said, related=done.related)
    except RattailError as error:
        deed = Deed(fault=plain(error))
    return _answer(request, batch, sequence, deed)


def _answer(request: Request, batch: Batch, sequence: int, deed: Deed) -> HttpResponse:
    batch.refresh_from_db()
    if request.headers.get("HX-Request") != "true" and not deed.fault:
        say(request, f"Row {sequence:,}: {deed.said}")
        return redirect("batches.row", batch.number, sequence)
    return _shown(request, batch, sequence, deed)


def _shown(request: Request, batch: Batch, sequence: int, deed: Deed) -> HttpResponse:
    person = signed_in(request)
    found = _row_of(batch, sequence)
    kind = kind_named(batch.kind)
    values: dict[str, Any] = {
        "batch": batch,
        "row": found,
        "deed": deed,
        "statuses": _explained(found),
        "facts": _facts(found),
        "changes": _changes(batch, sequence),
        "can": doable(batch, person, site=request.site, is_busy=job_at(batch) is not None),
        "is_removed": bool(found.statuses & Status.REMOVED),
        "is_doubtful": bool(found.statuses & kind.judge.acceptable),
        "fields": _fields(batch, deed.typed or {name: _text(value) for name, value in shown_row(found).items()}),
        "address": reverse("batches.row", args=[batch.number, sequence]),
    }
    if request.headers.get("HX-Request") == "true":
        listing, chunk = one_row(batch, sequence)
        if request.method == "POST":
            values["line"] = _swapped(rows_html(listing.columns, chunk, time_zone=request.site.time_zone), sequence)
        return render(request, "batches/row_part.html", {**values, "columns": len(listing.columns)})
    values |= {
        **frame_of(batch, person, last=last_job(batch.number), site=request.site, here=""),
        "title": f"Row {sequence:,} of batch {batch}",
        "before": sequence - 1,
        "after": sequence + 1 if sequence < batch.row_count else 0,
    }
    return render(request, "batches/row.html", values, status=422 if deed.fault else 200)


def _swapped(line: SafeString, sequence: int) -> SafeString:
    """The row of the table such that the browser puts it in the place of the old one."""
    return SafeString(line.replace("<tr>", f'<tr id="row-{sequence}" hx-swap-oob="true">', 1))


def _row_of(batch: Batch, sequence: int) -> Row:
    model = kind_named(batch.kind).row_model
    found = None
    if 0 < sequence <= LARGEST:
        found = model._default_manager.filter(batch_id=batch.pk, sequence=sequence).first()
    if found is None:
        raise NoSuchThing(f"batch {batch} has no row of that number.")
    return found


def _explained(found: Row) -> list[StatusShown]:
    return explained(found.statuses)


def _facts(found: Row) -> list[tuple[str, str]]:
    """All that the row says, in words."""
    shown = shown_row(found)
    facts = [("row of the file", f"{found.source_row:,}" if found.source_row else "none: it was added")]
    facts += [
        (field_word(name), _text(value))
        for name, value in shown.items()
        if name not in _NOT_SHOWN and value not in ("", None, False)
    ]
    return facts


def _changes(batch: Batch, sequence: int) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What the row changes, record by record: a title, and field, before, after."""
    found = changes_after(batch, (sequence - 1, _LAST_POSITION), limit=_MOST_CHANGES)
    verbs = {"insert": "is added", "update": "is changed"}
    return [
        (f"{record_word(record)} {verbs.get(action, action)}", sides(record, fields, before, after))
        for place, _, _, record, action, fields, before, after in found
        if place == sequence
    ]


def _fields(batch: Batch, values: Mapping[str, str], *, is_new: bool = False) -> list[Field]:
    return [
        Field(name, field_word(name), values.get(name, ""), _UNITS if name == "unit" else ())
        for name in _names(batch, is_new=is_new)
    ]


def _names(batch: Batch, *, is_new: bool = False) -> list[str]:
    """The fields that can be said of a row, and, of one that is added, two more where its kind has them."""
    kind = kind_named(batch.kind)
    has = {field.name for field in kind.row_model._meta.concrete_fields}
    more = [name for name in ("description", "document") if is_new and name in has]
    return list(dict.fromkeys([*kind.correctable, *(more if kind.correctable else [])]))


def _typed(request: Request, batch: Batch, *, is_new: bool = False) -> dict[str, str]:
    names = _names(batch, is_new=is_new)
    return {
        name: request.POST[name].replace("\0", "").strip()[:_LONGEST_VALUE] for name in names if name in request.POST
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
