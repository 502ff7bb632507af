"""The texts that the cells of a workbook share: all of them in memory, as few bytes as they are."""

from __future__ import annotations

from array import array
from typing import IO

from rattail.features.batches.reading.xlsx_xml import MOST_LETTERS, MOST_PIECES, Damaged, feed, make_parser, unescaped

LARGEST_BYTES = 256 << 20


class SharedStrings:
    """Texts by their number."""

    def __init__(self) -> None:
        self._texts = bytearray()
        self._ends = array("L", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def text(self, number: str) -> str:
        """The text with this number; empty where none is given.

        Raises:
            Damaged: there is no such text.
        """
        ends = self._ends
        try:
            place = int(number)
            if place >= 0:
                return self._texts[ends[place] : ends[place + 1]].decode()
        except (ValueError, IndexError):
            if not number or number.isspace():
                return ""
        raise Damaged(f"a cell has text number {number[:20]}, and there are {len(self):,}")

    def add(self, text: str) -> None:
        """Put one more text behind the others."""
        self._texts += text.encode("utf-8", "replace")
        self._ends.append(len(self._texts))
        if len(self._texts) > LARGEST_BYTES:
            raise Damaged(f"it holds more than {LARGEST_BYTES >> 20} MB of text")


def load_strings(stream: IO[bytes]) -> SharedStrings:
    """The texts of `sharedStrings.xml`: pieces of different look are joined, hints how to speak them left out.

    Raises:
        Damaged, ExpatError: it is no such file.
    """
    strings = SharedStrings()
    reader = _Reader(strings)
    parser = make_parser()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.pieces.append
    while feed(parser, stream):
        if len(reader.pieces) > MOST_PIECES:
            raise _too_long(len(strings))
    return strings


def _too_long(number: int) -> Damaged:
    return Damaged(f"its text number {number:,} holds millions of letters")


class _Reader:
    """Takes what the parser finds. `pieces` is emptied where a text begins, so that only texts get through."""

    def __init__(self, strings: SharedStrings) -> None:
        self.pieces: list[str] = []
        self._strings = strings
        self._text = ""
        self._is_spoken = False
        self._item = self._part = self._spoken = ""

    def start(self, name: str, _: object) -> None:
        if name == self._part:
            self.pieces.clear()
        elif name == self._item:
            self._text = ""
        elif name == self._spoken:
            self._is_spoken = True
        elif not self._item:
            prefix = name[: -len("sst")] if name.endswith("sst") else ""
            self._item, self._part, self._spoken = f"{prefix}si", f"{prefix}t", f"{prefix}rPh"

    def end(self, name: str) -> None:
        if name == self._part:
            if not self._is_spoken:
                self._text = f"{self._text}{''.join(self.pieces)}" if self._text else "".join(self.pieces)
            self.pieces.clear()
            if len(self._text) > MOST_LETTERS:
                raise _too_long(len(self._strings))
        elif name == self._item:
            self._strings.add(unescaped(self._text))
            self.pieces.clear()
        elif name == self._spoken:
            self._is_spoken = False
