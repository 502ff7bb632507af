"""One cell of a table: from text to a value, or the reason why it is none.

Amounts and quantities are ten-thousandths, dates ISO texts. Nothing is guessed: what can be read two ways
is a `BadCell` unless the style says which.
"""

import re
from decimal import Decimal
from typing import Literal, NamedTuple, NoReturn

from rattail.features.batches.reading.bad_cell import BadCell, tidy
from rattail.features.batches.reading.dates import Order, date, date_and_time, order_of
from rattail.features.batches.reading.lines import Unit
from rattail.features.batches.reading.packs import counted, pack, size, weight
from rattail.retail.amounts import SCALE, NotAnAmount, divide, from_decimal, parse

__all__ = [
    "BadCell",
    "Decimals",
    "NumberStyle",
    "Order",
    "case_size",
    "code",
    "counted",
    "date",
    "date_and_time",
    "money",
    "order_of",
    "pack",
    "percent",
    "quantity",
    "quantity_with_unit",
    "size",
    "tidy",
    "unit",
    "vendor_code",
    "weight",
    "whole",
    "yes_or_no",
]

Decimals = Literal["point", "comma", "either"]


class NumberStyle(NamedTuple):
    """How a file writes numbers.

    `decimals`: `either` takes each cell as it stands where only one reading is possible (`10,48`), and
    refuses `1,234`. `is_cents`: money is whole cents without a point (`3468` is 34.68).
    """

    decimals: Decimals = "point"
    is_cents: bool = False


PLAIN = NumberStyle()

