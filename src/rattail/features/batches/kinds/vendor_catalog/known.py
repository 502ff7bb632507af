"""What the records know of the lines of one chunk: a few queries, however many lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import as_text, newest, one_of

COST_FIELDS = (
    "effective",
    "case_size",
    "case_cost",
    "unit_cost",
    "suggested_retail",
    "discount_amount",
    "discount_percent",
    "discount_starts",
    "discount_ends",
)
_DATES = ("effective", "discount_starts", "discount_ends")


class Cost(NamedTuple):
    """What an item costs on the day in question; all None where nobody knows."""

    id: int | None
    effective: str | None
    case_size: int | None
    case_cost: int | None
    unit_cost: int | None
    suggested_retail: int | None
    discount_amount: int | None
    discount_percent: int | None
    discount_starts: str | None
    discount_ends: str | None


NO_COST = Cost(*[None] * len(Cost._fields))


class Item(NamedTuple):
    """An item of the vendor, and its cost."""

    id: int
    code: str
    product_id: int
    cost: Cost


class OtherItem(NamedTuple):
    """An item of any vendor for a product."""

    id: int
    vendor_id: int
    code: str
    is_preferred: bool


def items_by_code(vendor_id: int, codes: Sequence[str], *, day: str) -> dict[str, Item]:
    """The vendor's items of these codes, with what each costs on `day`."""
    condition, values = one_of("v.code", codes)
    return {item.code: item for item in _items(vendor_id, condition, values, day)}


def items_by_id(vendor_id: int, ids: Sequence[int], *, day: str) -> dict[int, Item]:
    """The vendor's items of these ids, with what each costs on `day`."""
    condition, values = one_of("v.id", ids, kind="bigint")
    return {item.id: item for item in _items(vendor_id, condition, values, day)}


def costs_by_id(vendor_id: int, ids: Sequence[int], *, day: str) -> dict[int, Cost]:
    """What the vendor's items of these ids cost on `day`."""
    return {item_id: item.cost for item_id, item in items_by_id(vendor_id, ids, day=day).items()}


def products_by_key(keys: Sequence[str]) -> dict[str, int]:
    """The ids of the products that these keys name."""
    condition, values = one_of("key", keys)
    return dict(fetch_rows(f"SELECT key, product_id FROM retail_productcode WHERE {condition}", [values]))  # noqa: S608


def items_of_products(product_ids: Iterable[int]) -> dict[int, list[OtherItem]]:
    """Every item, of whatever vendor, of these products."""
    condition, values = one_of("product_id", list(product_ids), kind="bigint")
    found: dict[int, list[OtherItem]] = {}
    rows = fetch_rows(
        f"SELECT product_id, id, vendor_id, code, is_preferred FROM retail_vendoritem WHERE {condition} ORDER BY id",  # noqa: S608
        [values],
    )
    for product_id, *rest in rows:
        found.setdefault(product_id, []).append(OtherItem(*rest))
    return found


def _items(vendor_id: int, condition: str, values: Any, day: str) -> list[Item]:
    costs = ", ".join(as_text(f"c.{name}") if name in _DATES else f"c.{name}" for name in COST_FIELDS)
    in_force = newest("retail_vendorcost", "c", where="x.vendor_item_id = v.id AND x.effective <= %s", by="effective")
    rows = fetch_rows(
        f"SELECT v.id, v.code, v.product_id, c.id, {costs} FROM retail_vendoritem v {in_force} "  # noqa: S608
        f"WHERE v.vendor_id = %s AND {condition}",
        [day, vendor_id, values],
    )
    return [Item(row[0], row[1], row[2], tuple.__new__(Cost, row[3:])) for row in rows]
