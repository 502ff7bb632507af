"""Lists of the records without the web around them, and records to list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattail.web.listing import Chunk
    from tests.kit.shop import Shop

#: A weighed article, a PLU, and 13-digit keys of plain articles: "0007430500132" is printed 074305001321.
KEY, PRINTED = "0007430500132", "074305001321"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = ("products.view", "products.costs", "products.configure")


def select(
    name: str, filters: Mapping[str, str] | None = None, *, after: str = "", limit: int = 100, **who: Any
) -> Chunk:
    """Some rows of a declared list, for somebody with all permissions unless `stores` says for which ones only."""
    import os

    from rattail.site import open_site
    from rattail.web.access import Person
    from rattail.web.listing import Asked, listing_of

    site = open_site(os.environ["RATTAIL_APPDIR"])
    stores = who.get("stores")
    person = Person("alice", "Alice", dict.fromkeys(ALL, None if stores is None else frozenset(stores)))
    listing = listing_of(site.registry, name)
    filters = dict(filters or {})
    return listing.select(Asked(site, person, listing.wanted(filters), after, limit))


def all_rows(
    name: str, filters: Mapping[str, str] | None = None, *, limit: int = 7, **who: Any
) -> list[tuple[Any, ...]]:
    """All rows of a list, as texts where they are links, a few at a time."""
    rows: list[tuple[Any, ...]] = []
    after = ""
    while True:
        chunk = select(name, filters, after=after, limit=limit, **who)
        assert len(chunk.rows) <= limit
        rows += [tuple(getattr(cell, "text", cell) for cell in row) for row in chunk.rows]
        after = chunk.after
        if not after:
            return rows


def make_shop(shop: Shop, *, products: int = 30) -> None:
    """Two stores, two vendors and some products: product n has stock n in store 1 and costs n from unfi."""
    from rattail.retail.models import Product

    stores = [shop.make("Store", code=code, name=f"Store {code}") for code in ("1", "2")]
    vendors = {code: shop.make("Vendor", code=code, name=code.upper()) for code in ("unfi", "kehe")}
    grocery = shop.make("Department", code="10", name="Grocery")
    for number in range(1, products + 1):
        product = shop.make(
            "Product",
            description=f"Beans {number:03d}",
            brand="Old 100% Mill",
            department_id=grocery if number % 2 else None,
        )
        key = KEY if number == 1 else f"00075000{number:05d}"
        shop.make("ProductCode", product_id=product, kind="gtin", key=key)
        item = shop.make(
            "VendorItem", vendor_id=vendors["unfi"], product_id=product, code=f"U{number:04d}", is_preferred=True
        )
        shop.make("Stock", store_id=stores[0], product_id=product, on_hand=number, counted_at=NOW)
        if number % 3 == 0:
            shop.make("Stock", store_id=stores[1], product_id=product, on_hand=-1)
        if number != 5:
            shop.make(
                "VendorCost",
                vendor_item_id=item,
                effective="2026-01-01",
                unit_cost="0.3333",
                recorded_at=NOW,
                recorded_by="x",
            )
            shop.make(
                "VendorCost",
                vendor_item_id=item,
                effective="2026-02-01",
                unit_cost=number,
                recorded_at=NOW,
                recorded_by="x",
            )
            shop.make(
                "VendorCost",
                vendor_item_id=item,
                effective="2199-01-01",
                unit_cost=99,
                recorded_at=NOW,
                recorded_by="x",
            )
    first = Product.objects.order_by("id").first()
    assert first
    shop.make("VendorItem", vendor_id=vendors["kehe"], product_id=first.pk, code="074305")
    shop.make("VendorItem", vendor_id=vendors["unfi"], product_id=first.pk, code="U9999")
    shop.make("ProductCode", product_id=first.pk, kind="plu", key="0000000004011", is_primary=False)
    for kind, store, starts, ends, amount in (
        ("regular", None, "2026-01-01", None, 3),
        ("regular", stores[0], "2026-01-01", None, 4),
        ("sale", stores[1], "2026-01-01", "2199-01-01", 2),
        ("sale", stores[0], "2026-01-01", "2026-01-02", 1),
        ("regular", None, "2199-01-01", None, 9),
    ):
        shop.make("Price", product_id=first.pk, kind=kind, store_id=store, starts=starts, ends=ends, amount=amount)
