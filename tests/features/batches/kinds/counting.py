"""A market with one store, for tests of counts: products by their codes, what is there of them, and how it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.kit.shop import Shop

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch

COUNTED_AT = datetime(2026, 1, 10, 18, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BANANAS, APPLES, LEMONS, PEARS = "4011", "4015", "4053", "4409"
CHEESE = "201234602996"  # the label of a piece: item 01234 for 2.99
ANOTHER_PIECE = "201234605980"  # the same item for 5.98


class Market:
    """`store` is the store that is counted."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.store = shop.make("Store", code="1", name="Main Street")
        self.vendor = shop.make("Vendor", code="unfi", name="UNFI")

    def product(self, code: str, *, on_hand: int | None = None, **fields: Any) -> int:
        """A product with this code, and with so much of it on hand; returns its id."""
        product = self.shop.make("Product", **{"description": f"product {code}", **fields})
        key, kind = ("0020123400000", "weighed") if len(code) == 12 else (code.zfill(13), "plu")
        self.shop.make("ProductCode", product_id=product, kind=kind, key=key)
        if on_hand is not None:
            self.shop.make("Stock", store_id=self.store, product_id=product, on_hand=on_hand)
        return product

    def case(self, product: int, size: int, *, effective: str, is_preferred: bool = True) -> None:
        """A vendor sells it in cases of `size` from that day on."""
        from rattail.retail.models import VendorItem

        item, _ = VendorItem.objects.get_or_create(
            vendor_id=self.vendor, code=f"{product} {is_preferred}", product_id=product, is_preferred=is_preferred
        )
        stamps = {"recorded_at": COUNTED_AT, "recorded_by": "a test"}
        self.shop.make("VendorCost", vendor_item_id=item.pk, effective=effective, case_size=size, **stamps)

    def price(self, product: int, amount: str, *, starts: str = "2026-01-01", store: int | None = None) -> None:
        self.shop.make(
            "Price", product_id=product, store_id=store, kind="regular", starts=starts, amount=Decimal(amount)
        )

    def move(self, product: int, change: int, *, at: datetime) -> None:
        """Sell or receive some: in the ledger and in the stock."""
        from rattail.retail.models import Stock

        stock = Stock.objects.get(store_id=self.store, product_id=product)
        self.shop.make(
            "StockMovement",
            store_id=self.store,
            product_id=product,
            before=stock.on_hand,
            after=stock.on_hand + change,
            reason="a sale",
            at=at,
            recorded_at=at,
            recorded_by="a test",
        )
        stock.on_hand += change
        stock.save()

    def count(self, *lines: str, mode: str = "replace", duplicates: str = "", at: datetime = COUNTED_AT) -> Batch:
        """A batch of a file with these lines of code, cases and units."""
        settings = {"mode": mode, "duplicates": duplicates, "counted_at": at.isoformat(), "reason": "count of the year"}
        text = "\n".join(["upc,cases,units", *lines, ""])
        return self.shop.batch("inventory", text, settings=settings, check_digits={12: True})

    def told(self, batch: Batch) -> dict[str, list[str]]:
        """Of each row, by its number: what is there before and after, its statuses, its note."""
        return {
            str(row["sequence"]): [f"{row['before']} > {row['after']}", " ".join(row["statuses"]), row["note"]]
            for row in self.shop.rows(batch)
        }

    def again(self, batch: Batch) -> None:
        """Settle the count once more, as after a correction."""
        from django.db import transaction

        from rattail.features.batches.kinds.inventory import KIND
        from rattail.features.batches.kinds.kind import Job
        from rattail.features.batches.service.read import tally
        from rattail.retail.barcodes import CodeRules

        batch.refresh_from_db()
        with transaction.atomic():
            KIND.judge(Job(batch, CodeRules({}), self.shop.ground.today, "USD")).finish()
            tally(batch, KIND)
            batch.save()

    def set_statuses(self, batch: Batch, sequence: int, statuses: int) -> None:
        from rattail.features.batches.models import CountRow

        CountRow.objects.filter(batch_id=batch.pk, sequence=sequence).update(statuses=statuses)

    def stock(self) -> dict[str, str]:
        """What is on hand of each product, by its name."""
        from rattail.retail.models import Stock

        rows = Stock.objects.filter(store_id=self.store).order_by("product__description")
        return {str(row.product).removeprefix("product "): f"{row.on_hand:f}".rstrip("0").rstrip(".") for row in rows}

    def changes(self, batch: Batch) -> list[list[Any]]:
        from rattail.retail.models import Change

        rows = Change.objects.filter(batch=batch.number).order_by("sequence")
        return [list(row) for row in rows.values_list("sequence", "action", "fields", "before", "after")]

    def ledger(self) -> list[list[Any]]:
        from rattail.retail.models import StockMovement

        rows = StockMovement.objects.order_by("id").values_list("before", "after", "reason", "batch", "at")
        return [[int(before), int(after), reason, batch, at.isoformat()] for before, after, reason, batch, at in rows]
