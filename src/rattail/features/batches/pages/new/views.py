"""What is in an uploaded file, and how it is to be read; and the same for a batch that is read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rattail.errors import InputRejected, NotAllowed, RattailError
from rattail.features.batches.folders import Folder
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import (
    CREATE,
    batch_for,
    ground_for,
    kinds_for,
    require,
)
from rattail.features.batches.pages.frame import job_at, plain, state_word, subject_of
from rattail.features.batches.pages.new.form import form_values
from rattail.features.batches.pages.new.looked import Looked, kind_of, look
from rattail.features.batches.pages.new.remember import remember
from rattail.features.batches.pages.new.wishes import Wishes, wishes_in, wishes_of_batch
from rattail.features.batches.service.find import folder_of, job_key
from rattail.features.batches.service.opened import open_batch, wishes_of
from rattail.features.batches.states import FOLLOWING, State
from rattail.features.uploads.service import find_whole_upload, put_into, used_up
from rattail.features.uploads.service import ground_of as ground_of_uploads
from rattail.jobs.queue import enqueue
from rattail.web.access import Request, signed_in
from rattail.web.flash import say
from rattail.web.sessions import let_go

_FILE_MODE = 0o640


def preview(request: Request, token: str) -> HttpResponse:
    """How an uploaded file is understood; or make the batch of it that is read in the background."""
    person = signed_in(request)
    upload = find_whole_upload(token, ground=ground_of_uploads(request.site, actor=person.name))
    kinds = [kind for kind, _ in kinds_for(person)]
    if not kinds:
        raise NotAllowed(f"{person.name} may make no batch of any kind.")
    wishes = wishes_in(request.POST) if request.method == "POST" else Wishes()
    if wishes.kind not in kinds:
        wishes = wishes._replace(kind=kind_of(upload.path, upload.name, kinds))
    wishes = _with_only_store(wishes, request)
    looked = _looked(request, upload.path, upload.name, wishes)
    if "read" not in request.POST:
        return _shown(request, upload.name, wishes, looked, back=reverse("batches.new"))
    try:
        _require(request, wishes, looked)
        remember(looked, wishes, ground=ground_for(request)) if wishes.is_remembered else None
        batch = _make(request, token, looked)
    except RattailError as error:
        looked = looked._replace(fault=plain(error))
        return _shown(request, upload.name, wishes, looked, back=reverse("batches.new"), status=422)
    return redirect("batches.show", batch.number)


def again(request: Request, number: int) -> HttpResponse:
    """How the file of a batch is understood; or have it read again, in this way."""
    person = signed_in(request)
    batch = batch_for(person, number, site=request.site, verb=CREATE)
    if State.READING not in FOLLOWING[State(batch.state)] or batch.kind == "csv_import" or job_at(batch):
        raise NotAllowed(f"batch {batch} is {state_word(batch)}: it cannot be read again now.")
    ground = ground_for(request)
    wishes = wishes_in(request.POST) if request.method == "POST" else wishes_of_batch(batch, ground)
    wishes = wishes._replace(kind=batch.kind)
    path = folder_of(batch, ground=ground).file
    looked = _looked(request, path, batch.file_name, wishes._replace(is_forced=True))
    back = reverse("batches.show", args=[batch.number])
    if request.method == "GET" and not looked.fault and batch.failure and batch.answers.get("asked"):
        looked = looked.with_question(batch.failure, str(batch.answers["asked"]))
    if "read" not in request.POST:
        return _shown(request, batch.file_name, wishes, looked, back=back, batch=batch)
    try:
        _require(request, wishes, looked)
        remember(looked, wishes, ground=ground) if wishes.is_remembered else None
    except RattailError as error:
        looked = looked._replace(fault=plain(error))
        return _shown(request, batch.file_name, wishes, looked, back=back, batch=batch, status=422)
    assert looked.request is not None
    with transaction.atomic():
        about = looked.plan.row_count if looked.plan else 0
        arguments = {"number": batch.number, "wishes": wishes_of(looked.request), "about": about}
        _enqueue(request, batch, arguments)
    return redirect("batches.show", batch.number)


def _looked(request: Request, path: str, name: str, wishes: Wishes) -> Looked:
    let_go(request) if request.method == "POST" else None
    hold_above = request.site.settings.integer("batches.hold_above_percent")
    return look(path, name, wishes, ground=ground_for(request), hold_above=hold_above)


def _require(request: Request, wishes: Wishes, looked: Looked) -> None:
    """Go on only where nothing is open and they may: for this kind, in this store."""
    if looked.plan is None:
        raise InputRejected(looked.fault or "something about the file is still open.")
    store = looked.plan.store.code if looked.plan.store else None
    require(signed_in(request), CREATE, kind=wishes.kind, store=store)


def _make(request: Request, token: str, looked: Looked) -> Batch:
    """The batch, with the uploaded file moved into its folder, and the job that reads it."""
    assert looked.request is not None
    assert looked.plan is not None
    about = looked.plan.row_count
    uploads = ground_of_uploads(request.site, actor=signed_in(request).name)
    with used_up(token, by="a new batch", ground=uploads) as upload:

        def keep(folder: Folder) -> None:
            put_into(upload, folder.path, name=folder.file_name, mode=_FILE_MODE, ground=uploads)

        return open_batch(looked.request, keep=keep, within=_reader(request, about=about), ground=ground_for(request))


def _reader(request: Request, *, about: int) -> Callable[[Batch], None]:
    return lambda batch: _enqueue(request, batch, {"number": batch.number, "about": about})


def _enqueue(request: Request, batch: Batch, arguments: dict[str, Any]) -> None:
    """Ask for the batch to be read, in the caller's transaction."""
    job = enqueue(
        request.site.registry.jobs["batches.read"],
        arguments=arguments,
        actor=signed_in(request).name,
        now=request.site.now(),
        subject=subject_of(batch),
        unique_key=job_key(batch.number),
    )
    if job.kind != "batches.read":
        say(request, f"Batch {batch} has another job at this moment: wait until it is done.", tone="warning")


def _with_only_store(wishes: Wishes, request: Request) -> Wishes:
    """Who works for one store need not say which."""
    stores = signed_in(request).stores(CREATE)
    if wishes.store or stores is None or len(stores) != 1 or wishes.kind == "vendor_catalog":
        return wishes
    return wishes._replace(store=next(iter(stores)))


def _shown(
    request: Request,
    name: str,
    wishes: Wishes,
    looked: Looked,
    *,
    back: str,
    batch: Batch | None = None,
    status: int = 200,
) -> HttpResponse:
    values = {
        **form_values(request, wishes, looked, is_kind_fixed=batch is not None),
        "title": f"Read batch {batch} again" if batch else f"New batch: {name}",
        "file_name": name,
        "batch": batch,
        "back": back,
        "address": request.path,
    }
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, "batches/preview_part.html" if is_part else "batches/preview.html", values, status=status)
