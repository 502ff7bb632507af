"""EDIFACT PRICAT, the price catalog of European trade (EANCOM).

The size of a case is not on an item's line: a trade unit (case) has a line of its own, and below it a part
line (`LIN+3+1+<child>:SRV+1:2`) whose quantity (QTY 45E or 59) tells how many of the child are in it. So the
file is read twice: first for the cases, then for the items; an item and its case become one line of the
catalog, with the item's code. A case whose item has no line of its own stands for it. Pallets
(IMD C DU) are left out.

PRI with the qualifier SRP is what the store is meant to sell for. AAA (net) is the cost; where there is
none AAB (gross), then AAE (for information). IMD C tells whether a price is for a consumer unit or a case.
"""

from collections.abc import Iterator
from typing import NamedTuple

from rattail.features.batches.reading.edi_values import Fault, iso_date
from rattail.features.batches.reading.edifact import Segment, component, is_edifact, message_segments, messages_of
from rattail.features.batches.reading.edifact_items import Item, Price, decimal, edifact_date, price_of
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import SCALE, NotAnAmount, from_decimal

_MESSAGE = "PRICAT"
_COSTS = ("AAA", "AAB", "AAE", "CAL")
_STARTS = ("7", "157", "194", "273", "263")
_PACKS = ("45E", "59", "52")
_DELETED = "2"


class _Entry(Item):
    """One line of the catalog while it is read; a part line tells what is in the line `parent`."""

    __slots__ = ("dates", "document", "fault", "gtin", "number", "packs", "parent", "prices", "retail")

    def __init__(self, segment: Segment, document: int) -> None:
        super().__init__(segment)
        self.document = document
        self.number = component(segment, 1)
        self.gtin = component(segment, 3)
        self.parent = component(segment, 4, 1) if component(segment, 4) == "1" else ""
        self.packs: dict[str, int] = {}
        self.prices: dict[str, Price] = {}
        self.retail: int | None = None
        self.dates: dict[str, str] = {}
        self.fault: Fault | None = None

    @property
    def is_part(self) -> bool:
        return component(self.segment, 4) == "1"

    @property
    def pack(self) -> int | None:
        return next((self.packs[kind] for kind in _PACKS if kind in self.packs), None)


class _Case(NamedTuple):
    """What the first reading keeps of a case: its own line's number, and how many of the item are in it."""

    line: str
    size: int | None
    cost: int | None
    vendor_code: str


class _Hierarchy(NamedTuple):
    """Of each message and item the cases that hold it; which codes have a line; which lines hold something."""

    cases: dict[tuple[int, str], list[_Case]]
    items: set[tuple[int, str]]
    parents: dict[tuple[int, str], str]  # message and line number: the child


def recognise(source: Source) -> str:
    if is_edifact(source) and _MESSAGE in messages_of(source):
        return "its EDIFACT interchange holds message PRICAT (price catalog)"
    return ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for piece in message_segments(source, _MESSAGE):
        if isinstance(piece, Segment) and piece.tag == "LIN":
            yield Item(piece).code


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    hierarchy = _hierarchy(source)
    deleted, effective, document = 0, None, 0
    for piece in _entries(source):
        if isinstance(piece, Remark):
            yield piece
            continue
        if isinstance(piece, Segment):
            if piece.tag == "UNH":
                document, effective = document + 1, None
            elif piece.tag == "DTM" and component(piece, 1) in _STARTS:
                effective = effective or iso_date(edifact_date(piece))
            continue
        if component(piece.segment, 2) == _DELETED:
            deleted += 1
        elif not piece.is_part:
            yield from _lines(piece, hierarchy, effective)
    if deleted:
        yield Remark(1, f"lines that the vendor marked as deleted were left out: {deleted}")


def _hierarchy(source: Source) -> _Hierarchy:
    """The first reading: which case holds how many of which item."""
    found = _Hierarchy({}, set(), {})
    tops: dict[str, tuple[int | None, str, str]] = {}  # cost, vendor's number and level of each line
    last, document = "", 0
    for piece in _entries(source):
        if not isinstance(piece, _Entry):
            continue
        if piece.document != document:
            tops, document = {}, piece.document
        if component(piece.segment, 2) == _DELETED:
            continue
        if not piece.is_part:
            last = piece.number
            if piece.level != "CU":
                tops[last] = (_price(piece), piece.vendor_code, piece.level)
            if piece.level not in ("TU", "DU"):
                found.items.add((document, piece.gtin))
            continue
        parent = piece.parent or last
        cost, vendor_code, level = tops.get(parent, (None, "", ""))
        if level == "DU":
            continue
        case = _Case(parent, piece.pack, cost, vendor_code)
        found.cases.setdefault((document, piece.gtin), []).append(case)
        found.parents.setdefault((document, parent), piece.gtin)
    return found


