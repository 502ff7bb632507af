"""From the table `counted` to changes of stock."""

from __future__ import annotations

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import is_sqlite
from rattail.database.ids import reserve_ids
from rattail.retail.changes.journal import INSERT, UPDATE
from rattail.retail.models import Stock
from rattail.retail.records import RECORDS

_FIELDS = RECORDS["stock"].fields
assert _FIELDS == ("store_id", "product_id", "on_hand", "counted_at"), "the statements below write them in this order"


def write_stock_changes(number: int, store_id: int, *, counted_at: str | None) -> None:
    """Write one change for each product whose stock, or the moment of whose last count, will be another.

    `counted_at` is None where nothing was counted but something added: then the moment stays.
    """
    into = (
        'INSERT INTO retail_change (batch, sequence, position, record, action, record_id, fields, "before", "after", '
        "is_held) SELECT %s, sequence, 0, 'stock', %s, "
    )
    if counted_at is None:
        change_rows(
            f"{into} stock_id, 'on_hand', {_array('was')}, {_array('will_be')}, FALSE FROM counted "
            "WHERE stock_id IS NOT NULL AND will_be <> was",
            [number, UPDATE],
        )
    else:
        change_rows(
            f"{into} stock_id, 'on_hand,counted_at', {_array('was', 'was_counted_at')}, "
            f"{_array('will_be', _text('%s'))}, FALSE FROM counted WHERE stock_id IS NOT NULL AND will_be IS NOT NULL "
            "AND (will_be <> was OR was_counted_at IS NULL OR was_counted_at <> %s)",
            [number, UPDATE, counted_at, counted_at],
        )
    is_new = f"stock_id IS NULL AND {'will_be <> 0' if counted_at is None else 'will_be IS NOT NULL'}"
    new_id, parameters = _new_ids(is_new)
    values = _array("%s", "product_id", "will_be", _text("%s"))
    change_rows(
        f"{into} {new_id}, %s, '[]', {values}, FALSE FROM counted WHERE {is_new}",
        [number, INSERT, *parameters, ",".join(_FIELDS), store_id, counted_at],
    )


def _new_ids(condition: str) -> tuple[str, list[int]]:
    """SQL that gives each of these products the id that its stock will have, and its parameters."""
    if not is_sqlite():
        return "nextval(pg_get_serial_sequence('retail_stock', 'id'))", []
    count = int(fetch_rows(f"SELECT count(*) FROM counted WHERE {condition}")[0][0])  # noqa: S608
    first = reserve_ids(Stock, count)[0] if count else 1
    return "%s + row_number() OVER (ORDER BY product_id)", [first - 1]


def _array(*values: str) -> str:
    return f"{'json_array' if is_sqlite() else 'jsonb_build_array'}({', '.join(values)})"


def _text(mark: str) -> str:
    """A parameter whose type PostgreSQL could not tell."""
    return mark if is_sqlite() else f"{mark}::text"
