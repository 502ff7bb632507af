"""How the codes of one column are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from rattail.retail.barcodes import code as words
from rattail.retail.barcodes.check_digits import FOURS, TWOS
from rattail.retail.barcodes.cleaning import clean, is_hyphenated
from rattail.retail.barcodes.code import BadCode, Code, CodeFault, CodeKind, Type2Layout, quoted
from rattail.retail.barcodes.element_strings import is_element_string, read_element_string
from rattail.retail.barcodes.reading import LENGTHS, Digits, read_digits

FEW: Final = 5  # codes of one length; fewer decide nothing by themselves

_RESTORED: Final = (words.LEADING_ZEROS_RESTORED,)
_ADDED: Final = (words.CHECK_DIGIT_ADDED,)
_BOTH: Final = (words.LEADING_ZEROS_RESTORED, words.CHECK_DIGIT_ADDED)


class Tally(NamedTuple):
    """How many codes of one length voted, and in how many of them the last digit is a valid check digit."""

    codes: int
    valid: int

    @property
    def percent(self) -> float:
        return 100 * self.valid / self.codes if self.codes else 0.0

    def __str__(self) -> str:
        return f"{_rounded(self)} % of {self.codes:,}"


class Undecided(NamedTuple):
    """A length of which the column does not say whether its codes have check digits."""

    length: int
    tally: Tally

    @property
    def too_few(self) -> bool:
        """Whether there are so few codes that setting them aside is better than asking for their sake."""
        return self.tally.codes < FEW

    def __str__(self) -> str:
        ends = f"{self.tally.valid:,} of {self.tally.codes:,} codes of {self.length} digits end in a valid check digit"
        if self.too_few:
            return f"{ends}: too few to tell whether they have one"
        sure = "90 % or more would say that they have one, 20 % or less that they lack it"
        return f"{ends} ({_rounded(self.tally)} %): {sure}"


class CodeRules:
    """Reads the codes of one column. Made by `CodeSurvey.rules`; `decided` is all that has to be kept to make it anew.

    Args:
        decided: number of digits -> whether codes of that length end in a check digit.
        undecided: lengths whose codes are refused until somebody decides.
        tallies: the votes, for `describe`.
        type2: what weighed codes carry.
        weight_decimals: decimals of a weight in a weighed code, 0 to 4.
    """

    __slots__ = ("_fast", "decided", "tallies", "type2", "undecided", "weight_decimals")

    def __init__(
        self,
        decided: Mapping[int, bool],
        *,
        undecided: tuple[Undecided, ...] = (),
        tallies: Mapping[int, Tally] | None = None,
        type2: Type2Layout = Type2Layout.PRICE_4,
        weight_decimals: int = 2,
    ) -> None:
        if not 0 <= weight_decimals <= 4:
            raise ValueError(f"{weight_decimals} decimals of a weight: expected 0 to 4")
        self.decided = dict(decided)
        self.undecided = undecided
        self.tallies = dict(tallies or {})
        self.type2 = type2
        self.weight_decimals = weight_decimals
        self._fast = {n: _shortcut(n, has) for n, has in self.decided.items() if 9 <= n <= (14 if has else 13)}

    @property
    def questions(self) -> tuple[Undecided, ...]:
        """What a person has to be asked before the column is read.

        A handful of codes is not worth a question where the rest of the column is clear: they are refused one by
        one, each with the reason.
        """
        return tuple(one for one in self.undecided if not one.too_few or not self.decided)

    def read(self, text: str) -> Code:
        """The code in a cell of this column.

        Raises:
            BadCode: there is none, or more than one way to read it. Nothing is ever guessed.
        """
        shortcut = self._fast.get(len(text))
        if shortcut is not None:
            zeros, has_check_digit, repairs = shortcut
            full = zeros + text
            try:
                total = FOURS[full[2:6]] + FOURS[full[6:10]] + FOURS[full[10:14]] + TWOS[full[:2]]
            except KeyError:
                return self._read_hyphenated(text) if is_hyphenated(text) else self.read_thoroughly(text)
            if has_check_digit:
                key = full[:-1]
                is_good = total % 10 == 0 and text < "99999"
            else:
                key = full[1:]
                is_good = text < "99999"
            # PLUs, weighed codes and rows of nines are for the thorough way, as is everything that is wrong.
            if is_good and ("0000000100000" <= key < "002" or "003" <= key < "02" or key >= "03"):
                return tuple.__new__(Code, (_GTIN, key, repairs, None, False, ""))
        elif is_hyphenated(text):
            return self._read_hyphenated(text)
        return self.read_thoroughly(text)

    def _read_hyphenated(self, text: str) -> Code:
        bare = text.replace("-", "")
        if len(bare) in self._fast:
            try:
                code = self.read(bare)
            except BadCode:
                return self.read_thoroughly(text)  # which speaks of the text as it was
            return code._replace(repairs=(words.HYPHENS_REMOVED, *code.repairs))
        return self.read_thoroughly(text)

    def read_thoroughly(self, text: str) -> Code:
        """What `read` does, without its shortcut for plain digits."""
        if is_element_string(text):
            return read_element_string(text, type2=self.type2, weight_decimals=self.weight_decimals)
        digits, repairs = clean(text)
        length = len(digits)
        decision = self.decided.get(length)
        given = Digits(text, digits, repairs, decision, self.type2, self.weight_decimals)
        if decision is None and (asked := next((one for one in self.undecided if one.length == length), None)):
            return self._read_undecided(given, asked)
        return read_digits(given)

    def _read_undecided(self, given: Digits, asked: Undecided) -> Code:
        """What does not depend on the check digit is read all the same: PLUs, and placeholders are named."""
        with_one = _attempt(given._replace(has_check_digit=True))
        without = _attempt(given._replace(has_check_digit=False))
        if isinstance(with_one, BadCode) and with_one.is_absent:
            raise with_one
        if isinstance(with_one, Code) and isinstance(without, Code) and with_one[:2] == without[:2]:
            return with_one
        message = f"{quoted(given.text)} may have a check digit or not; {asked}"
        raise BadCode(CodeFault.UNDECIDED, message)

    def describe(self) -> str:
        """How the column is read, for people: one sentence a length, longest first."""
        parts = [_sentence(n, has, self.tallies.get(n)) for n, has in sorted(self.decided.items(), reverse=True)]
        parts += [str(one) for one in self.undecided]
        return "; ".join(part for part in parts if part) or "no code has a length that needs a decision"


_GTIN: Final = CodeKind.GTIN


def _shortcut(length: int, has_check_digit: bool) -> tuple[str, bool, tuple[str, ...]]:
    """Zeros that fill up to 14 characters, and the repairs to report."""
    if has_check_digit:
        return "0" * (14 - length), True, _RESTORED if length < 12 else ()
    return "0" * (14 - length), False, _BOTH if length < 11 else _ADDED


def _attempt(given: Digits) -> Code | BadCode:
    try:
        return read_digits(given)
    except BadCode as bad:
        return bad


def _sentence(length: int, has_check_digit: bool, tally: Tally | None) -> str:
    if tally is None:
        return ""
    said = f"{length} digits: {'with' if has_check_digit else 'without'} check digit"
    if length < (12 if has_check_digit else 11) and length != 8:
        said += ", leading zeros lost"
    return f"{said} ({tally})" if tally.codes else said


def _rounded(tally: Tally) -> str:
    """Never 100 or 0 where it is not quite."""
    percent = tally.percent
    if 99.95 <= percent < 100:
        return "99.9"
    if 0 < percent < 0.05:
        return "0.1"
    return f"{percent:.1f}".removesuffix(".0")


def read_code(text: str, *, type2: Type2Layout = Type2Layout.PRICE_4, weight_decimals: int = 2) -> Code:
    """The code that somebody typed or scanned, with no column to tell how it is written.

    8, 12, 13 and 14 digits must end in their check digit; 4 and 5 digits are a PLU, 6 a UPC-E.

    Raises:
        BadCode: it is none, or its length leaves several readings.
    """
    return CodeRules({}, type2=type2, weight_decimals=weight_decimals).read_thoroughly(text)


def all_lengths(has_check_digit: bool) -> dict[int, bool]:
    """One decision for every length that a column can decide on."""
    return dict.fromkeys(LENGTHS, has_check_digit)
