"""Money and quantities as whole numbers of ten-thousandths, and the one rounding rule.

Everything is exact but division and what has more than four decimals; those are rounded half away from
zero, as invoices do: 2.86115 becomes 2.8612 and -2.86115 becomes -2.8612.
"""

from decimal import ROUND_HALF_UP, Decimal

SCALE = 10_000
LARGEST = 10**14  # ten thousand millions, in ten-thousandths: beyond it somebody mistyped

_DECIMALS = 4
_STEP = Decimal(1).scaleb(-_DECIMALS)
_ZEROS = "0000"


class NotAnAmount(ValueError):
    """The text is no plain decimal number, or too large to be true."""


def parse(text: str) -> int:
    """`12.5` as 125000: digits, at most one point, a sign in front.

    Raises:
        NotAnAmount: it is anything else.
    """
    whole, point, decimals = text.partition(".")
    if len(decimals) <= _DECIMALS and whole.isdigit() and whole.isascii() and len(whole) < 11:
        if not point:
            return int(whole) * SCALE
        if decimals.isdigit() and decimals.isascii():
            return int(whole + decimals + _ZEROS[len(decimals) :])
    return _parse_slowly(text)


def _parse_slowly(text: str) -> int:
    digits = text.removeprefix("-") if text[:1] == "-" else text.removeprefix("+")
    whole, point, decimals = digits.partition(".")
    if not digits.isascii() or not (whole + decimals).isdigit() or (point and not (whole or decimals)):
        raise NotAnAmount(f'"{text}" is not a decimal number')
    return from_decimal(Decimal(text))


def from_decimal(value: Decimal) -> int:
    """A Decimal as ten-thousandths, rounded.

    Raises:
        NotAnAmount: it is no number, or too large.
    """
    if not value.is_finite() or abs(value) > LARGEST // SCALE:
        raise NotAnAmount(f"{value} is too large to be an amount")
    return int(value.quantize(_STEP, ROUND_HALF_UP).scaleb(_DECIMALS))


def to_decimal(amount: int) -> Decimal:
    """Ten-thousandths as a Decimal with four decimals."""
    return Decimal(amount).scaleb(-_DECIMALS)


def text_of(amount: int, *, least_decimals: int = 2) -> str:
    """Ten-thousandths as text with as many decimals as it needs: 346800 is `34.68`, 28611 is `2.8611`."""
    sign, digits = ("-" if amount < 0 else ""), f"{abs(amount):05d}"
    decimals = digits[-_DECIMALS:].rstrip("0").ljust(least_decimals, "0")
    return f"{sign}{digits[:-_DECIMALS]}{'.' if decimals else ''}{decimals}"


def multiply(one: int, other: int) -> int:
    """The product of two amounts, rounded."""
    return _rounded(one * other, SCALE)


def divide(one: int, other: int) -> int:
    """The quotient of two amounts, rounded.

    Raises:
        ZeroDivisionError: `other` is 0.
    """
    return _rounded(one * SCALE, other)


def _rounded(dividend: int, divisor: int) -> int:
    quotient, rest = divmod(abs(dividend), abs(divisor))
    if rest * 2 >= abs(divisor):
        quotient += 1
    return quotient if (dividend < 0) == (divisor < 0) else -quotient
