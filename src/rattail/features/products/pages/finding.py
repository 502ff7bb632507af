"""From what somebody types to products: words of the description, and codes in any form."""

from __future__ import annotations

from typing import Any, NamedTuple

from rattail.database.dialect import is_sqlite
from rattail.retail.barcodes import BadCode, Code, CodeRules, Type2Layout, base_item_key
from rattail.retail.barcodes.rules import all_lengths
from rattail.retail.models import ProductCode, VendorItem
from rattail.retail.sheets.codes import read_code_text
from rattail.site import Site

LONGEST = 200  # letters that are looked at
MOST_WORDS = 8
_MOST_FOUND = 500
_MARK = "!"  # what stands before a letter that would mean something in LIKE


class Condition(NamedTuple):
    """Some SQL and its parameters."""

    sql: str
    parameters: list[Any]


def with_words(text: str, *columns: str) -> Condition:
    """True where each of the words stands somewhere in one of the columns.

    Capitals make no difference; on SQLite that is so for the letters A to Z only.
    """
    like = "LIKE" if is_sqlite() else "ILIKE"
    either = " OR ".join(f"{column} {like} %s ESCAPE '{_MARK}'" for column in columns)
    sqls: list[str] = []
    parameters: list[Any] = []
    for word in text[:LONGEST].split()[:MOST_WORDS]:
        sqls.append(f"({either})")
        parameters += [f"%{_plain(word)}%"] * len(columns)
    return Condition(" AND ".join(sqls) or "TRUE", parameters)


def products_with(text: str, *, site: Site) -> list[int]:
    """The ids of the products that a text may mean: a bar code however it was scanned or typed, a PLU, or what a
    vendor calls an item. A code that can be read in several ways finds what each of them means."""
    text = text.strip()[:LONGEST]
    found = set(
        VendorItem.objects.filter(vendor_id__in=_vendors(), code__in={text, text.upper()}).values_list(
            "product_id", flat=True
        )[:_MOST_FOUND]
    )
    for code in _readings(text, site):
        keys = {code.key, base_item_key(code.key)}
        found |= set(ProductCode.objects.filter(kind=code.kind, key__in=keys).values_list("product_id", flat=True))
    return sorted(found)


def _vendors() -> list[int]:
    """All vendors, so that the one index that begins with the vendor can be used."""
    from rattail.retail.models import Vendor

    return list(Vendor.objects.values_list("id", flat=True))


def _readings(text: str, site: Site) -> list[Code]:
    type2 = Type2Layout(site.text("products.weighed_codes"))
    readings: list[Code] = []
    for decided in ({}, all_lengths(True), all_lengths(False)):
        try:
            readings.append(read_code_text(text, CodeRules(decided, type2=type2)))
        except BadCode:
            continue
        if not decided:
            break
    return readings


def _plain(word: str) -> str:
    for letter in (_MARK, "%", "_"):
        word = word.replace(letter, _MARK + letter)
    return word
