"""GS1 element strings, as DataBar, GS1-128 and two-dimensional codes carry them: (01) item, 310n weight, 392n price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rattail.retail.barcodes import code as words
from rattail.retail.barcodes.code import BadCode, Code, CodeFault, Type2Layout, quoted
from rattail.retail.barcodes.reading import Digits, read_digits

if TYPE_CHECKING:
    from biip.gs1_messages import GS1Message

_SYMBOLOGIES: Final = ("]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1")
_SEPARATOR: Final = "\x1d"  # what a scanner sends for FNC1
_AROUND: Final = " \t\r\n\u00a0\ufeff"
_UNITS: Final = {"310": "kg", "320": "lb"}
_PRICE: Final = "392"
_LONGEST: Final = 200


def is_element_string(text: str) -> bool:
    """Whether a text looks like one: brackets, a symbology identifier, FNC1, or 01 with a GTIN-14 and more to come."""
    rest = text.strip(_AROUND)
    if rest.startswith(("(", _SEPARATOR, *_SYMBOLOGIES)) or _SEPARATOR in rest:
        return True
    return rest[:2] == "01" and len(rest) > 15 and rest[:16].isascii() and rest[:16].isdigit()


def read_element_string(text: str, *, type2: Type2Layout, weight_decimals: int) -> Code:
    """The item of an element string; its weight (310n, 320n) if it has one, else its price (392n).

    Raises:
        BadCode: it cannot be read, or names no item.
    """
    message = _parsed(text)
    item = message.element_strings.get(ai="01")
    if item is None:
        raise _bad(text, "names no item: the number (01) is missing")
    given = Digits(text, item.value, (words.ELEMENT_STRING_READ,), True, type2, weight_decimals)
    code = read_digits(given)
    for element in message.element_strings:
        if element.decimal is not None and (unit := _UNITS.get(element.ai.ai[:3])):
            weight = _ten_thousandths(text, element.value, int(element.ai.ai[3]))
            return code._replace(embedded=weight, embedded_is_weight=True, weight_unit=unit)
    for element in message.element_strings:
        if element.ai.ai[:3] == _PRICE:
            price = _ten_thousandths(text, element.value, int(element.ai.ai[3]))
            return code._replace(embedded=price, embedded_is_weight=False)
    return code


def _parsed(text: str) -> GS1Message:
    from biip import ParseConfig, ParseError
    from biip.gs1_messages import GS1Message

    rest = text.strip(_AROUND)
    if rest.startswith(_SYMBOLOGIES):
        rest = rest[3:]
    rest = rest.strip(_SEPARATOR)
    if not rest.isascii() or len(rest) > _LONGEST:
        raise _bad(text, "cannot be read: expected ASCII characters, 200 at most")
    config = ParseConfig(gs1_element_strings_verify_date=False)
    try:
        if rest.startswith("("):
            return GS1Message.parse_hri(rest, config=config)
        return GS1Message.parse(rest, config=config)
    except ParseError as error:
        raise _bad(text, "cannot be read: expected numbers and their values, as in (01)00074305001321") from error


def _ten_thousandths(text: str, digits: str, decimals: int) -> int:
    one: int = 10**decimals
    whole, rest = divmod(int(digits) * 10_000, one)
    if rest:
        raise _bad(text, f"has an amount with {decimals} decimals; at most 4 can be kept")
    return whole


def _bad(text: str, what: str) -> BadCode:
    return BadCode(CodeFault.BAD_ELEMENT_STRING, f"{quoted(text)} looks like a GS1 element string, but {what}")
