"""Invoices that are somewhere already: in the records, in another batch, or earlier in the same file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.errors import InputRejected, WouldOverwrite
from rattail.features.batches.kinds.kind import Job
from rattail.features.batches.reading.lines import InvoiceHead
from rattail.retail.numbers import number_text

_LONGEST = 40

Name = tuple[str, bool]  # number, is_credit: what a vendor knows an invoice by


class Twice:
    """Looks every head up; what is forced is remarked instead of refused."""

    def __init__(self, job: Job, remarks: list[str]) -> None:
        self._job = job
        self._is_forced = bool(job.setting("is_forced", False))
        self._remarks = remarks
        self.aside: dict[int, tuple[int, str]] = {}  # document -> the first one of its number, and the number

    def look(self, heads: Sequence[InvoiceHead]) -> None:
        """Refuse, remark or set aside what is somewhere already. Blanks around numbers are gone by now."""
        if not heads:
            return
        for head in heads:
            _refuse_nameless(head)
        numbers = list({head.number for head in heads})
        self._look_in_file(heads, numbers)
        kept = {_name(head) for head in heads if head.document not in self.aside}
        recorded = self._recorded(numbers)
        for number, is_credit, batch in recorded:
            if (number, is_credit) in kept:
                self._refuse_recorded(number, is_credit, batch)
        known = {(number, is_credit) for number, is_credit, _ in recorded}
        for number, is_credit, batch, state in self._in_batches(numbers):
            if (number, is_credit) in kept - known:
                self._refuse_read(number, is_credit, batch, state)

    def note(self, document: int, number: str) -> str:
        """Why an invoice of the file is set aside."""
        first = self.aside[document][0] if document in self.aside else 0
        counts = f"invoice {first} of the file" if first else "the first one"
        return f"invoice {number} is in this file twice; {counts} counts, this one is set aside"

    def _look_in_file(self, heads: Sequence[InvoiceHead], numbers: Sequence[str]) -> None:
        condition, values = one_of("number", numbers)
        first: dict[Name, int] = {}
        rows = fetch_rows(
            "SELECT number, is_credit, min(document) FROM batches_document "  # noqa: S608
            f"WHERE batch_id = %s AND {condition} GROUP BY number, is_credit",
            [self._job.batch.pk, values],
        )
        for number, is_credit, document in rows:
            first[number, bool(is_credit)] = document
        for head in heads:
            known = first.setdefault(_name(head), head.document)
            if known == head.document:
                continue
            number = head.number
            if not self._is_forced:
                raise InputRejected(
                    f"{called(*_name(head))} is in this file twice: as invoice {known} of the file, and as "
                    f"invoice {head.document} from row {head.row} on.",
                    hint="if the second says the very same, --force sets it aside",
                )
            self.aside[head.document] = (known, number)
            self._remarks.append(self.note(head.document, number))

    def _recorded(self, numbers: Sequence[str]) -> list[tuple[str, bool, int | None]]:
        condition, values = one_of("number", numbers)
        rows = fetch_rows(
            f"SELECT number, is_credit, batch FROM retail_invoice WHERE vendor_id = %s AND {condition} ORDER BY id",  # noqa: S608
            [self._job.batch.vendor_id, values],
        )
        return [(number, bool(is_credit), batch) for number, is_credit, batch in rows]

    def _in_batches(self, numbers: Sequence[str]) -> list[tuple[str, bool, int, str]]:
        condition, values = one_of("d.number", numbers)
        batch = self._job.batch
        rows = fetch_rows(
            "SELECT d.number, d.is_credit, b.number, b.state FROM batches_document d "  # noqa: S608
            "JOIN batches_batch b ON b.id = d.batch_id WHERE b.vendor_id = %s AND b.kind = %s AND b.id <> %s "
            f"AND b.state NOT IN ('failed', 'undone') AND {condition} ORDER BY b.number",
            [batch.vendor_id, batch.kind, batch.pk, values],
        )
        return [(number, bool(is_credit), other, state) for number, is_credit, other, state in rows]

    def _refuse_recorded(self, number: str, is_credit: bool, batch: int | None) -> None:
        where = f"was recorded by batch {number_text(batch)}" if batch is not None else "is in the records"
        said = f"{called(number, is_credit)} of {self._vendor} {where} already"
        look = f"look at that one: rattail show-batch {batch}; " if batch is not None else ""
        if not self._is_forced:
            raise WouldOverwrite(f"{said}.", hint=f"{look}to read the file all the same: --force")
        undo = f"; to take it back: rattail undo-batch {batch}" if batch is not None else ""
        self._remarks.append(f"{said}: this batch cannot be executed while it is there{undo}")

    def _refuse_read(self, number: str, is_credit: bool, batch: int, state: str) -> None:
        said = f"{called(number, is_credit)} of {self._vendor} is in batch {number_text(batch)} already ({state})"
        if not self._is_forced:
            raise WouldOverwrite(
                f"{said}.",
                hint=f"look at that one: rattail show-batch {batch}; to read the file all the same: --force",
            )
        self._remarks.append(f"{said}: only one of the two batches can be executed")

    @property
    def _vendor(self) -> Any:
        return f"vendor {self._job.batch.vendor}"


def _refuse_nameless(head: InvoiceHead) -> None:
    if not head.number:
        answer = "say it: --set number=NUMBER" if head.document == 1 else "put it into the file"
        raise InputRejected(
            f"invoice {head.document} of the file, from row {head.row} on, has no number: "
            "an invoice is recorded by its vendor and its number.",
            hint=f"{answer}, or ask the vendor for a complete file",
        )
    if len(head.number) > _LONGEST:
        raise InputRejected(
            f"the number of invoice {head.document} of the file, from row {head.row} on, has {len(head.number)} "
            f"characters: expected {_LONGEST} at most."
        )


def _name(head: InvoiceHead) -> Name:
    return head.number, head.is_credit


def called(number: str, is_credit: bool) -> str:
    """What people call an invoice by."""
    return f"{'credit note' if is_credit else 'invoice'} {number}"
