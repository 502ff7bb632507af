"""A shop with a few products, and invoices as a reader of files hands them over."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rattail.features.batches.reading.lines import Event, InvoiceHead, InvoiceLine, InvoiceTotal
from tests.kit.shop import Shop

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch

BEANS, RICE, APPLES, COFFEE, TEA = (
    "012345678905",
    "036000291452",
    "041331124454",
    "074305000010",
    "088702012347",
)
DAY = "2026-11-20"


def head(document: int = 1, number: str = "INV-1", **said: Any) -> InvoiceHead:
    return InvoiceHead(row=1, document=document, number=number, **{"date": DAY, **said})


def line(code: str = BEANS, shipped: str | None = "1", document: int = 1, **said: Any) -> InvoiceLine:
    """A line; quantities and amounts in words of people."""
    for name in ("ordered", "case_size", "cost", "amount"):
        if name in said:
            said[name] = ten_thousandths(said[name])
    count = None if shipped is None else ten_thousandths(shipped)
    return InvoiceLine(row=2, document=document, code=code, shipped=count, **said)


def total(amount: str | None = None, document: int = 1, line_count: int | None = None, **said: Any) -> InvoiceTotal:
    return InvoiceTotal(9, document, None if amount is None else ten_thousandths(amount), line_count, **said)


def ten_thousandths(text: str) -> int:
    return int(Decimal(text) * 10_000)


def stock_up(shop: Shop) -> None:
    """Store 1, vendor acme, and products: of beans there are 10, of rice 5; the rest was never counted.

    Beans cost 1.00 and rice 2.00 in cases of 12; apples are sold by the pound at 0.80, coffee by the kilogram; the
    vendor has no item of tea, and one without cost of coffee.
    """
    store = shop.make("Store", code="1", name="Main Street")
    vendor = shop.make("Vendor", code="acme", name="Acme")
    beans = _product(shop, BEANS, "each")
    rice = _product(shop, RICE, "each")
    apples = _product(shop, APPLES, "pound")
    coffee = _product(shop, COFFEE, "kilogram")
    _product(shop, TEA, "each")
    _item(shop, vendor, "B-1", beans, case_size="12", unit_cost="1", case_cost="12")
    _item(shop, vendor, "R-1", rice, case_size="12", unit_cost="2", case_cost="24")
    _item(shop, vendor, "AP-1", apples, case_size=None, unit_cost="0.8", case_cost=None)
    shop.make("VendorItem", vendor_id=vendor, code="C-1", product_id=coffee, is_preferred=True)
    shop.make("Stock", store_id=store, product_id=beans, on_hand=Decimal(10))
    shop.make("Stock", store_id=store, product_id=rice, on_hand=Decimal(5))


def read(shop: Shop, *events: Event, vendor: str = "acme", **settings: Any) -> Batch:
    """Make a batch of these events, the same way as of a file."""
    from rattail.features.batches.folders import fingerprint
    from rattail.features.batches.kinds.known import kind_named
    from rattail.features.batches.models import Batch
    from rattail.features.batches.reading.format import Format, Reading
    from rattail.features.batches.reading.source import look_at
    from rattail.features.batches.service.make import Progress, make_batch
    from rattail.features.batches.service.plan import Plan, Request
    from rattail.retail.barcodes import CodeRules
    from rattail.retail.models import Store, Vendor

    path = shop.folder / "invoice.csv"
    path.write_text(f"the events come from the test, after {Batch.objects.count()} batches\n")
    kind = kind_named("vendor_invoice")
    request = Request("vendor_invoice", str(path), settings=kind.check_settings(settings))
    format_ = Format("test", "Events of a test", kind.name, lambda _: "", lambda _, __: iter(events))
    plan = Plan(
        request,
        kind,
        look_at(str(path), name="invoice.csv"),
        format_,
        "in a test",
        Reading(),
        CodeRules({12: True}),
        len(events),
        Vendor.objects.get(code=vendor),
        Store.objects.get(),
        fingerprint(str(path)),
    )
    return make_batch(plan, ground=shop.ground, progress=Progress(reading=lambda _: None))


def statuses(shop: Shop, batch: Batch) -> list[str]:
    """The statuses of each row, in alphabetical order."""
    return [" ".join(sorted(row["statuses"])) for row in shop.rows(batch)]


def on_hand(shop: Shop) -> Mapping[str, str]:
    """What there is of each product, by its code."""
    from rattail.database.bulk import fetch_rows
    from rattail.retail.amounts import text_of

    rows = fetch_rows(
        "SELECT p.description, s.on_hand FROM retail_stock s JOIN retail_product p ON p.id = s.product_id ORDER BY 1"
    )
    return {name: text_of(int(count), least_decimals=0) for name, count in rows}


def counts(_shop: Shop) -> Mapping[str, int]:
    """How many records there are that an invoice may make."""
    from rattail.retail.models import Invoice, InvoiceLine, StockMovement, VendorCost

    return {model.__name__: model.objects.count() for model in (Invoice, InvoiceLine, StockMovement, VendorCost)}


def everything(_shop: Shop) -> str:
    """All records that an invoice may change, as text, but not the ledger."""
    from django.core import serializers

    from rattail.retail.models import Invoice, InvoiceLine, Product, Stock, VendorCost, VendorItem

    models = (Product, VendorItem, VendorCost, Stock, Invoice, InvoiceLine)
    return "".join(serializers.serialize("json", model.objects.order_by("pk")) for model in models)


def _product(shop: Shop, code: str, unit: str) -> int:
    from rattail.retail.barcodes import read_code

    product = shop.make("Product", description=code, unit=unit)
    shop.make("ProductCode", product_id=product, kind="gtin", key=read_code(code).key)
    return product


def _item(shop: Shop, vendor: int, code: str, product: int, **costs: str | None) -> None:
    item = shop.make("VendorItem", vendor_id=vendor, code=code, product_id=product, is_preferred=True)
    decimals = {name: None if value is None else Decimal(value) for name, value in costs.items()}
    shop.make(
        "VendorCost",
        vendor_item_id=item,
        effective="2026-01-01",
        recorded_at=shop.ground.now,
        recorded_by="alice",
        **decimals,
    )
