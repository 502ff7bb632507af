"""What a line says of an item's cost, beside what is known of it."""

from __future__ import annotations

from rattail.features.batches.kinds.vendor_catalog.known import COST_FIELDS, Cost
from rattail.features.batches.reading.lines import CatalogLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import SCALE, divide, multiply, text_of

_CASE_SIZE_CHANGE = int(Status.CASE_SIZE_CHANGE)
_COST_CHANGE = int(Status.COST_CHANGE)
_RETAIL_CHANGE = int(Status.RETAIL_CHANGE)
_DISCOUNT_CHANGE = int(Status.DISCOUNT_CHANGE)
_SUSPICIOUS = int(Status.SUSPICIOUS)
_QUESTION = int(Status.QUESTION)
_STATUS_OF = (
    0,
    _CASE_SIZE_CHANGE,
    _COST_CHANGE,
    _COST_CHANGE,
    _RETAIL_CHANGE,
    *[_DISCOUNT_CHANGE] * 4,
)
_SAYS = slice(6, 8)  # of a line: case size and case cost
_SAYS_MORE = slice(8, 16)  # unit cost, suggested retail, effective, discount, other case size
_NO_MORE = (None,) * 8
_NEAR = SCALE // 100  # a cent: what rounding a case cost to cents may move a unit cost by, at most


#: What an item will cost (the values of `COST_FIELDS`), the statuses that follow from it, and a note. A plain tuple:
#: there is one for every line of a catalog.
NewCost = tuple[tuple[int | str | None, ...], int, str]


def judge_cost(line: CatalogLine, known: Cost, *, day: str, hold_above_percent: int) -> NewCost:
    """Compare a line with the cost in force. What the line does not say stays as it is.

    A unit cost follows from case cost and case size, or the case cost from the unit cost. `hold_above_percent` is how
    much a unit cost may change before the row is held (0: any change may).
    """
    says: tuple[object, ...] = line
    if says[_SAYS] == (known.case_size, known.case_cost) and says[_SAYS_MORE] == _NO_MORE:
        return (day, *known[2:]), 0, ""
    case_size, note = _case_size(line, known)
    statuses = _QUESTION if note else 0
    case_cost, unit_cost = line.case_cost, line.unit_cost
    if case_size:
        if unit_cost is None and case_cost is not None:
            unit_cost = divide(case_cost, case_size)
        elif case_cost is None and unit_cost is not None:
            case_cost = multiply(unit_cost, case_size)
    values = (
        day,
        case_size,
        known.case_cost if case_cost is None else case_cost,
        known.unit_cost if unit_cost is None else unit_cost,
        known.suggested_retail if line.suggested_retail is None else line.suggested_retail,
        known.discount_amount if line.discount_amount is None else line.discount_amount,
        known.discount_percent if line.discount_percent is None else line.discount_percent,
        known.discount_starts if line.discount_starts is None else line.discount_starts,
        known.discount_ends if line.discount_ends is None else line.discount_ends,
    )
    if values[1:] != known[2:]:
        for index in range(1, len(COST_FIELDS)):
            if values[index] != known[index + 1]:
                statuses |= _STATUS_OF[index]
        doubt = _doubt(values, known, hold_above_percent) if statuses & (_COST_CHANGE | _CASE_SIZE_CHANGE) else ""
        if doubt:
            statuses |= _SUSPICIOUS
            note = doubt
    return values, statuses, note


def _case_size(line: CatalogLine, known: Cost) -> tuple[int | None, str]:
    """The size of a case. Where the file has two that differ, the one that agrees with what is known."""
    one, other = line.case_size, line.other_case_size
    if one is None or other is None or one == other:
        settled = one if one is not None else other
        return (known.case_size if settled is None else settled), ""
    if known.case_size in (one, other):
        return known.case_size, ""
    if known.case_cost and line.unit_cost:
        for candidate in (one, other):
            if abs(multiply(line.unit_cost, candidate) - known.case_cost) <= _NEAR * candidate // SCALE:
                return candidate, ""
    return (
        None,
        f"the file says that a case has {text_of(one, least_decimals=0)} and {text_of(other, least_decimals=0)} units",
    )


def _doubt(values: tuple[int | str | None, ...], known: Cost, hold_above_percent: int) -> str:
    """Why a person should look before this cost is taken."""
    case_cost, unit_cost = values[2], values[3]
    for cost, what in ((case_cost, "case cost"), (unit_cost, "unit cost")):
        if isinstance(cost, int) and cost <= 0:
            return f"the {what} is {text_of(cost)}"
    if not (hold_above_percent and known.unit_cost and isinstance(unit_cost, int)):
        return ""
    if abs(unit_cost - known.unit_cost) * 100 <= known.unit_cost * hold_above_percent:
        return ""
    percent = text_of(divide((unit_cost - known.unit_cost) * 100, known.unit_cost), least_decimals=0)
    return f"the unit cost goes from {text_of(known.unit_cost)} to {text_of(unit_cost)}, {percent} %"