_CURRENCY = re.compile(
    r"^(?:US|CA|AU)?[$€£¥]|[$€£¥]$|^(?:USD|EUR|CAD|GBP|AUD|CHF)\b|\b(?:USD|EUR|CAD|GBP|AUD|CHF)$", re.I
)
_PER = re.compile(r"\s*(?:/|\bper\b)\s*(lbs?|pounds?|#|ea|each|units?|pcs?|kgs?|oz|ct|cs|cases?|ctn|bx)\.?$", re.I)
_SEVERAL_FOR = re.compile(r"^(\d{1,4})\s*(?:/|\bfor\b|@)\s*(.+)$", re.I)
_FLOATED = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d{1,2}", re.ASCII)
_POINT = re.compile(r"(\d{1,3}(?:[, ']\d{3})+|\d+)?(?:\.(\d*))?", re.ASCII)
_COMMA = re.compile(r"(\d{1,3}(?:[. ']\d{3})+|\d+)?(?:,(\d*))?", re.ASCII)
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_CASE_WORDS = frozenset(("cs", "case", "cases", "ctn", "bx"))
_UNITS: dict[str, Unit] = {
    **dict.fromkeys(("cs", "case", "cases", "ca", "ctn", "carton", "cartons", "bx", "box", "boxes", "tray"), "case"),
    **dict.fromkeys(("ea", "each", "unit", "units", "pc", "pcs", "piece", "pieces", "un", "ct", "bag", "btl"), "each"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds", "#", "lbr"), "pound"),
    **dict.fromkeys(("kg", "kgs", "kgm", "kilo", "kilos", "kilogram"), "kilogram"),
}
_QUANTITY = re.compile(r"(.*?\d[.,]?)\s*([A-Za-z]{1,9}\.?|#)", re.ASCII)
_NO_CODES = frozenset(("NA", "N/A", "NONE", "NULL", "#N/A", "TBD", "NO UPC", "."))
_PERCENT = re.compile(r"(.*\S)\s*%")


def money(text: str, style: NumberStyle = PLAIN, *, per: Literal["case", "unit", ""] = "") -> int:
    """An amount of money in ten-thousandths.

    Takes `$1,234.56`, `(5.00)` and `5.00-` as negative, `5.25/lb`, `2/$5` as 2.50, `34.68 USD`. `per` is
    what the column's price is for; a cell that says otherwise (`2.89/ea` in a column of case costs) is
    refused.

    Raises:
        BadCell: it is no amount of money, or can be read two ways.
    """
    if style == PLAIN:
        try:
            return parse(text)
        except NotAnAmount:
            pass
    return _money(tidy(text), style, per)


def quantity(text: str, style: NumberStyle = PLAIN) -> int:
    """A quantity in ten-thousandths: a number, which may be negative, without a unit beside it.

    Raises:
        BadCell: it is none.
    """
    if style.decimals == "point":
        try:
            return parse(text)
        except NotAnAmount:
            pass
    return _signed_number(tidy(text), style.decimals, "a quantity")


def quantity_with_unit(text: str, style: NumberStyle = PLAIN) -> tuple[int, Unit | None]:
    """A quantity in ten-thousandths and the unit that stands beside it (`3 CS`), None where there is none.

    Raises:
        BadCell: it is no quantity, or the unit is unknown.
    """
    match = _QUANTITY.fullmatch(tidy(text))
    if match is None:
        return quantity(text, style), None
    found = unit(match[2])
    if found is None:
        raise BadCell(f"is no quantity: '{match[2]}' is no known unit")
    return quantity(match[1], style), found


def unit(text: str) -> Unit | None:
    """The unit that a word names: `CS`, `EA`, `LB`; None where it names none."""
    return _UNITS.get(text.strip().rstrip(".").lower())


def whole(text: str) -> int:
    """A plain whole number: `12`, `12.0`, `1,200`. Not scaled.

    Raises:
        BadCell: it is none.
    """
    if text.isdigit() and text.isascii() and len(text) < 15:
        return int(text)
    found = quantity(text)
    if found % SCALE:
        raise BadCell("is not a whole number")
    return found // SCALE


def case_size(text: str, style: NumberStyle = PLAIN) -> int:
    """Units in a case, in ten-thousandths, more than 0: a number, or the first part of a pack such as `12/16 OZ`.

    Raises:
        BadCell: it is none.
    """
    try:
        found = quantity(text, style)
    except BadCell:
        counted_units = counted(text)
        if counted_units is None:
            raise BadCell("is no case size: expected units in a case, such as 12, or a pack such as 12/16 OZ") from None
        found = counted_units
    if found <= 0:
        raise BadCell("is no case size: expected more than 0")
    return found


def percent(text: str, style: NumberStyle = PLAIN) -> int:
    """A percentage in ten-thousandths of one percent: `5`, `5%` and `5.0 %` are 50,000.

    Raises:
        BadCell: it is none.
    """
    match = _PERCENT.fullmatch(tidy(text))
    return quantity(match[1] if match else text, style)


def yes_or_no(text: str) -> bool | None:
    """Whether a flag is set: `Y`, `1`, `true`, `x`, `organic`, `OG`; None for an empty cell.

    Raises:
        BadCell: it is neither.
    """
    word = text.strip().lower()
    if not word:
        return None
    if word in ("y", "yes", "1", "true", "t", "x", "o", "og", "org", "organic", "o1", "o2"):
        return True
    if word in ("n", "no", "0", "false", "f", "-", "conventional", "conv", "c", "none"):
        return False
    raise BadCell("is neither yes nor no")


def code(text: str) -> str:
    """An item's barcode as it stands in the file, without a leading apostrophe or `UPC`; empty for a placeholder.

    A whole number that a spreadsheet wrote as `74305001321.0` loses the `.0`.

    Raises:
        BadCell: it is in scientific notation (`7.43E+10`): its digits are lost for good.
    """
    if text.isdigit() and not is_placeholder(text):
        return text
    return _code(text)


def vendor_code(text: str) -> str:
    """A vendor's own number of an item as it stands in the file, without blanks around it.

    Raises:
        BadCell: as `code`.
    """
    if text.isdigit():
        return text
    stripped = tidy(text).lstrip("'`\u2019 ")
    if stripped.upper() in _NO_CODES:
        return ""
    return stripped if "-" in stripped else _without_fraction(stripped)


def is_placeholder(text: str) -> bool:
    """Whether a code stands for none: only zeros, 9999 or 99999, `NA`."""
    return not text.strip("0 -") or text in ("9999", "99999") or text.upper() in _NO_CODES


def _code(text: str) -> str:
    stripped = tidy(text).lstrip("'`\u2019 ")
    stripped = _without_fraction(stripped)
    if stripped[:3].upper() in ("UPC", "EAN", "PLU") and not stripped[3:4].isalpha():
        stripped = stripped[3:].lstrip(" :#.-")
    return "" if is_placeholder(stripped) else stripped


def _without_fraction(stripped: str) -> str:
    if "E" in stripped.upper() and "+" in stripped and _FLOATED.fullmatch(stripped.replace(",", ".")):
        raise BadCell(
            "is a number that a spreadsheet shortened; its last digits are lost. Format the column as text in the "
            "spreadsheet it came from and save it again"
        )
    return stripped[:-2] if stripped.endswith(".0") and stripped[:-2].isdigit() else stripped


def _money(text: str, style: NumberStyle, per: str) -> int:
    if text.count("-") + text.startswith("(") + text.upper().endswith("CR") > 1:
        raise BadCell("is not an amount of money: it has more than one sign")
    is_negative = text.startswith("(") and text.endswith(")")
    if is_negative:
        text = text[1:-1].strip()
    match = _PER.search(text)
    if match:
        says_case = match[1].lower() in _CASE_WORDS
        if per and says_case != (per == "case"):
            raise BadCell(f"is a price for a {'case' if says_case else 'unit'}; the column is for a {per}")
        text = text[: match.start()]
    several = _SEVERAL_FOR.match(text)
    if several:
        is_clear = not several[2].isdigit() or "/" not in text
        count = int(several[1])
        if not is_clear or not count:
            raise BadCell("is no amount of money: expected a price such as 2.50, or 2/$5")
        return _negated(divide(_priced(several[2], style), count * SCALE), is_negative)
    return _negated(_priced(text, style), is_negative)


def _priced(text: str, style: NumberStyle) -> int:
    is_negative = text[:1] == "-"
    bare = text[1:].strip() if is_negative else text
    plain = _CURRENCY.sub("", bare).strip()
    had_sign = plain != bare
    if plain[-2:].upper() == "CR":
        plain, is_negative = plain[:-2].strip(), not is_negative
    amount = _negated(_signed_number(plain, style.decimals, "an amount of money"), is_negative)
    if not style.is_cents or had_sign:
        return amount
    if amount % SCALE:
        raise BadCell("is not a whole number of cents, as the other cells of its column are")
    return amount // 100


def _negated(amount: int, is_negative: bool) -> int:
    return -amount if is_negative else amount


def _signed_number(text: str, decimals: Decimals, what: str) -> int:
    is_negative = False
    if text.startswith("(") and text.endswith(")"):
        text, is_negative = text[1:-1], True
    elif text.endswith("-") or text.startswith("-"):
        text, is_negative = text.strip("-") if text.count("-") == 1 else text, True
    elif text.startswith("+"):
        text = text[1:]
    return _negated(_number(text.strip(), decimals, what), is_negative)


def _number(text: str, decimals: Decimals, what: str) -> int:
    if not text.isascii() and any(letter.isdigit() for letter in text if letter > "\x7f"):
        raise BadCell(f"is not {what}: its digits are not 0 to 9")
    if _FLOATED.fullmatch(text):
        return _from_decimal(Decimal(text), what)
    if decimals == "either":
        return _number_of_either(text, what)
    match = (_POINT if decimals == "point" else _COMMA).fullmatch(text)
    if match is None or not (match[1] or match[2]):
        _refuse(text, decimals, what)
    digits = "".join(letter for letter in match[1] or "0" if letter.isdigit())
    return _from_decimal(Decimal(f"{digits}.{match[2] or '0'}"), what)


def _number_of_either(text: str, what: str) -> int:
    match = _AMBIGUOUS.fullmatch(text)
    if match:
        raise BadCell(f"can be read two ways: its '{match[1]}' may stand for decimals or for thousands")
    point, comma = text.rfind("."), text.rfind(",")
    return _number(text, "comma" if comma > point and not _POINT.fullmatch(text) else "point", what)


def _from_decimal(value: Decimal, what: str) -> int:
    try:
        return from_decimal(value)
    except (NotAnAmount, ArithmeticError):
        raise BadCell(f"is too large to be {what}") from None


def _refuse(text: str, decimals: Decimals, what: str) -> NoReturn:
    other = _COMMA if decimals == "point" else _POINT
    if text and other.fullmatch(text) and any(letter.isdigit() for letter in text):
        mark = "comma" if decimals == "point" else "point"
        raise BadCell(f"is not {what} unless its decimals stand after a {mark}, which the others' do not")
    raise BadCell(f"is not {what}")
