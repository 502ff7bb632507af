"""The first pass over a column of codes: do they end in check digits, and have they lost zeros?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rattail.retail.barcodes.check_digits import FOURS, TWOS, is_valid, key_of_eight
from rattail.retail.barcodes.cleaning import clean, is_hyphenated
from rattail.retail.barcodes.code import BadCode, Type2Layout
from rattail.retail.barcodes.element_strings import is_element_string
from rattail.retail.barcodes.reading import LENGTHS, is_placeholder, is_small, is_weighed
from rattail.retail.barcodes.rules import FEW, CodeRules, Tally, Undecided, all_lengths

_ZEROS: Final = {n: "0" * (14 - n) for n in range(9, 15)}
_ENOUGH_BY_THEMSELVES: Final = 3  # valid check digits by chance: one in a thousand


class CodeSurvey:
    """Counts, for each number of digits, how many codes of a column end in a valid check digit.

    A code without a check digit ends in a valid one by chance in one case of ten, so no single row can tell; all
    rows of one length can. Weighed codes, PLUs, placeholders and what is no code do not vote.
    """

    __slots__ = ("_codes", "_valid")

    def __init__(self) -> None:
        self._codes = [0] * 15
        self._valid = [0] * 15

    def add(self, text: str) -> None:
        """Count one cell. Never fails: what is no code is not counted."""
        length = len(text)
        zeros = _ZEROS.get(length)
        if zeros is None or "-" in text:
            if not is_hyphenated(text) or (zeros := _ZEROS.get(len(bare := text.replace("-", "")))) is None:
                self._add_thoroughly(text)
                return
            text, length = bare, len(bare)
        full = zeros + text
        try:
            total = FOURS[full[2:6]] + FOURS[full[6:10]] + FOURS[full[10:]] + TWOS[full[:2]]
        except KeyError:
            self._add_thoroughly(text)
            return
        if "00000001" <= full < "002" or "003" <= full < "02" or full >= "03":
            if text >= "99999" and is_placeholder(text):
                return
            self._codes[length] += 1
            if total % 10 == 0:
                self._valid[length] += 1

    def _add_thoroughly(self, text: str) -> None:
        if is_element_string(text):
            return
        try:
            digits, _ = clean(text)
        except BadCode:
            return
        length = len(digits)
        if length not in LENGTHS or is_placeholder(digits) or is_small(digits):
            return
        if length > 8:
            if is_weighed(digits.zfill(14)):
                return
            valid = is_valid(digits)
        else:
            valid = key_of_eight(digits.zfill(8)) is not None
        self._codes[length] += 1
        self._valid[length] += valid

    def tallies(self) -> dict[int, Tally]:
        """The votes of every length that has any."""
        return {n: Tally(self._codes[n], self._valid[n]) for n in LENGTHS if self._codes[n]}

    def rules(
        self,
        *,
        given: Mapping[int, bool] | None = None,
        has_check_digit: bool | None = None,
        type2: Type2Layout = Type2Layout.PRICE_4,
        weight_decimals: int = 2,
    ) -> CodeRules:
        """How to read the column.

        Each length decides for itself: with 90 % of valid check digits or more it has them, with 20 % or less it
        lacks them, and in between it stays undecided. Fewer than five codes of a length have them if they all are
        valid, and otherwise go with the column as a whole, if that is clear. (One or two valid ones in a column
        without check digits may be chance, and stay undecided.) `has_check_digit` decides for all lengths, `given`
        for single ones; both are a person's word and count for more than the votes.
        """
        tallies = self.tallies()
        whole = Tally(sum(self._codes), sum(self._valid))
        decided = {n: has for n, tally in tallies.items() if (has := _decision(tally, whole)) is not None}
        if has_check_digit is not None:
            decided = all_lengths(has_check_digit)
        decided.update(given or {})
        undecided = tuple(Undecided(n, tally) for n, tally in tallies.items() if n not in decided)
        return CodeRules(decided, undecided=undecided, tallies=tallies, type2=type2, weight_decimals=weight_decimals)


def _decision(tally: Tally, whole: Tally) -> bool | None:
    if tally.codes >= FEW:
        return _majority(tally)
    column = _majority(whole) if whole.codes >= FEW else None
    if tally.valid < tally.codes:
        return column
    return None if column is False and tally.codes < _ENOUGH_BY_THEMSELVES else True


def _majority(tally: Tally) -> bool | None:
    """In whole numbers, so that exactly 90 % and exactly 20 % are just that."""
    if tally.valid * 10 >= tally.codes * 9:
        return True
    return False if tally.valid * 5 <= tally.codes else None
