"""Which product a line of an invoice is about."""

from __future__ import annotations

from rattail.features.batches.kinds.vendor_catalog.known import Item
from rattail.features.batches.kinds.vendor_invoice.known import Known
from rattail.features.batches.reading.lines import InvoiceLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import text_of
from rattail.retail.barcodes import Code

_OTHER_PRODUCT = int(Status.PRODUCT_CHANGE | Status.QUESTION)

#: A line, its code, its vendor code, and why its code cannot be read. A plain tuple: there is one for every line.
Read = tuple[InvoiceLine, Code | None, str, str]
#: The product, the vendor's item of it, and the status and the words for what is odd about them.
Match = tuple[int | None, Item | None, int, str]


def match(one: Read, known: Known, day: str) -> Match:
    """By the code, else by the vendor code among the vendor's items; the item also where only the code says it."""
    _, code, vendor_code, bad = one
    product_id = known.products.get(code.key) if code else None
    item = known.items.get((day, vendor_code)) if vendor_code else None
    if product_id is None:
        note = bad if item else ""
        if code is None and not vendor_code:
            note = bad or "the line has neither a code nor a vendor code"
        return (item.product_id if item else None), item, 0, note
    if item is None:
        return product_id, known.items_of_product.get((day, product_id)), 0, ""
    if item.product_id == product_id:
        return product_id, item, 0, ""
    note = f"vendor code {vendor_code} is product {item.product_id}, but the code is product {product_id}"
    return product_id, known.items_of_product.get((day, product_id)), _OTHER_PRODUCT, note


def case_note(line: InvoiceLine, item: Item) -> str:
    """What to say where a case of the invoice is not a case of the catalog."""
    known = item.cost.case_size
    if line.unit != "case" or not line.case_size or not known or line.case_size == known:
        return ""
    sizes = [text_of(size, least_decimals=0) for size in (line.case_size, known)]
    return f"the invoice's case has {sizes[0]} units, the catalog's {sizes[1]}"
