"""What the records know of the lines of one chunk: a few queries for each date of an invoice in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.vendor_catalog.known import (
    Item,
    items_by_code,
    items_by_id,
    items_of_products,
    products_by_key,
)


class Asked(NamedTuple):
    """What is to be looked up: the invoice's date, the key of the code, the vendor code (either may be empty)."""

    day: str
    key: str
    vendor_code: str


class Known(NamedTuple):
    """`items` by day and vendor code, `items_of_product` by day and product: the vendor's preferred, else its first."""

    products: dict[str, int]
    units: dict[int, str]
    items: dict[tuple[str, str], Item]
    items_of_product: dict[tuple[str, int], Item]


def look_up(vendor_id: int, asked: Sequence[Asked]) -> Known:
    """Everything that judging these lines needs."""
    products = products_by_key(list({one.key for one in asked if one.key}))
    codes: dict[str, set[str]] = {}
    for one in asked:
        if one.vendor_code:
            codes.setdefault(one.day, set()).add(one.vendor_code)
    items = {
        (day, code): item
        for day, names in codes.items()
        for code, item in items_by_code(vendor_id, list(names), day=day).items()
    }
    wanted: dict[str, set[int]] = {}
    for one in asked:
        product_id = products.get(one.key)
        if product_id:
            item = items.get((one.day, one.vendor_code))
            if item is None or item.product_id != product_id:
                wanted.setdefault(one.day, set()).add(product_id)
    units = _units([*products.values(), *(item.product_id for item in items.values())])
    return Known(products, units, items, _items_of(vendor_id, wanted))


def _items_of(vendor_id: int, wanted: dict[str, set[int]]) -> dict[tuple[str, int], Item]:
    found: dict[tuple[str, int], Item] = {}
    every = {product_id for products in wanted.values() for product_id in products}
    others = items_of_products(every) if every else {}
    chosen: dict[int, int] = {}
    for product_id in every:
        own = [one for one in others.get(product_id, ()) if one.vendor_id == vendor_id]
        if own:
            chosen[product_id] = next((one.id for one in own if one.is_preferred), own[0].id)
    for day, products in wanted.items():
        ids = [chosen[product_id] for product_id in products if product_id in chosen]
        if ids:
            for item in items_by_id(vendor_id, ids, day=day).values():
                found[day, item.product_id] = item
    return found


def _units(product_ids: Iterable[int]) -> dict[int, str]:
    condition, values = one_of("id", list(set(product_ids)), kind="bigint")
    return dict(fetch_rows(f"SELECT id, unit FROM retail_product WHERE {condition}", [values]))  # noqa: S608
