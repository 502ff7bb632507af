"""Filling, emptying, exporting and importing the records, in a process that has them open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.shop import Shop

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch
    from tests.features.products.made_up_shops import MadeUp

STAMPS = {"batch": None, "recorded_at": "2026-11-22 12:00:00", "recorded_by": "alice"}


def silently(_count: int) -> None:
    return


def empty() -> None:
    """Take away every record, batch and change."""
    from rattail.database.bulk import change_rows
    from rattail.retail.records import RECORDS

    for table in ("retail_change", "batches_csvrow", "batches_batch"):
        change_rows(f"DELETE FROM {table}")
    for record in reversed(RECORDS.values()):
        change_rows(f"DELETE FROM {record.table}")


def fill(shop: MadeUp) -> None:
    from rattail.database.bulk import insert_rows
    from rattail.retail.changes.journal import stored
    from rattail.retail.records import RECORDS

    for name, rows in shop.rows.items():
        record = RECORDS[name]
        stamps = [STAMPS[stamp] for stamp in record.stamps]
        values = [[stored(one) if isinstance(one, datetime) else one for one in row] for row in rows]
        insert_rows(record.model, ("id", *record.fields, *record.stamps), [(*row, *stamps) for row in values])


def export(folder: Path) -> dict[str, bytes]:
    """Export everything; returns the files."""
    from rattail.features.products.csv_out.service import export_csv, sheets_named

    folder.mkdir(exist_ok=True)
    export_csv(sheets_named(()), folder=str(folder), progress=silently)
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def import_(shop: Shop, *paths: Path) -> Batch:
    from rattail.features.batches.csv_in.make import make_import, plan_import

    planned = plan_import([str(path) for path in paths], ground=shop.ground, progress=silently, is_forced=True)
    return make_import(planned, ground=shop.ground, progress=silently)


def import_text(shop: Shop, **tables: str) -> Batch:
    """Import tables that are written out in a test: `products="product,brand\\n..."`."""
    paths = []
    for name, text in tables.items():
        path = shop.folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return import_(shop, *paths)


def change_list(batch: Batch) -> list[tuple[Any, ...]]:
    """What executing would change: record, action, before, after."""
    from rattail.features.batches.service.show import changes_of

    return [(one.record, one.action, one.before, one.after) for one in changes_of(batch, limit=None)]
