"""A batch whose rows a person has in hand: held against everybody else, in one transaction, judged again at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from django.db import transaction

from rattail.audit.trail import record
from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import one_of, quoted
from rattail.database.refused import in_sentences
from rattail.errors import InputRejected, NoSuchThing, NotAllowed
from rattail.features.batches.kinds.kind import Job, Kind
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.lease import leased
from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.reading.lines import Line
from rattail.features.batches.service.edits import Edit, hands_on, write_edits
from rattail.features.batches.service.find import find_batch, folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.read import tally
from rattail.features.batches.states import OPEN, State
from rattail.features.batches.statuses import Status
from rattail.retail.barcodes import CodeRules, Type2Layout
from rattail.retail.changes.journal import forget_changes

_REMARKS_KEPT = 100
_SAVED = ("row_count", "counts", "change_count", "totals", "problem_count", "remarks")


class Bench:
    """One batch in hand. Rows are taken from it, put back as lines, and judged again with those that depend on them."""

    def __init__(self, batch: Batch, kind: Kind, ground: Ground) -> None:
        self.batch = batch
        self.kind = kind
        self.ground = ground
        self.judge = kind.judge(Job(batch, _rules(batch, ground), ground.today, ground.currency), sequence=1)
        self.table = quoted(kind.row_model._meta.db_table)
        self.related_count = 0
        self._edits: list[Edit] = []

    def row(self, sequence: int) -> Any:
        """One row, as it is saved. Raises NoSuchThing."""
        row = self.kind.row_model._default_manager.filter(batch_id=self.batch.pk, sequence=sequence).first()
        if row is None:
            raise NoSuchThing(
                f"batch {self.batch} has no row {sequence}; its last is row {self.last()}.",
                hint=f"see its rows: rattail show-batch {self.batch.number}",
            )
        return row

    def rows(self, sequences: Sequence[int]) -> list[Any]:
        """Those of these rows that there are, in their order."""
        wanted = sorted(sequences)
        rows = self.kind.row_model._default_manager.filter(batch_id=self.batch.pk)
        parts = [wanted[at : at + 500] for at in range(0, len(wanted), 500)]
        return [row for part in parts for row in rows.filter(sequence__in=part).order_by("sequence")]

    def last(self) -> int:
        """The sequence of the last row."""
        rows = fetch_rows(f"SELECT COALESCE(max(sequence), 0) FROM {self.table} WHERE batch_id = %s", [self.batch.pk])  # noqa: S608
        return int(rows[0][0])

    def note(self, edits: Sequence[Edit]) -> None:
        """Keep what a person does, before the rows are judged again: judges may ask."""
        write_edits(self.batch, edits, ground=self.ground)
        self._edits.extend(edits)

    def is_of_nobody(self, row: Row) -> bool:
        """Whether the row is of no file and of no person: the judge itself adds such, when it finishes."""
        return row.source_row == 0 and row.sequence not in hands_on(self.batch, {row.sequence}).added

    def mark(self, sequences: Sequence[int], *, set_: int = 0, clear: int = 0) -> None:
        """Set and clear bits of these rows."""
        for at in range(0, len(sequences), 5000):
            condition, values = one_of("sequence", sequences[at : at + 5000], kind="integer")
            change_rows(
                f"UPDATE {self.table} SET statuses = (statuses | %s) & %s WHERE batch_id = %s AND {condition}",  # noqa: S608
                [set_, (2**31 - 1) & ~clear, self.batch.pk, values],
            )

    def judge_again(self, gone: Sequence[Any], come: Mapping[int, Line]) -> None:
        """Take rows out and put lines in their places, or in new ones; rows that depend on them are judged again too.

        To be called once: judges remember the rows that they saw.
        What was `gone` and does not come again stays in the table, and changes nothing any more.
        """
        mine = {row.sequence for row in gone} | come.keys()
        others = sorted(self.judge.related(gone, list(come.values())) - mine)
        self.related_count += len(others)
        lines = {row.sequence: self.judge.line_of(row) for row in self.rows(others)} | dict(come)
        forget_changes(self.batch.number, sequences=sorted(mine | lines.keys()))
        self._delete(sorted(lines))
        self._take(lines)

    def finish(self) -> None:
        """What only the whole batch tells, and what is counted."""
        bad = self.batch.counts.get("bad_row", 0)
        self.judge.remarks.clear()
        self.judge.finish()
        tally(self.batch, self.kind)
        self.batch.problem_count = max(0, self.batch.problem_count + self.batch.counts.get("bad_row", 0) - bad)

    def remarks_of_end(self) -> list[str]:
        """What is remarked at the end of reading, as the rows are now."""
        self.judge.remarks.clear()
        self.judge.finish()
        found = list(self.judge.remarks)
        self.judge.remarks.clear()
        return found

    def save(self, verb: str, *, remarks_before: Sequence[str]) -> None:
        """Keep what was counted, and who did it."""
        self.finish()
        kept = [text for text in self.batch.remarks if text not in remarks_before]
        self.batch.remarks = [*self.judge.remarks, *kept][:_REMARKS_KEPT]
        self.batch.save(update_fields=_SAVED)
        rows = sorted({edit.sequence for edit in self._edits})
        fields = sorted({edit.field for edit in self._edits})
        details = {"rows": rows[:1000], "row_count": len(rows), "fields": fields}
        record(verb, f"batch {self.batch}", actor=self.ground.actor, now=self.ground.now, details=details)

    def _delete(self, sequences: Sequence[int]) -> None:
        for at in range(0, len(sequences), 5000):
            condition, values = one_of("sequence", sequences[at : at + 5000], kind="integer")
            change_rows(f"DELETE FROM {self.table} WHERE batch_id = %s AND {condition}", [self.batch.pk, values])  # noqa: S608

    def _take(self, lines: Mapping[int, Line]) -> None:
        """Judge lines in the order of the batch; those that follow each other at once."""
        hands = hands_on(self.batch, lines.keys())
        judge = self.judge
        judge.is_again = True

        def run(pair: tuple[int, int]) -> tuple[int, bool]:
            place, sequence = pair
            return sequence - place, sequence in hands.accepted

        for (_, is_accepted), group in groupby(enumerate(sorted(lines)), run):
            sequences = [sequence for _, sequence in group]
            judge.sequence = sequences[0] - 1
            judge.is_accepted = is_accepted
            judge.take([lines[sequence] for sequence in sequences])
        judge.is_accepted = False
        judge.problems.clear()
        if hands.edited:
            self.mark(sorted(hands.edited), set_=Status.EDITED)


@contextmanager
def at_bench(number: int, *, verb: str, ground: Ground) -> Iterator[Bench]:
    """Hold the batch and its rows; what was done is saved at the end, all or nothing.

    Raises:
        NotAllowed: the batch is not in a state in which its rows are open.
        InputRejected: rows of this kind of batch are corrected in their file.
        AppDirBusy: another process works on the batch, or writes for too long.
    """
    batch = find_batch(number, ground=ground)
    kind = kind_named(batch.kind)
    with leased(number, folder_of(batch, ground=ground).path), in_sentences(), transaction.atomic():
        _hold(batch)
        if not kind.correctable:
            raise InputRejected(
                f"batch {batch} is an {kind.title}: its rows are corrected in its file.",
                hint=f"make it anew of the corrected file; this one: rattail delete-batch {number}",
            )
        bench = Bench(batch, kind, ground)
        remarks_before = bench.remarks_of_end() if batch.remarks and batch.documents.exists() else []
        yield bench
        bench.save(verb, remarks_before=remarks_before)


def _hold(batch: Batch) -> None:
    """Make sure of the state, and that nobody changes it before the transaction ends."""
    held = change_rows(
        "UPDATE batches_batch SET failure = failure WHERE id = %s AND state = %s", [batch.pk, State.READY.value]
    )
    batch.refresh_from_db()
    if not held or batch.state not in OPEN:
        hints = {
            State.EXECUTED: f"put it back first: rattail undo-batch {batch.number}",
            State.UNDONE: f"read its file again: rattail make-batch --resume {batch.number}",
            State.FAILED: f"read its file again: rattail make-batch --resume {batch.number}",
        }
        raise NotAllowed(
            f"batch {batch} is {batch.state}: its rows can be corrected, removed and added only while it is ready.",
            hint=hints.get(State(batch.state), ""),
        )


def _rules(batch: Batch, ground: Ground) -> CodeRules:
    """How the codes of this batch are read, as it was decided when its file was."""
    decided = {int(length): has for length, has in batch.answers.get("check_digits", {}).items()}
    is_count = batch.kind == "inventory"
    return CodeRules(decided, type2=Type2Layout(ground.weighed_codes) if is_count else Type2Layout.PRICE_5)
