"""X12 832, the price catalog of North American trade.

CTP with class WS is what the store pays, for the unit of CTP05 (a case or one), RS what it is meant to
sell for. A price for several (`5.00` for 2) is divided where it is a retail price, and taken for a price
break, which counts only where there is no other, where it is a cost. PRO is a promotion: the difference to
the usual cost is the discount, per unit, on the days of the item's DTM segments. PO401 is the case size.
"""

from collections.abc import Iterator
from decimal import Decimal

from rattail.features.batches.reading.edi_values import cents, iso_date, number
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.x12 import Segment, element, is_x12, sets_of, transaction_segments
from rattail.features.batches.reading.x12_items import Item, item_ids, unit_code
from rattail.retail.amounts import NotAnAmount, divide, from_decimal

_SET = "832"
_SUGGESTED = ("MSR", "RES", "SLP", "RTL", "LPR", "")  # codes of a retail price
_PROMOTIONS = ("PRO", "PRP")
_STARTS, _ENDS = ("196", "193", "015", "360"), ("197", "194", "016", "361")
_EFFECTIVE = ("152", "007", "092", "150")


class _Entry(Item):
    """One item of the catalog while it is read."""

    __slots__ = ("allowance", "case_cost", "dates", "fault", "percent", "promotion", "retail", "unit_cost")

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment, 2)
        self.case_cost: int | None = None
        self.unit_cost: int | None = None
        self.retail: int | None = None
        self.promotion: tuple[str, int] | None = None  # of a case or each, and the price
        self.allowance: tuple[str, int] | None = None
        self.percent: int | None = None
        self.dates: dict[str, str] = {}
        self.fault: tuple[str, str, str] | None = None


def recognise(source: Source) -> str:
    if is_x12(source) and _SET in sets_of(source):
        return "its ISA envelope holds transaction set 832 (price catalog)"
    return ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Segment) and piece.elements[0] == "LIN":
            yield item_ids(piece, 2).code


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    entry: _Entry | None = None
    dates: dict[str, str] = {}
    lines = 0
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Remark):
            yield piece
            continue
        tag = piece.elements[0]
        if tag in ("LIN", "CTT", "SE") and entry is not None:
            yield _line(entry, dates)
            entry = None
        if tag == "ST":
            dates, lines = {}, 0
        elif tag == "LIN":
            entry = _Entry(piece)
            lines += 1
        elif tag == "DTM":
            _take_date(piece, dates if entry is None else entry.dates)
        elif tag == "CTT":
            told = element(piece, 1)
            if told.lstrip("0") != str(lines):
                yield Remark(piece.row, f"segment {piece.row}: CTT counts {told or 'no'} lines; there are {lines}")
        elif entry is not None:
            _take(entry, piece)


def _take(entry: _Entry, piece: Segment) -> None:
    tag = piece.elements[0]
    if tag in ("PID", "PO4"):
        entry.take(piece)
    elif tag in ("CTP", "SAC"):
        try:
            _take_price(entry, piece) if tag == "CTP" else _take_allowance(entry, piece)
        except NotAnAmount:
            column = "CTP03" if tag == "CTP" else "SAC05"
            text = element(piece, int(column[3:]))
            entry.fault = entry.fault or (column, text, "is no price" if text else "there is no price")


def _take_date(piece: Segment, dates: dict[str, str]) -> None:
    """A date of the item or of the whole catalog; a range (RD8) is a start and an end."""
    what, text = element(piece, 1), element(piece, 2)
    first, _, last = element(piece, 6).partition("-")
    if text and (date := iso_date(text)):
        dates.setdefault(what, date)
    elif (start := iso_date(first)) and (end := iso_date(last)):
        dates.setdefault(what if what in _EFFECTIVE else _STARTS[0], start)
        dates.setdefault(_ENDS[0], end)


def _take_price(entry: _Entry, piece: Segment) -> None:
    kind, code = element(piece, 1), element(piece, 2)
    text = element(piece, 3)
    if not text:
        return
    quantity = number(element(piece, 4)) if element(piece, 4) else Decimal(1)
    unit = unit_code(element(piece, 5))
    level = "case" if unit is not None and unit.unit == "case" else "each"
    if kind == "RS":
        if code in _SUGGESTED and (entry.retail is None or code == "MSR"):
            entry.retail = from_decimal(number(text) / (quantity if quantity > 0 else Decimal(1)))
        return
    price = from_decimal(number(text) / (unit.factor if unit else Decimal(1)))
    if code in _PROMOTIONS:
        entry.promotion = entry.promotion or (level, price)
    elif level == "case":
        entry.case_cost = price if entry.case_cost is None or quantity == 1 else entry.case_cost
    else:
        entry.unit_cost = price if entry.unit_cost is None or quantity == 1 else entry.unit_cost


def _take_allowance(entry: _Entry, piece: Segment) -> None:
    """An allowance of an amount or a percentage; SAC08 with SAC09 is a rate for a unit."""
    if element(piece, 1) != "A":
        return
    if element(piece, 7) and not element(piece, 5):
        entry.percent = from_decimal(number(element(piece, 7)))
    elif element(piece, 8) and not element(piece, 5):
        unit = unit_code(element(piece, 9))
        is_case = unit is not None and unit.unit == "case"
        entry.allowance = ("case" if is_case else "each", abs(from_decimal(number(element(piece, 8)))))
    else:
        level = "case" if entry.unit_cost is None else "each"
        entry.allowance = (level, abs(cents(element(piece, 5))))


def _line(entry: _Entry, document_dates: dict[str, str]) -> CatalogLine | Problem:
    row, (code, vendor_code) = entry.segment.row, entry.ids
    if entry.fault:
        return Problem(row, *entry.fault, code, vendor_code, entry.description)
    if not code and not vendor_code:
        return Problem(row, "LIN", "", "there is neither an item code nor a vendor's number", "", "", entry.description)
    amount = _discount(entry)
    has_discount = amount is not None or entry.percent is not None
    dates = entry.dates
    starts = next((dates[what] for what in _STARTS if what in dates), None)
    effective = _first(dates, _EFFECTIVE) or _first(document_dates, _EFFECTIVE) or _first(document_dates, _STARTS)
    return CatalogLine(
        row,
        code=code,
        vendor_code=vendor_code,
        brand=entry.brand,
        description=entry.description,
        size=entry.size,
        case_size=entry.case_size,
        case_cost=entry.case_cost,
        unit_cost=entry.unit_cost,
        suggested_retail=entry.retail,
        effective=effective or (None if has_discount else starts),
        discount_amount=amount,
        discount_percent=entry.percent,
        discount_starts=starts if has_discount else None,
        discount_ends=_first(dates, _ENDS) if has_discount else None,
    )


def _first(dates: dict[str, str], codes_of_dates: tuple[str, ...]) -> str | None:
    return next((dates[what] for what in codes_of_dates if what in dates), None)


def _discount(entry: _Entry) -> int | None:
    """What one unit costs less, from the promotion's price or an allowance; None where it cannot be told."""
    less = entry.allowance
    if entry.promotion is not None:
        level, price = entry.promotion
        usual = entry.case_cost if level == "case" else entry.unit_cost
        if usual is None or usual <= price:
            return None
        less = (level, usual - price)
    if less is None:
        return None
    level, amount = less
    if level == "each":
        return amount
    return divide(amount, entry.case_size) if entry.case_size else None


FORMAT = Format(
    name="x12_832",
    title="X12 832 price catalog",
    kind="vendor_catalog",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="segment",
)
