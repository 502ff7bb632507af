"""Any table of what a vendor sells: columns by the vendor's mapping, else by known names."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from rattail.errors import InputRejected
from rattail.features.batches.reading import prepare as preparing
from rattail.features.batches.reading.cells import BadCell, money, percent, vendor_code, yes_or_no
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.generic_rows import (
    Parsed,
    barcode,
    blame,
    case_sizes,
    day_or_none,
    has_code,
    has_digit,
    is_names,
    is_no_item,
    no_code,
    one_size,
    packs,
    remembered,
    size_as_pack,
    text_of,
)
from rattail.features.batches.reading.lines import CatalogLine, Event, Remark
from rattail.features.batches.reading.prepare import Prepared, prepare
from rattail.features.batches.reading.recognising import recognised_table
from rattail.features.batches.reading.settle import question
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import SCALE

KIND = "vendor_catalog"
_USUAL = (
    *("code", "vendor_code", "brand", "description", "size", "case_size", "pack"),
    *("case_cost", "unit_cost"),
)
_REMEMBERED = ("brand", "size", "case_size", "pack", "case_cost", "unit_cost")
#: The rest, in the order of a catalog line.
_RARE = (
    *("suggested_retail", "effective", "discount_amount", "discount_percent", "discount_starts", "discount_ends"),
    *("other_case_size", "organic", "department"),
)


def read(source: Source, reading: Reading) -> Iterator[Event]:
    """Every item of the table, a problem for each row that is set aside, remarks first.

    A row without a barcode and without a vendor's number is left out silently where it is blank, has no cost,
    or is a total or footer; else it is a problem.
    """
    prepared = _with_basis(source, prepare(source, KIND, reading))
    yield from prepared.remarks
    yield from _lines(prepared)
    yield from prepared.table.troubles


def _with_basis(source: Source, prepared: Prepared) -> Prepared:
    """The table with its one column of costs taken for case or unit cost; asked where both would be possible."""
    places = dict(prepared.places)
    if "code" not in places and "vendor_code" not in places:
        shown = ", ".join(f"'{name}'" for name in prepared.table.names[:12] if name) or "none that are known"
        raise InputRejected(
            f"{source.name} has no column of barcodes or of item numbers that is known; its columns: {shown}.",
            hint="say which column is which: rattail make-vendor-mapping",
        )
    remarks = list(prepared.remarks)
    if "cost" in places:
        place = places.pop("cost")
        basis = prepared.layout.cost_is
        others = places.keys() & {"case_cost", "unit_cost"}
        if not basis and not others:
            if _has_cases(prepared):
                name = prepared.column("cost")
                raise question(source.name, "cost_is", f"it has a column '{name}' and case sizes")
            basis = "unit"
            remarks.append(
                Remark(0, f"'{prepared.column('cost')}' was taken for the cost of a unit: there are no case sizes")
            )
        if basis and f"{basis}_cost" not in places:
            places[f"{basis}_cost"] = place
    if _has_fractions(prepared):
        remarks.append(Remark(0, f"'{prepared.column('discount_percent')}' holds fractions: 0.05 was read as 5 %"))
    if "size" in places and not places.keys() & {"case_size", "pack"}:
        places["pack"] = places["size"]  # 12/16 OZ stands where only a size is expected
    if not places.keys() & {"case_cost", "unit_cost"}:
        remarks.append(Remark(0, "there is no column of costs"))
    return prepared._replace(places=places, remarks=remarks)


def _has_cases(prepared: Prepared) -> bool:
    if "case_size" in prepared.places:
        return True
    read_pack = packs(prepared.style, weight_is_case_size=False)
    for field in ("pack", "size"):
        for text in prepared.texts(field)[:50]:
            try:
                if field == "size" and text.replace(".", "").strip().isdigit():
                    continue
                if (read_pack(text)[0] or 0) > 10_000:
                    return True
            except BadCell:
                continue
    return False


def _parsers(prepared: Prepared) -> dict[str, Parsed[Any]]:
    """How each field is read whose cells come again and again, an empty cell as its default; of a discount as none."""
    style, layout, places = prepared.style, prepared.layout, prepared.places
    none = {field: 0 if field in places else None for field in ("discount_amount", "discount_percent")}  # it has ended
    price = partial(money, style=style)
    day = partial(day_or_none, order=layout.dates)
    read_pack = packs(style, weight_is_case_size=layout.weight_is_case_size)
    reads: dict[str, tuple[Callable[[str], Any], Any]] = {
        "case_size": (case_sizes(style), None),
        "pack": (read_pack if places.get("pack") != places.get("size") else size_as_pack, (None, "")),
        "case_cost": (partial(money, style=style, per="case"), None),
        "unit_cost": (partial(money, style=style, per="unit"), None),
        "suggested_retail": (price, None),
        "discount_amount": (price, none["discount_amount"]),
        "discount_percent": (_percent_reader(prepared), none["discount_percent"]),
        "effective": (day, None),
        "discount_starts": (day, None),
        "discount_ends": (day, None),
        "other_case_size": (case_sizes(style), None),
        "organic": (yes_or_no, None),
        "brand": (text_of, ""),
        "size": (one_size, ""),
        "department": (text_of, ""),
    }
    return {field: remembered(parse, empty, layout.defaults.get(field, "")) for field, (parse, empty) in reads.items()}


def _percent_reader(prepared: Prepared) -> Callable[[str], int]:
    """Read percentages; a spreadsheet keeps 5 % as 0.05, so that a column of nothing above 1 holds fractions."""
    read_percent = partial(percent, style=prepared.style)
    return (lambda text: 100 * read_percent(text)) if _has_fractions(prepared) else read_percent


def _has_fractions(prepared: Prepared) -> bool:
    amounts = []
    for text in prepared.texts("discount_percent"):
        try:
            amounts.append(abs(percent(text, prepared.style)))
        except BadCell:
            continue
        if "%" in text:
            return False
    return any(amounts) and max(amounts) < SCALE


def _lines(prepared: Prepared) -> Iterator[Event]:
    """The hot path: a million rows go through it, so that whatever can be looked up before the loop is."""
    places, table, parsers = prepared.places, prepared.table, _parsers(prepared)
    width = max(places.values()) + 1
    code_at, vendor_at, brand_at, name_at, size_at, case_at, pack_at, case_cost_at, unit_cost_at = (
        places.get(field, -1) for field in _USUAL
    )
    size_at = -1 if size_at == pack_at else size_at  # its pack has the size
    brands, sizes, cases, packs_, case_costs, unit_costs = (parsers[field].__getitem__ for field in _REMEMBERED)
    has_rare = any(field in places or field in prepared.layout.defaults for field in _RARE)
    rare = [(places.get(field, -1), parsers[field].__getitem__) for field in _RARE] if has_rare else []
    is_skipped = prepared.is_skipped
    for number, row in enumerate(table.rows, table.first_row):
        if len(row) < width:
            row += [""] * (width - len(row))
        row.append("")  # at -1, where every field is looked for that the file does not have
        try:
            code = row[code_at]
            if len(code) < 7 or not code.isdigit() or code[-6:] == "000000":
                code = barcode(code)
            item = row[vendor_at]
            if not item.isdigit():
                item = vendor_code(item)
            if (is_skipped and is_skipped(row)) or not (code.isdigit() or item.isdigit() or has_digit(code + item)):
                yield from _set_aside(prepared, row, number, parsers)
                continue
            case, size = packs_(row[pack_at])
            yield CatalogLine(
                number,
                code,
                item,
                brands(row[brand_at]),
                " ".join(row[name_at].split()),
                sizes(row[size_at]) or size,
                cases(row[case_at]) or case,
                case_costs(row[case_cost_at]),
                unit_costs(row[unit_cost_at]),
                *([read(row[at]) for at, read in rare] if rare else ()),
            )
        except BadCell:
            yield from _set_aside(prepared, row, number, parsers)


def _set_aside(prepared: Prepared, row: list[str], number: int, parsers: Mapping[str, Parsed[Any]]) -> Iterator[Event]:
    """Nothing for a row that the file may have beside its items, else its problem."""
    troubles = prepared.table.troubles
    while troubles:
        yield troubles.pop(0)
    if prepared.is_skipped and prepared.is_skipped(row):
        return
    amounts = [prepared.places[field] for field in ("case_cost", "unit_cost") if field in prepared.places]
    if is_names(row, prepared.table.names):
        return
    if not has_code(prepared, row):
        if not is_no_item(row, amounts):
            yield no_code(prepared, row, number)
        return
    yield blame(prepared, row, number, {"code": barcode, "vendor_code": vendor_code, **parsers})


def codes(source: Source, reading: Reading) -> Iterator[str]:
    """The barcodes as they stand, without those that cannot be read."""
    return preparing.codes(source, KIND, reading)


FORMAT = Format(
    name="generic_catalog",
    title="Any table of items and costs: CSV, TSV, any delimiter, XLSX or XLS, by column names or the vendor's mapping",
    kind=KIND,
    recognise=partial(recognised_table, kind=KIND),
    read=read,
    codes=codes,
    is_generic=True,
)
