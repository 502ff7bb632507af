"""What a line says of an item's cost, beside what is known of it."""

from __future__ import annotations

import re

from rattail.features.batches.kinds.vendor_catalog.known import COST_FIELDS, Cost
from rattail.features.batches.reading.lines import CatalogLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import LARGEST, SCALE, NotAnAmount, divide, multiply, parse, text_of

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
_SAYS_DISCOUNT = slice(11, 15)
_NO_DISCOUNT = (None,) * 4
_HALF_A_CENT = SCALE // 200  # what rounding moves the cost of a unit by, at most
_NEAR = SCALE // 100  # a cent: what rounding a case cost to cents may move a unit cost by, at most
_TWO_SIZES = "the file says that a case has {} and {} units"
_TWO_SIZES_IN_NOTE = re.compile(_TWO_SIZES.format(r"(-?[\d.]+)", r"(-?[\d.]+)"), re.ASCII)


#: What an item will cost (the values of `COST_FIELDS`), the statuses that follow from it, and a note. A plain tuple:
#: there is one for every line of a catalog.
NewCost = tuple[tuple[int | str | None, ...], int, str]


def judge_cost(
    line: CatalogLine, known: Cost, *, day: str, hold_above_percent: int, is_accepted: bool = False
) -> NewCost:
    """Compare a line with the cost in force. What the line does not say stays as it is.

    A discount of 0 is none, and another discount has the days that the line says. A unit cost follows from case cost
    and case size, or the case cost from the unit cost; the three may not contradict each other. `hold_above_percent`
    is how much a unit cost may change before the row is held (0: any change may). With `is_accepted` a person has
    looked at the cost and says that it is right; what the file left open has to be said all the same: which of two
    case sizes, or which cost where only the case size is another one.

    Raises:
        NotAnAmount: what follows is too large.
    """
    says: tuple[object, ...] = line
    if says[_SAYS] == (known.case_size, known.case_cost) and says[_SAYS_MORE] == _NO_MORE:
        return (day, *known[2:]), 0, ""
    case_size, note = _case_size(line, known)
    statuses = _QUESTION if note else 0
    case_cost, unit_cost = line.case_cost, line.unit_cost
    if case_size:
        if unit_cost is None and case_cost is not None:
            unit_cost = _sensible(divide(case_cost, case_size))
        elif case_cost is None and unit_cost is not None:
            case_cost = _sensible(multiply(unit_cost, case_size))
    values = (
        day,
        case_size,
        known.case_cost if case_cost is None else case_cost,
        known.unit_cost if unit_cost is None else unit_cost,
        known.suggested_retail if line.suggested_retail is None else line.suggested_retail,
        *(known[6:] if says[_SAYS_DISCOUNT] == _NO_DISCOUNT else _discount(line, known)),
    )
    if values[1:] != known[2:]:
        for index in range(1, len(COST_FIELDS)):
            if values[index] != known[index + 1]:
                statuses |= _STATUS_OF[index]
        is_doubtful = statuses & (_COST_CHANGE | _CASE_SIZE_CHANGE) and not is_accepted
        doubt = _doubt(values, known, hold_above_percent) if is_doubtful else ""
        if doubt:
            statuses |= _SUSPICIOUS
            note = f"{doubt}; {note}" if note else doubt
        if values[1:4] != known[2:5]:
            is_silent = line.case_cost is None and line.unit_cost is None
            against = "" if is_accepted and not is_silent else _contradiction(values, known, is_silent=is_silent)
            if against:
                statuses |= _QUESTION
                note = f"{against}; {note}" if note else against
                values = (*values[:2], None, None, *values[4:]) if is_silent else values  # for a person to say
    return values, statuses, note


def _discount(line: CatalogLine, known: Cost) -> tuple[int | str | None, ...]:
    """Amount, percentage and days of the discount; a new one does not keep the days of the old one."""
    amount = known.discount_amount if line.discount_amount is None else line.discount_amount
    percent = known.discount_percent if line.discount_percent is None else line.discount_percent
    amount = amount or (known.discount_amount and 0)
    percent = percent or (known.discount_percent and 0)
    starts, ends = line.discount_starts, line.discount_ends
    if (amount, percent) == (known.discount_amount, known.discount_percent):
        starts = known.discount_starts if starts is None else starts
        ends = known.discount_ends if ends is None else ends
    return amount, percent, starts, ends


def _contradiction(values: tuple[int | str | None, ...], known: Cost, *, is_silent: bool) -> str:
    """Why case size, case cost and unit cost cannot all be right. With `is_silent` the file gives neither cost."""
    case_size, case_cost, unit_cost = values[1:4]
    if not (isinstance(case_size, int) and isinstance(case_cost, int) and isinstance(unit_cost, int)):
        return ""
    if abs(multiply(unit_cost, case_size) - case_cost) * SCALE <= _HALF_A_CENT * case_size:
        return ""
    size, case, unit = text_of(case_size, least_decimals=0), text_of(case_cost), text_of(unit_cost)
    if is_silent:
        was = "" if known.case_size is None else f" instead of {text_of(known.case_size, least_decimals=0)}"
        return (
            f"a case has {size} units{was} and the file says no cost: "
            f"either the case cost of {case} or the unit cost of {unit} is wrong"
        )
    return f"a case of {size} units at {unit} each is not {case}: case size, unit cost or case cost is wrong"


def _sensible(amount: int) -> int:
    if -LARGEST <= amount <= LARGEST:
        return amount
    raise NotAnAmount(f"with this case size the cost of case or unit is {text_of(amount)}: too large to be true")


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
    return None, _TWO_SIZES.format(text_of(one, least_decimals=0), text_of(other, least_decimals=0))


def two_sizes(note: str) -> tuple[int | None, int | None]:
    """The two sizes of a case between which a row could not decide, out of its note; None where that was not so."""
    found = _TWO_SIZES_IN_NOTE.search(note)
    return (parse(found[1]), parse(found[2])) if found else (None, None)


def _doubt(values: tuple[int | str | None, ...], known: Cost, hold_above_percent: int) -> str:
    """Why a person should look before this cost is taken."""
    case_size, case_cost, unit_cost = values[1], values[2], values[3]
    if isinstance(case_size, int) and case_size <= 0:
        return f"the case size is {text_of(case_size, least_decimals=0)}"
    for cost, what in ((case_cost, "case cost"), (unit_cost, "unit cost")):
        if isinstance(cost, int) and cost <= 0:
            return f"the {what} is {text_of(cost)}"
    return jump(unit_cost, known, hold_above_percent) if isinstance(unit_cost, int) else ""


def jump(unit_cost: int, known: Cost, hold_above_percent: int) -> str:
    """How far a unit cost is from the one in force, where that is more than so many percent (0: any may be)."""
    if not (hold_above_percent and known.unit_cost):
        return ""
    if abs(unit_cost - known.unit_cost) * 100 <= known.unit_cost * hold_above_percent:
        return ""
    percent = text_of(divide((unit_cost - known.unit_cost) * 100, known.unit_cost), least_decimals=0)
    return f"the unit cost goes from {text_of(known.unit_cost)} to {text_of(unit_cost)}, {percent} %"
