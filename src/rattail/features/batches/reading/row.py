"""One row of a table whose columns are known: its cells by the names of fields, and who is to blame."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from rattail.errors import InputRejected
from rattail.features.batches.reading.bad_cell import BadCell, tidy
from rattail.features.batches.reading.cells import code as read_code
from rattail.features.batches.reading.cells import money, quantity
from rattail.features.batches.reading.lines import Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import Table, is_blank, open_table

_T = TypeVar("_T")

_MOST_SHOWN = 200


_tidied = lru_cache(maxsize=8192)(tidy)


class BadRow(Exception):
    """A row that is set aside because of one of its cells."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


class Columns(NamedTuple):
    """Where the fields of a layout stand; `titles` are the names of the columns as the file has them."""

    titles: Sequence[str]
    positions: Mapping[str, int]

    def title(self, field: str) -> str:
        """What the file calls the column of a field, or which column it is."""
        position = self.positions.get(field, -1)
        if 0 <= position < len(self.titles) and self.titles[position].strip():
            return self.titles[position].strip()
        return f"column {position + 1}" if position >= 0 else field


class Row(NamedTuple):
    """The cells of one row, which may be fewer than there are columns; a cell that is not there is empty."""

    number: int
    cells: Sequence[str]
    columns: Columns

    def text(self, field: str) -> str:
        position = self.columns.positions.get(field, -1)
        return _tidied(self.cells[position]) if 0 <= position < len(self.cells) else ""

    def money(self, field: str) -> int | None:
        """Ten-thousandths; None: the cell is empty. Raises `BadRow`."""
        return self.read(field, _money)

    def quantity(self, field: str) -> int | None:
        """Ten-thousandths; None: the cell is empty. Raises `BadRow`."""
        return self.read(field, quantity)

    def code(self, field: str) -> str:
        """A code as it stands, empty for one that is all zeros. Raises `BadRow`."""
        code = self.read(field, read_code) or ""
        return code if code.strip("0-. ") else ""

    def read(self, field: str, reader: Callable[[str], _T]) -> _T | None:
        """What `reader` makes of a cell; None: the cell is empty. Raises `BadRow`."""
        text = self.text(field)
        if not text:
            return None
        try:
            return reader(text)
        except BadCell as bad:
            raise self.bad(field, bad.reason) from None

    def bad(self, field: str, reason: str) -> BadRow:
        """What to raise where a cell could be read and still is wrong."""
        return BadRow(self.columns.title(field), self.text(field)[:_MOST_SHOWN], reason)

    def problem(self, bad: BadRow) -> Problem:
        """The row as one that is set aside, with what a person can find the item by."""
        return Problem(
            self.number,
            bad.column,
            bad.value,
            bad.reason,
            self.text("code")[:50],
            self.text("vendor_code")[:50],
            self.text("description")[:_MOST_SHOWN],
        )


def rows_of(table: Table, columns: Columns) -> Iterator[Row | Problem | Remark]:
    """The rows of a table that are not blank, and what could not be split into cells, in their order; remarks last."""
    for number, cells in enumerate(table.rows, table.first_row):
        if table.troubles:
            yield from table.troubles
            table.troubles.clear()
        if not is_blank(cells):
            yield Row(number, cells, columns)
    yield from table.troubles
    table.troubles.clear()


def _money(text: str) -> int:
    """The sign of most files goes first, so that the rest is the plain number that is read fastest."""
    return money(text[1:] if text[:1] == "$" else text)


def fold(title: str) -> str:
    """A name of a column without what people write differently: `Ship Qty` and `SHIP_QTY` are `shipqty`."""
    return "".join(letter for letter in title.casefold() if letter.isalnum())


class Titles(NamedTuple):
    """The columns of a layout by their names: of each field the folded ones, the best first.

    `required` are the fields that no file of the layout lacks.
    """

    names: Mapping[str, Sequence[str]]
    required: frozenset[str]

    def columns_in(self, titles: Sequence[str]) -> Columns | None:
        """The fields that a row of names has; None: one that is required is missing."""
        columns = find_columns(titles, self.names)
        return columns if columns.positions.keys() >= self.required else None

    def look(self, source: Source) -> Columns | None:
        """The columns of a file that may be of this layout. Never raises."""
        try:
            return self.columns_in(open_table(source, is_known=self.is_known).names)
        except InputRejected:
            return None

    def open(self, source: Source) -> tuple[Table, Columns]:
        """The file as a table.

        Raises:
            InputRejected: it is none, or columns are missing.
        """
        table = open_table(source, is_known=self.is_known)
        columns = self.columns_in(table.names)
        if columns is None:
            expected = ", ".join(self.names[field][0] for field in self.names if field in self.required)
            raise InputRejected(
                f"{source.name}: no row names the columns of this layout, in whatever spelling: {expected}.",
                hint="is it another layout? See: rattail list-formats",
            )
        return table, columns

    def is_known(self, title: str) -> bool:
        folded = fold(title)
        return any(folded in names for names in self.names.values())


def find_columns(titles: Sequence[str], layout: Mapping[str, Sequence[str]]) -> Columns:
    """The fields of `layout` (each with its folded names, the best first) that a row of titles has."""
    folded = [fold(title) for title in titles]
    positions = {}
    for field, names in layout.items():
        position = next((folded.index(name) for name in names if name in folded), -1)
        if position >= 0:
            positions[field] = position
    return Columns(list(titles), positions)
