"""The arithmetic of codes: check digits, the digit that guards a price, and UPC-E."""

from __future__ import annotations

from typing import Final

#: Weighted sums of two and of four digits (3, 1, 3, 1). Three look-ups make the sum of twelve digits, faster than
#: adding them up, and a look-up fails for whatever is not an ASCII digit.
TWOS: Final = {f"{n:02d}": 3 * (n // 10) + n % 10 for n in range(100)}
FOURS: Final = {one + two: total + more for one, total in TWOS.items() for two, more in TWOS.items()}

_TWO_MINUS: Final = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE: Final = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_MINUS: Final = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)


def check_digit(digits: str) -> str:
    """The digit that completes a GTIN of any length: weights 3, 1, 3 ... from the right.

    `digits` is the code without its check digit, 1 to 13 ASCII digits; otherwise ValueError.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 13):
        raise ValueError(f"{digits!r}: expected 1 to 13 digits")
    values = digits.encode()
    # The code of the character "0" is 48: its share of the sum is taken off.
    total = 3 * sum(values[-1::-2]) + sum(values[-2::-2]) - 48 * (len(values) + 2 * ((len(values) + 1) // 2))
    return str(-total % 10)


def is_valid(digits: str) -> bool:
    """Whether the last of these ASCII digits (2 to 14) is the check digit of the others."""
    return check_digit(digits[:-1]) == digits[-1]


def price_digit(price: str) -> str:
    """The digit that stands before a 4-digit price in a weighed code and guards it (2875 -> 9)."""
    first, second, third, fourth = (int(digit) for digit in price)
    return str((_TWO_MINUS[first] + _TWO_MINUS[second] + _THREE[third] + _FIVE_MINUS[fourth]) * 3 % 10)


def upc_a_from_e(system: str, six: str) -> str:
    """UPC-A without its check digit (11 digits) from a UPC-E: number system 0 or 1, and the six digits."""
    last = six[5]
    if last in "012":
        return f"{system}{six[:2]}{last}0000{six[2:5]}"
    if last == "3":
        return f"{system}{six[:3]}00000{six[3:5]}"
    if last == "4":
        return f"{system}{six[:4]}00000{six[4]}"
    return f"{system}{six[:5]}0000{last}"


def key_of_eight(digits: str) -> tuple[str, bool] | None:
    """The key of 8 digits with a check digit and whether it was a UPC-E; None where no reading has a right one.

    A leading 0 is a UPC-E before it is an EAN-8, since EAN-8 that start with 0 do not leave the shop that made
    them; more than half of all UPC-E would pass as EAN-8 as well. With any other digit in front EAN-8 comes first.
    """
    as_ean = "000000" + digits[:7] if is_valid(digits) else None
    if digits[0] == "0" or (digits[0] == "1" and as_ean is None):
        expanded = upc_a_from_e(digits[0], digits[1:7])
        if check_digit(expanded) == digits[7]:
            return "00" + expanded, True
    return (as_ean, False) if as_ean else None
