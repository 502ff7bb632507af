"""What is known of some products on a day: codes, costs, prices, stock. One query each, however many products.

Amounts are ten-thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import newest, one_of
from rattail.retail.sheets.codes import code_text


def codes_of(products: Sequence[int]) -> dict[int, str]:
    """The primary code of each, as it is printed."""
    condition, values = one_of("product_id", products, kind="bigint")
    rows = fetch_rows(
        f"SELECT product_id, kind, key FROM retail_productcode WHERE is_primary AND {condition}",  # noqa: S608
        [values],
    )
    return {product: code_text(kind, key) for product, kind, key in rows}


def costs_of(products: Sequence[int], *, on: date) -> dict[int, int]:
    """The unit cost of each on a day: of the preferred item, else of an active one, else of any that has one."""
    condition, values = one_of("i.product_id", products, kind="bigint")
    in_force = newest("retail_vendorcost", "k", where="x.vendor_item_id = i.id AND x.effective <= %s", by="effective")
    rows = fetch_rows(
        f"SELECT i.product_id, k.unit_cost FROM retail_vendoritem i {in_force} "  # noqa: S608 - names of ours
        f"WHERE {condition} AND k.unit_cost IS NOT NULL "
        "ORDER BY i.product_id, i.is_preferred, i.is_active, i.id DESC",
        [on.isoformat(), values],
    )
    return dict(rows)  # the last of each product counts


def prices_of(products: Sequence[int], *, on: date, store: int | None) -> dict[int, int]:
    """What each costs the customer on a day in a store, or, without one, where no store has its own price.

    A sale counts before a regular price, a store's own before that of all stores, a newer one before an older.
    The plus keeps SQLite from looking through all prices that are of no store.
    """
    condition, values = one_of("product_id", products, kind="bigint")
    rows = fetch_rows(
        "SELECT product_id, amount FROM retail_price WHERE starts <= %s "  # noqa: S608 - names of ours
        f"AND (kind = 'regular' OR ends IS NULL OR ends >= %s) AND {condition} "
        f"AND (+store_id IS NULL{' OR +store_id = %s' if store is not None else ''}) "
        "ORDER BY CASE WHEN kind = 'sale' THEN 1 ELSE 0 END, CASE WHEN store_id IS NULL THEN 0 ELSE 1 END, starts",
        [on.isoformat(), on.isoformat(), values, *([store] if store is not None else [])],
    )
    return dict(rows)


def stock_of(products: Sequence[int], *, stores: Sequence[int]) -> dict[int, int]:
    """How much of each there is in some stores together; those that none of them ever had are left out."""
    if not stores:
        return {}
    condition, values = one_of("product_id", products, kind="bigint")
    marks = ", ".join(["%s"] * len(stores))
    rows = fetch_rows(
        f"SELECT product_id, SUM(on_hand) FROM retail_stock WHERE {condition} "  # noqa: S608 - names of ours
        f"AND store_id IN ({marks}) GROUP BY product_id",
        [values, *stores],
    )
    return {product: int(amount) for product, amount in rows}


def without_cost() -> str:
    """SQL that is true where product `p` has no cost that has begun; its one parameter is the day."""
    return (
        "NOT EXISTS (SELECT 1 FROM retail_vendoritem i JOIN retail_vendorcost k ON k.vendor_item_id = i.id "
        "WHERE i.product_id = p.id AND k.effective <= %s AND k.unit_cost IS NOT NULL)"
    )
