"""A second look at columns that were found by their names: whether their cells are what the names promise."""

import re
from collections.abc import Sequence

from rattail.features.batches.reading.columns import Matched, key_of, spoken
from rattail.features.batches.reading.tables import name_of

MONEY = ("case_cost", "unit_cost", "cost", "suggested_retail", "discount_amount", "amount")
NUMBERS = (*MONEY, "case_size", "ordered", "shipped", "cases", "units")
_MOSTLY = 0.8
_PRICE = re.compile(r"[$€£]?\s*\d+[.,]\d\d", re.ASCII)
_WORDS = re.compile(r"[^\W\d_]{2,} +\S")


def judged_by_cells(matched: Matched, names: Sequence[str], sample: Sequence[Sequence[str]]) -> Matched:
    """The columns, without those whose first cells contradict their names; each change is said.

    A column of amounts in which no digit stands (a `cost_unit` of "each" and "lb") is left out; an item number
    that is made of words is the description; a column `Case` that holds prices is the case cost.
    """
    fields, said = dict(matched.fields), list(matched.said)

    def cells(field: str) -> list[str]:
        place = fields.get(field)
        return [] if place is None else [row[place] for row in sample if len(row) > place and row[place].strip()]

    for field in NUMBERS:
        texts = cells(field)
        if texts and not any(letter.isdigit() for text in texts for letter in text):
            place = fields.pop(field)
            said.append(f"'{name_of(names, place)}' was not taken for the {spoken(field)}: it holds no number")
    if _share(cells("vendor_code"), _WORDS) >= _MOSTLY:
        place = fields.pop("vendor_code")
        if fields.setdefault("description", place) == place:
            said.append(f"'{name_of(names, place)}' was taken for the description: it holds words")
        else:
            said.append(f"'{name_of(names, place)}' was not taken for the vendor's item number: it holds words")
    place = fields.get("case_size", -1)
    if place >= 0 and key_of(names[place]) == "case" and _share(cells("case_size"), _PRICE, whole=True) >= _MOSTLY:
        del fields["case_size"]
        if fields.setdefault("case_cost", place) == place:
            said.append(f"'{names[place]}' was taken for the case cost: it holds prices")
    return Matched(fields, said)


def _share(texts: Sequence[str], pattern: re.Pattern[str], *, whole: bool = False) -> float:
    if not texts:
        return 0.0
    found = (pattern.fullmatch(text.strip()) if whole else pattern.search(text) for text in texts)
    return sum(1 for match in found if match) / len(texts)
