"""Putting the made-up shop into the records: a dozen bulk statements in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from django.db import models

from rattail.database.bulk import insert_rows
from rattail.database.ids import reserve_ids
from rattail.features.sample.assortment import AISLES
from rattail.features.sample.shop import CENT, VENDORS, Shop
from rattail.retail import amounts
from rattail.retail.changes.journal import stored
from rattail.retail.models import (
    Department,
    Price,
    Product,
    ProductCode,
    Stock,
    StockMovement,
    Store,
    Vendor,
    VendorCost,
    VendorItem,
)

_STORES = (("1", "Main Street"), ("2", "Riverside"))
_COUNTED_DAYS_AGO = 21
_IN_SECOND_STORE = 60  # of a hundred products
_ON_SALE = 8
_DISCOUNTED = 6
_NEWER_COST = 30


class Saved(NamedTuple):
    """How many rows each table got."""

    stores: int
    departments: int
    vendors: int
    products: int
    product_codes: int
    prices: int
    vendor_items: int
    vendor_costs: int
    stock: int
    stock_movements: int


class _Ids(NamedTuple):
    """Ids of what was made, in the order of the shop."""

    stores: Sequence[int]
    departments: dict[str, int]
    vendors: Sequence[int]
    products: Sequence[int]
    items: Sequence[int]


def save(shop: Shop, *, seed: int, now: datetime, actor: str, progress: Callable[[int], None]) -> Saved:
    """Insert everything. Stores, departments and vendors that are there already are used as they are."""
    random = Random(f"rattail sample stock {seed}")  # noqa: S311 - no secret
    stores = list(Store.objects.filter(is_active=True).order_by("id").values_list("id", flat=True)[: len(_STORES)])
    if not stores:
        stores = [Store.objects.create(code=code, name=name).pk for code, name in _STORES]
    departments = {aisle.code: _of_code(Department, aisle.code, aisle.name) for aisle in AISLES}
    vendors = [_of_code(Vendor, one.code, one.name, identifier=one.identifier) for one in VENDORS]
    ids = _Ids(
        stores, departments, vendors, reserve_ids(Product, len(shop.goods)), reserve_ids(VendorItem, len(shop.offers))
    )
    counts = [
        _insert(Product, _PRODUCT, _products(shop, ids)),
        _insert(ProductCode, _CODE, _codes(shop, ids, random)),
        _insert(Price, _PRICE, _prices(shop, ids, random, now)),
        _insert(VendorItem, _ITEM, _items(shop, ids)),
        _insert(VendorCost, _COST, _costs(shop, ids, random, now, actor)),
    ]
    stock = list(_stock(shop, ids, random))
    counts.append(_insert(Stock, _STOCK, ((*one[:3], stored(_counted(now))) for one in stock)))
    counts.append(_insert(StockMovement, _MOVEMENT, _movements(stock, random, now, actor)))
    progress(len(shop.goods))
    return Saved(len(stores), len(departments), len(vendors), *counts)


_PRODUCT = (
    *("id", "brand", "description", "size", "unit", "department_id", "tax_code"),
    *("is_weighed", "is_food_stamp", "is_organic", "is_active", "is_pending"),
)
_CODE = ("product_id", "kind", "key", "is_primary")
_PRICE = ("product_id", "store_id", "kind", "starts", "ends", "amount")
_ITEM = ("id", "vendor_id", "code", "product_id", "is_preferred", "is_active")
_COST = (
    *("vendor_item_id", "effective", "case_size", "case_cost", "unit_cost", "suggested_retail"),
    *("discount_amount", "discount_percent", "discount_starts", "discount_ends", "recorded_at", "recorded_by"),
)
_STOCK = ("store_id", "product_id", "on_hand", "counted_at")
_MOVEMENT = ("store_id", "product_id", "before", "after", "reason", "at", "recorded_at", "recorded_by")

_Rows = Iterator[tuple[Any, ...]]


def _of_code(model: type[models.Model], code: str, name: str, **others: str) -> int:
    made, _ = model._default_manager.get_or_create(code=code, defaults={"name": name, **others})
    return int(made.pk)


def _insert(model: type[models.Model], names: Sequence[str], rows: _Rows) -> int:
    count = 0

    def counted() -> _Rows:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    insert_rows(model, names, counted())
    return count


def _products(shop: Shop, ids: _Ids) -> _Rows:
    for product, good in zip(ids.products, shop.goods, strict=True):
        aisle = good.aisle
        yield (
            *(product, good.brand, good.description, good.size, good.unit, ids.departments[aisle.code]),
            *(aisle.tax_code, good.is_weighed, aisle.is_food_stamp, good.is_organic, True, False),
        )


def _codes(shop: Shop, ids: _Ids, random: Random) -> _Rows:
    """The code on the item, and for some of the packaged goods the code of their case."""
    for product, good in zip(ids.products, shop.goods, strict=True):
        yield product, good.kind, good.key, True
        if good.kind == "gtin" and random.randrange(16) == 0:
            yield product, good.kind, f"1{good.key[1:]}", False


def _prices(shop: Shop, ids: _Ids, random: Random, now: datetime) -> _Rows:
    for product, good in zip(ids.products, shop.goods, strict=True):
        yield product, None, "regular", _day(now, -200 - random.randrange(100)), None, good.price
        chance = random.randrange(100)
        if chance < _ON_SALE:
            starts = random.randrange(-5, 9)
            amount = good.price * 4 // 5 // (10 * CENT) * 10 * CENT + 9 * CENT
            if amount < good.price:
                yield product, None, "sale", _day(now, starts), _day(now, starts + 13), amount
        elif chance > 97 and len(ids.stores) > 1:
            yield product, ids.stores[1], "regular", _day(now, -60), None, good.price + 10 * CENT


def _items(shop: Shop, ids: _Ids) -> _Rows:
    for item, offer in zip(ids.items, shop.offers, strict=True):
        yield item, ids.vendors[offer.vendor], offer.code, ids.products[offer.good], offer.is_preferred, True


def _costs(shop: Shop, ids: _Ids, random: Random, now: datetime, actor: str) -> _Rows:
    """What each item costs now, and for some what it did before."""
    at = stored(now)
    for item, offer in zip(ids.items, shop.offers, strict=True):
        retail = shop.goods[offer.good].price
        none = (None, None, None, None)
        if random.randrange(100) < _NEWER_COST:
            before = offer._replace(case_cost=offer.case_cost * 96 // 100 // CENT * CENT)
            yield (
                *(item, _day(now, -320), offer.case_size, before.case_cost, before.unit_cost, retail),
                *(*none, at, actor),
            )
        discount = none
        if random.randrange(100) < _DISCOUNTED:
            discount = (None, 10 * amounts.SCALE, _day(now, -3), _day(now, 18))  # type: ignore[assignment] # not none
        yield (
            *(item, _day(now, -30 - random.randrange(150)), offer.case_size, offer.case_cost, offer.unit_cost, retail),
            *(*discount, at, actor),
        )


def _stock(shop: Shop, ids: _Ids, random: Random) -> Iterator[tuple[int, int, int]]:
    """Two to four weeks of what is sold, in pounds with decimals where goods are weighed."""
    for at, store in enumerate(ids.stores):
        for product, good in zip(ids.products, shop.goods, strict=True):
            if at and random.randrange(100) >= _IN_SECOND_STORE:
                continue
            weeks = random.randint(8, 16)
            on_hand = good.movement * weeks * amounts.SCALE // 4
            if good.unit == "each":
                on_hand = on_hand // amounts.SCALE * amounts.SCALE
            yield store, product, on_hand // CENT * CENT


def _movements(stock: list[tuple[int, int, int]], random: Random, now: datetime, actor: str) -> _Rows:
    """The count that began the ledger, and for every fourth product a correction since."""
    counted, told = stored(_counted(now)), stored(now)
    began = stored(_counted(now) - timedelta(days=60))
    for store, product, on_hand in stock:
        if random.randrange(4):
            yield store, product, 0, on_hand, "first count", counted, told, actor
        else:
            more = on_hand + random.randint(1, 9) * amounts.SCALE
            yield store, product, 0, more, "first count", began, told, actor
            yield store, product, more, on_hand, "count", counted, told, actor


def _counted(now: datetime) -> datetime:
    return now.replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=_COUNTED_DAYS_AGO)


def _day(now: datetime, days: int) -> str:
    return (now.date() + timedelta(days=days)).isoformat()
