"""From a key to the ways in which a code is written."""

from __future__ import annotations

from rattail.retail.barcodes.check_digits import check_digit
from rattail.retail.barcodes.code import CodeKind


def gtin14(key: str) -> str:
    """The 14 digits of a GTIN, with check digit, from its key."""
    return key + check_digit(key)


def printed(key: str, kind: CodeKind) -> str:
    """What stands on the item; reading it gives the key again.

    A PLU is its 4 or 5 digits (12 where five digits would also be the barcode of a 4-digit PLU). A GTIN has its
    check digit and 12 digits where they are enough, 8 for an EAN-8, else 13 or 14. A weighed code has zeros
    where the label of a piece has its price or weight.
    """
    if kind is CodeKind.PLU:
        digits = key.lstrip("0")
        return gtin14(key)[2:] if is_plu_barcode(digits) else digits
    full = gtin14(key)
    if full.startswith("000000") and full[6] != "0":
        return full[6:]
    return full[2:] if full[:2] == "00" else full.removeprefix("0")


def base_item_key(key: str) -> str:
    """The key of the item inside a case: a GTIN-14 with indicator 1 to 8. Any other key is its own item."""
    return "0" + key[1:] if key[0] in "12345678" else key


def is_trade_plu(number: int) -> bool:
    """Whether the trade has given out this PLU, or keeps it for retailers: 3000 to 4999, and with 8 or 9 in front."""
    return number // 1000 in (3, 4, 83, 84, 93, 94)


def is_plu_barcode(digits: str) -> bool:
    """Whether these 5 or 6 digits, which may mean something else, are the barcode of a trade PLU without its zeros."""
    if len(digits) == 5 and digits[0] in "89":
        return False
    return len(digits) in (5, 6) and is_trade_plu(int(digits[:-1])) and check_digit(digits[:-1]) == digits[-1]
