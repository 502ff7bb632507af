"""What a line of an invoice is in units of the product, and what one of them costs by it."""

from __future__ import annotations

from typing import NamedTuple

from rattail.features.batches.reading.lines import InvoiceLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import LARGEST, SCALE, divide, multiply, text_of

_POUND_OVER_KILOGRAM = 45359237  # of 100,000,000: what a pound is in kilograms, by definition
_WHOLE = 100_000_000
_WEIGHTS = ("pound", "kilogram")
_NO_CASE_SIZE = int(Status.CASE_SIZE_NOT_KNOWN | Status.QUESTION)
_QUESTION = int(Status.QUESTION)


class Quantity(NamedTuple):
    """`units` is None where it cannot be told; `unit_cost` and `amount` where the file says neither."""

    units: int | None
    case_size: int | None
    unit_cost: int | None
    amount: int | None
    statuses: int
    note: str


def quantity_of(
    line: InvoiceLine, *, product_unit: str, known_case_size: int | None, is_cost_said: bool = False
) -> Quantity:
    """The line in units of a product that is sold by `product_unit` (empty: the product is not known).

    The file's case size counts; where it has none, the catalog's. The amount of the line carries the discounts, so
    the cost of a unit comes from it where it is there and not nothing, unless `is_cost_said`.
    """
    case_size = line.case_size if line.case_size and line.case_size > 0 else known_case_size
    amount = line.amount
    if amount is None and line.cost is not None and line.shipped is not None:
        amount = multiply(line.shipped, line.cost)
    units, statuses, note = _units(line, product_unit, case_size)
    unit_cost = None
    if not statuses:
        amount_counts = not (is_cost_said and line.cost is not None)
        unit_cost = _unit_cost(line, units if amount_counts else None, product_unit, case_size)
        statuses, note = _doubt(line)
    too_large = max(abs(one or 0) for one in (units, amount, unit_cost)) > LARGEST
    if too_large:
        return Quantity(None, case_size, None, None, _QUESTION, "the line is too large to be true")
    return Quantity(units, case_size, unit_cost, amount, statuses, note)


def _units(line: InvoiceLine, product_unit: str, case_size: int | None) -> tuple[int | None, int, str]:
    """Units of the product, or the status and the words for why they cannot be told."""
    shipped, unit = line.shipped, line.unit
    if shipped is None:
        return (0, 0, "") if line.is_out_of_stock else (None, _QUESTION, "the file does not say how many were shipped")
    if unit == product_unit or not shipped or (not product_unit and unit != "case"):
        return shipped, 0, ""
    if unit == "case":
        if case_size:
            return multiply(shipped, case_size), 0, ""
        if not product_unit:
            return None, 0, ""
        return None, _NO_CASE_SIZE, "neither the file nor the catalog says how many units a case has"
    if unit in _WEIGHTS and product_unit in _WEIGHTS:
        return _weight(shipped, unit), 0, ""
    return None, _QUESTION, f"the invoice counts in {_plural(unit)}, the product is sold by the {product_unit}"


def _unit_cost(line: InvoiceLine, units: int | None, product_unit: str, case_size: int | None) -> int | None:
    amount, cost, unit = line.amount, line.cost, line.unit
    if amount and units:
        return divide(amount, units)
    if cost is None:
        return 0 if amount == 0 and units else None
    if unit == product_unit or unit == "each":
        return cost
    if unit == "case":
        return divide(cost, case_size) if case_size else None
    if product_unit in _WEIGHTS:
        return _weight(cost, product_unit)
    return cost


def _weight(amount: int, unit: str) -> int:
    """Pounds as kilograms or kilograms as pounds; a cost for one the other way round."""
    if unit == "pound":
        return divide(amount * _POUND_OVER_KILOGRAM, _WHOLE * SCALE)
    return divide(amount * (_WHOLE // SCALE), _POUND_OVER_KILOGRAM)


def _doubt(line: InvoiceLine) -> tuple[int, str]:
    """Why a person should look before this is received."""
    shipped, amount = line.shipped, line.amount
    if not shipped or not amount:
        return 0, ""
    if line.is_out_of_stock:
        return _QUESTION, f"it says out of stock, and charges {text_of(amount)}"
    if (amount < 0) != (shipped < 0):
        quantity = text_of(shipped, least_decimals=0)
        return _QUESTION, f"the quantity is {quantity} and the amount {text_of(amount)}: did it come or go back?"
    return 0, ""


def _plural(unit: str) -> str:
    return {"case": "cases", "each": "pieces"}.get(unit, f"{unit}s")
