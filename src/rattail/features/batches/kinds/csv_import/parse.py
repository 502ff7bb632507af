"""From the cells of a row to values: amounts, dates, codes; references are still names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rattail.database.bulk import field_of
from rattail.features.batches.kinds.csv_import.line import CsvLine
from rattail.features.batches.reading.lines import Problem
from rattail.retail.barcodes import BadCode, CodeRules
from rattail.retail.changes.journal import stored
from rattail.retail.sheets.cells import (
    BadCell,
    read_amount,
    read_boolean,
    read_date,
    read_moment,
    read_number,
    unescaped,
)
from rattail.retail.sheets.codes import UNNAMED, read_code_text
from rattail.retail.sheets.columns import Column, Sheet


class _Absent:
    """What a file does not say."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
_LONGEST_NAME = 255

Parse = Callable[[str], Any]


class RowParser:
    """Parses the rows of one file: the values stand in the order of the columns of the table."""

    def __init__(self, sheet: Sheet, columns: tuple[str, ...], *, has_decimal_comma: bool, rules: CodeRules) -> None:
        self.sheet = sheet
        self._parses = [
            (
                columns.index(column.name) if column.name in columns else -1,
                column,
                _parse_of(sheet, column, has_decimal_comma, rules),
            )
            for column in sheet.columns
        ]
        self._span_at = tuple(sheet.names.index(name) for name in ("starts", "ends") if name in sheet.names)

    def parse(self, line: CsvLine, problems: list[Problem]) -> list[Any]:
        """The values of a row, `ABSENT` where the file says nothing; whatever is wrong is added to `problems`."""
        values: list[Any] = []
        cells = line.cells
        for at, column, parse in self._parses:
            if at < 0:
                values.append(ABSENT)
                continue
            try:
                values.append(parse(cells[at]))
            except (BadCell, BadCode) as bad:
                values.append(ABSENT)
                where = f"{line.sheet}.{column.name}"
                problems.append(Problem(line.row, where, cells[at][:200], str(bad), cells[0][:50]))
        if self._span_at and not problems:
            self._check_span(line, values, problems)
        return values

    def _check_span(self, line: CsvLine, values: list[Any], problems: list[Problem]) -> None:
        """A price that ends is in force for a day at least."""
        starts, ends = (values[at] for at in self._span_at)
        if isinstance(starts, str) and isinstance(ends, str) and ends < starts:
            problems.append(
                Problem(line.row, f"{line.sheet}.ends", ends, f"is before it starts: {starts}", line.cells[0][:50])
            )


def _parse_of(sheet: Sheet, column: Column, has_decimal_comma: bool, rules: CodeRules) -> Parse:
    may_be_empty = _may_be_empty(sheet, column)
    if column.kind == "text":
        return _text_parse(sheet, column)
    if column.kind == "boolean":
        return lambda cell: ABSENT if (value := read_boolean(cell)) is None else value
    if column.kind in ("money", "quantity"):
        read = _not_empty(lambda cell: read_amount(cell, has_decimal_comma=has_decimal_comma), may_be_empty)
        return _not_below_0(read) if sheet.name == "prices" else read
    if column.kind == "date":
        return _not_empty(read_date, may_be_empty)
    if column.kind == "moment":
        return _not_empty(lambda cell: stored(read_moment(cell)), may_be_empty)
    if column.kind == "number":
        return _not_empty(read_number, may_be_empty)
    if column.kind == "code":
        return lambda cell: read_code_text(cell.strip(), rules)
    if column.kind == "product":
        return _not_empty(lambda cell: _product(cell, rules), may_be_empty)
    return _not_empty(_name, may_be_empty)


def _may_be_empty(sheet: Sheet, column: Column) -> bool:
    return bool(column.field) and column.kind != "code" and field_of(sheet.record.model, column.field).null


def _not_empty(parse: Parse, may_be_empty: bool) -> Parse:
    def parse_it(cell: str) -> Any:
        value = parse(cell)
        if value is None and not may_be_empty:
            raise BadCell("is empty")
        return value

    return parse_it


def _not_below_0(parse: Parse) -> Parse:
    def parse_it(cell: str) -> Any:
        value = parse(cell)
        if value < 0:
            raise BadCell("is below 0")
        return value

    return parse_it


def _name(cell: str) -> str | None:
    name = unescaped(cell)
    if len(name) > _LONGEST_NAME or "\0" in name:
        raise BadCell("is the name of nothing")
    return name or None


def _product(cell: str, rules: CodeRules) -> Any:
    """A code, or the name of a product that has none; None where the cell is empty."""
    name = unescaped(cell)
    if name[:1] == UNNAMED:
        return name
    return read_code_text(name.strip(), rules) if name.strip() else None


def _text_parse(sheet: Sheet, column: Column) -> Parse:
    longest = field_of(sheet.record.model, column.field).max_length or _LONGEST_NAME
    choices = column.choices
    must_be_there = column.is_key and sheet.name != "stock_movements"
    is_name = column.name == "name"

    def parse(cell: str) -> str:
        text = unescaped(cell)
        if choices:
            text = text.strip().lower()
            if text not in choices:
                raise BadCell(f"is none of {', '.join(choices)}")
        if len(text) > longest:
            raise BadCell(f"has {len(text)} characters; at most {longest} fit")
        if "\0" in text:
            raise BadCell("has a NUL character in it")
        if (must_be_there and not text) or (is_name and not text.strip()):
            raise BadCell("is empty")
        return text

    return parse
