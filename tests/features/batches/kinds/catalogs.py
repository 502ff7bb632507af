"""A shop that knows a few items of one vendor, and catalogs of that vendor as CSV files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.kit.shop import Shop

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
BEANS, RICE, SALT, TEA = "012345678905", "036000291452", "041331124454", "074305000010"
COLUMNS = "upc,item,brand,description,size,case size,case cost,unit cost,srp,effective"


def key_of(code: str) -> str:
    """A code of 12 digits as the records know it."""
    return code[:-1].zfill(13)


class Shelf:
    """Vendor acme sells beans (B-1: 12 for 12.00), rice (R-1: 6 for 12.00) and salt, which has no code (S-1)."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.vendor = shop.make("Vendor", code="acme", name="Acme")
        self.beans, self.rice, self.salt = self.product(BEANS), self.product(RICE), self.product("")
        self.tea = self.product(TEA)  # which the vendor does not sell yet
        self.beans_item = self.item("B-1", self.beans, case_size=12, case_cost=12, unit_cost=1, suggested_retail=2)
        self.rice_item = self.item("R-1", self.rice, case_size=6, case_cost=12, unit_cost=2)
        self.salt_item = self.item("S-1", self.salt, case_size=1, case_cost=3, unit_cost=3)

    def product(self, code: str) -> int:
        made = self.shop.make("Product", description=f"product {code}")
        if code:
            self.shop.make("ProductCode", product_id=made, kind="gtin", key=key_of(code))
        return made

    def item(self, code: str, product: int, *, is_preferred: bool = True, vendor: int = 0, **cost: Any) -> int:
        names = {"code": code, "product_id": product, "is_preferred": is_preferred}
        made = self.shop.make("VendorItem", vendor_id=vendor or self.vendor, **names)
        if cost:
            self.cost(made, "2026-01-01", **cost)
        return made

    def cost(self, item: int, effective: str, **cost: Any) -> int:
        stamps = {"recorded_at": BEFORE, "recorded_by": "a test"}
        return self.shop.make("VendorCost", vendor_item_id=item, effective=effective, **cost, **stamps)

    def read(self, *lines: str, columns: str = COLUMNS, **settings: Any) -> Batch:
        """Make a batch of a file with these lines."""
        content = "\n".join((columns, *lines)) + "\n"
        return self.read_file(content, **settings)

    def read_file(self, content: str | bytes, **settings: Any) -> Batch:
        digits = {11: False, 12: True, 13: True}
        return self.shop.batch("vendor_catalog", content, vendor="acme", settings=settings, check_digits=digits)

    def statuses(self, batch: Batch) -> list[list[str]]:
        """The statuses of each row."""
        return [row["statuses"] for row in self.shop.rows(batch)]

    def costs(self, code: str = "B-1") -> list[list[str]]:
        """Every cost of an item: day, case size, case cost, unit cost, suggested retail."""
        from rattail.retail.models import VendorCost

        names = ("effective", "case_size", "case_cost", "unit_cost", "suggested_retail")
        rows = VendorCost.objects.filter(vendor_item__code=code).order_by("effective").values_list(*names)
        return [
            [str(value) if value is None or index == 0 else f"{value:.4f}" for index, value in enumerate(row)]
            for row in rows
        ]

    def on(self, day: str, code: str = "B-1") -> str:
        """The unit cost of an item on a day."""
        from rattail.features.batches.kinds.vendor_catalog.known import items_by_code
        from rattail.retail.amounts import text_of

        return text_of(items_by_code(self.vendor, [code], day=day)[code].cost.unit_cost or 0)
