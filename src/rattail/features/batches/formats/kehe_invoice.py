"""KeHE's invoices as tables: four variants of one layout, with tabs or commas and names that came and went.

Quantities are units; a sack (`1/25.00 LB`) is ordered as a case and sold by the pound. `Net Each` is
rounded to cents, so costs come from `Net Billable`, where there is one.
"""

from collections.abc import Iterator

from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoice_rows import read_invoice_rows
from rattail.features.batches.reading.lines import Event, InvoiceLine, Unit
from rattail.features.batches.reading.packs import pack, size, weight
from rattail.features.batches.reading.row import Row, Titles, fold
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import divide

_NAMES: dict[str, tuple[str, ...]] = {
    "number": ("invoicenumber",),
    "date": ("invoicedate",),
    "order_number": ("ponumber", "purchaseordernumber", "customerpo"),
    "code": ("upc", "upccode"),
    "vendor_code": ("shipitem",),
    "brand": ("brand",),
    "description": ("description",),
    "ordered": ("orderquantity", "orderquatity", "orderqty"),
    "shipped": ("shipquantity", "shipqty"),
    "cost": ("neteach",),
    "amount": ("netbillable",),
    "pack": ("packsize",),
}
_TITLES = Titles(_NAMES, frozenset(("vendor_code", "shipped", "amount", "pack")))
_ITEM_DIGITS = 7


def recognise(source: Source) -> str:
    """Whether the names of this layout's own columns are there."""
    if source.container != "text" or "netbillable" not in fold(source.text[:8192]):
        return ""
    columns = _TITLES.look(source)
    return f"its columns are {columns.title('vendor_code')}, {columns.title('amount')} and others" if columns else ""


def read(source: Source, reading: Reading) -> Iterator[Event]:
    """The lines of every invoice of the file.

    Raises:
        InputRejected: columns of this layout are missing, or there is no line.
    """
    yield from read_invoice_rows(
        source, reading, titles=_TITLES, vendor_name="KeHE", amount_field="amount", goods=_goods
    )


def _goods(row: Row, document: int) -> InvoiceLine:
    ordered, shipped = row.quantity("ordered"), row.quantity("shipped")
    cost, amount = row.money("cost"), row.money("amount")
    if shipped is None:
        raise row.bad("shipped", "is empty: expected a number of units, 0 for none")
    if shipped and amount:
        cost = divide(amount, shipped)
    item = row.text("vendor_code")
    unit, case_size, of_one = _pack(row.text("pack"))
    return InvoiceLine(
        row.number,
        document,
        "",
        row.code("code"),
        item.zfill(_ITEM_DIGITS) if item.isdigit() else item,
        row.text("brand"),
        row.text("description"),
        of_one,
        ordered,
        shipped,
        unit,
        case_size,
        cost,
        amount,
        not shipped and ordered != 0,
    )


def _pack(text: str) -> tuple[Unit, int | None, str]:
    """In what the line counts, units in a case, and the size of one."""
    bulk = weight(text)
    if bulk and bulk[1] == "pound":
        return "case", bulk[0], size(text.rpartition("/")[2])
    case_size, of_one = pack(text)
    return "each", case_size, of_one


FORMAT = Format(
    name="kehe_invoice",
    title="KeHE invoice, tab-separated or CSV (Ship Item, Net Billable, Pack Size)",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
)
