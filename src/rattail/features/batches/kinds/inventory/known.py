"""What the records know of the rows of one chunk: a few queries, however many rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of

_LONGEST_NAME = 255


class Counted(NamedTuple):
    """The product that a code names."""

    id: int
    unit: str
    name: str


def products_by_key(keys: Sequence[str]) -> dict[str, Counted]:
    """The products that these keys name."""
    condition, values = one_of("c.key", keys)
    rows = fetch_rows(
        "SELECT c.key, p.id, p.unit, p.brand, p.description FROM retail_productcode c "  # noqa: S608 - names of ours
        f"JOIN retail_product p ON p.id = c.product_id WHERE {condition}",
        [values],
    )
    return {key: Counted(id_, unit, f"{brand} {text}".strip()[:_LONGEST_NAME]) for key, id_, unit, brand, text in rows}


def case_sizes(product_ids: Collection[int], *, day: str) -> dict[int, set[int]]:
    """How many units a case of each product has on `day`: what the preferred vendor says, else what the others do.

    Several sizes mean that nobody is preferred and the vendors' cases differ.
    """
    condition, values = one_of("v.product_id", list(product_ids), kind="bigint")
    rows = fetch_rows(
        "SELECT v.product_id, v.is_preferred, c.case_size FROM retail_vendoritem v "  # noqa: S608 - names of ours
        "JOIN retail_vendorcost c ON c.id = (SELECT x.id FROM retail_vendorcost x "
        "WHERE x.vendor_item_id = v.id AND x.effective <= %s ORDER BY x.effective DESC LIMIT 1) "
        f"WHERE {condition} AND v.is_active AND c.case_size > 0 ORDER BY v.product_id, v.is_preferred DESC",
        [day, values],
    )
    found: dict[int, set[int]] = {}
    settled: set[int] = set()
    for product_id, is_preferred, case_size in rows:
        if product_id not in settled:
            found.setdefault(product_id, set()).add(case_size)
        if is_preferred:
            settled.add(product_id)
    return found


def regular_prices(product_ids: Collection[int], *, store_id: int, day: str) -> dict[int, int]:
    """The regular price of each product on `day`, for one of its unit: the store's own before that of all stores."""
    condition, values = one_of("product_id", list(product_ids), kind="bigint")
    rows = fetch_rows(
        "SELECT product_id, amount FROM retail_price WHERE kind = 'regular' AND starts <= %s "  # noqa: S608
        f"AND (store_id IS NULL OR store_id = %s) AND {condition} "
        "ORDER BY product_id, CASE WHEN store_id IS NULL THEN 0 ELSE 1 END, starts",
        [day, store_id, values],
    )
    return dict(rows)  # the last one of a product stays: its store's own, the newest
