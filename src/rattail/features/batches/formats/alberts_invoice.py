"""Albert's invoices as CSV: fruit and vegetables by the case, counted or weighed."""

from collections.abc import Iterator

from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoice_rows import read_invoice_rows
from rattail.features.batches.reading.lines import Event, InvoiceLine
from rattail.features.batches.reading.packs import size
from rattail.features.batches.reading.row import Row, Titles, fold
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import multiply

_NAMES: dict[str, tuple[str, ...]] = {
    "number": ("invoicenumber", "invoiceno", "invoicenum", "invoice"),
    "date": ("invoicedate",),
    "order_number": ("ponumber", "ponum", "po", "purchaseorder"),
    "code": ("upcplu",),
    "vendor_code": ("itemnumber",),
    "brand": ("brandname",),
    "description": ("mv",),
    "package_size": ("pkgsize",),
    "package_unit": ("uomabbr",),
    "package_count": ("pkgcount",),
    "shipped": ("shipqty",),
    "cost": ("caseprice",),
    "unit_cost": ("eachprice",),
}
_TITLES = Titles(_NAMES, frozenset(("code", "vendor_code", "package_size", "package_count", "shipped", "cost")))
_NO_CODES = frozenset(("9999", "99999"))


def recognise(source: Source) -> str:
    """Whether the names of this layout's own columns are there."""
    if source.container != "text" or "upcplu" not in fold(source.text[:8192]):
        return ""
    columns = _TITLES.look(source)
    return "its columns are UPCPLU, ItemNumber, PkgCount, CasePrice and others" if columns else ""


def read(source: Source, reading: Reading) -> Iterator[Event]:
    """The lines of every invoice of the file; there are no amounts in it.

    Raises:
        InputRejected: columns of this layout are missing, or there is no line.
    """
    yield from read_invoice_rows(
        source, reading, titles=_TITLES, vendor_name="Albert's", amount_field="cost", goods=_goods
    )


def _goods(row: Row, document: int) -> InvoiceLine:
    shipped = row.quantity("shipped")
    if shipped is None:
        raise row.bad("shipped", "is empty: expected a number of cases, 0 for none")
    case_size = _case_size(row)
    cost, unit_cost = row.money("cost"), row.money("unit_cost")
    if not cost and unit_cost is not None:
        cost = multiply(unit_cost, case_size)
    code = row.code("code")
    return InvoiceLine(
        row.number,
        document,
        "",
        "" if code in _NO_CODES else code,
        row.text("vendor_code"),
        row.text("brand"),
        row.text("description"),
        size(f"{row.text('package_size')} {row.text('package_unit')}"),
        shipped=shipped,
        unit="case",
        case_size=case_size,
        cost=cost,
        is_out_of_stock=not shipped,
    )


def _case_size(row: Row) -> int:
    """Packages in a case; a case that is not divided into packages holds its size, such as 40 pounds."""
    found = row.quantity("package_count") or row.quantity("package_size")
    if not found or found < 0:
        field = "package_count" if row.text("package_count").strip("0.") else "package_size"
        raise row.bad(field, "is no case size: expected more than 0")
    return found


FORMAT = Format(
    name="alberts_invoice",
    title="Albert's invoice, CSV (UPCPLU, PkgCount, CasePrice)",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
    has_check_digit=True,
)
