"""Codes and products in cells: as they are printed on the item, wherever that can be read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rattail.retail.barcodes import BadCode, Code, CodeKind, CodeRules, printed, read_code
from rattail.retail.barcodes.check_digits import FOURS, TWOS

UNNAMED = "~"
_DIGITS = 13
_KINDS = frozenset(CodeKind)


def code_text(kind: str, key: str) -> str:
    """A code for a cell. What would be read as another code is written as kind and key: `gtin:0020123400000`."""
    if kind == "gtin" and ("000001" <= key < "002" or "003" <= key < "02" or key >= "03"):
        # Nearly all codes: neither a PLU nor weighed nor of eight digits, and sure to be read back.
        digit = str(-(TWOS[key[:2]] + FOURS[key[2:6]] + FOURS[key[6:10]] + FOURS[f"{key[10:]}0"]) % 10)
        return f"{key[2:] if key[:2] == '00' else key.removeprefix('0')}{digit}"
    text = printed(key, CodeKind(kind))
    try:
        found = read_code(text)
    except BadCode:
        return f"{kind}:{key}"
    return text if (found.kind, found.key) == (kind, key) else f"{kind}:{key}"


def read_code_text(cell: str, rules: CodeRules) -> Code:
    """The code in a cell.

    Raises:
        BadCode: there is none.
    """
    kind, colon, key = cell.partition(":")
    if colon and kind in _KINDS and len(key) == _DIGITS and key.isascii() and key.isdigit():
        return Code(CodeKind(kind), key)
    return rules.read(cell)


def unnamed_products(ask: Callable[[str], Iterable[Sequence[Any]]]) -> dict[int, str]:
    """What to call the products that have no primary code: `~brand|description|size`, numbered where that is not
    enough. They are few, or a shop could not sell them. `ask` gives the rows of a query."""
    rows = ask(
        "SELECT p.id, p.brand, p.description, p.size FROM retail_product p WHERE NOT EXISTS "
        "(SELECT 1 FROM retail_productcode c WHERE c.product_id = p.id AND c.is_primary) ORDER BY p.id"
    )
    names: dict[int, str] = {}
    used: set[str] = set()
    for product_id, *texts in rows:
        plain = UNNAMED + "|".join(texts)
        name, number = plain, 1
        while name in used:
            number += 1
            name = f"{plain} ({number})"
        used.add(name)
        names[product_id] = name
    return names
