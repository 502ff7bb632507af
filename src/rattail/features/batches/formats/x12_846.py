"""X12 846, the inventory report of North American trade, read as a count.

Of several quantities of an item the one on hand (17) counts; where there is none, what is available for
sale (33), then the cumulative quantity (02). Others, such as what is on order, are no stock and are left out.
"""

from collections.abc import Iterator

from rattail.features.batches.reading.edi_values import UnitCode, iso_date, number
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CountLine, Event, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.x12 import Segment, element, is_x12, sets_of, transaction_segments
from rattail.features.batches.reading.x12_items import Item, item_ids, unit_code
from rattail.retail.amounts import NotAnAmount, from_decimal

_SET = "846"
_ON_HAND = ("17", "33", "02")  # the first that is there counts


class _Counted(Item):
    """One item of the report while it is read."""

    __slots__ = ("quantities",)

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment, 2)
        self.quantities: dict[str, Segment] = {}


def recognise(source: Source) -> str:
    if is_x12(source) and _SET in sets_of(source):
        return "its ISA envelope holds transaction set 846 (inventory report)"
    return ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Segment) and piece.elements[0] == "LIN":
            yield item_ids(piece, 2).code


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    counted: _Counted | None = None
    counted_at, place, places, lines = None, "", set[str](), 0
    unknown_units: set[str] = set()
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Remark):
            yield piece
            continue
        tag = piece.elements[0]
        if tag in ("LIN", "CTT", "SE") and counted is not None:
            yield from _end_of_item(counted, unknown_units, counted_at=counted_at, place=place)
            counted = None
        if tag == "ST":
            counted_at, place, lines = None, "", 0
        elif tag == "BIA":
            counted_at = _date_and_time(element(piece, 4), element(piece, 5))
        elif tag == "N1" and element(piece, 1) == "WH" and counted is None:
            place = element(piece, 4) or element(piece, 2)
            places.add(place)
            if len(places) == 2:
                yield Remark(piece.row, f"segment {piece.row}: the file reports the stock of more than one warehouse")
        elif tag == "LIN":
            counted = _Counted(piece)
            lines += 1
        elif tag == "CTT":
            told = element(piece, 1)
            if told.lstrip("0") != str(lines):
                yield Remark(piece.row, f"segment {piece.row}: CTT counts {told or 'no'} lines; there are {lines}")
        elif counted is not None and tag == "QTY":
            counted.quantities.setdefault(element(piece, 1), piece)
        elif counted is not None:
            counted.take(piece)


def _date_and_time(date: str, time: str) -> str | None:
    """`20251120` and `0700` as `2025-11-20T07:00`; a time that is none is left out."""
    iso = iso_date(date)
    is_time = len(time) >= 4 and time.isascii() and time.isdigit() and time[:2] < "24" and time[2:4] < "60"
    return f"{iso}T{time[:2]}:{time[2:4]}" if iso and is_time else iso


def _end_of_item(
    counted: _Counted, unknown_units: set[str], *, counted_at: str | None, place: str
) -> Iterator[CountLine | Problem | Remark]:
    code, vendor_code = counted.ids
    said = (code, vendor_code, counted.description)
    found = next((counted.quantities[what] for what in _ON_HAND if what in counted.quantities), None)
    if found is None:
        reason = "there is no quantity on hand: expected QTY with 17, 33 or 02"
        yield Problem(counted.segment.row, "QTY01", ", ".join(counted.quantities), reason, *said)
        return
    if not code:
        yield Problem(counted.segment.row, "LIN", "", "there is no item code", *said)
        return
    text, unit_text = element(found, 2), element(found, 3).upper()
    unit = unit_code(unit_text)
    if unit is None and unit_text and unit_text not in unknown_units and len(unknown_units) < 100:
        unknown_units.add(unit_text)
        yield Remark(found.row, f"unit '{unit_text[:10]}' (QTY03) is not known; quantities in it are taken as each")
    unit = unit or UnitCode("each")
    try:
        quantity = from_decimal(number(text) * unit.factor)
    except NotAnAmount:
        reason = "is not a number" if text else "there is no quantity"
        yield Problem(found.row, "QTY02", text, reason, *said)
        return
    cases, units = (quantity, 0) if unit.unit == "case" else (0, quantity)
    if unit.case_size is not None:
        cases, units = 0, quantity * unit.case_size
    yield CountLine(counted.segment.row, code, cases, units, counted_at, place, counted.description)


FORMAT = Format(
    name="x12_846",
    title="X12 846 inventory report",
    kind="inventory",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="segment",
)
