"""Any table of invoice lines: columns by the vendor's mapping, else by known names."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rattail.errors import InputRejected
from rattail.features.batches.reading import prepare as preparing
from rattail.features.batches.reading.cells import BadCell, date, money, quantity_with_unit, unit, vendor_code
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.generic_invoice_rows import (
    is_out,
    kind_of_row,
    label_of,
    quantities_count,
    said_above,
)
from rattail.features.batches.reading.generic_rows import (
    barcode,
    blame,
    case_sizes,
    has_code,
    is_names,
    is_no_item,
    no_code,
    one_size,
    packs,
    remembered,
    size_as_pack,
    text_of,
)
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Remark,
    Unit,
)
from rattail.features.batches.reading.prepare import Prepared, prepare
from rattail.features.batches.reading.recognising import recognised_table
from rattail.features.batches.reading.settle import question
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import divide, multiply

KIND = "vendor_invoice"
_AMOUNTS = ("amount", "shipped", "ordered", "case_cost", "unit_cost", "cost")
_CREDIT_WORD = "credit"

Parsers = dict[str, Callable[[str], Any]]


def read(source: Source, reading: Reading) -> Iterator[Event]:
    """Every line under the head of its invoice, charges, what the file gives as totals, and problems.

    The number and the date stand in a column, above the table, or in the options `number` and `date`. A row
    without a code is a charge where it says so (freight, deposit, tax, discount), a total, or left out
    silently where it is blank or the title of a section; else it is a problem.
    """
    prepared = prepare(source, KIND, reading)
    prepared = _require_columns(source, prepared)
    yield from prepared.remarks
    yield from _Invoices(source, prepared, reading).events()
    yield from prepared.table.troubles


class _Invoices:
    """Goes through the rows; a new invoice number begins a new document, at the first row that has it."""

    def __init__(self, source: Source, prepared: Prepared, reading: Reading) -> None:
        self._prepared = prepared
        self._options = reading.options
        self._name = source.name
        self._basis: Unit = "case" if _basis(source, prepared) == "case" else "each"
        self._parsers = _parsers(prepared)
        self._documents: dict[str, int] = {}
        self._totals: dict[int, int] = {}
        self._document = self._row = 0
        self._number = self._fixed("number")
        self._width = max(prepared.places.values()) + 1

    def events(self) -> Iterator[Event]:
        prepared = self._prepared
        for self._row, cells in enumerate(prepared.table.rows, prepared.table.first_row):
            cells += [""] * (self._width - len(cells))
            cells.append("")  # at -1, where every field is looked for that the file does not have
            if prepared.is_skipped and prepared.is_skipped(cells):
                continue
            if not has_code(prepared, cells):
                yield from self._beside(cells)
                continue
            try:
                yield from self._line(cells)
            except BadCell:
                if not is_names(cells, prepared.table.names):
                    yield blame(prepared, cells, self._row, self._parsers)
            while prepared.table.troubles:
                yield prepared.table.troubles.pop(0)
        for document in self._documents.values():
            yield InvoiceTotal(self._row, document, self._totals.get(document))

    def _line(self, cells: list[str]) -> Iterator[Event]:
        parsed = {field: parse(self._cell(cells, field)) for field, parse in self._parsers.items()}
        yield from self._begin(cells, parsed)
        (ordered, ordered_in), (shipped, shipped_in) = parsed["ordered"], parsed["shipped"]
        counted_in = parsed["unit"] or shipped_in or ordered_in or self._basis
        case_size = parsed["case_size"] or parsed["pack"][0]
        yield InvoiceLine(
            row=self._row,
            document=self._document,
            code=parsed["code"],
            vendor_code=parsed["vendor_code"],
            brand=parsed["brand"],
            description=parsed["description"],
            size=parsed["pack"][1] or parsed["size"],
            ordered=ordered,
            shipped=shipped,
            unit=counted_in,
            case_size=case_size,
            cost=_cost_for(counted_in, case_size, parsed),
            amount=parsed["amount"],
            is_out_of_stock=is_out(parsed["status"]) or (shipped == 0 and not parsed["amount"]),
        )

    def _begin(self, cells: list[str], parsed: dict[str, Any]) -> Iterator[Event]:
        """The head of the invoice that this row belongs to, where it is the first one of it."""
        number = parsed["number"] or self._number
        if not number:
            raise question_of_number(self._name)
        self._number = number
        if number in self._documents:
            self._document = self._documents[number]
            return
        self._document = self._documents[number] = len(self._documents) + 1
        day = parsed["date"] or self._date_above()
        order_number = self._cell(cells, "order_number").strip() or said_above(self._prepared, "order_number")
        is_credit = _CREDIT_WORD in self._prepared.column("number").casefold()
        name = self._cell(cells, "vendor_name").strip() or said_above(self._prepared, "vendor_name")
        currency = parsed["currency"].upper()
        yield InvoiceHead(self._row, self._document, number, day, is_credit, currency, order_number, vendor_name=name)

    def _beside(self, cells: list[str]) -> Iterator[Event]:
        """A charge, a total, nothing, or a problem: a row without a code."""
        prepared = self._prepared
        amounts = [prepared.places[field] for field in _AMOUNTS if field in prepared.places]
        kind = kind_of_row(cells)
        if kind in ("", "part"):
            if not is_no_item(cells, amounts) and kind != "part" and not is_names(cells, prepared.table.names):
                yield no_code(prepared, cells, self._row)
            return
        text = self._cell(cells, "amount")
        try:
            amount = money(text, prepared.style) if text.strip() else None
        except BadCell:
            yield blame(prepared, cells, self._row, {"amount": self._parsers["amount"]})
            return
        if amount is None or not self._document:
            return
        if kind == "charge":
            yield InvoiceCharge(self._row, self._document, label_of(cells), amount)
        else:
            self._totals[self._document] = amount

    def _cell(self, cells: list[str], field: str) -> str:
        return cells[self._prepared.places.get(field, -1)]

    def _fixed(self, field: str) -> str:
        return self._options.get(field, "") or said_above(self._prepared, field)

    def _date_above(self) -> str | None:
        text = self._fixed("date")
        try:
            return date(text, self._prepared.layout.dates) or None if text else None
        except BadCell as bad:
            raise InputRejected(
                f"{self._name} gives {text!r} as the date of the invoice, which {bad.reason}.",
                hint="say it with --set date=YYYY-MM-DD",
            ) from None


def question_of_number(name: str) -> InputRejected:
    """The refusal that asks for the number of an invoice."""
    return InputRejected(
        f"{name} does not say the number of the invoice: no column and no cell above the table has it.",
        hint="answer with --set number=NUMBER, or name its column: rattail make-vendor-mapping",
    )


def _require_columns(source: Source, prepared: Prepared) -> Prepared:
    places = dict(prepared.places)
    if not places.keys() & {"code", "vendor_code"} or not places.keys() & {"shipped", "ordered"}:
        missing = "item codes" if not places.keys() & {"code", "vendor_code"} else "quantities"
        shown = ", ".join(f"'{name}'" for name in prepared.table.names[:12] if name) or "none that are known"
        raise InputRejected(
            f"{source.name} has no column of {missing} that is known; its columns: {shown}.",
            hint="say which column is which: rattail make-vendor-mapping",
        )
    remarks = list(prepared.remarks)
    if not places.keys() & {"case_cost", "unit_cost", "cost", "amount"}:
        remarks.append(Remark(0, "there is no column of costs or amounts"))
    if "size" in places and not places.keys() & {"case_size", "pack"}:
        places["pack"] = places["size"]
    if "cost" in places and prepared.layout.cost_is:
        places.setdefault(f"{prepared.layout.cost_is}_cost", places.pop("cost"))
    return prepared._replace(places=places, remarks=remarks)


def _basis(source: Source, prepared: Prepared) -> str:
    if prepared.layout.quantity_is:
        return prepared.layout.quantity_is
    if "unit" in prepared.places:
        return "unit"
    found = quantities_count(prepared)
    if not found:
        raise question(source.name, "quantity_is", "no column has the unit, and the amounts do not tell")
    return found


def _parsers(prepared: Prepared) -> Parsers:
    style, layout, places = prepared.style, prepared.layout, prepared.places
    price = partial(money, style=style)
    read_pack = packs(style, weight_is_case_size=layout.weight_is_case_size)
    reads: dict[str, tuple[Callable[[str], Any], Any]] = {
        "number": (text_of, ""),
        "date": (lambda text: date(text, layout.dates) or None, None),
        "ordered": (partial(quantity_with_unit, style=style), (None, None)),
        "shipped": (partial(quantity_with_unit, style=style), (None, None)),
        "unit": (_unit, None),
        "case_size": (case_sizes(style), None),
        "pack": (read_pack if places.get("pack") != places.get("size") else size_as_pack, (None, "")),
        "case_cost": (partial(money, style=style, per="case"), None),
        "unit_cost": (partial(money, style=style, per="unit"), None),
        "cost": (price, None),
        "amount": (price, None),
        "brand": (text_of, ""),
        "size": (one_size, ""),
        "status": (text_of, ""),
        "currency": (text_of, ""),
    }
    parsers = {field: remembered(read, empty, layout.defaults.get(field, "")) for field, (read, empty) in reads.items()}
    return {"code": barcode, "vendor_code": vendor_code, "description": text_of, **parsers}


def _unit(text: str) -> Unit:
    found = unit(text)
    if found is None:
        raise BadCell("is no unit that is known: expected CS, EA, LB or KG")
    return found


def _cost_for(counted_in: Unit, case_size: int | None, parsed: dict[str, Any]) -> int | None:
    """What one of `counted_in` costs; from the other cost and the case size where only that is there."""
    costs: tuple[int | None, ...] = tuple(parsed[field] for field in ("case_cost", "unit_cost", "cost"))
    case_cost, unit_cost, cost = costs
    if counted_in == "case":
        if case_cost is not None:
            return case_cost
        if cost is None and unit_cost is not None:
            return multiply(unit_cost, case_size) if case_size else None
    else:
        if unit_cost is not None:
            return unit_cost
        if cost is None and case_cost is not None:
            return divide(case_cost, case_size) if case_size else None
    return cost


def codes(source: Source, reading: Reading) -> Iterator[str]:
    """The barcodes as they stand, without those that cannot be read."""
    return preparing.codes(source, KIND, reading)


FORMAT = Format(
    name="generic_invoice",
    title="Any table of invoice lines: CSV, TSV, any delimiter, XLSX or XLS, by column names or the vendor's mapping",
    kind=KIND,
    recognise=partial(recognised_table, kind=KIND),
    read=read,
    codes=codes,
    is_generic=True,
)
