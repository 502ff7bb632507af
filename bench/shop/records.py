"""Opening the records of a shop that a benchmark made, and filling them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from rattail.cli.console import Console
from rattail.cli.session import Session
from rattail.database.bulk import insert_rows
from rattail.registry import load_registry
from rattail.retail.barcodes import check_digit

VENDOR = "unfi"
DAY = "2026-01-01"
_AT_ONCE = 20_000


def opened(appdir: str) -> Session:
    """The shop's records, opened in this process."""
    session = Session(load_registry(), Console(is_quiet=True), "bench", appdir)
    session.open_records()
    return session


def key_of(index: int) -> str:
    """The key of product `index`: 13 digits without check digit, of an ordinary American code."""
    return f"00{74_000_000_000 + index * 7:011d}"


def printed(index: int) -> str:
    """The same code as it is printed: 12 digits with check digit."""
    digits = key_of(index)[2:]
    return digits + check_digit(digits)


def cost_of(index: int) -> int:
    """The case cost of an item in cents."""
    return 500 + index * 37 % 9000


def fill(products: int, items: int) -> None:
    """A store, a vendor, `products` products with a code each, and `items` items of the vendor with a cost each."""
    from django.db import connection, transaction

    from rattail.retail.models import Product, ProductCode, Store, Vendor, VendorCost, VendorItem

    with transaction.atomic():
        Store.objects.create(id=1, code="1", name="Main street")
        Vendor.objects.create(id=1, code=VENDOR, name="UNFI")
        flags = ["is_weighed", "is_food_stamp", "is_organic", "is_active", "is_pending"]
        names = ["id", "brand", "description", "size", "unit", "tax_code", *flags]
        rows = (
            (n, "BRAND", f"PRODUCT {n}", "12 OZ", "each", "", False, True, False, True, False)
            for n in range(1, products + 1)
        )
        insert_rows(Product, names, rows)
        codes = ((n, n, "gtin", key_of(n), True) for n in range(1, products + 1))
        insert_rows(ProductCode, ["id", "product_id", "kind", "key", "is_primary"], codes)
        own = ((n, 1, f"{n:07d}", (n - 1) % products + 1, n <= products, True) for n in range(1, items + 1))
        insert_rows(VendorItem, ["id", "vendor_id", "code", "product_id", "is_preferred", "is_active"], own)
        now = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None).isoformat(" ")
        costs = (
            (n, n, DAY, 120_000, cost_of(n) * 100, (cost_of(n) * 100 * 10_000 + 60_000) // 120_000, now, "bench")
            for n in range(1, items + 1)
        )
        fields = [
            "id",
            "vendor_item_id",
            "effective",
            "case_size",
            "case_cost",
            "unit_cost",
            "recorded_at",
            "recorded_by",
        ]
        insert_rows(VendorCost, fields, costs)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in (Product, ProductCode, VendorItem, VendorCost):
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            cursor.execute("ANALYZE")


def write_catalog(path: str, *, products: int, rows: int) -> None:
    """A catalog in the UNFI TSV layout: 75 % as known, 20 % with another cost, 5 % that nobody knows.

    With more rows than products there are several items of the vendor for each product.
    """
    lines = _catalog(products, rows)
    with open(f"{path}.tmp", "w", encoding="latin-1") as stream:
        stream.write("UNFI price list\nUPRD\tUPCC\tBRND\tDESC\tSIZE\tPACK\tCAVD\n")
        while chunk := "".join(islice(lines, _AT_ONCE)):
            stream.write(chunk)
    os.rename(f"{path}.tmp", path)


def _catalog(products: int, rows: int) -> Iterator[str]:
    for n in range(1, rows + 1):
        kind = n % 20
        index = n if kind else products + n
        code = printed((n - 1) % products + 1) if kind else printed(products + n)
        name = f"{n:07d}" if kind else f"9{n:07d}"
        cost = cost_of(n) + (25 if kind in (1, 2, 3, 4) else 0)
        yield f"{name}\t{code}\tBRAND\tPRODUCT {index}\t12 OZ\t12\t{cost}\n"
