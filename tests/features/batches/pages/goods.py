"""A small shop for the pages of batches: two stores, a vendor, products with codes, and batches about them."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

from tests.jobs.working import work_off as work_off
from tests.kit.shop import Shop
from tests.kit.web import Web

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch


def code(number: int) -> str:
    """The barcode of product `number` (from 1), with its check digit."""
    from rattail.retail.barcodes import check_digit

    digits = f"{71000000000 + number:011}"
    return digits + check_digit(digits)


def shop_of(web: Web, *, actor: str = "os:test", products: int = 5) -> Shop:
    """Stores 1 and 2, the vendor `acme`, and products that it sells, each at 2.00 and 12 in a case."""
    from rattail.features.batches.service.ground import ground_of
    from rattail.retail.models import Product, ProductCode, Store, Vendor, VendorCost, VendorItem

    shutil.rmtree(web.root / "data/templates/vendor_files", ignore_errors=True)  # of the test before
    now = web.site.now()
    for store in ("1", "2"):
        Store.objects.get_or_create(code=store, defaults={"name": f"Store {store}"})
    vendor, is_new = Vendor.objects.get_or_create(code="acme", defaults={"name": "Acme Foods"})
    for number in range(1, products + 1) if is_new else ():
        product = Product.objects.create(description=f"Product {number}")
        key = f"00{code(number)[:-1]}"
        ProductCode.objects.create(product=product, kind="gtin", key=key)
        item = VendorItem.objects.create(vendor=vendor, code=f"A{number}", product=product, is_preferred=True)
        VendorCost.objects.create(
            vendor_item=item,
            effective=(now - timedelta(days=30)).date(),
            case_size=12,
            case_cost=24,
            unit_cost=2,
            recorded_at=now,
            recorded_by="os:test",
        )
    return Shop(ground_of(web.site, actor=actor, now=now), web.scratch)


def catalog(*costs: str, first: int = 1) -> str:
    """A catalog of the vendor: product `first` and those after it at these unit costs."""
    lines = [
        f"{code(first + place)},A{first + place},Product {first + place},12,{cost}" for place, cost in enumerate(costs)
    ]
    return "\n".join(["UPC,Item #,Description,Case Pack,Unit Cost", *lines, ""])


def catalog_batch(web: Web, *costs: str, actor: str = "os:test", hold_above: int = 50) -> Batch:
    """A catalog that was read and is ready."""
    shop = shop_of(web, actor=actor)
    settings = {"effective": shop.ground.today.isoformat(), "hold_above_percent": hold_above}
    return shop.batch("vendor_catalog", catalog(*costs), vendor="acme", settings=settings)


def count_batch(web: Web, *units: str, store: str = "1", actor: str = "os:test", name: str = "count.csv") -> Batch:
    """A count of these many units of product 1 and those after it."""
    shop = shop_of(web, actor=actor)
    lines = [f"{code(place)},{one}" for place, one in enumerate(units, 1)]
    settings = {"mode": "replace", "counted_at": shop.ground.now.isoformat(), "duplicates": "add"}
    return shop.batch("inventory", "\n".join(["UPC,Qty", *lines, ""]), name=name, store=store, settings=settings)


def upload(web: Web, content: str | bytes, *, by: str, name: str = "file.csv") -> str:
    """A file that somebody has uploaded; returns its token."""
    from rattail.features.uploads.service import ground_of
    from rattail.features.uploads.service.append import append
    from rattail.features.uploads.service.finish import finish
    from rattail.features.uploads.service.start import start_upload

    ground = ground_of(web.site, actor=by)
    data = content.encode() if isinstance(content, str) else content
    made = start_upload(ground, name=name, size_bytes=len(data), purpose="batch", said_type="text/csv")
    append(made.token, offset=0, blocks=[data], ground=ground)
    return finish(made.token, ground=ground).token


def state_of(batch: Batch) -> str:
    batch.refresh_from_db()
    return batch.state


def cost_of(number: int) -> Any:
    """The newest cost of a unit of a product's item, as a Decimal."""
    from rattail.retail.models import VendorCost

    newest = VendorCost.objects.filter(vendor_item__code=f"A{number}").order_by("-effective").first()
    return newest.unit_cost if newest else None


def text_of(answer: Any) -> str:
    """What a page says, without its tags."""
    content = answer.content.decode()
    body = content.partition("<main")[2] or content
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def rows_in(answer: Any) -> list[list[str]]:
    """The cells of the table of a list, row by row; without the one that leads on."""
    body = answer.content.decode().partition("<tbody>")[2] or answer.content.decode()
    rows = re.split(r"<tr(?![^>]*more)[^>]*>", body.partition("</tbody>")[0].partition('<tr class="more"')[0])[1:]
    return [
        [" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in re.split(r"<td[^>]*>", row)[1:]]
        for row in rows
    ]


def next_address(answer: Any) -> str:
    """Where the rows after those of an answer are; empty: there are none."""
    found = re.search(r'<tr class="more">.*?href="([^"]*)"', answer.content.decode(), re.DOTALL)
    return unescape(found[1]) if found else ""
