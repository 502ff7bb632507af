"""What a code is, what was mended to read it, and what can be wrong with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

#: What was mended, in stable words: they are counted, stored with rows and shown to people.
APOSTROPHE_REMOVED: Final = "apostrophe removed"
BLANKS_REMOVED: Final = "blanks removed"
CHECK_DIGIT_ADDED: Final = "check digit added"
DECIMALS_REMOVED: Final = "decimals removed"
ELEMENT_STRING_READ: Final = "GS1 element string read"
FORMULA_REMOVED: Final = "formula text removed"
HYPHENS_REMOVED: Final = "hyphens removed"
LABEL_REMOVED: Final = "label removed"
LEADING_ZEROS_RESTORED: Final = "leading zeros restored"
PLU_BARCODE_READ: Final = "PLU barcode read"
PRICE_REMOVED: Final = "embedded price removed"
SYMBOLOGY_REMOVED: Final = "symbology identifier removed"
UPC_E_EXPANDED: Final = "UPC-E expanded"
WEIGHT_REMOVED: Final = "embedded weight removed"

REPAIRS: Final = (
    *(BLANKS_REMOVED, APOSTROPHE_REMOVED, FORMULA_REMOVED, LABEL_REMOVED, SYMBOLOGY_REMOVED, HYPHENS_REMOVED),
    *(DECIMALS_REMOVED, LEADING_ZEROS_RESTORED, CHECK_DIGIT_ADDED, UPC_E_EXPANDED, PLU_BARCODE_READ),
    *(PRICE_REMOVED, WEIGHT_REMOVED, ELEMENT_STRING_READ),
)


class CodeKind(StrEnum):
    """What sort of number a key is. One key has one kind, whatever form it was read from."""

    GTIN = "gtin"
    PLU = "plu"  # 4 or 5 digits, given by the trade or by the shop; says nothing outside of one retailer
    WEIGHED = "weighed"  # number system 2: the label of one piece, with its price or weight


class Type2Layout(StrEnum):
    """What the five digits after the item number of a weighed code say. Each retailer has its own habit."""

    PRICE_4 = "price_4"  # 2 IIIII X PPPP C: X checks the price, at most 99.99
    PRICE_5 = "price_5"  # 2 IIIII PPPPP C: at most 999.99
    WEIGHT_5 = "weight_5"  # 2 IIIII WWWWW C
    NONE = "none"  # nothing: a code like any other


class Code(NamedTuple):
    """A code that was read.

    Args:
        key: 13 digits without a check digit; on (kind, key) codes from everywhere meet.
        repairs: what was mended, out of `REPAIRS`, in the order in which it was done.
        embedded: price or weight in the code, in ten-thousandths of the currency or of the unit of weight.
        embedded_is_weight: whether `embedded` is a weight.
        weight_unit: "kg" or "lb" where the code itself says so, as GS1 element strings do.
    """

    kind: CodeKind
    key: str
    repairs: tuple[str, ...] = ()
    embedded: int | None = None
    embedded_is_weight: bool = False
    weight_unit: str = ""


class CodeFault(StrEnum):
    """Why a text is no code, in stable words that can be counted."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    SPOILED = "spoiled by a spreadsheet"
    NOT_DIGITS = "not only digits"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    WRONG_CHECK_DIGIT = "wrong check digit"
    WRONG_PRICE_DIGIT = "wrong price digit"
    AMBIGUOUS = "can be read in two ways"
    UNDECIDED = "check digits undecided"
    BAD_ELEMENT_STRING = "bad GS1 element string"


class BadCode(ValueError):
    """A text that is no code; the message says what is wrong with it and what was expected.

    `fault` says the same in one of a few words. `is_absent` is true for an empty text or a placeholder:
    somebody said that there is no code, which is not the same as a mistake.
    """

    def __init__(self, fault: CodeFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault

    @property
    def is_absent(self) -> bool:
        return self.fault in (CodeFault.EMPTY, CodeFault.PLACEHOLDER)


def quoted(text: str) -> str:
    """A text from a file, in quotes, short enough for a message and without characters that disturb a terminal."""
    shown = text if len(text) <= 40 else text[:40] + "..."
    return '"' + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown) + '"'
