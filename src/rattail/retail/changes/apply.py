"""Carrying changes out, and putting them back: a few statements, however many records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from rattail.database.bulk import change_rows
from rattail.database.dialect import is_sqlite, quoted
from rattail.retail.changes.compare import hold_moved, moved_since_execution, moved_since_reading
from rattail.retail.changes.groups import Group, Side, groups_of
from rattail.retail.changes.journal import INSERT, UPDATE, stored
from rattail.retail.changes.moved import refuse_moved

_WAITS_S = 30


class Deed(NamedTuple):
    """Who carries changes out and when; `reason` and `at` (when it happened in the store) go into the ledger."""

    actor: str
    now: datetime
    reason: str
    at: datetime


class Done(NamedTuple):
    """How many records were inserted and updated (or, putting back, deleted and set back), and how many held."""

    inserted: int
    updated: int
    held: int = 0


def quiet(_count: int) -> None:
    """For who does not want to hear how many changes are done."""


def begin_strictly() -> None:
    """Make the transaction that just began wait for others like it, and refuse what is changed meanwhile.

    SQLite has one writer; PostgreSQL needs to be told, before anything is asked. Waiting comes first, because the
    first question decides what the transaction sees; and it is needed, because a new cost is compared with one that
    another transaction may just be adding another one beside. Numbers are still given out meanwhile.

    Raises:
        OperationalError: another one takes too long.
    """
    if not is_sqlite():
        change_rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        change_rows(f"SET LOCAL lock_timeout = '{_WAITS_S}s'")
        change_rows("LOCK TABLE retail_counter IN SHARE UPDATE EXCLUSIVE MODE")


def apply(batch: int, deed: Deed, *, progress: Callable[[int], None] = quiet) -> Done:
    """Carry out all changes of a batch, in the caller's transaction; `progress` is told how many are done.

    Raises:
        RecordsMoved: a record is not as it was when the batch was read; names the first of them.
    """
    refuse_moved(batch, *moved_since_reading(batch), since="was read")
    inserted = updated = 0
    for group in groups_of(batch):
        if group.action == INSERT:
            inserted += _insert(group, deed)
        elif group.action == UPDATE:
            updated += _update(group, "after")
        if group.record.has_ledger:
            _write_ledger(group, deed, old="before", new="after")
        progress(inserted + updated)
    return Done(inserted, updated)


def put_back(batch: int, deed: Deed, *, is_partial: bool, progress: Callable[[int], None] = quiet) -> Done:
    """Put back what `apply` did, in the caller's transaction; with `is_partial` all that still can be.

    Raises:
        RecordsMoved: a record is not as the batch left it, and `is_partial` is false.
    """
    held = hold_moved(batch) if is_partial else 0
    if not is_partial:
        refuse_moved(batch, *moved_since_execution(batch), since="was executed")
    groups = groups_of(batch)
    for group in groups:
        if group.record.has_ledger:
            _write_ledger(group, deed, old="after", new="before")
    _forget_ledger(batch)
    deleted = restored = 0
    for group in reversed(groups):
        if group.action == INSERT:
            deleted += change_rows(
                f"DELETE FROM {group.table} WHERE id IN (SELECT c.record_id FROM retail_change c WHERE {group.where})",  # noqa: S608
                group.parameters,
            )
        elif group.action == UPDATE:
            restored += _update(group, "before")
        progress(deleted + restored)
    return Done(deleted, restored, held)


def _insert(group: Group, deed: Deed) -> int:
    stamps = {"batch": group.batch, "recorded_at": stored(deed.now), "recorded_by": deed.actor}
    names = [*group.fields, *group.record.stamps]
    columns = ", ".join(group.column(name) for name in names)
    values = [group.value(name, "after") for name in group.fields] + ["%s"] * len(group.record.stamps)
    return change_rows(
        f"INSERT INTO {group.table} (id, {columns}) SELECT c.record_id, {', '.join(values)} "  # noqa: S608
        f"FROM retail_change c WHERE {group.where} ORDER BY c.record_id",
        [*(stamps[name] for name in group.record.stamps), *group.parameters],
    )


def _update(group: Group, side: Side) -> int:
    columns = ", ".join(f"{group.column(name)} = {group.value(name, side)}" for name in group.fields)
    return change_rows(
        f"UPDATE {group.table} SET {columns} FROM retail_change c "  # noqa: S608
        f"WHERE {group.where} AND {group.table}.id = c.record_id",
        group.parameters,
    )


def _write_ledger(group: Group, deed: Deed, *, old: Side, new: Side) -> None:
    if "on_hand" not in group.fields or group.action not in (INSERT, UPDATE):
        return
    before, after = (_on_hand(group, side) for side in (old, new))
    stamps: list[Any] = [deed.reason, group.batch, stored(deed.at), stored(deed.now), deed.actor]
    change_rows(
        "INSERT INTO retail_stockmovement "  # noqa: S608
        '(store_id, product_id, "before", "after", reason, batch, at, recorded_at, recorded_by) '
        f"SELECT t.store_id, t.product_id, {before}, {after}, %s, %s, {_time('%s')}, {_time('%s')}, %s "
        f"FROM retail_change c JOIN {group.table} t ON t.id = c.record_id WHERE {group.where} AND {before} <> {after}",
        [*stamps, *group.parameters],
    )


def _on_hand(group: Group, side: Side) -> str:
    """What was there: nothing, where the record was not there before."""
    value = group.value("on_hand", side)
    return f"COALESCE({value}, 0)" if group.action == INSERT and side == "before" else value


def _time(mark: str) -> str:
    return mark if is_sqlite() else f"{mark}::timestamptz"


def _forget_ledger(batch: int) -> None:
    """Lines about products and stores that the batch itself made go with them: they never were."""
    for record, column in (("product", "product_id"), ("store", "store_id")):
        change_rows(
            f"DELETE FROM retail_stockmovement WHERE batch = %s AND {quoted(column)} IN (SELECT record_id "  # noqa: S608
            "FROM retail_change WHERE batch = %s AND record = %s AND action = 'insert' AND NOT is_held)",
            [batch, batch, record],
        )
