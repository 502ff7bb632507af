"""One stage of a benchmark in a process of its own: prints seconds, CPU seconds and peak memory as JSON.

python -m shop.child STAGE APPDIR [FILE] [NUMBER]
"""

from __future__ import annotations

import csv
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shop.records import VENDOR, fill, opened

if TYPE_CHECKING:
    from rattail.features.batches.service.ground import Ground


def main(stage: str, appdir: str, *rest: str) -> None:
    session = opened(appdir)
    began, cpu = time.perf_counter(), time.process_time()
    from rattail.features.batches.service.ground import Ground

    ground = Ground(
        folders={place.path: place.location for place in session.places}, now=datetime.now(UTC), actor="bench"
    )
    stages: dict[str, Callable[..., object]] = {
        "fill": lambda products, items: fill(int(products), int(items)),
        "make": lambda path: make(path, ground),
        "execute": lambda number: execute(int(number), ground),
        "undo": lambda number: undo(int(number), ground),
        "read_floor": read_floor,
        "execute_floor": lambda number: execute_floor(int(number)),
    }
    said = stages[stage](*rest)
    print(
        json.dumps(
            {
                "wall_s": time.perf_counter() - began,
                "cpu_s": time.process_time() - cpu,
                "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "said": said,
            }
        )
    )
    session.close()


def make(path: str, ground: Ground) -> dict[str, Any]:
    from rattail.features.batches.service.make import Progress, make_batch
    from rattail.features.batches.service.plan import Request, plan_batch

    request = Request(
        kind="vendor_catalog", path=path, vendor=VENDOR, settings={"hold_above_percent": 50}, is_forced=True
    )
    plan = plan_batch(request, ground=ground, progress=lambda _: None)
    batch = make_batch(plan, ground=ground, progress=Progress(reading=lambda _: None))
    return {"number": batch.number, "rows": batch.row_count, "changes": batch.change_count, "counts": batch.counts}


def execute(number: int, ground: Ground) -> dict[str, Any]:
    from rattail.features.batches.service.execute import execute_batch

    done = execute_batch(number, ground=ground).done
    return done._asdict()


def undo(number: int, ground: Ground) -> dict[str, Any]:
    from rattail.features.batches.service.execute import undo_batch

    return undo_batch(number, ground=ground).done._asdict()


def read_floor(path: str) -> int:
    """csv.reader and one bulk insert of the columns that are saved, into bare tables: of each row, and of the changes
    of the four rows in ten that have one.
    """
    from django.db import transaction

    from rattail.database.bulk import change_rows, fetch_rows
    from rattail.features.batches.models import CatalogRow
    from rattail.retail.changes.journal import NAMES as CHANGE_NAMES

    def rows() -> Iterator[tuple[object, ...]]:
        with open(path, encoding="latin-1", newline="") as stream:
            for n, row in enumerate(csv.reader(stream, delimiter="\t")):
                if n > 1:
                    yield (
                        *(n, n, n, 1, row[1], "0074000000007", n, row[3], "", n, row[0], row[2], row[4]),
                        *("2026-11-22", 120_000, 340_000, 28_333, None, None, None, None, None),
                        *(120_000, 340_000, 28_333),
                    )

    names = [field.attname for field in CatalogRow._meta.concrete_fields]
    kinds = {field.attname: field.db_type(_connection()) for field in CatalogRow._meta.concrete_fields}
    order = _order()
    assert sorted(order) == sorted(names)
    with transaction.atomic():
        change_rows(f"CREATE TABLE bench_floor ({', '.join(f'{name} {kinds[name]}' for name in order)})")
        _bare_insert("bench_floor", order, rows())
        change_rows(
            f"CREATE TABLE bench_floor_changes ({', '.join(f'{name} {_KINDS[name]}' for name in CHANGE_NAMES)})"
        )
        count = int(fetch_rows("SELECT count(*) FROM bench_floor")[0][0]) * 4 // 10
        _bare_insert("bench_floor_changes", list(CHANGE_NAMES), (_change(n) for n in range(count)))
    change_rows("DROP TABLE bench_floor_changes")
    change_rows("DROP TABLE bench_floor")
    return 0


_KINDS = {
    "batch": "bigint",
    "sequence": "integer",
    "position": "smallint",
    "record": "varchar(40)",
    "action": "varchar(6)",
    "record_id": "bigint",
    "fields": "varchar(400)",
    "before": "text",
    "after": "text",
    "is_held": "boolean",
}


def _change(n: int) -> tuple[object, ...]:
    """One change as large as those of a catalog."""
    fields = "vendor_item_id,effective,case_size,case_cost,unit_cost,suggested_retail,discount_amount,discount_percent"
    before = f'[{n},"2026-01-01",120000,340000,28333,null,null,null,null,null]'
    after = f'[{n},"2026-11-22",120000,342500,28542,null,null,null,null,null]'
    return (1, n, 0, "vendor_cost", "insert", n, f"{fields},discount_starts,discount_ends", before, after, False)


def _connection() -> Any:
    from django.db import connection

    return connection


def _order() -> list[str]:
    from rattail.features.batches.kinds.vendor_catalog.judge import NAMES

    return list(NAMES)


def _bare_insert(table: str, names: list[str], rows: Iterator[tuple[object, ...]]) -> None:
    from rattail.database.dialect import is_sqlite

    raw = _connection().connection
    if is_sqlite():
        raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
        return
    with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def execute_floor(number: int) -> int:
    """The bare bulk statements that the changes need: one for each table, with the values at hand; then rolled back."""
    from django.db import transaction

    from rattail.database.bulk import fetch_rows, insert_rows
    from rattail.retail.changes.groups import groups_of

    work = []
    for group in groups_of(number):
        rows = fetch_rows(
            "SELECT record_id, after FROM retail_change "
            "WHERE batch = %s AND record = %s AND action = %s AND fields = %s",
            group.parameters,
        )
        values = [(row[0], *(json.loads(row[1]) if isinstance(row[1], str) else row[1])) for row in rows]
        work.append((group, values))
    began = time.perf_counter()
    with transaction.atomic():
        for group, values in work:
            if group.action == "insert":
                stamps = {"batch": number, "recorded_at": "2026-11-22 12:00:00", "recorded_by": "bench"}
                extra = tuple(stamps[name] for name in group.record.stamps)
                insert_rows(
                    group.record.model, ["id", *group.fields, *group.record.stamps], (row + extra for row in values)
                )
            else:
                columns = ", ".join(f"{group.column(name)} = ?" for name in group.fields)
                _connection().connection.executemany(
                    f"UPDATE {group.table} SET {columns} WHERE id = ?", [(*row[1:], row[0]) for row in values]
                )
        transaction.set_rollback(True)
    took = time.perf_counter() - began
    return round(took * 1_000_000)


if __name__ == "__main__":
    main(*sys.argv[1:])
