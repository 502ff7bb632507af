"""From what stands in a cell to digits: what people and spreadsheets put around a code is taken off, and named."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from rattail.retail.barcodes import code as words
from rattail.retail.barcodes.code import BadCode, CodeFault, quoted

_BLANKS: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_FORMULA: Final = re.compile(r'="?([^"]*)"?')
_LABEL: Final = re.compile(r"(?:UPC(?:-?[AE])?|EAN|GTIN|PLU)(?:-?(?:8|12|13|14)(?=[\s:#]))?(?:(?=\d)|[\s:#.]+)", re.I)
_SYMBOLOGY: Final = re.compile(r"\](?:E[0-4]|I[01]|C0|X0)")
_HYPHENATED: Final = re.compile(r"\d+(?:-+\d+)+")
_DECIMALS: Final = re.compile(r"(\d+)[.,]0*")
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d*)?E[+-]?\d+", re.I)
_DATE: Final = re.compile(r"(?:1[89]|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_NO_CODE: Final = frozenset(
    (
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "none",
        "null",
        "nil",
        "nan",
        "no upc",
        "noupc",
        "tbd",
        "tba",
        "unknown",
        "-",
        "--",
        "---",
    )
)
_LONGEST: Final = 200  # characters that are looked at; an element string has at most 74


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The ASCII digits of a code and what was mended to get them.

    Raises:
        BadCode: nothing is there, or something that is no code.
    """
    repairs: list[str] = []
    rest = _without_blanks_around(text, repairs)
    rest = _without_wrapping(text, rest, repairs)
    if not (rest.isascii() and rest.isdigit()):
        rest = _without_punctuation(text, rest, repairs)
    return rest, tuple(dict.fromkeys(repairs))


def is_hyphenated(text: str) -> bool:
    """Whether a text is nothing but ASCII digits with hyphens between them, and too long to be a date."""
    return len(text) > 10 and "-" in text and text.isascii() and _HYPHENATED.fullmatch(text) is not None


def _without_blanks_around(text: str, repairs: list[str]) -> str:
    if len(text) > _LONGEST:
        raise BadCode(CodeFault.TOO_LONG, f"{quoted(text)}: {len(text)} characters; a code has at most 14 digits")
    rest = _BLANKS.sub(" ", text).strip(" ")
    if not rest:
        raise BadCode(CodeFault.EMPTY, "the code is empty")
    if rest.lower() in _NO_CODE:
        raise BadCode(CodeFault.PLACEHOLDER, f"{quoted(text)} stands for 'no code'")
    if rest != text:
        repairs.append(words.BLANKS_REMOVED)
    return rest


def _without_wrapping(text: str, rest: str, repairs: list[str]) -> str:
    if rest[0] in "'\u2019`":
        rest = rest[1:].strip(" ")
        repairs.append(words.APOSTROPHE_REMOVED)
    if rest[:1] == "=" and (formula := _FORMULA.fullmatch(rest)):
        rest = formula[1].strip(" ")
        repairs.append(words.FORMULA_REMOVED)
    if label := _LABEL.match(rest):
        rest = rest[label.end() :]
        repairs.append(words.LABEL_REMOVED)
    if symbology := _SYMBOLOGY.match(rest):
        rest = rest[symbology.end() :]
        repairs.append(words.SYMBOLOGY_REMOVED)
    if not rest:
        raise BadCode(CodeFault.EMPTY, f"{quoted(text)}: there are no digits")
    return rest


def _without_punctuation(text: str, rest: str, repairs: list[str]) -> str:
    rest = rest.translate(_HYPHENS)
    if " " in rest:
        rest = rest.replace(" ", "")
        repairs.append(words.BLANKS_REMOVED)
    if not rest.isascii():
        _refuse(text, rest)
    if _DATE.fullmatch(rest):
        raise BadCode(CodeFault.PLACEHOLDER, f"{quoted(text)} is a date, not a code")
    if decimals := _DECIMALS.fullmatch(rest):
        rest = decimals[1]
        repairs.append(words.DECIMALS_REMOVED)
    elif _HYPHENATED.fullmatch(rest):
        rest = rest.replace("-", "")
        repairs.append(words.HYPHENS_REMOVED)
    if not rest.isdigit():
        _refuse(text, rest)
    return rest


def _refuse(text: str, rest: str) -> NoReturn:
    if _SCIENTIFIC.fullmatch(rest):
        message = (
            f"{quoted(text)} was spoiled by a spreadsheet, which cut off its last digits: "
            "format the column as text and export again"
        )
        raise BadCode(CodeFault.SPOILED, message)
    strange = next((c for c in rest if c not in "0123456789-"), "-")
    if strange.isdigit():
        what = f"has the digit {quoted(strange)}, which is not one of 0 to 9"
    elif strange.isalpha():
        what = f"has the letter {quoted(strange)}"
    else:
        what = f"has {quoted(strange)}"
    raise BadCode(CodeFault.NOT_DIGITS, f"{quoted(text)} {what}: a code has only digits")
