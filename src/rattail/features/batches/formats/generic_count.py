"""Any table of counts: codes with cases, units or both; with column names, or two columns without."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from rattail.errors import InputRejected
from rattail.features.batches.reading import prepare as preparing
from rattail.features.batches.reading.cells import BadCell, NumberStyle, date_and_time, quantity, quantity_with_unit
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.generic_rows import (
    barcode,
    blame,
    has_code,
    is_names,
    is_no_item,
    no_code,
    remembered,
    text_of,
)
from rattail.features.batches.reading.layout import Layout
from rattail.features.batches.reading.lines import CountLine, Event, Problem, Unit
from rattail.features.batches.reading.mapping import as_document, layout_of
from rattail.features.batches.reading.prepare import Prepared, prepare
from rattail.features.batches.reading.recognising import recognised_table
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import is_blank, open_table

KIND = "inventory"
_SAMPLE_ROWS = 50
_LEAST_DIGITS = 3
_ANY_DECIMALS = NumberStyle("either")
_WITHOUT_NAMES = Layout(columns={"code": 1, "units": 2}, names_row=0)


def recognise(source: Source) -> str:
    """Whether it names columns of codes and quantities, or has nothing but two such columns. Never raises."""
    found = recognised_table(source, kind=KIND)
    if found:
        return found
    return "its rows are a code and a quantity, without column names" if _is_without_names(source) else ""


def read(source: Source, reading: Reading) -> Iterator[Event]:
    """Every count, a problem for each row that is set aside, remarks first.

    A row without a code is left out silently where it is blank, has no quantity, or is a total or footer.
    """
    prepared = prepare(source, KIND, _as_laid_out(source, reading))
    places = prepared.places
    if "code" not in places or not places.keys() & {"units", "cases"}:
        shown = ", ".join(f"'{name}'" for name in prepared.table.names[:12] if name) or "none that are known"
        raise InputRejected(
            f"{source.name} has no columns of codes and quantities that are known; its columns: {shown}.",
            hint="say which column is which: rattail make-vendor-mapping",
        )
    yield from prepared.remarks
    yield from _lines(prepared)
    yield from prepared.table.troubles


def _lines(prepared: Prepared) -> Iterator[Event]:
    places, layout, table = prepared.places, prepared.layout, prepared.table
    width = max(places.values()) + 1
    code_at, cases_at, units_at, day_at, time_at, location_at, name_at = (
        places.get(field, -1)
        for field in ("code", "cases", "units", "counted_at", "counted_time", "location", "description")
    )
    cases_of = remembered(partial(quantity, style=prepared.style), 0, layout.defaults.get("cases", ""))
    nothing: tuple[int, Unit | None] = (0, None)
    units_of = remembered(partial(quantity_with_unit, style=prepared.style), nothing, layout.defaults.get("units", ""))
    location_of = remembered(text_of, "", layout.defaults.get("location", ""))
    day_of = partial(date_and_time, order=layout.dates)
    parsers: dict[str, Callable[[str], object]] = {"code": barcode, "cases": cases_of, "units": units_of}
    parsers["counted_at"] = remembered(day_of, "", "")
    amounts = [places[field] for field in ("cases", "units") if field in places]
    has_default = any(layout.defaults.get(field, "").strip() for field in ("cases", "units"))
    for number, row in enumerate(table.rows, table.first_row):
        row += [""] * (width - len(row))
        row.append("")  # at -1, where every field is looked for that the file does not have
        try:
            while table.troubles:
                yield table.troubles.pop(0)
            if prepared.is_skipped and prepared.is_skipped(row):
                continue
            code = barcode(row[code_at])
            if not code or not (code.isdigit() or has_code(prepared, row)):
                if not is_no_item(row, amounts) and not is_names(row, table.names):
                    yield no_code(prepared, row, number)
                continue
            units, counted_in = units_of[row[units_at]]
            cases = cases_of[row[cases_at]]
            if not units and not cases and not has_default and not any(row[place].strip() for place in amounts):
                yield _uncounted(prepared, row, number, code)
                continue
            if units and (counted_in or layout.quantity_is) == "case":
                cases, units = cases + units, 0
            day = f"{row[day_at]} {row[time_at]}".strip()
            name = " ".join(row[name_at].split())
            when = day_of(day) or None if row[day_at] else None
            yield CountLine(number, code, cases, units, when, location_of[row[location_at]], name)
        except BadCell:
            if not is_names(row, table.names):
                yield blame(prepared, row, number, parsers)


def _uncounted(prepared: Prepared, row: list[str], number: int, code: str) -> Problem:
    """The problem of a row whose amounts were left blank, as they are on a sheet that is printed before the count."""
    fields = [field for field in ("units", "cases") if field in prepared.places]
    also = f", and so is {prepared.column(fields[1])}" if len(fields) > 1 else ""
    place = prepared.places.get("description", -1)
    name = " ".join(row[place].split())
    return Problem(number, prepared.column(fields[0]), "", f"is empty{also}: nothing was counted", code, "", name)


def _as_laid_out(source: Source, reading: Reading) -> Reading:
    """The reading as it is, or with the places of the two columns of a file without names."""
    layout = layout_of(KIND, reading.mapping)
    if layout.columns or recognised_table(source, kind=KIND) or not _is_without_names(source):
        return reading
    settled = layout._replace(columns=_WITHOUT_NAMES.columns, names_row=0)
    return reading._replace(mapping=as_document(settled))


def _is_without_names(source: Source) -> bool:
    """Whether each of the first rows is a code and a quantity."""
    if source.container not in ("text", "xlsx", "xls"):
        return False
    try:
        table = open_table(source, is_known=lambda _: False, names_row=0)
    except InputRejected:
        return False
    rows = [row for row in islice(table.rows, _SAMPLE_ROWS) if not is_blank(row)]
    return bool(rows) and all(len(row) >= 2 and _is_count(row) for row in rows)


def _is_count(row: list[str]) -> bool:
    if any(cell.strip() for cell in row[2:]):
        return False
    try:
        code = barcode(row[0])
        quantity(row[1], _ANY_DECIMALS)
    except BadCell:
        return False
    return len(code) >= _LEAST_DIGITS and code.replace("-", "").replace(" ", "").isdigit()


def codes(source: Source, reading: Reading) -> Iterator[str]:
    """The barcodes as they stand, without those that cannot be read."""
    return preparing.codes(source, KIND, _as_laid_out(source, reading))


FORMAT = Format(
    name="generic_count",
    title="Any table of codes and quantities: CSV, TSV, any delimiter, XLSX or XLS, by column names",
    kind=KIND,
    recognise=recognise,
    read=read,
    codes=codes,
    is_generic=True,
)
