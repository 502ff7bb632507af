"""What a text such as `12/16 OZ` says: how many are in a case, and the size of one."""

import re
from functools import lru_cache

from rattail.features.batches.reading.bad_cell import tidy
from rattail.features.batches.reading.lines import Unit
from rattail.retail.amounts import SCALE, NotAnAmount, parse

_NUMBER = r"\d+(?:\.\d+)?|\.\d+"
_COUNT_OF_SIZE = re.compile(rf"(\d{{1,5}})\s*([/xX-])\s*((?:{_NUMBER}).*)", re.I | re.ASCII)
_CASE_OF = re.compile(r"\(?\b(?:case|box|carton|tray|pack|cs|bag|set)s? of (\d{1,5})\b\)?", re.I | re.ASCII)
_PER_CASE = re.compile(
    r"\(?\b(\d{1,5})\s*(?:ct|pcs?|units?|each|ea)?\s*(?:per|/|a)\s*(?:tray|case|carton|box|cs|ctn|bag)\b\)?",
    re.I | re.ASCII,
)
_RANGE_OF_COUNTS = re.compile(r"(?:\bbin\s*)?(\d{1,5})\s*-\s*(\d{1,5})\s*(?:ct|count)\b\.?", re.I | re.ASCII)
_COUNTED = re.compile(
    r"(\d{1,5})\s*(?:ct|count|ea|each|pcs?|pieces?|units?|bars?|bags?|btls?|bottles?|cans?|jars?|boxes|pk|packs?|pack)\.?",
    re.I | re.ASCII,
)
_SIZE = re.compile(rf"({_NUMBER})\s*([A-Za-z][A-Za-z .]*|#)\.?", re.ASCII)
_WEIGHT = re.compile(rf"(?:1\s*(?:/|x)\s*)?({_NUMBER})\s*(#|lbs?|lbr|pounds?|kgs?|kgm|kilos?)\.?", re.I | re.ASCII)
_NO_SIZE = frozenset(("cs", "case", "ea", "each", "na", "n/a", "-", "0", "none"))
#: Units as the trade abbreviates them, and as GS1 messages do, to one spelling each.
_UNIT_NAMES = {
    **dict.fromkeys(("oz", "onz", "ounce", "ounces", "ozs", "ozm", "ozn"), "oz"),
    **dict.fromkeys(("fl oz", "floz", "fz", "foz", "fl.oz", "fl. oz", "oza", "fluid ounce", "fluid ounces"), "fl oz"),
    **dict.fromkeys(("lb", "lbs", "lbr", "#", "pound", "pounds"), "lb"),
    **dict.fromkeys(("g", "gr", "grm", "gram", "grams", "gm"), "g"),
    **dict.fromkeys(("kg", "kgs", "kgm", "kilo", "kilos", "kilogram", "kilograms"), "kg"),
    **dict.fromkeys(("ml", "mlt", "milliliter", "milliliters"), "ml"),
    **dict.fromkeys(("l", "lt", "ltr", "liter", "liters", "litre", "litres"), "l"),
    **dict.fromkeys(("ct", "cnt", "count", "h87"), "ct"),
    **dict.fromkeys(("ea", "each"), "ea"),
    **dict.fromkeys(("gal", "gll", "gallon", "gallons"), "gal"),
    **dict.fromkeys(("qt", "qts", "quart", "quarts"), "qt"),
    **dict.fromkeys(("pt", "pts", "pint", "pints"), "pt"),
}


@lru_cache(maxsize=8192)
def pack(text: str) -> tuple[int | None, str]:
    """Units in a case (ten-thousandths; None where the text has none), and the size of one.

    `12/16 OZ`, `2 x 5lb` and `6-12 oz` are a count and a size; `(case of 6)`, `6 per tray` a count; `bin
    28-32ct` the mean, 30. `25#` is a size, 25 lb: whether a sack is sold by the pound is for the mapping to
    say, see `weight`. `CS` says nothing. What is not understood is a size as it stands. Never raises.
    """
    plain = tidy(text)
    if match := _RANGE_OF_COUNTS.search(plain):
        return (int(match[1]) + int(match[2])) * SCALE // 2 or None, ""
    if (match := _CASE_OF.search(plain)) or (match := _PER_CASE.search(plain)):
        rest = (plain[: match.start()] + " " + plain[match.end() :]).strip(" ,;-")
        return int(match[1]) * SCALE or None, size(rest) if _SIZE.fullmatch(rest) else ""
    if (match := _COUNT_OF_SIZE.fullmatch(plain)) and _is_size(match[3], mark=match[2]):
        return int(match[1]) * SCALE or None, size(match[3])
    return None, size(plain)


def counted(text: str) -> int | None:
    """Units in a case (ten-thousandths) where a column is known to hold them: as `pack`, and `12 bars` or `24 ct`."""
    found = pack(text)[0]
    if found is None and (match := _COUNTED.fullmatch(tidy(text))):
        return int(match[1]) * SCALE or None
    return found


def weight(text: str) -> tuple[int, Unit] | None:
    """The weight of a sack or case sold by weight, in ten-thousandths: `25#`, `1/25.00 LB`; else None."""
    match = _WEIGHT.fullmatch(tidy(text))
    if match is None:
        return None
    try:
        amount = parse(match[1])
    except NotAnAmount:
        return None
    return (amount, "kilogram" if match[2][:1].lower() == "k" else "pound") if amount else None


@lru_cache(maxsize=8192)
def size(text: str) -> str:
    """A size in one spelling: `32 ONZ` and `32OZ` are `32 oz`, `25#` is `25 lb`, `CS` is nothing."""
    plain = tidy(text)
    if plain.lower() in _NO_SIZE:
        return ""
    match = _SIZE.fullmatch(plain)
    if match is None:
        return f"{plain} ct" if plain == "1" else plain
    number = match[1].rstrip("0").rstrip(".") if "." in match[1] else match[1]
    name = match[2].strip(" .")
    return f"{number or '0'} {_UNIT_NAMES.get(name.lower(), name)}"


def _is_size(text: str, *, mark: str) -> bool:
    """Whether what follows `12/` is a size, rather than the end of a range (`38-42`) or of a date."""
    if text.replace(".", "", 1).isdigit():
        return mark != "-"
    return bool(_SIZE.fullmatch(text) or _COUNT_OF_SIZE.fullmatch(text))
