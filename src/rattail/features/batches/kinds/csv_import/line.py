"""One row of a table that comes in as CSV."""

from __future__ import annotations

from typing import NamedTuple


class CsvLine(NamedTuple):
    """A row as it stands in the file; `columns` says what its cells are, `sheet` which table it is."""

    row: int
    sheet: str
    columns: tuple[str, ...]
    cells: tuple[str, ...]
    has_decimal_comma: bool = False
