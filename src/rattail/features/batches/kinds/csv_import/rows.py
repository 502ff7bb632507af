"""The rows of an import as they are kept: what the file says, what was found of it."""

from __future__ import annotations

from typing import Any

from rattail.database.bulk import insert_rows
from rattail.features.batches.kinds.csv_import.line import CsvLine
from rattail.features.batches.models.rows import CsvRow
from rattail.retail.changes.journal import encode

_NAMES = (
    *("batch_id", "sequence", "source_row", "statuses", "code", "key", "product_id", "description", "note"),
    *("record_id", "values"),
)


class RowsKept:
    """Collects the rows of a chunk."""

    def __init__(self, batch_id: int) -> None:
        self._batch_id = batch_id
        self._rows: list[tuple[Any, ...]] = []

    def add(self, sequence: int, line: CsvLine, statuses: int, *, note: str = "", record_id: int | None = None) -> None:
        cells = line.cells
        said = {"table": line.sheet, **dict(zip(line.columns, cells, strict=True))}
        description = f"{line.sheet}: {', '.join(cells[:3])}".replace("\0", "")
        self._rows.append(
            (
                *(self._batch_id, sequence, line.row, statuses, cells[0][:50].replace("\0", "") if cells else "", ""),
                *(None, description[:255], note[:500].replace("\0", ""), record_id),
                encode(said).replace("\\u0000", ""),
            )
        )

    def write(self) -> None:
        insert_rows(CsvRow, _NAMES, self._rows)
        self._rows.clear()
