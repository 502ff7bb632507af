"""The rows of a batch of invoices as they are saved, and as lines again."""

from __future__ import annotations

from typing import Any

from rattail.features.batches.kinds.vendor_catalog.known import Item
from rattail.features.batches.kinds.vendor_invoice.matching import Read
from rattail.features.batches.kinds.vendor_invoice.quantities import Quantity
from rattail.features.batches.models import InvoiceRow
from rattail.features.batches.reading.lines import InvoiceLine
from rattail.retail.amounts import from_decimal, multiply

NAMES = [
    "batch_id",
    "sequence",
    "source_row",
    "statuses",
    "code",
    "key",
    "product_id",
    "description",
    "note",
    "document",
    "line_number",
    "vendor_item_id",
    "vendor_code",
    "ordered",
    "shipped",
    "unit",
    "case_size",
    "units",
    "unit_cost",
    "known_unit_cost",
    "amount",
    "is_out_of_stock",
]


def row_of(
    where: tuple[int, int],
    read: Read,
    quantity: Quantity,
    *,
    statuses: int,
    note: str,
    product_id: int | None,
    item: Item | None,
) -> tuple[Any, ...]:
    """The values of `NAMES` for a line; `where` is the batch and the sequence of the row."""
    line, code, vendor_code, _ = read
    return (
        *where,
        line.row,
        statuses,
        line.code[:50],
        code.key if code else "",
        product_id,
        line.description[:255],
        note[:500],
        line.document,
        line.number[:20],
        item.id if item else None,
        vendor_code,
        line.ordered,
        line.shipped,
        line.unit,
        quantity.case_size,
        quantity.units,
        quantity.unit_cost,
        item.cost.unit_cost if item else None,
        quantity.amount,
        line.is_out_of_stock,
    )


def line_of(row: InvoiceRow) -> InvoiceLine:
    """A saved row as the line of an invoice."""
    ordered, shipped, case_size, unit_cost, amount = (
        None if value is None else from_decimal(value)
        for value in (row.ordered, row.shipped, row.case_size, row.unit_cost, row.amount)
    )
    cost = unit_cost
    if row.unit == "case" and unit_cost is not None:
        cost = multiply(unit_cost, case_size) if case_size else None
    return InvoiceLine(
        row=row.source_row,
        document=row.document,
        number=row.line_number,
        code=row.code,
        vendor_code=row.vendor_code,
        description=row.description,
        ordered=ordered,
        shipped=shipped,
        unit=row.unit,  # type: ignore[arg-type] # checked when it was read or corrected
        case_size=case_size,
        cost=cost,
        amount=amount,
        is_out_of_stock=row.is_out_of_stock,
    )
