"""From digits to a key, once it is known whether codes of this length have a check digit."""

from __future__ import annotations

from typing import Final, NamedTuple

from rattail.retail.barcodes import code as words
from rattail.retail.barcodes.check_digits import check_digit, is_valid, key_of_eight, price_digit, upc_a_from_e
from rattail.retail.barcodes.code import BadCode, Code, CodeFault, CodeKind, Type2Layout, quoted
from rattail.retail.barcodes.forms import is_plu_barcode, is_trade_plu

LENGTHS: Final = range(7, 15)  # where a column has to say whether its codes have check digits

_PLU_BELOW: Final = 100_000
_ABOVE_PLU: Final = "0000000100000"  # the same as a key
_PLACEHOLDER_KEYS: Final = (0, 9_999, 99_999)


class Digits(NamedTuple):
    """One text on its way to a code. `has_check_digit` is None where nothing is known about its length."""

    text: str
    digits: str
    repairs: tuple[str, ...]
    has_check_digit: bool | None
    type2: Type2Layout
    weight_decimals: int


def read_digits(given: Digits) -> Code:
    """The code that these digits are.

    Raises:
        BadCode: they are none, or could be several.
    """
    length = len(given.digits)
    if is_placeholder(given.digits):
        raise _placeholder(given)
    if length < 4:
        raise _too_short(given)
    if length > 14:
        raise BadCode(CodeFault.TOO_LONG, f"{quoted(given.text)} has {length} digits; a code has at most 14")
    if length < 6:
        return _read_plu(given)
    if length == 6:
        return _read_six(given)
    if length < 9:
        return _read_seven_or_eight(given)
    return _read_long(given)


def is_placeholder(digits: str) -> bool:
    """Whether the digits stand for 'no code': zeros, or four and more nines."""
    return not digits.strip("0") or (len(digits) > 3 and not digits.strip("9"))


def is_small(digits: str) -> bool:
    """Whether the digits, at least 7, are a PLU that was filled up with zeros, with or without check digit."""
    return digits[:-6].strip("0") == "" if len(digits) > 8 else is_trade_plu(int(digits))


def _read_plu(given: Digits) -> Code:
    if is_plu_barcode(given.digits):
        raise _two_ways(given, f"the PLU {given.digits}", f"the barcode of PLU {given.digits[:-1]} without its zeros")
    return _code(given, given.digits.zfill(13), given.repairs)


def _read_six(given: Digits) -> Code:
    if is_plu_barcode(given.digits):
        raise _two_ways(given, "a UPC-E", f"the barcode of PLU {given.digits[:-1]} without its zeros")
    repairs = (*given.repairs, words.CHECK_DIGIT_ADDED, words.UPC_E_EXPANDED)
    return _code(given, "00" + upc_a_from_e("0", given.digits), repairs)


def _read_seven_or_eight(given: Digits) -> Code:
    digits, repairs = given.digits, given.repairs
    if len(digits) == 7:
        if given.has_check_digit is None:
            raise _two_ways(given, "a UPC-E without its leading zero", "a code without its check digit")
        if given.has_check_digit:
            digits, repairs = "0" + digits, (*repairs, words.LEADING_ZEROS_RESTORED)
    if given.has_check_digit is False:
        repairs = (*repairs, words.CHECK_DIGIT_ADDED)
        if len(digits) == 7 and digits[0] == "0" and not is_small(digits):
            return _code(given, "00" + upc_a_from_e("0", digits[1:]), (*repairs, words.UPC_E_EXPANDED))
        return _code(given, digits.zfill(13), (*repairs, words.LEADING_ZEROS_RESTORED))
    found = key_of_eight(digits)
    if is_small(given.digits):
        if found:
            raise _two_ways(given, f"the PLU {int(given.digits)}", "a UPC-E")
        return _code(given, digits.zfill(13), given.repairs)
    if found is None:
        message = f"{quoted(given.text)} has a wrong check digit, as a UPC-E and as an EAN-8 alike"
        raise BadCode(CodeFault.WRONG_CHECK_DIGIT, message)
    key, is_upc_e = found
    if is_upc_e:
        repairs = (*repairs, words.UPC_E_EXPANDED)
    elif key < _ABOVE_PLU:
        repairs = (*repairs, words.PLU_BARCODE_READ)
    return _code(given, key, repairs)