def _entries(source: Source) -> Iterator[_Entry | Segment | Remark]:
    """Whole entries, and between them what belongs to the message."""
    entry: _Entry | None = None
    document = 0
    for piece in message_segments(source, _MESSAGE):
        if isinstance(piece, Remark):
            yield piece
            continue
        if piece.tag in ("LIN", "UNS", "UNT", "PGI") and entry is not None:
            yield entry
            entry = None
        if piece.tag == "LIN":
            entry = _Entry(piece, document)
        elif entry is None:
            document += piece.tag == "UNH"
            yield piece
        else:
            try:
                _take(entry, piece)
            except Fault as fault:
                entry.fault = entry.fault or fault
            except NotAnAmount:
                entry.fault = entry.fault or Fault(piece.tag, component(piece, 1, 1), "is too large to be true")


def _take(entry: _Entry, piece: Segment) -> None:
    if piece.tag in ("PIA", "IMD"):
        entry.take(piece)
    elif piece.tag == "QTY":
        if component(piece, 1) in _PACKS:
            entry.packs.setdefault(component(piece, 1), from_decimal(decimal(piece, 1, 1, column="QTY 6060")))
    elif piece.tag == "PRI":
        price = price_of(piece)
        if component(piece, 1, 3) == "SRP":
            entry.retail = entry.retail if entry.retail is not None else from_decimal(price.of_one)
        else:
            entry.prices.setdefault(component(piece, 1), price)
    elif piece.tag == "DTM":
        entry.dates.setdefault(component(piece, 1), edifact_date(piece))


def _price(entry: _Entry) -> int | None:
    price = next((entry.prices[kind] for kind in _COSTS if kind in entry.prices), None)
    if price is None:
        return None
    try:
        return from_decimal(price.of_one / (price.unit.factor if price.unit else 1))
    except NotAnAmount:
        return None


def _lines(entry: _Entry, hierarchy: _Hierarchy, effective: str | None) -> Iterator[CatalogLine | Problem]:
    """The lines of the catalog that one entry makes: one for each case that it comes in."""
    document, row = entry.document, entry.segment.row
    child = hierarchy.parents.get((document, entry.number))
    if entry.level == "DU" or (child is not None and (document, child) in hierarchy.items):
        return  # a pallet, or told with the item that is in it
    if entry.fault is not None:
        fault = entry.fault
        yield Problem(row, fault.column, fault.value, fault.reason, entry.code, entry.vendor_code, entry.description)
        return
    if not entry.code and not entry.vendor_code:
        yield Problem(
            row, "LIN 7140", "", "there is neither an item code nor a vendor's number", "", "", entry.description
        )
        return
    starts = next((entry.dates[kind] for kind in _STARTS if kind in entry.dates), "")
    price = _price(entry)
    if child is not None:
        size = next(case.size for case in hierarchy.cases[document, child] if case.line == entry.number)
        cases, price, code = [_Case(entry.number, size, price, entry.vendor_code)], None, child
    else:
        cases, code = hierarchy.cases.get((document, entry.gtin), []), entry.code
        if not cases:
            is_case = entry.level == "TU" or (entry.level == "" and (entry.pack or 0) > SCALE)
            cases = [_Case("", entry.pack, price if is_case else None, "")]
            price = None if is_case else price
    for case in cases:
        yield CatalogLine(
            row,
            code=code,
            vendor_code=case.vendor_code or entry.vendor_code,
            brand=entry.brand,
            description=entry.description,
            case_size=case.size if case.size and case.size > 0 else None,
            case_cost=case.cost,
            unit_cost=price,
            suggested_retail=entry.retail,
            effective=iso_date(starts) or effective,
        )


FORMAT = Format(
    name="edifact_pricat",
    title="EDIFACT PRICAT price catalog",
    kind="vendor_catalog",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="segment",
)
