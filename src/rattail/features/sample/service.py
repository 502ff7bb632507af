"""Filling an empty store with a made-up shop, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from rattail.appdir.files import opened_folder, replace_file
from rattail.appdir.refusal import refusal
from rattail.audit.trail import record
from rattail.database.bulk import change_rows
from rattail.database.dialect import is_sqlite
from rattail.errors import WouldOverwrite
from rattail.features.sample.files.catalogs import catalog_files
from rattail.features.sample.files.counts import count_files
from rattail.features.sample.files.invoices import invoice_files
from rattail.features.sample.files.picked import SampleFile, Stage
from rattail.features.sample.saving import Saved, save
from rattail.features.sample.shop import Shop, make_up
from rattail.retail.models import Product, Store

SAMPLE_MADE = "make sample"  # as the audit log has it
_FILE_MODE = 0o640
_FOLDER_MODE = 0o750


class Order(NamedTuple):
    """What is asked for. `folder` is where the sample files go; files that are there are replaced only if `is_ours`."""

    products: int
    seed: int
    folder: str
    is_ours: bool
    currency: str


class SampleMade(NamedTuple):
    saved: Saved | None
    folder: str
    files: tuple[SampleFile, ...]


def make_sample(
    order: Order, *, actor: str, now: datetime, progress: Callable[[int], None], is_dry_run: bool = False
) -> SampleMade:
    """Make up a shop, put it into the records and write files as its vendors would send them.

    One transaction: a run that fails or is killed leaves the records empty. Files are written whole, before the
    transaction ends, so that files and records belong together. The same seed, number of products and day make
    the same shop. A dry run only says what files there would be.

    Raises:
        WouldOverwrite: there are products already, or files of these names.
        AppDirBroken: the folder cannot be written.
    """
    if Product.objects.exists():
        raise _occupied()
    shop = make_up(products=order.products, seed=order.seed)
    files = tuple(_files(order, shop, now))
    if not order.is_ours:
        _refuse_existing(order.folder, files)
    if is_dry_run:
        return SampleMade(None, order.folder, files)
    with transaction.atomic():
        if not is_sqlite():
            change_rows("LOCK TABLE retail_product IN SHARE ROW EXCLUSIVE MODE")
        if Product.objects.exists():
            raise _occupied()
        saved = save(shop, seed=order.seed, now=now, actor=actor, progress=progress)
        details = {"seed": order.seed, "products": order.products}
        record(SAMPLE_MADE, "sample shop", actor=actor, now=now, details=details)
        _write(order.folder, files)
    return SampleMade(saved, order.folder, files)


def _files(order: Order, shop: Shop, now: datetime) -> list[SampleFile]:
    store = Store.objects.filter(is_active=True).order_by("id").values_list("code", flat=True).first() or "1"
    stage = Stage(shop, order.seed, timezone.localdate(now), order.currency, store)
    return [*catalog_files(stage), *invoice_files(stage), *count_files(stage)]


def _occupied() -> WouldOverwrite:
    return WouldOverwrite(
        "there are products already: a sample shop is only made where there are none.",
        hint="try it in an app folder of its own: rattail make-appdir --path DIR",
    )


def _refuse_existing(folder: str, files: tuple[SampleFile, ...]) -> None:
    there = [file.name for file in files if os.path.lexists(f"{folder}/{file.name}")]
    if there:
        raise WouldOverwrite(
            f"'{folder}' holds {len(there)} files of these names already, such as '{there[0]}'.",
            hint="name another folder: --output DIR",
        )


def _write(folder: str, files: tuple[SampleFile, ...]) -> None:
    try:
        if not os.path.isdir(folder):
            os.mkdir(folder, _FOLDER_MODE)
        with opened_folder(folder) as fd:
            for file in files:
                replace_file(fd, file.name, file.content, mode=_FILE_MODE)
    except OSError as error:
        raise refusal("write the sample files in", folder, error) from error
