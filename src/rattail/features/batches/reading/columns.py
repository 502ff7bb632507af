"""Which column of a file holds which field, by the names that are known."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from rattail.features.batches.reading.column_names import NAMES

_A_SLIP = 0.86  # how like a known name a misspelt one is, from 0 to 1
_SHORTEST_MISSPELT = 6  # letters: shorter names are too like each other
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|#|%")
#: Abbreviations that names are made of, to one spelling.
_WORDS = {
    **dict.fromkeys(("#", "no", "num", "nbr", "nr", "number", "numb"), "number"),
    **dict.fromkeys(("%", "pct", "percent", "perc", "percentage"), "percent"),
    **dict.fromkeys(("qty", "qnty", "quantity", "quant", "qtty"), "quantity"),
    **dict.fromkeys(("desc", "descr", "description", "dsc"), "description"),
    **dict.fromkeys(("amt", "amount"), "amount"),
    **dict.fromkeys(("prod", "product"), "product"),
    **dict.fromkeys(("cs", "case", "cases"), "case"),
    **dict.fromkeys(("ea", "each"), "each"),
    **dict.fromkeys(("inv", "invoice"), "invoice"),
    **dict.fromkeys(("ord", "order", "ordered"), "order"),
    **dict.fromkeys(("shp", "ship", "shipped"), "ship"),
    **dict.fromkeys(("eff", "effective"), "effective"),
    **dict.fromkeys(("disc", "discount"), "discount"),
    **dict.fromkeys(("dept", "department"), "department"),
    **dict.fromkeys(("mfg", "mfr", "manufacturer", "manuf"), "manufacturer"),
    **dict.fromkeys(("ext", "extd", "extended"), "extended"),
    **dict.fromkeys(("whs", "wholesale", "whsle", "whls"), "wholesale"),
    **dict.fromkeys(("vend", "vendor", "vnd"), "vendor"),
    **dict.fromkeys(("supp", "supplier"), "supplier"),
    **dict.fromkeys(("pk", "pack", "packs", "pck"), "pack"),
    **dict.fromkeys(("loc", "location"), "location"),
    **dict.fromkeys(("upcs", "upc"), "upc"),
    **dict.fromkeys(("units", "unit"), "unit"),
    "svc": "service",
    "reg": "regular",
}


class Matched(NamedTuple):
    """Which column holds which field: field to index (from 0); `said` explains what is not obvious."""

    fields: Mapping[str, int]
    said: Sequence[str]


@lru_cache(maxsize=4096)
def key_of(name: str) -> str:
    """A name without case, blanks and punctuation, abbreviations written out: `Qty. Shipped` is `quantityship`."""
    return "".join(_WORDS.get(word, word) for word in (found.lower() for found in _WORD.findall(_plain(name))))


@lru_cache(maxsize=8)
def fields_by_key(kind: str) -> Mapping[str, str]:
    """Every known name of a kind, by its key, with the field it stands for; the first field that claims it has it."""
    known: dict[str, str] = {}
    for field, names in NAMES[kind].items():
        for name in names.split(";"):
            known.setdefault(key_of(name), field)
    return known


def is_known_for(kind: str) -> Callable[[str], bool]:
    """Whether a text is the name of a column in a file of this kind."""
    known = fields_by_key(kind)
    return lambda name: len(name) < 60 and key_of(name) in known


def match_columns(names: Sequence[str], kind: str) -> Matched:
    """Which field each column holds, by its name; of two with one field the one that is listed first here.

    A misspelt name counts where no other column has its field.
    """
    known = fields_by_key(kind)
    fields: dict[str, int] = {}
    said: list[str] = []
    for index, name in enumerate(names):
        field = known.get(key_of(name)) if name else None
        if field is None:
            continue
        if field not in fields:
            fields[field] = index
            continue
        first = fields[field]
        if _rank(kind, field, name) < _rank(kind, field, names[first]):
            fields[field], first, index = index, index, first
        said.append(
            f"both '{names[first]}' and '{names[index]}' may be the {spoken(field)}: '{names[first]}' was taken"
            if names[first] != names[index]
            else f"two columns are called '{name}': the first was taken"
        )
    for index, name in enumerate(names):
        key = key_of(name) if name else ""
        if len(key) < _SHORTEST_MISSPELT or key in known or index in fields.values():
            continue
        near = get_close_matches(key, [one for one in known if known[one] not in fields], 1, _A_SLIP)
        if near:
            fields[known[near[0]]] = index
            said.append(f"'{name}' was taken for a misspelt name of the {spoken(known[near[0]])}")
    return Matched(fields, said)


def spoken(field: str) -> str:
    """A field as a person says it: `case_cost` is "case cost"."""
    return {"code": "barcode", "vendor_code": "vendor's item number"}.get(field, field.replace("_", " "))


def _rank(kind: str, field: str, name: str) -> int:
    keys = [key_of(one) for one in NAMES[kind][field].split(";")]
    return keys.index(key_of(name))


def _plain(name: str) -> str:
    import unicodedata

    if name.isascii():
        return name
    return "".join(letter for letter in unicodedata.normalize("NFKD", name) if letter.isascii())
