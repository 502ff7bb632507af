"""From the table `counted` to changes of stock, and to the rows of what nobody counted."""

from __future__ import annotations

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import as_text, is_sqlite
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


def zero_the_others(batch_id: int, store_id: int, counted_at: str, *, note: str, status: int) -> None:
    """Add a row for each product of the counted departments that has stock and was not counted.

    Nothing was left of it, so only what moved later is there. One that was counted later is left alone, and so is
    one whose row a person removed.
    """
    last = fetch_rows("SELECT COALESCE(max(sequence), 0) FROM batches_countrow WHERE batch_id = %s", [batch_id])[0][0]
    change_rows(
        "INSERT INTO counted SELECT z.product_id, %s + row_number() OVER (ORDER BY z.product_id), 1, 0, NULL, 1, "  # noqa: S608
        "z.id, z.on_hand, z.was_counted_at, 0, z.later, z.later, %s FROM ("
        f"SELECT t.product_id, t.id, t.on_hand, {as_text('t.counted_at')} AS was_counted_at, "
        'COALESCE((SELECT CAST(sum(m."after" - m."before") AS bigint) FROM retail_stockmovement m '
        "WHERE m.store_id = t.store_id AND m.product_id = t.product_id AND m.at > %s), 0) AS later "
        "FROM retail_stock t JOIN retail_product p ON p.id = t.product_id WHERE t.store_id = %s AND t.on_hand <> 0 "
        "AND (t.counted_at IS NULL OR t.counted_at <= %s) AND p.department_id IN (SELECT x.department_id "
        "FROM counted c JOIN retail_product x ON x.id = c.product_id WHERE x.department_id IS NOT NULL) "
        "AND t.product_id NOT IN (SELECT product_id FROM counted) "
        "AND t.product_id NOT IN (SELECT product_id FROM batches_countrow WHERE batch_id = %s AND source_row = 0 "
        "AND note = %s)) z WHERE z.later <> z.on_hand",
        [last, status, counted_at, store_id, counted_at, batch_id, note],
    )
    change_rows(
        "INSERT INTO batches_countrow (batch_id, sequence, source_row, statuses, code, key, product_id, description, "
        'note, cases, units, case_size, quantity, counted_at, location, "before", "after") '
        "SELECT %s, c.sequence, 0, c.verdict, '', COALESCE(k.key, ''), c.product_id, "
        "substr(trim(p.brand || ' ' || p.description), 1, 255), %s, 0, 0, NULL, 0, NULL, '', c.was, c.will_be "
        "FROM counted c JOIN retail_product p ON p.id = c.product_id "
        "LEFT JOIN retail_productcode k ON k.product_id = c.product_id AND k.is_primary WHERE c.sequence > %s",
        [batch_id, note, last],
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
