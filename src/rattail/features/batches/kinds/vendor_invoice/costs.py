"""What an invoice says of an item's cost, beside what the catalog says."""

from __future__ import annotations

from rattail.features.batches.kinds.vendor_catalog.known import Cost
from rattail.features.batches.kinds.vendor_invoice.quantities import Quantity
from rattail.features.batches.reading.lines import InvoiceLine
from rattail.retail.amounts import SCALE, divide, multiply

_HALF_A_CENT = SCALE // 200
_HUNDRED_PERCENT = 100 * SCALE


def is_as_known(unit_cost: int, known: Cost, *, day: str) -> bool:
    """Whether an invoice charges what the catalog says, but for less than half a cent.

    The catalog's cost is before the discount, and an invoice may have it taken off: either is as known.
    """
    assert known.unit_cost is not None
    return any(abs(unit_cost - one) < _HALF_A_CENT for one in (known.unit_cost, *_discounted(known, day)))


def has_discount(known: Cost, day: str) -> bool:
    """Whether a discount lasts on this day."""
    if not (known.discount_amount or known.discount_percent):
        return False
    has_begun = known.discount_starts is None or known.discount_starts <= day
    return has_begun and (known.discount_ends is None or known.discount_ends >= day)


def new_cost(line: InvoiceLine, quantity: Quantity, known: Cost, *, day: str) -> tuple[int | str | None, ...]:
    """The values of `COST_FIELDS` from `day` on, where the invoice's cost is taken over."""
    unit_cost = quantity.unit_cost
    assert unit_cost is not None
    case_size = quantity.case_size if line.unit == "case" else known.case_size
    if line.unit == "case" and quantity.amount and line.shipped:
        case_cost: int | None = divide(quantity.amount, line.shipped)
    else:
        case_cost = multiply(unit_cost, case_size) if case_size else None
    return (day, case_size, case_cost, unit_cost, *known[5:])


def _discounted(known: Cost, day: str) -> list[int]:
    """What a unit costs with the discount; an amount may be for a unit or for a case."""
    unit_cost = known.unit_cost
    if unit_cost is None or not has_discount(known, day):
        return []
    found = []
    if known.discount_percent:
        found.append(divide(unit_cost * (_HUNDRED_PERCENT - known.discount_percent), _HUNDRED_PERCENT * SCALE))
    if known.discount_amount:
        found.append(unit_cost - known.discount_amount)
        if known.case_size:
            found.append(unit_cost - divide(known.discount_amount, known.case_size))
    return found
