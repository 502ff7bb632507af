"""The rows of one sheet of a workbook, while its XML streams by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO

from rattail.features.batches.reading.sheet_values import NumberKind, date_text, number_text, span_text
from rattail.features.batches.reading.xlsx_plain import Cells, plain_rows, plain_text
from rattail.features.batches.reading.xlsx_strings import SharedStrings
from rattail.features.batches.reading.xlsx_xml import (
    CHUNK_BYTES,
    MOST_LETTERS,
    MOST_PIECES,
    Damaged,
    feed,
    make_parser,
    unescaped,
)

_DIGITS = "0123456789"
_MOST_ROWS = 1 << 20
_MOST_COLUMNS = 1 << 14
_BEGIN, _END = b"<sheetData>", b"</row>"
_LARGEST_ROW_BYTES = 1 << 20
_TEXTS = frozenset(("str", "inlineStr"))
#: A number that stands in the file as a person would write it, and exactly so.
_AS_WRITTEN = re.compile(r"-?(?:[1-9]\d{0,13}(?:\.\d{0,9}[1-9])?|0\.\d{0,9}[1-9])|0").fullmatch
_AS_WRITTEN_LETTERS = 15
_COLUMNS: dict[str, int] = {}


class SheetReader:
    """Goes through the XML of a sheet; `rows` can be gone through once.

    `formats` are the styles whose numbers are dates. `formulas` counts the cells with a formula so far,
    `without_value` those of them that have no value.
    """

    def __init__(
        self, stream: IO[bytes], *, strings: SharedStrings, formats: Mapping[str, NumberKind], is_1904: bool
    ) -> None:
        self.formulas = self.without_value = 0
        self._stream = stream
        self._text_of = strings.text
        self._formats = formats
        self._is_1904 = is_1904
        self._ready: list[list[str] | int] = []  # rows, and numbers of blank rows between them
        self._row = self._sent = self._digits = 0  # `_digits` of the row's number; 0: it is not known yet
        self._cells: list[str] = []
        self._cell: dict[str, str] | None = None  # the attributes of the cell that is open
        self._pieces: list[str] = []  # of the text in it that is being read
        self._saved: str | None = None  # what a cell with text has so far
        self._has_value = self._has_formula = self._is_spoken = False
        self._v = self._c = self._r = self._f = self._t = self._spoken = ""
        self._parser = make_parser()
        self._is_utf8 = True
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._root
        self._parser.CharacterDataHandler = self._pieces.append

    def rows(self) -> Iterator[list[str]]:
        """Every row from the first of the sheet to the last in which something stands, from its first column on.

        Raises:
            Damaged, ExpatError: it is no sheet.
        """
        yield from self._plain_rows()
        ready, more = self._ready, True
        while more:
            more = feed(self._parser, self._stream)
            if not more:
                self._close_row()
            if self._cell is None:
                self._pieces.clear()
            elif len(self._pieces) > MOST_PIECES:
                raise _too_long(self._cell)
            for one in ready:
                if isinstance(one, int):
                    yield from ([] for _ in range(one))
                else:
                    yield one
            ready.clear()

    def _plain_rows(self) -> Iterator[list[str]]:
        """The rows as long as they are written plainly; what follows is left to the parser, which has the rest."""
        head, begins, rest = self._stream.read(CHUNK_BYTES).partition(_BEGIN)
        self._parser.Parse(head + begins)
        if begins and self._is_utf8 and self._v == "v" and b"<!" not in head:
            while True:
                cut = rest.rfind(_END) + len(_END)
                if cut >= len(_END):
                    plain = plain_rows(rest[:cut])
                    if plain is None:
                        break
                    rest = rest[cut:]
                    for number, cells in plain:
                        self._move_to(number)
                        if row := self._plain_row(cells):
                            yield from ([] for _ in range(number - self._sent - 1))
                            self._sent = number
                            yield row
                elif len(rest) > _LARGEST_ROW_BYTES:
                    break
                if not (more := self._stream.read(CHUNK_BYTES)):
                    break
                rest += more
        self._parser.Parse(rest)

    def _plain_row(self, cells: Cells) -> list[str]:
        row: list[str] = []
        for letters, style, kind, value, inline in cells:
            if kind == "s":
                text = self._text_of(value)
            elif kind == "inlineStr":
                text = unescaped(plain_text(inline))
            elif kind == "b":
                text = _truth(value)
            elif style and style in self._formats:
                text = self._formatted(value, self._formats[style])
            else:
                text = value if len(value) <= _AS_WRITTEN_LETTERS and _AS_WRITTEN(value) else _number(value)
            if text:
                place = _COLUMNS[letters] if letters in _COLUMNS else _column(letters)
                if place > len(row):
                    row.extend([""] * (place - len(row)))
                if place == len(row):
                    row.append(text)
                else:
                    row[place] = text
        return row

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._is_utf8 = encoding is None or encoding.lower() == "utf-8"

    def _root(self, name: str, _: object) -> None:
        prefix, is_sheet, _rest = name.rpartition("worksheet")
        if not is_sheet or _rest:
            raise Damaged(f"a sheet begins with {name[:40]!r}")
        self._v, self._c, self._r, self._f, self._t, self._spoken = (
            f"{prefix}{element}" for element in ("v", "c", "row", "f", "t", "rPh")
        )
        self._parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """Ends of elements are heard only where blanks count: a value ends where the next element begins."""
        if name == self._v:
            self._pieces.clear()
            self._has_value = True
        elif name == self._c:
            if self._cell is not None:
                self._close_cell(self._cell)
            self._pieces.clear()
            self._cell = attributes
            if "t" in attributes and attributes["t"] in _TEXTS:
                self._saved = ""
                self._parser.EndElementHandler = self._end
        elif name == self._r:
            self._close_row()
            self._open_row(attributes.get("r", ""))
        elif name == self._f:
            self._pieces.clear()
            if self._cell is not None:
                self._has_formula = True
        elif self._saved is not None:
            if name == self._t:
                self._pieces.clear()
            elif name == self._spoken:
                self._is_spoken = True
        elif self._cell is not None:
            self._close_cell(self._cell)

    def _end(self, name: str) -> None:
        """Of a cell with text: a piece of it, or the cell."""
        if self._cell is None or self._saved is None:
            return
        if name == self._v or name == self._t:
            if not self._is_spoken:
                self._saved += "".join(self._pieces)
                self._has_value = True
            if len(self._saved) > MOST_LETTERS:
                raise _too_long(self._cell)
        elif name == self._spoken:
            self._is_spoken = False
        elif name == self._c:
            self._close_cell(self._cell)

    def _open_row(self, number: str) -> None:
        self._digits = len(number)
        self._move_to(_row_number(number) if number else self._row + 1)

    def _move_to(self, row: int) -> None:
        if row <= self._row:
            raise Damaged(f"row {row:,} follows row {self._row:,}")
        if row > _MOST_ROWS:
            raise Damaged(f"it has a row {row:,}, and a sheet has {_MOST_ROWS:,}")
        self._row = row

    def _close_row(self) -> None:
        if self._cell is not None:
            self._close_cell(self._cell)
        if self._cells:
            if self._row > self._sent + 1:
                self._ready.append(self._row - self._sent - 1)
            self._sent = self._row
            self._ready.append(self._cells)
            self._cells = []

    def _close_cell(self, cell: dict[str, str]) -> None:
        text = self._value(cell) if self._has_value else ""
        self._cell, self._has_value = None, False
        if self._has_formula:
            self._has_formula = False
            self.formulas += 1
            self.without_value += not text
        if self._saved is not None:
            self._saved = self._parser.EndElementHandler = None
        cells = self._cells
        column = len(cells)
        if "r" in cell:
            reference = cell["r"]
            column = _COLUMNS.get(reference[: -self._digits], -1) if self._digits else -1
            if column < 0:
                column = self._place(reference)
            if not text:
                return  # most often it has a look and nothing else
        if column == len(cells):
            cells.append(text)
        elif column > len(cells):
            cells.extend([""] * (column - len(cells)))
            cells.append(text)
        else:
            cells[column] = text

    def _place(self, reference: str) -> int:
        """The place of a cell, whose row counts where the row itself does not say which it is."""
        letters = reference.rstrip(_DIGITS)
        digits = reference[len(letters) :]
        if not self._digits and digits:
            self._digits = len(digits)
            self._row -= 1
            self._move_to(_row_number(digits))
        return _column(letters)

    def _value(self, cell: dict[str, str]) -> str:
        if self._saved is not None:
            return unescaped(self._saved)
        pieces = self._pieces
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        kind = cell.get("t")
        if kind == "s":
            return self._text_of(text)
        if kind is None or kind == "n":
            if "s" in cell and cell["s"] in self._formats:
                return self._formatted(text, self._formats[cell["s"]])
            return text if len(text) <= _AS_WRITTEN_LETTERS and _AS_WRITTEN(text) else _number(text)
        text = text.strip()
        if kind == "b":
            return _truth(text)
        return unescaped(text)

    def _formatted(self, text: str, kind: NumberKind) -> str:
        try:
            number = float(text)
        except ValueError:
            return text.strip()
        return date_text(number, is_1904=self._is_1904) if kind == "date" else span_text(number)


def _too_long(cell: Mapping[str, str]) -> Damaged:
    return Damaged(f"cell {cell.get('r', '')[:12]} holds millions of letters")


def _truth(text: str) -> str:
    return ("FALSE" if text.strip() in ("0", "false") else "TRUE") if text else ""


def _number(text: str) -> str:
    try:
        return number_text(float(text))
    except ValueError:
        return text.strip()


def _row_number(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise Damaged(f"a row has the number {digits[:20]!r}") from None


def _column(letters: str) -> int:
    """The place of a column by its letters; remembered, because there are at most 16,384."""
    place = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or place > _MOST_COLUMNS:
            raise Damaged(f"a cell stands in column {letters[:10]!r}")
        place = place * 26 + ord(letter) - 64
    if not 0 < place <= _MOST_COLUMNS:
        raise Damaged(f"a cell stands in column {letters[:10]!r}")
    _COLUMNS[letters] = place - 1
    return place - 1
