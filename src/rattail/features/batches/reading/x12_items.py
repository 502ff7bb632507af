"""Items in X12: the pairs of qualifier and number, descriptions and packs, which 810, 832 and 846 have in common."""

from typing import NamedTuple

from rattail.features.batches.reading.edi_values import X12_UNITS, UnitCode, number
from rattail.features.batches.reading.x12 import Segment, element
from rattail.retail.amounts import NotAnAmount, from_decimal
from rattail.retail.barcodes import check_digit

#: Qualifiers of item codes, the best first. UI, UD and UA are written without a check digit.
_CODES = ("UP", "EN", "UI", "UD", "UK", "UA", "UX", "EO", "U2", "IB", "PL")
_WITHOUT_CHECK_DIGIT = frozenset(("UI", "UD", "UA"))
_VENDOR_CODES = ("VN", "VC", "VP", "VA", "SK", "MG")
_PLUS = ("3", "4", "83", "84", "93", "94")
_ISBN_10 = 10


class ItemIds(NamedTuple):
    code: str
    vendor_code: str


def item_ids(segment: Segment, first: int) -> ItemIds:
    """The item's code and the vendor's number, from pairs in any order; the first pair begins at element `first`.

    A code that its qualifier says to be without check digit gets one: a file mixes both, and a column of
    them could not be told apart.
    """
    elements = segment.elements
    pairs: dict[str, str] = {}
    for position in range(first, len(elements) - 1, 2):
        value = elements[position + 1].strip()
        if value:
            pairs.setdefault(elements[position].strip(), value)
    code = vendor_code = ""
    for qualifier in _CODES:
        if qualifier in pairs and (code := _code(qualifier, pairs[qualifier])):
            break
    for qualifier in _VENDOR_CODES:
        if qualifier in pairs:
            vendor_code = pairs[qualifier]
            break
    return ItemIds(code, vendor_code)


def _code(qualifier: str, value: str) -> str:
    if qualifier == "PL":  # a PLU with some, the line of an order with others
        return value if value.isdigit() and len(value) in (4, 5) and value.startswith(_PLUS[len(value) == 5 :]) else ""
    if qualifier == "IB":  # a book
        if len(value) == _ISBN_10 and value.isascii() and value[:9].isdigit():
            return f"978{value[:9]}{check_digit('978' + value[:9])}"
        return value if len(value) != _ISBN_10 else ""
    digits = value.replace("-", "").replace(" ", "")
    if qualifier in _WITHOUT_CHECK_DIGIT and digits.isascii() and digits.isdigit() and 10 <= len(digits) <= 12:
        return digits + check_digit(digits)
    return value


class Item:
    """One item while its segments are read: the one that names it, and what follows."""

    __slots__ = ("brand", "case_size", "description", "ids", "segment", "size")

    def __init__(self, segment: Segment, first_id: int) -> None:
        self.segment = segment
        self.ids = item_ids(segment, first_id)
        self.description = self.brand = self.size = ""
        self.case_size: int | None = None

    def take(self, segment: Segment) -> None:
        """Take over what a PID or PO4 segment says."""
        tag = segment.elements[0]
        if tag == "PID":
            text, about = element(segment, 5), element(segment, 2)
            if about == "TRN":
                self.brand = self.brand or text
            elif about in ("", "08"):
                self.description = self.description or text
        elif tag == "PO4":
            self.case_size = self.case_size or _pack(element(segment, 1))
            self.size = self.size or f"{element(segment, 2)} {element(segment, 3)}".strip()


def _pack(text: str) -> int | None:
    try:
        pack = from_decimal(number(text))
    except NotAnAmount:
        return None
    return pack if pack > 0 else None


def unit_code(text: str) -> UnitCode | None:
    """What a unit code means; its composite parts after the first are left out."""
    return X12_UNITS.get(text.split(">")[0].split(":")[0].upper())
