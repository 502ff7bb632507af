"""What a table of invoice lines says beside its lines: number, date, charges, totals, and what its quantities count."""

import re
from collections.abc import Sequence
from typing import Literal

from rattail.features.batches.reading.cells import BadCell, money, quantity_with_unit, tidy
from rattail.features.batches.reading.columns import fields_by_key, key_of
from rattail.features.batches.reading.prepare import Prepared
from rattail.retail.amounts import SCALE, multiply

_TOTAL = re.compile(r"(?:invoice |grand |net |order )?total\b|amount due|balance due|total due|summe\b|gesamt", re.I)
_PART = re.compile(
    r"sub ?-?total|page total|dept|department|section|case total|total (?:cases|units|pieces|weight)", re.I
)
_CHARGE = re.compile(
    r"freight|fuel|delivery|shipping|handling|surcharge|deposit|crv\b|\bfee\b|tax\b|vat\b|discount|allowance|rebate|"
    r"pallet|service charge|minimum order|credit card|adjustment",
    re.I,
)
_OUT = frozenset(
    (
        *(
            "out",
            "oos",
            "o/s",
            "out of stock",
            "outofstock",
            "short",
            "shorted",
            "b/o",
            "bo",
            "backorder",
            "back order",
        ),
        *("backordered", "discontinued", "n/a", "not available", "mfr out", "whse out", "y", "yes", "true"),
    )
)
_ENOUGH = 0.8  # of the rows that can be judged


def said_above(prepared: Prepared, field: str) -> str:
    """What the rows above the table say of a field: the text after its label, or in the next cell."""
    known = fields_by_key("vendor_invoice")
    for row in prepared.table.above:
        for place, cell in enumerate(row):
            label, colon, value = cell.partition(":")
            if known.get(key_of(label)) != field:
                continue
            if colon and value.strip():
                return tidy(value)
            following = next((one for one in row[place + 1 :] if one.strip()), "")
            if following and known.get(key_of(following.rstrip(": "))) is None:
                return tidy(following)
    return ""


def is_out(status: str) -> bool:
    """Whether a status says that nothing came."""
    return tidy(status).casefold().rstrip(".") in _OUT


def kind_of_row(row: Sequence[str]) -> Literal["total", "part", "charge", ""]:
    """What a row without a code is, by its texts."""
    text = " ".join(tidy(cell) for cell in row if cell.strip())
    if _PART.search(text):
        return "part"
    if _CHARGE.search(text):
        return "charge"
    return "total" if _TOTAL.search(text) else ""


def label_of(row: Sequence[str]) -> str:
    """What a row calls itself: its first cell with a letter in it."""
    return next((tidy(cell) for cell in row if any(letter.isalpha() for letter in cell)), "")


def quantities_count(prepared: Prepared) -> Literal["case", "unit", ""]:
    """What the quantities of an invoice count, by the lines: quantity times cost has to be the amount.

    Empty where the lines do not tell; then the one column of costs does.
    """
    places = prepared.places
    amount_at, shipped_at = places.get("amount"), places.get("shipped", places.get("ordered"))
    has_case_size = "case_size" in places or "pack" in places
    if not has_case_size and not places.keys() & {"case_cost"}:
        return "unit"
    if amount_at is not None and shipped_at is not None:
        for field, basis in (("case_cost", "case"), ("unit_cost", "unit")):
            if field in places and _share(prepared, shipped_at, places[field], amount_at) >= _ENOUGH:
                return "case" if basis == "case" else "unit"
        sizes = places.get("case_size")
        if "unit_cost" in places and sizes is not None:
            share = _share(prepared, shipped_at, places["unit_cost"], amount_at, case_at=sizes)
            if share >= _ENOUGH:
                return "case"
    if "case_cost" in places and "unit_cost" not in places and "cost" not in places:
        return "case"
    if "unit_cost" in places and "case_cost" not in places:
        return "unit"
    return ""


def _share(prepared: Prepared, shipped_at: int, cost_at: int, amount_at: int, *, case_at: int | None = None) -> float:
    """Of how many rows the quantity times the cost is the amount, to a cent for each unit."""
    fitting = judged = 0
    for row in prepared.sample:
        try:
            shipped = quantity_with_unit(row[shipped_at], prepared.style)[0]
            cost = money(row[cost_at], prepared.style)
            amount = money(row[amount_at], prepared.style)
            units = quantity_with_unit(row[case_at], prepared.style)[0] if case_at is not None else SCALE
        except (BadCell, IndexError):
            continue
        count = multiply(shipped, units)
        if not shipped or not amount:
            continue
        judged += 1
        fitting += abs(multiply(count, cost) - amount) <= max(abs(multiply(count, 100)) // 2, 200)
    return fitting / judged if judged else 0.0
