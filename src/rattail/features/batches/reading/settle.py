"""What a file shows of itself: how its numbers and dates are written, by the whole column and never by one cell."""

import re
from collections.abc import Iterable
from typing import Literal

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import BadCell, Decimals, money, tidy
from rattail.features.batches.reading.layout import BY_NAME
from rattail.retail.amounts import SCALE

SAMPLE_ROWS = 200
_CENTS_FROM = 100  # whole amounts from here on may be cents
_LEAST_AMOUNTS = 3
_POINT = re.compile(r"\d\.(?:\d{1,2}|\d{4,})(?!\d|[.,]\d)|\d,\d{3}\.\d|(?<![\d.,])0?\.\d", re.ASCII)
_COMMA = re.compile(r"\d,(?:\d{1,2}|\d{4,})(?!\d|[.,]\d)|\d\.\d{3},\d|(?<![\d.,])0?,\d", re.ASCII)
_EITHER = re.compile(r"(?<![\d.,])[1-9]\d{0,2}[.,]\d{3}(?![\d.,])", re.ASCII)


def question(name: str, choice: str, why: str) -> InputRejected:
    """The refusal of file `name` that asks for one choice of the layout, with the option that answers it."""
    known = BY_NAME[choice]
    answers = " or ".join(f"--set {choice}={one}" for one in known.choices if one)
    return InputRejected(
        f"{name} does not tell {known.asked}: {why}.",
        hint=f"answer with {answers}; make-vendor-mapping keeps the answer for this vendor",
    )


def decimals_of(texts: Iterable[str]) -> Decimals | Literal["", "open"]:
    """How numbers are written, by the cells that can be read in one way; empty: nothing tells, and nothing is at stake.

    `open`: there are cells such as `1.234`, and nothing tells.
    """
    has_point = has_comma = is_open = False
    for text in texts:
        has_point = has_point or bool(_POINT.search(text))
        has_comma = has_comma or bool(_COMMA.search(text))
        is_open = is_open or bool(_EITHER.search(text))
    if has_point and has_comma:
        return "either"
    if has_point or has_comma:
        return "point" if has_point else "comma"
    return "open" if is_open else ""


def may_be_cents(texts: Iterable[str]) -> bool:
    """Whether the amounts of a column are all whole, and large enough to be cents."""
    amounts = []
    for text in texts:
        bare = tidy(text)
        if not bare:
            continue
        if not bare.lstrip("-").isdigit():
            return False
        try:
            amounts.append(abs(money(bare)))
        except BadCell:
            return False
    return len(amounts) >= _LEAST_AMOUNTS and min(amounts) >= _CENTS_FROM * SCALE