def _read_long(given: Digits) -> Code:
    digits, length = given.digits, len(given.digits)
    if is_small(digits):
        return _read_small(given)
    if given.has_check_digit is None and length < 12:
        raise _two_ways(given, "a code that lost its leading zeros", "one without its check digit")
    if given.has_check_digit is False:
        return _read_without_check_digit(given)
    if not is_valid(digits):
        raise _wrong_check_digit(given)
    repairs = given.repairs if length > 11 else (*given.repairs, words.LEADING_ZEROS_RESTORED)
    return _code(given, digits[:-1].zfill(13), repairs)


def _read_without_check_digit(given: Digits) -> Code:
    digits = given.digits
    if len(digits) == 14 and digits[0] != "0":
        message = f"{quoted(given.text)} has 14 digits; without a check digit, as in this column, a code has at most 13"
        raise BadCode(CodeFault.TOO_LONG, message)
    repairs = (*given.repairs, words.CHECK_DIGIT_ADDED)
    if len(digits) < 11:
        repairs = (*given.repairs, words.LEADING_ZEROS_RESTORED, words.CHECK_DIGIT_ADDED)
    return _code(given, digits[-13:].zfill(13), repairs)


def _read_small(given: Digits) -> Code:
    """At most six digits after zeros: a PLU's barcode with check digit, or a PLU filled up with zeros."""
    number = int(given.digits)
    if given.has_check_digit is False and number >= _PLU_BELOW:
        return _read_without_check_digit(given)
    if given.has_check_digit is False:
        return _code(given, str(number).zfill(13), given.repairs)
    is_barcode = number >= 10_000 and is_valid(given.digits)
    if is_trade_plu(number) and not is_barcode:
        return _code(given, str(number).zfill(13), given.repairs)
    if number < 10_000:
        raise _too_short(given)
    if not is_barcode:
        raise _wrong_check_digit(given)
    repairs = given.repairs if len(given.digits) > 11 else (*given.repairs, words.LEADING_ZEROS_RESTORED)
    return _code(given, str(number // 10).zfill(13), (*repairs, words.PLU_BARCODE_READ))


def _code(given: Digits, key: str, repairs: tuple[str, ...]) -> Code:
    if key < _ABOVE_PLU:
        number = int(key)
        if number in _PLACEHOLDER_KEYS:
            raise _placeholder(given)
        if number < 1_000:
            raise _too_short(given)
        return Code(CodeKind.PLU, key, repairs)
    if given.type2 is not Type2Layout.NONE and is_weighed(key):
        return _weighed(given, key, repairs)
    return Code(CodeKind.GTIN, key, repairs)


def is_weighed(key: str) -> bool:
    """Whether a key has number system 2: UPC-A (2...), or the EAN-13 of a shop (20... to 29...)."""
    return key[:3] == "002" or key[:2] == "02"


def _weighed(given: Digits, key: str, repairs: tuple[str, ...]) -> Code:
    item, value = key[:8] + "00000", key[8:]
    if value == "00000":
        return Code(CodeKind.WEIGHED, item, repairs)
    if given.type2 is Type2Layout.WEIGHT_5:
        weight = int(value) * 10 ** (4 - given.weight_decimals)
        return Code(CodeKind.WEIGHED, item, (*repairs, words.WEIGHT_REMOVED), weight, True)
    if given.type2 is Type2Layout.PRICE_5:
        return Code(CodeKind.WEIGHED, item, (*repairs, words.PRICE_REMOVED), int(value) * 100)
    expected = price_digit(value[1:])
    if value[0] != expected:
        message = (
            f"{quoted(given.text)}: the digit before the price {value[1:]} is {value[0]}, expected {expected}; "
            "a retailer may also have labels with a price of five digits, or with a weight"
        )
        raise BadCode(CodeFault.WRONG_PRICE_DIGIT, message)
    return Code(CodeKind.WEIGHED, item, (*repairs, words.PRICE_REMOVED), int(value[1:]) * 100)


def _placeholder(given: Digits) -> BadCode:
    return BadCode(CodeFault.PLACEHOLDER, f"{quoted(given.text)} is a placeholder that stands for 'no code'")


def _too_short(given: Digits) -> BadCode:
    return BadCode(
        CodeFault.TOO_SHORT, f"{quoted(given.text)} is too short: a PLU has 4 or 5 digits, other codes 6 to 14"
    )


def _two_ways(given: Digits, one: str, other: str) -> BadCode:
    message = f"{quoted(given.text)} can be {one}, or {other}: write all digits, as they are printed on the item"
    return BadCode(CodeFault.AMBIGUOUS, message)


def _wrong_check_digit(given: Digits) -> BadCode:
    digits = given.digits
    message = f"{quoted(given.text)} has the wrong check digit {digits[-1]}, expected {check_digit(digits[:-1])}"
    return BadCode(CodeFault.WRONG_CHECK_DIGIT, message)
