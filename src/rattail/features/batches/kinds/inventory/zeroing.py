"""What nobody counted in departments that were counted: rows of its own, and a doubt."""

from __future__ import annotations

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import as_text
from rattail.features.batches.statuses import Status

NOT_COUNTED = "this product was not counted"  # the note of these rows
_DOUBT = "rows of no known product: "
_REMOVED = int(Status.REMOVED)
_BELOW_ZERO = int(Status.SUSPICIOUS | Status.NEGATIVE)
_UNKNOWN = int(Status.BAD_ROW | Status.PRODUCT_NOT_FOUND)


def zero_the_others(batch_id: int, store_id: int, counted_at: str) -> None:
    """Have a row for each product of the counted departments that has stock and was not counted.

    Nothing was left of it, so only what moved later is there; less than nothing cannot be, so that is held. One that
    was counted later is left alone, and so is one of which a person removed a row. A row that was made here before
    keeps its place.
    """
    _look_at_earlier_rows(batch_id)
    last = fetch_rows("SELECT COALESCE(max(sequence), 0) FROM batches_countrow WHERE batch_id = %s", [batch_id])[0][0]
    change_rows(
        "INSERT INTO counted SELECT z.product_id, "  # noqa: S608 - names of ours
        "COALESCE(z.sequence, %s + row_number() OVER (ORDER BY z.product_id)), 0, 0, NULL, 1, z.id, "
        "z.on_hand, z.was_counted_at, 0, z.later, CASE WHEN z.later >= 0 THEN z.later END, "
        f"CASE WHEN z.later < 0 THEN {_BELOW_ZERO} ELSE %s END, NULL FROM ("
        f"SELECT t.product_id, e.sequence, t.id, t.on_hand, {as_text('t.counted_at')} AS was_counted_at, "
        'COALESCE((SELECT CAST(sum(m."after" - m."before") AS bigint) FROM retail_stockmovement m '
        "WHERE m.store_id = t.store_id AND m.product_id = t.product_id AND m.at > %s), 0) AS later "
        "FROM retail_stock t JOIN retail_product p ON p.id = t.product_id "
        "LEFT JOIN earlier e ON e.product_id = t.product_id "
        "WHERE t.store_id = %s AND t.on_hand <> 0 AND (t.counted_at IS NULL OR t.counted_at <= %s) "
        "AND COALESCE(e.is_removed, 0) = 0 AND NOT EXISTS (SELECT 1 FROM counted c WHERE c.product_id = t.product_id) "
        "AND p.department_id IN (SELECT x.department_id FROM counted c JOIN retail_product x ON x.id = c.product_id "
        "WHERE x.department_id IS NOT NULL)) z WHERE z.later <> z.on_hand",
        [last, int(Status.QUANTITY_CHANGE), counted_at, store_id, counted_at],
    )
    change_rows("DROP TABLE earlier")
    change_rows(
        "DELETE FROM batches_countrow WHERE batch_id = %s AND source_row = 0 AND note = %s AND statuses & %s = 0",
        [batch_id, NOT_COUNTED, _REMOVED],
    )
    change_rows(
        "INSERT INTO batches_countrow (batch_id, sequence, source_row, statuses, code, key, product_id, description, "
        'note, cases, units, case_size, quantity, counted_at, location, "before", "after") '
        "SELECT %s, c.sequence, 0, c.verdict, '', COALESCE(k.key, ''), c.product_id, "
        "substr(trim(p.brand || ' ' || p.description), 1, 255), %s, 0, 0, NULL, 0, NULL, '', c.was, c.will_be "
        "FROM counted c JOIN retail_product p ON p.id = c.product_id "
        "LEFT JOIN retail_productcode k ON k.product_id = c.product_id AND k.is_primary WHERE c.row_count = 0",
        [batch_id, NOT_COUNTED],
    )


def _look_at_earlier_rows(batch_id: int) -> None:
    """Make the table `earlier`: products of which a row was made here before, or a row was removed by a person."""
    change_rows("CREATE TEMP TABLE earlier (product_id bigint PRIMARY KEY, sequence bigint, is_removed integer)")
    change_rows(
        "INSERT INTO earlier SELECT product_id, max(CASE WHEN source_row = 0 AND note = %s THEN sequence END), "
        "max(CASE WHEN statuses & %s <> 0 THEN 1 ELSE 0 END) FROM batches_countrow WHERE batch_id = %s "
        "AND product_id IS NOT NULL AND (source_row = 0 OR statuses & %s <> 0) GROUP BY product_id",
        [NOT_COUNTED, _REMOVED, batch_id, _REMOVED],
    )


def is_doubt_about_zeros(text: str) -> bool:
    return text.startswith(_DOUBT)


def doubts_about_zeros(batch_id: int) -> list[str]:
    """A remark, where rows name no known product while others are missing from the count."""
    unknown, zeros = fetch_rows(
        "SELECT COALESCE(sum(CASE WHEN statuses & %s <> 0 THEN 1 ELSE 0 END), 0), "
        "COALESCE(sum(CASE WHEN note = %s THEN 1 ELSE 0 END), 0) FROM batches_countrow "
        "WHERE batch_id = %s AND statuses & %s = 0",
        [_UNKNOWN, NOT_COUNTED, batch_id, _REMOVED],
    )[0]
    if not unknown or not zeros:
        return []
    return [
        f"{_DOUBT}{unknown:,}; products that were not counted: {zeros:,}; "
        "what those rows counted may be among these products, which would be set to zero."
    ]
