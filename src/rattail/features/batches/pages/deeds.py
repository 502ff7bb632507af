"""Executing, undoing and deleting a batch: first what will happen, in words; then, once more, by a button."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rattail.errors import AppDirBusy, NotAllowed
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import (
    DELETE,
    EXECUTE,
    UNDO,
    batch_for,
    ground_for,
    require_other_eyes,
)
from rattail.features.batches.pages.frame import job_at, plain, state_word, subject_of
from rattail.features.batches.pages.planned import sentences, totals_of
from rattail.features.batches.pages.words import kind_word
from rattail.features.batches.service.delete import delete_batch
from rattail.features.batches.service.find import job_key
from rattail.features.batches.service.show import Checked, check_batch
from rattail.features.batches.states import State
from rattail.features.batches.statuses import HELD, Status
from rattail.jobs.queue import enqueue
from rattail.retail.changes.moved import moved_sentence
from rattail.web.access import Request, signed_in
from rattail.web.flash import say

_PATIENCE_S = 1.0  # nobody waits for a page as long as a backup may take
#: Of a larger batch only so many rows are compared before somebody is asked; the job compares them all.
_ROWS_COMPARED = 500


def execute(request: Request, number: int) -> HttpResponse:
    """Say exactly what executing will do; or have it done in the background."""
    person = signed_in(request)
    batch = batch_for(person, number, site=request.site, verb=EXECUTE)
    require_other_eyes(batch, actor=person.name, site=request.site)
    if batch.state not in (State.READY, State.UNDONE):
        raise NotAllowed(f"batch {batch} is {state_word(batch)}: only a batch that is ready can be executed.")
    if request.method == "POST":
        arguments = {"number": batch.number, "executed_at": _when(batch.executed_at)}
        return _enqueued(request, batch, "batches.execute", arguments)
    checked = check_batch(batch, at_most=_ROWS_COMPARED)
    values = {
        **_confirm(batch, checked),
        "title": f"Execute batch {batch}?",
        "verb": "Execute it",
        "action": reverse("batches.execute", args=[batch.number]),
        "sentences": sentences(totals_of(batch)),
        "held": sum(batch.counts.get((one.name or "").lower(), 0) for one in Status(HELD)),
        "cannot": _why_not(checked),
    }
    return render(request, "batches/execute.html", values)


def undo(request: Request, number: int) -> HttpResponse:
    """Say what undoing will put back; or have it done in the background."""
    person = signed_in(request)
    batch = batch_for(person, number, site=request.site, verb=UNDO)
    if batch.state != State.EXECUTED:
        raise NotAllowed(f"batch {batch} is {state_word(batch)}: only an executed batch can be undone.")
    if request.method == "POST":
        arguments: dict[str, object] = {"number": batch.number, "executed_at": _when(batch.executed_at)}
        arguments["is_partial"] = "partial" in request.POST
        return _enqueued(request, batch, "batches.undo", arguments)
    checked = check_batch(batch, at_most=_ROWS_COMPARED)
    values = {
        **_confirm(batch, checked),
        "title": f"Undo batch {batch}?",
        "verb": "Undo it",
        "tone": "danger",
        "action": reverse("batches.undo", args=[batch.number]),
        "totals": totals_of(batch),
        "is_partial": bool(checked.moved_count),
    }
    return render(request, "batches/undo.html", values)


def delete(request: Request, number: int) -> HttpResponse:
    """Say what goes; or let it go."""
    person = signed_in(request)
    batch = batch_for(person, number, site=request.site, verb=DELETE)
    if job_at(batch) is not None:
        raise NotAllowed(f"a job works on batch {batch}.", hint="wait for it, or cancel it first")
    try:
        is_dry_run = request.method != "POST"
        done = delete_batch(batch.number, ground=ground_for(request), is_dry_run=is_dry_run, wait_s=_PATIENCE_S)
    except (AppDirBusy, NotAllowed) as error:
        say(request, plain(error), tone="bad")
        return redirect("batches.show", batch.number)
    if request.method == "POST":
        say(request, f"Batch {batch} is deleted.")
        if done.left:
            say(request, "Its files could not be removed; whoever looks after this computer is told.", tone="warning")
        return redirect("batches.list")
    doomed = done.doomed
    text = (
        f"The batch ({kind_word(batch.kind)}, {batch.file_name}), its {doomed.rows:,} rows and its {doomed.files} "
        "files go. The records of the shop stay as they are. This cannot be taken back."
    )
    values = {
        "title": f"Delete batch {batch}?",
        "text": text,
        "verb": "Delete it",
        "tone": "danger",
        "action": reverse("batches.delete", args=[batch.number]),
        "back": reverse("batches.show", args=[batch.number]),
    }
    return render(request, "web/confirm.html", values)


def _confirm(batch: Batch, checked: Checked) -> dict[str, Any]:
    return {
        "batch": batch,
        "kind_word": kind_word(batch.kind),
        "text": "",
        "back": reverse("batches.show", args=[batch.number]),
        "moved": [moved_sentence(one) for one in checked.moved],
        "moved_count": checked.moved_count,
        "looked_at": checked.looked_at,
        "is_busy": job_at(batch) is not None,
    }


def _why_not(checked: Checked) -> str:
    """Why executing would be refused; empty where it would not."""
    if checked.moved_count:
        return (
            "Records were changed since the batch was read, so it cannot be executed as it is. "
            "Read its file again: it is then judged by the records as they are now."
        )
    if checked.is_undone_in_part:
        return "It was undone only in part, so it cannot be executed again. Make a new batch of the same file."
    if not checked.totals:
        return "It changes nothing: there is nothing to execute."
    return ""


def _enqueued(request: Request, batch: Batch, kind: str, arguments: dict[str, object]) -> HttpResponse:
    """Ask for a job on a batch; where one is at it already, that one goes on."""
    person = signed_in(request)
    with transaction.atomic():
        job = enqueue(
            request.site.registry.jobs[kind],
            arguments=arguments,
            actor=person.name,
            now=request.site.now(),
            subject=subject_of(batch),
            unique_key=job_key(batch.number),
        )
    if job.kind != kind:
        say(request, f"Batch {batch} has another job at this moment: wait until it is done.", tone="warning")
    return redirect("batches.show", batch.number)


def _when(moment: Any) -> str:
    return moment.isoformat() if moment else ""
