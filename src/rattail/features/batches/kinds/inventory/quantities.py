"""How much a row counts, in units of its product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rattail.features.batches.kinds.inventory.known import Counted
from rattail.features.batches.reading.lines import CountLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import divide, multiply, text_of
from rattail.retail.barcodes import Code

_QUESTION = int(Status.QUESTION)
_NO_CASE_SIZE = int(Status.CASE_SIZE_NOT_KNOWN | Status.QUESTION)
_NEGATIVE = int(Status.NEGATIVE)
_NEGATIVE_COUNT = int(Status.NEGATIVE | Status.SUSPICIOUS)
_HUNDREDTHS = 100  # ten-thousandths in one: scales and labels weigh to 0.01
_POUNDS_IN_KILOGRAM = 22_046  # ten-thousandths
_UNITS = {"lb": "pound", "kg": "kilogram"}
#: A hundred million units: beyond it a code was scanned where the quantity belongs.
MOST = 10**12


class Quantity(NamedTuple):
    """`units` is None where it cannot be known; `statuses` and `note` say why, or what else is remarkable."""

    units: int | None
    statuses: int = 0
    note: str = ""
    case_size: int | None = None


def quantity_of(
    line: CountLine,
    code: Code,
    product: Counted,
    *,
    case_sizes: Mapping[int, set[int]],
    prices: Mapping[int, int],
    may_be_negative: bool,
) -> Quantity:
    """What a row counts: cases and units together, or what the label of a weighed piece says, times the units."""
    if code.embedded:
        found = _of_label(line, code, product, prices)
    elif line.cases:
        found = _with_cases(line, case_sizes.get(product.id, set()))
    else:
        found = Quantity(line.units)
    if found.units is None or found.units >= 0:
        return found
    if may_be_negative:
        return found._replace(statuses=found.statuses | _NEGATIVE)
    return found._replace(
        statuses=found.statuses | _NEGATIVE_COUNT, note=f"{_shown(found.units)} cannot be what somebody counted"
    )


def _with_cases(line: CountLine, sizes: set[int]) -> Quantity:
    if len(sizes) == 1:
        (size,) = sizes
        return Quantity(multiply(line.cases, size) + line.units, case_size=size)
    if not sizes:
        return Quantity(None, _NO_CASE_SIZE, "no vendor's cost says how many units a case has")
    said = " or ".join(_shown(size) for size in sorted(sizes))
    return Quantity(None, _NO_CASE_SIZE, f"a case has {said} units: no vendor is preferred, and their cases differ")


def _of_label(line: CountLine, code: Code, product: Counted, prices: Mapping[int, int]) -> Quantity:
    assert code.embedded is not None
    if line.cases:
        return Quantity(None, _QUESTION, "the code is the label of one piece, and the row counts cases of it")
    if code.embedded_is_weight:
        return _of_weight(line, code.embedded, _UNITS.get(code.weight_unit, ""), product)
    price = prices.get(product.id, 0)
    if price <= 0:
        said = f"the label says {text_of(code.embedded)}, and no regular price says how much that is"
        return Quantity(None, _QUESTION, said)
    piece = divide(code.embedded, price * _HUNDREDTHS) * _HUNDREDTHS
    note = f"the label says {text_of(code.embedded)}, at {text_of(price)} that is {_shown(piece)}"
    return Quantity(multiply(piece, line.units), note=note)


def _of_weight(line: CountLine, weight: int, unit: str, product: Counted) -> Quantity:
    """A weight in a code, in the product's unit; where the code does not say its own, it is the product's."""
    note = f"the label says {_shown(weight)} {unit}".rstrip()
    if unit and product.unit not in _UNITS.values():
        return Quantity(None, _QUESTION, f"{note}, and the product is counted by the {product.unit}")
    if unit == "kilogram" and product.unit == "pound":
        weight = multiply(weight, _POUNDS_IN_KILOGRAM)
    elif unit == "pound" and product.unit == "kilogram":
        weight = divide(weight, _POUNDS_IN_KILOGRAM)
    return Quantity(multiply(weight, line.units), note=note)


def _shown(amount: int) -> str:
    return text_of(amount, least_decimals=0)
