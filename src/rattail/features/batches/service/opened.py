"""A batch whose file is there and was not read yet: a job reads it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from rattail.audit.trail import record
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBroken, AppDirBusy, InputRejected, RattailError
from rattail.features.batches.folders import Folder, batch_folder, fingerprint, make_folder, remove_folder, safe_name
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.lease import leased
from rattail.features.batches.models import Batch
from rattail.features.batches.service.find import folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.make import one_at_a_time
from rattail.features.batches.service.plan import Request, refuse_known_file
from rattail.features.batches.states import State
from rattail.retail.find import store_named, vendor_named
from rattail.retail.numbers import next_number


def open_batch(
    request: Request,
    *,
    keep: Callable[[Folder], object],
    within: Callable[[Batch], object],
    ground: Ground,
) -> Batch:
    """Make a batch of the file that `keep` puts into its folder, under the name that it says; it is `new`.

    `within` is called in the transaction in which the batch comes to be: whoever is to read it is asked there.
    `request.path` is not looked at.

    Raises:
        InputRejected, NoSuchThing, WouldOverwrite: as `plan_batch`, as far as it can be told without reading.
    """
    kind = kind_named(request.kind)
    settings = kind.check_settings(request.settings)
    vendor = vendor_named(request.vendor) if request.vendor else None
    store = store_named(request.store) if kind.needs_store or request.store else None
    if kind.needs_vendor and vendor is None:
        raise InputRejected(f"a {kind.title} belongs to a vendor, and none is named.", hint="say which: --vendor CODE")
    kind_folder = ground.folders[kind.place]
    with in_sentences():
        number = next_number()
        while not make_folder(kind_folder, number):
            number = next_number()
    folder = batch_folder(kind_folder, number, safe_name(request.name))
    try:
        keep(folder)
        sha256 = fingerprint(folder.file)
        with in_sentences(), transaction.atomic():
            if not request.is_forced:
                one_at_a_time()
                refuse_known_file(sha256, kind, ground=ground)
            batch = Batch.objects.create(
                number=number,
                kind=kind.name,
                state=State.NEW,
                description=request.description[:255],
                vendor=vendor,
                store=store,
                file_name=folder.file_name,
                file_bytes=os.stat(folder.file, follow_symlinks=False).st_size,
                file_sha256=sha256,
                settings=settings,
                answers=wishes(request),
                created_at=ground.now,
                created_by=ground.actor,
            )
            details = {"kind": kind.name, "file": folder.file_name}
            record("make batch", f"batch {batch}", actor=ground.actor, now=ground.now, details=details)
            within(batch)
    except BaseException:
        remove_folder(folder.path)
        raise
    return batch


def wishes_of(request: Request) -> dict[str, object]:
    """All that a request says of how a file is read, as JSON keeps it."""
    return {
        **wishes(request),
        "vendor": request.vendor,
        "store": request.store,
        "settings": dict(request.settings),
        "description": request.description,
    }


def wished(request: Request, said: Mapping[str, Any]) -> Request:
    """The request with what `wishes_of` made of another one."""
    digits = {int(length): bool(has) for length, has in said["check_digits"].items()}
    return request._replace(**{**said, "check_digits": digits, "mapping": said.get("mapping")})


def wishes(request: Request) -> dict[str, object]:
    """What was asked about the layout of a file, as the batch keeps it until it is read."""
    return {
        "format": request.format,
        "check_digits": {str(length): has for length, has in request.check_digits.items()},
        "options": dict(request.options),
        **({"mapping": dict(request.mapping)} if request.mapping is not None else {}),
    }


def give_up(number: int, error: RattailError, *, ground: Ground) -> None:
    """Write down why the file of a batch could not be read; the batch is `failed`. Where that is not possible, nothing.

    What would answer an open question is kept beside it.
    """
    batch = Batch.objects.filter(number=number, state__in=(State.NEW, State.READING)).first()
    if batch is None:
        return
    try:
        with in_sentences(), leased(number, folder_of(batch, ground=ground).path), transaction.atomic():
            batch.refresh_from_db()
            if batch.state not in (State.NEW, State.READING):
                return
            batch.state = State.FAILED
            batch.failure = error.message
            batch.answers = {**batch.answers, "asked": error.hint}
            batch.save(update_fields=["state", "failure", "answers"])
    except (AppDirBusy, AppDirBroken):
        return
