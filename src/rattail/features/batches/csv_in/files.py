"""The files of an import: which table each is, and its rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, TextIO

from rattail.errors import InputRejected
from rattail.features.batches.kinds.csv_import.line import CsvLine
from rattail.features.batches.reading.lines import Problem
from rattail.features.batches.reading.source import Source, look_at, open_text
from rattail.retail.sheets.columns import BY_NAME, SHEETS, Sheet, sheets_with

_ENDINGS = (".csv", ".tsv", ".txt")
_DELIMITERS = ",;\t"
_LONGEST_CELL = 10_000


class CsvFile(NamedTuple):
    """One file, the table it is, and how it is written."""

    source: Source
    sheet: Sheet
    columns: tuple[str, ...]
    delimiter: str
    unnamed: int = 0  # columns after those that have no name

    @property
    def has_decimal_comma(self) -> bool:
        """Where semicolons separate, the comma stands in numbers."""
        return self.delimiter == ";"


def find_files(paths: Sequence[str]) -> tuple[CsvFile, ...]:
    """The tables in these files, and in the CSV files of these folders, in the order of the records.

    Raises:
        InputRejected: there is no file, one cannot be read or is no table, or two are the same table.
    """
    found = [_looked_at(path) for path in _files(paths)]
    for sheet in SHEETS:
        same = [file.source.name for file in found if file.sheet is sheet]
        if len(same) > 1:
            raise InputRejected(f"{same[0]} and {same[1]} are both the table {sheet.name}: give one of them.")
    return tuple(sorted(found, key=lambda file: SHEETS.index(file.sheet)))


def lines_of(file: CsvFile) -> Iterator[CsvLine | Problem]:
    """The rows of a table, counted as a spreadsheet counts them; what is no row of it is a problem."""
    with open_text(file.source) as stream:
        width = len(file.columns)
        rows = _rows(stream, file.delimiter)
        next(rows, None)
        for number, cells in enumerate(rows, 2):
            if isinstance(cells, str):
                yield Problem(number, file.sheet.name, "", cells)
            elif not any(cells):
                continue  # spreadsheets leave rows of nothing but delimiters
            elif len(cells) == width:
                yield CsvLine(number, file.sheet.name, file.columns, tuple(cells), file.has_decimal_comma)
            else:
                while len(cells) > width and not cells[-1]:
                    cells.pop()
                if len(cells) == width:
                    yield CsvLine(number, file.sheet.name, file.columns, tuple(cells), file.has_decimal_comma)
                elif width < len(cells) <= width + file.unnamed:
                    reason = f"column {len(cells)} has no name, so what it holds cannot be read"
                    yield Problem(number, file.sheet.name, cells[-1][:200], reason)
                else:
                    reason = f"has {len(cells)} cells; expected {width}, as many as the first row has names"
                    yield Problem(number, file.sheet.name, " | ".join(cells)[:200], reason)


def codes_of(file: CsvFile) -> Iterator[str]:
    """The cells of a table that hold codes of products."""
    where = [at for at, name in enumerate(file.columns) if file.sheet.column(name).kind in ("product", "code")]
    for line in lines_of(file):
        if isinstance(line, CsvLine):
            yield from (line.cells[at] for at in where)
        else:
            yield ""


def _files(paths: Sequence[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        try:
            names = sorted(name for name in os.listdir(path) if name.lower().endswith(_ENDINGS) and name[:1] != ".")
        except OSError as error:
            raise InputRejected(f"the folder '{path}' cannot be read: {error.strerror}.") from error
        if not names:
            raise InputRejected(f"the folder '{path}' holds no CSV file.")
        found += [f"{path}/{name}" for name in names]
    return found


def _looked_at(path: str) -> CsvFile:
    source = look_at(path)
    if source.container != "text":
        raise InputRejected(f"{source.name} is no CSV file ({source.container}): save it as CSV first.")
    best: tuple[str, tuple[str, ...]] = (",", ())
    for delimiter in _DELIMITERS:
        with open_text(source) as stream:
            first = next(_rows(stream, delimiter), [])
        names = () if isinstance(first, str) else tuple(name.strip().lower().replace(" ", "_") for name in first)
        if len(names) > len(best[1]):
            best = delimiter, names
    columns = best[1]
    while columns and not columns[-1]:
        columns = columns[:-1]
    return CsvFile(source, _sheet_of(source.name, columns), columns, best[0], len(best[1]) - len(columns))


def _sheet_of(name: str, columns: tuple[str, ...]) -> Sheet:
    """The table with these columns; where several have them, the one that the file is called after."""
    if "" in columns and any(set(columns) & set(sheet.names) for sheet in SHEETS):
        raise InputRejected(
            f"{name}: column {columns.index('') + 1} has no name.", hint="name it, or take it out of the file"
        )
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise InputRejected(f"{name}: the column '{twice}' is there twice.")
    found = sheets_with(columns)
    called = BY_NAME.get(os.path.splitext(name)[0].lower())
    if called is not None and called in found:
        return called
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        titles = " or ".join(f"{one.name}.csv" for one in found)
        raise InputRejected(f"{name} can be several tables.", hint=f"call the file {titles}")
    raise _no_table(name, columns, called or _nearest(columns))


def _nearest(columns: tuple[str, ...]) -> Sheet:
    given = set(columns)
    return max(SHEETS, key=lambda sheet: (len(given & set(sheet.names)), len(given & set(sheet.keys))))


def _no_table(name: str, columns: tuple[str, ...], sheet: Sheet) -> InputRejected:
    if not set(columns) & set(sheet.names):
        return InputRejected(
            f"{name}: its first row names no column of any table.",
            hint="see what the tables look like: rattail export-csv",
        )
    strange = [column for column in columns if column not in sheet.names]
    if strange:
        near = get_close_matches(strange[0], sheet.names, 1)
        said = f" Did you mean '{near[0]}'?" if near else ""
        return InputRejected(
            f"{name}: the table {sheet.name} has no column '{strange[0]}'.{said}",
            hint=f"its columns are {', '.join(sheet.names)}; take away or rename what is not one of them",
        )
    missing = [key for key in sheet.keys if key not in columns]
    if missing:
        return InputRejected(f"{name}: the table {sheet.name} needs the column '{missing[0]}', and it is not there.")
    return InputRejected(f"{name}: it names records of {sheet.name} and says nothing about them.")


def _rows(stream: TextIO, delimiter: str) -> Iterator[list[str] | str]:
    """The rows of a file; a text says what is wrong with one."""
    reader: Any = csv.reader(stream, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"is no row of a CSV file: {error}"
            continue
        if cells and max(map(len, cells)) > _LONGEST_CELL:
            yield f"has a cell of more than {_LONGEST_CELL:,} characters: is a quotation mark missing?"
        else:
            yield cells
