"""Numbers, dates and units as EDI and XML write them: by rule, not by habit."""

import re
from collections.abc import Callable, Sequence
from datetime import date as Date  # noqa: N812 - `date` is what the value is
from decimal import Decimal
from typing import Final, NamedTuple

from rattail.features.batches.reading.lines import Unit
from rattail.retail.amounts import NotAnAmount, from_decimal

_NUMBER = re.compile(r"[+-]?(?:\d{1,14}(?:\.\d{0,14})?|\.\d{1,14})", re.ASCII)
_CENTS = re.compile(r"[+-]?\d{1,14}", re.ASCII)
CENT: Final = 100  # in ten-thousandths


class Fault(Exception):
    """A value that sets its line aside: where it stands, what stands there, and what is wrong with it."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


class UnitCode(NamedTuple):
    """What a unit code of a standard means here: `factor` of our units; a dozen is a case of twelve."""

    unit: Unit
    factor: Decimal = Decimal(1)
    case_size: int | None = None


def _meaning(unit: Unit, codes: str) -> dict[str, UnitCode]:
    return dict.fromkeys(codes.split(), UnitCode(unit))


_DOZEN = UnitCode("case", case_size=12)
_GRAMS, _OUNCES, _TONNES = Decimal("0.001"), Decimal("0.0625"), Decimal(1000)
#: X12 data element 355.
X12_UNITS: Final = {
    **_meaning("case", "CA CS CT CR BX PK PC4 TY DR"),
    **_meaning("each", "EA UN PC PA PR BO BT CN BG JR TU RL SH BA EV HD BU BN ST UM"),
    **_meaning("pound", "LB PN GP"),
    **_meaning("kilogram", "KG"),
    "DZ": _DOZEN,
    "OZ": UnitCode("pound", _OUNCES),
    "GR": UnitCode("kilogram", _GRAMS),
}
#: UN/ECE recommendations 20 and 21, with and without the X of packages, and what EANCOM keeps of older lists.
UN_UNITS: Final = {
    **_meaning("case", "CS CT CR BX CA PK TU XCS XCT XCR XBX XPK XCA CO"),
    **_meaning("each", "EA PCE C62 H87 PC PCS NAR NMB UN ZZ XPP XPC XBO XBG XCI XTU EV BO BG SA"),
    **_meaning("pound", "LBR LB"),
    **_meaning("kilogram", "KGM KG KGS"),
    "DZN": _DOZEN,
    "DPC": _DOZEN,
    "ONZ": UnitCode("pound", _OUNCES),
    "GRM": UnitCode("kilogram", _GRAMS),
    "TNE": UnitCode("kilogram", _TONNES),
}


def number(text: str) -> Decimal:
    """A decimal number, exact: digits, at most one point, a sign in front.

    Raises:
        NotAnAmount: it is anything else, or has more than 14 digits before or after the point.
    """
    if not _NUMBER.fullmatch(text):
        raise NotAnAmount(f'"{text}" is not a decimal number')
    return Decimal(text)


def cents(text: str) -> int:
    """Whole cents, as X12 writes totals and allowances (`22455` is 224.55), in ten-thousandths.

    A point is taken as it stands: some senders write `224.55` against the rule.

    Raises:
        NotAnAmount: it is no number.
    """
    if _CENTS.fullmatch(text):
        return from_decimal(Decimal(text).scaleb(-2))
    return from_decimal(number(text))


def iso_date(text: str) -> str | None:
    """`20261122`, also with a time after it, and `261122` as ISO text; None where it is no date."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit():
        return None
    if len(digits) == 6:
        digits = ("19" if digits >= "70" else "20") + digits
    if len(digits) not in (8, 10, 12, 14):
        return None
    try:
        return Date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return None


class Charge(NamedTuple):
    """An allowance (negative), charge or tax, and where it stands: `line`, `line tax`, `document`, `document tax`."""

    row: int
    label: str
    amount: int
    place: str


class Way(NamedTuple):
    """One way to count charges: which of them are part of the total; `said` completes "the total adds up ..."."""

    counts: Callable[[Charge], bool]
    said: str


class Goods:
    """What the lines of an invoice come to, as it is and with every line rounded to a cent."""

    __slots__ = ("exact", "in_cents", "is_complete")

    def __init__(self) -> None:
        self.exact = self.in_cents = 0
        self.is_complete = True

    def add(self, amount: int | None) -> None:
        if amount is None:
            self.is_complete = False
            return
        self.exact += amount
        rounded = (abs(amount) + CENT // 2) // CENT * CENT
        self.in_cents += rounded if amount >= 0 else -rounded

    def differ_from(self, total: int, charges: int) -> bool:
        """Whether lines and charges miss the total by more than a cent."""
        return min(abs(self.exact + charges - total), abs(self.in_cents + charges - total)) > CENT


def counted_charges(
    charges: Sequence[Charge], goods: Goods, *, total: int | None, ways: Sequence[Way]
) -> tuple[list[Charge], str]:
    """The charges that are part of the total, and what to say of the others (empty: none was left out).

    Senders put an allowance on its line, after the lines or in both places, and only the total tells
    which. The first of `ways` by which the file adds up is taken; where none does, the first, unless the
    charges of the document only repeat those of the lines.
    """
    if total is not None and goods.is_complete:
        for way in ways:
            kept = [charge for charge in charges if way.counts(charge)]
            if not goods.differ_from(total, sum(charge.amount for charge in kept)):
                return kept, f"adds up {way.said}" if way.said else ""
    if _sums(charges, "line") == _sums(charges, "document") != {}:
        kept = [charge for charge in charges if charge.place.startswith("line")]
        return kept, "does not add up; allowances and charges after the lines repeat those of the lines"
    return [charge for charge in charges if ways[0].counts(charge)], ""


def _sums(charges: Sequence[Charge], place: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for charge in charges:
        if charge.place == place and charge.amount:
            sums[charge.label] = sums.get(charge.label, 0) + charge.amount
    return sums
