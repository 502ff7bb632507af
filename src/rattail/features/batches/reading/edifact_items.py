"""Items in EDIFACT: numbers, descriptions, prices and quantities, which INVOIC and PRICAT have in common."""

from decimal import Decimal
from typing import Final, NamedTuple

from rattail.features.batches.reading.edi_values import UN_UNITS, Fault, UnitCode, number
from rattail.features.batches.reading.edifact import Segment, component
from rattail.retail.amounts import NotAnAmount

_CODES: Final = frozenset(("EN", "SRV", "UP", "EU", "GTIN", "UA"))
_VENDOR_CODES: Final = frozenset(("SA", "VN", "VP", "VS"))
_LONGEST_TEXT_PART = 35


class Price(NamedTuple):
    """A price of `basis` units; `unit` is None where the segment does not say which."""

    amount: Decimal
    basis: Decimal
    unit: UnitCode | None

    @property
    def of_one(self) -> Decimal:
        return self.amount / self.basis


class Item:
    """One line item while its segments are read."""

    __slots__ = ("_texts", "brand", "code", "level", "segment", "vendor_code")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.code = self.vendor_code = self.brand = self.level = ""
        self._texts: dict[str, str] = {}
        number_text, kind = component(segment, 3), component(segment, 3, 1)
        if kind == "" and not (number_text.isdigit() and 8 <= len(number_text) <= 14):
            kind = "SA"
        self._take_number(number_text, kind or "EN")

    @property
    def description(self) -> str:
        return next((self._texts[kind] for kind in ("DSC", "ANM", "") if kind in self._texts), "")

    def _take_number(self, text: str, kind: str) -> None:
        if kind in _CODES:
            self.code = self.code or text
        elif kind in _VENDOR_CODES:
            self.vendor_code = self.vendor_code or text

    def take(self, segment: Segment) -> None:
        """Take over what a PIA or IMD segment says."""
        if segment.tag == "PIA":
            for components in segment.elements[1:6]:
                if len(components) > 1:
                    self._take_number(components[0].strip(), components[1].strip())
        elif segment.tag == "IMD":
            if component(segment, 1) == "C":
                self.level = self.level or component(segment, 3)
                return
            kind = component(segment, 2)
            first, second = component(segment, 3, 3), component(segment, 3, 4)
            text = first + ("" if len(first) == _LONGEST_TEXT_PART or not second else " ") + second
            if kind == "BRN":
                self.brand = self.brand or text
            elif text:
                self._texts.setdefault(kind if kind in ("DSC", "ANM") else "", text)


def decimal(segment: Segment, element: int, position: int, *, column: str) -> Decimal:
    """A number with a point or a comma.

    Raises:
        Fault: it is none; `column` names it.
    """
    text = component(segment, element, position)
    try:
        return number(text.replace(",", ".", 1) if "." not in text else text)
    except NotAnAmount as error:
        reason = "is not a number" if len(text) < 15 else str(error)
        raise Fault(column, text, reason if text else "there is no number") from None


def unit_code(text: str) -> UnitCode | None:
    return UN_UNITS.get(text.upper())


def price_of(segment: Segment) -> Price:
    """The price of a PRI segment, with the quantity and unit that it is for.

    Raises:
        Fault: it is none.
    """
    amount = decimal(segment, 1, 1, column="PRI 5118")
    basis = decimal(segment, 1, 4, column="PRI 5284") if component(segment, 1, 4) else Decimal(1)
    if basis <= 0:
        raise Fault("PRI 5284", component(segment, 1, 4), "is no quantity that a price can be for")
    return Price(amount, basis, unit_code(component(segment, 1, 5)))


def edifact_date(segment: Segment) -> str:
    """The digits of a DTM segment; of a period (718) its first day."""
    text, form = component(segment, 1, 1), component(segment, 1, 2)
    if form == "101":
        return text[:6]
    return text[:8] if form in ("102", "203", "204", "718", "", "711") or len(text) >= 8 else ""
