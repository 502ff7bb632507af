"""Judges the rows of tables: new, changed, as it was, or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rattail.errors import NotAllowed
from rattail.features.batches.kinds.csv_import.line import CsvLine
from rattail.features.batches.kinds.csv_import.names import Names
from rattail.features.batches.kinds.csv_import.parse import RowParser
from rattail.features.batches.kinds.csv_import.rows import RowsKept
from rattail.features.batches.kinds.csv_import.special import judge_of
from rattail.features.batches.kinds.csv_import.tables import Context, Found, TableJudge
from rattail.features.batches.kinds.kind import BAD, Job, Judge, note_of
from rattail.features.batches.models.rows import CsvRow
from rattail.features.batches.reading.lines import Line, Problem
from rattail.features.batches.statuses import Status
from rattail.retail.changes.journal import ChangeRow, write_changes
from rattail.retail.sheets.columns import BY_NAME

_DUPLICATE = int(Status.DUPLICATE)


class CsvJudge(Judge):
    """Judges an import, table after table; a row may refer to what rows before it make."""

    row_model = CsvRow

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        super().__init__(job, sequence=sequence)
        self._context = Context(job.batch.number, Names(), frozenset(job.setting("tables", ())))
        self._tables: dict[str, TableJudge] = {}
        self._parsers: dict[tuple[str, tuple[str, ...], bool], RowParser] = {}
        self._rows = RowsKept(job.batch.pk)

    def take(self, events: Sequence[Any]) -> None:
        changes: list[ChangeRow] = []
        for name, group in groupby(events, key=_sheet_name):
            lines = list(group)
            if name:
                self._take_lines(name, lines, changes)
            else:
                self._take_problems(lines)
        self._rows.write()
        write_changes(changes)

    @classmethod
    def line_of(cls, _: Any) -> Line:
        raise NotAllowed(
            "a row of an import is corrected in its file.", hint="import the file again: rattail import-csv"
        )

    def _take_lines(self, name: str, lines: list[CsvLine], changes: list[ChangeRow]) -> None:
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = judge_of(BY_NAME[name], self._context)
        parser = self._parser(lines[0])
        parsed = []
        for line in lines:
            problems: list[Problem] = []
            values = parser.parse(line, problems)
            self.sequence += 1
            parsed.append((self.sequence, line, values, problems))
        table.look_up([values for _, _, values, problems in parsed if not problems])
        for sequence, line, values, problems in parsed:
            if problems:
                self._set_aside(sequence, line, problems)
                continue
            found = table.judge(sequence, values)
            if found.problem:
                column, reason = found.problem
                value = line.cells[line.columns.index(column)] if column in line.columns else ""
                where = f"{line.sheet}.{column}" if column else line.sheet
                problem = Problem(line.row, where, value[:200], reason, line.cells[0][:50])
                self._set_aside(sequence, line, [problem], statuses=_DUPLICATE if found.is_duplicate else BAD)
                continue
            changes += found.changes
            self._keep(sequence, line, found)

    def _take_problems(self, problems: list[Any]) -> None:
        for one in problems:
            self.sequence += 1
            if isinstance(one, Problem):
                line = CsvLine(one.row, one.column, (), ())
                self._rows.add(self.sequence, line, BAD, note=note_of(one))

    def _set_aside(self, sequence: int, line: CsvLine, problems: list[Problem], *, statuses: int = BAD) -> None:
        self.problems += problems
        self._rows.add(sequence, line, statuses, note="; ".join(note_of(one) for one in problems))

    def _keep(self, sequence: int, line: CsvLine, found: Found) -> None:
        self._rows.add(sequence, line, found.statuses, note=found.note, record_id=found.record_id)

    def _parser(self, line: CsvLine) -> RowParser:
        key = (line.sheet, line.columns, line.has_decimal_comma)
        if key not in self._parsers:
            self._parsers[key] = RowParser(
                BY_NAME[line.sheet], line.columns, has_decimal_comma=line.has_decimal_comma, rules=self.job.rules
            )
        return self._parsers[key]


def _sheet_name(event: Any) -> str:
    return event.sheet if type(event) is CsvLine else ""
