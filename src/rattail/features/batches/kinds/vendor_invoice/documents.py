"""The invoices of one file: their heads and ends, and how many rows each has so far."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from rattail.database.bulk import fetch_rows, insert_rows
from rattail.database.dialect import as_text, one_of
from rattail.errors import InputRejected
from rattail.features.batches.kinds.kind import Job
from rattail.features.batches.kinds.vendor_invoice.changes import INVOICES_A_SEQUENCE, InvoiceChanges
from rattail.features.batches.kinds.vendor_invoice.twice import Twice, called
from rattail.features.batches.models import Document
from rattail.features.batches.reading.lines import Event, InvoiceCharge, InvoiceHead, InvoiceLine, InvoiceTotal

_NAMES = [
    "batch_id",
    "document",
    "number",
    "date",
    "is_credit",
    "currency",
    "order_number",
    "vendor_id",
    "charges",
    "total",
    "stated_line_count",
    "lines_total",
    "line_count",
]
_LONGEST = 40
_MASK = (1 << 64) - 1
#: Where the invoices that are not meant to add up are kept, among the answers of the batch.
NOT_ADDING_UP = "documents_not_adding_up"


class Invoice(NamedTuple):
    """One invoice of the file. `day` is its date, or the day on which it is read; `id` is 0 where it is set aside."""

    document: int
    number: str
    day: str
    is_credit: bool
    is_foreign: bool
    id: int


class _End:
    """What a chunk says of an invoice beside its lines."""

    __slots__ = ("charges", "line_count", "total")

    def __init__(self) -> None:
        self.charges = 0
        self.total: int | None = None
        self.line_count: int | None = None


class Documents:
    """Keeps what is needed of the invoices of the current chunk, and four and eight bytes of every other.

    `remarks` are what people should know; whoever calls takes them away.
    """

    def __init__(self, job: Job, changes: InvoiceChanges) -> None:
        self.remarks: list[str] = []
        self.current = 1
        self.is_again = False  # heads were read by an earlier process
        self._job = job
        self._changes = changes
        self._twice = Twice(job, self.remarks)
        self._kept: dict[int, Invoice] = {}
        self._rows = array("I")  # of each document: rows so far, and 1; 0 where this process has not seen its head
        self._prints = array("Q")  # of each document: a number that stands for all it says, in any order
        self._read_before: set[int] = set()  # documents whose heads an earlier process read
        self._heads: list[InvoiceHead] = []
        self._ends: dict[int, _End] = {}
        self._foreign: set[str] = set()

    def begin(self, events: Sequence[Event]) -> None:
        """Make the invoices known whose heads or lines are among `events`.

        Raises:
            InputRejected: an invoice has no number, or is in the file twice.
            WouldOverwrite: an invoice is in the records or in another batch already.
        """
        self._heads = [self._named(one) for one in events if isinstance(one, InvoiceHead)]
        self._twice.look(self._heads)
        for head in self._heads:
            self._begin(head)
        missing = {one.document for one in events if isinstance(one, InvoiceLine)} - self._kept.keys()
        if missing:
            self._load(missing)

    def take(self, event: InvoiceHead | InvoiceCharge | InvoiceTotal) -> None:
        """What belongs to an invoice beside its lines. Its head was seen by `begin`."""
        if isinstance(event, InvoiceHead):
            self.current = event.document
            return
        end = self._ends.setdefault(event.document, _End())
        self._add_print(event.document, hash(event[2:]))
        if isinstance(event, InvoiceCharge):
            end.charges += event.amount
            return
        end.total, end.line_count = event.amount, event.line_count
        if not event.is_checked_by_lines:
            self._job.batch.answers.setdefault(NOT_ADDING_UP, []).append(event.document)

    def of(self, document: int) -> Invoice:
        """The invoice of this number in the file."""
        return self._kept[document]

    def count_line(self, line: InvoiceLine) -> None:
        """Remember what a line says, to compare invoices that come twice."""
        self.current = line.document
        self._add_print(line.document, hash(line[2:]))

    def next_position(self, document: int, sequence: int) -> int:
        """The place of a row among the rows of its invoice, from 1; the same when the row is judged again."""
        if document >= len(self._rows):
            self._grow(document)
        position = self._rows[document] or self._position_of(document, sequence)
        self._rows[document] = position + 1
        return position

    def set_aside(self, invoice: Invoice) -> str:
        """Why an invoice is set aside, for its rows."""
        return self._twice.note(invoice.document, invoice.number)

    def write(self) -> None:
        """Write what was learned, in the caller's transaction, and forget all but the current invoice."""
        begun = {head.document for head in self._heads}
        nothing = _End()
        insert_rows(Document, _NAMES, (self._row(head, self._ends.get(head.document, nothing)) for head in self._heads))
        later = [
            (end.charges, end.total, end.line_count, self._job.batch.pk, document)
            for document, end in self._ends.items()
            if document not in begun
        ]
        if later:
            with connection.cursor() as cursor:
                cursor.executemany(
                    "UPDATE batches_document SET charges = charges + %s, total = COALESCE(%s, total), "
                    "stated_line_count = COALESCE(%s, stated_line_count) WHERE batch_id = %s AND document = %s",
                    later,
                )
        self._heads, self._ends = [], {}
        for document in self._read_before:  # the next rows may be others than those that follow
            if document < len(self._rows):
                self._rows[document] = 0
        self._kept = {document: one for document, one in self._kept.items() if document == self.current}

    def refuse_different(self) -> None:
        """Refuse where an invoice came twice and the two differ. Raises InputRejected."""
        for document, (first, number) in self._twice.aside.items():
            if self._prints[document] != self._prints[first]:
                raise InputRejected(
                    f"invoice {number} is in this file twice, as its invoices {first} and {document}, and they differ.",
                    hint="ask the vendor which of them counts, and take the other out of the file",
                )

    def _named(self, head: InvoiceHead) -> InvoiceHead:
        """A head with its number as it is known by: the first one's was asked for where the file has none."""
        number = head.number.strip()
        if not number and head.document == 1:
            number = str(self._job.batch.answers.get("options", {}).get("number", "")).strip()
        return head._replace(number=number)

    def _begin(self, head: InvoiceHead) -> None:
        document, job = head.document, self._job
        if document >= len(self._rows):
            self._grow(document)
        self._rows[document] = self._rows[document] or 1
        self._add_print(document, hash((head.date, head.currency)))
        is_aside = document in self._twice.aside
        invoice_id = 0 if is_aside else next(self._changes.invoice_ids)
        currency = head.currency[:3]
        self._kept[document] = self._invoice(document, head.number, head.date, head.is_credit, currency, invoice_id)
        if is_aside:
            return
        batch = job.batch
        # In the order of Record.fields: total and charges follow at the end, when all of them are known.
        self._changes.make_invoice(
            document,
            invoice_id,
            (
                *(batch.vendor_id, head.number, head.is_credit, batch.store_id, head.date),
                *(currency or job.currency, head.order_number[:_LONGEST], None, 0, batch.number),
            ),
        )

    def _invoice(
        self, document: int, number: str, day: str | None, is_credit: bool, currency: str, invoice_id: int
    ) -> Invoice:
        job = self._job
        is_foreign = bool(currency) and currency.upper() != job.currency.upper()
        if is_foreign and currency not in self._foreign:
            self._foreign.add(currency)
            self.remarks.append(
                f"{called(number, is_credit)} is in {currency}, the shop's currency is {job.currency}: "
                "its costs are not compared with the catalog and never taken over"
            )
        return Invoice(document, number, day or job.today.isoformat(), bool(is_credit), is_foreign, invoice_id)

    def _row(self, head: InvoiceHead, end: _End) -> tuple[Any, ...]:
        return (
            self._job.batch.pk,
            head.document,
            head.number,
            head.date,
            head.is_credit,
            head.currency[:3],
            head.order_number[:_LONGEST],
            head.vendor_id[:_LONGEST],
            end.charges,
            end.total,
            end.line_count,
            0,
            0,
        )

    def _load(self, documents: Iterable[int]) -> None:
        """Make invoices known again whose heads came in an earlier chunk, or in an earlier process."""
        condition, values = one_of("d.document", list(documents), kind="integer")
        rows = fetch_rows(
            f"SELECT d.document, d.number, {as_text('d.date')}, d.is_credit, d.currency, c.record_id "  # noqa: S608
            "FROM batches_document d LEFT JOIN retail_change c ON c.batch = %s "
            f"AND c.sequence = -((d.document - 1) / {INVOICES_A_SEQUENCE}) "
            f"AND c.position = (d.document - 1) %% {INVOICES_A_SEQUENCE} AND c.record = 'invoice' "
            f"WHERE d.batch_id = %s AND {condition}",
            [self._job.batch.number, self._job.batch.pk, values],
        )
        for document, number, day, is_credit, currency, invoice_id in rows:
            if document >= len(self._rows) or not self._rows[document]:
                self.is_again = True
                self._read_before.add(document)
            self._kept[document] = self._invoice(document, number, day, is_credit, currency, invoice_id or 0)
        missing = sorted(set(documents) - self._kept.keys())
        if missing:
            raise InputRejected(f"there is no invoice {missing[0]} in this batch.")

    def _position_of(self, document: int, sequence: int) -> int:
        rows = fetch_rows(
            "SELECT count(*) FROM batches_invoicerow WHERE batch_id = %s AND document = %s AND sequence < %s",
            [self._job.batch.pk, document, sequence],
        )
        return int(rows[0][0]) + 1

    def _add_print(self, document: int, number: int) -> None:
        if document >= len(self._prints):
            self._grow(document)
        self._prints[document] = (self._prints[document] + number) & _MASK

    def _grow(self, document: int) -> None:
        more = document + 1 - len(self._rows) + 1000
        self._rows.frombytes(bytes(self._rows.itemsize * more))
        self._prints.frombytes(bytes(self._prints.itemsize * more))
