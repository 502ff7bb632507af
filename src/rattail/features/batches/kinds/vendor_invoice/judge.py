"""Judging the lines of invoices: each is recorded, matched with a product, compared and received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rattail.database.bulk import fetch_rows, insert_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.kind import BAD, Job, Judge, note_of
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.features.batches.kinds.vendor_catalog.costs import jump
from rattail.features.batches.kinds.vendor_catalog.known import NO_COST, Item
from rattail.features.batches.kinds.vendor_invoice.changes import InvoiceChanges
from rattail.features.batches.kinds.vendor_invoice.costs import has_discount, is_as_known, new_cost
from rattail.features.batches.kinds.vendor_invoice.documents import Documents, Invoice
from rattail.features.batches.kinds.vendor_invoice.finish import finish_documents, receive
from rattail.features.batches.kinds.vendor_invoice.known import Asked, Known, look_up
from rattail.features.batches.kinds.vendor_invoice.matching import Read, case_note, match
from rattail.features.batches.kinds.vendor_invoice.quantities import Quantity, quantity_of
from rattail.features.batches.kinds.vendor_invoice.rows import NAMES, line_of, row_of
from rattail.features.batches.models import InvoiceRow
from rattail.features.batches.reading.lines import Event, InvoiceCharge, InvoiceHead, InvoiceLine, InvoiceTotal, Problem
from rattail.features.batches.statuses import HELD, Status
from rattail.retail.amounts import text_of
from rattail.retail.barcodes import BadCode

_HELD = int(HELD)
_NEW_RECORD = int(Status.NEW_RECORD)
_RECEIVED = int(Status.RECEIVED)
_NOT_FOUND = int(Status.PRODUCT_NOT_FOUND)
_COST_NOT_KNOWN = int(Status.COST_NOT_KNOWN)
_COST_DIFFERS = int(Status.COST_DIFFERS)
_COST_CHANGE = int(Status.COST_CHANGE)
_DUPLICATE = int(Status.DUPLICATE)
_QUESTION = int(Status.QUESTION)
_SUSPICIOUS = int(Status.SUSPICIOUS)
_OUT = int(Status.OUT_OF_STOCK)
_LONGEST_CODE = 40
_NO_QUANTITY = Quantity(None, None, None, None, 0, "")


class InvoiceJudge(Judge):
    """Judges the invoices of a file. Every line that can be read is recorded; what is in doubt is not received."""

    row_model = InvoiceRow
    acceptable = int(Status.SUSPICIOUS | Status.QUESTION)

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        super().__init__(job, sequence=sequence)
        assert job.batch.vendor_id is not None
        self.vendor_id = job.batch.vendor_id
        self.is_receiving = bool(job.setting("receive", True))
        self.is_taking_costs = bool(job.setting("take_costs", False))
        self.hold_above_percent = int(job.setting("hold_above_percent", 0))
        self._changes = InvoiceChanges(job.batch.number)
        self._documents = Documents(job, self._changes)
        self._taken = Seen()  # item and day -> sequence of the row whose cost is taken over
        self._rows: list[tuple[Any, ...]] = []

    def take(self, events: Sequence[Event]) -> None:
        documents = self._documents
        documents.begin(events)
        self.is_again = self.is_again or documents.is_again
        read = [self._read(one) for one in events if isinstance(one, InvoiceLine)]
        known = look_up(self.vendor_id, [self._asked(one) for one in read])
        lines = iter(read)
        for one in events:
            if isinstance(one, InvoiceLine):
                self.sequence += 1
                self._judge(next(lines), known)
            elif isinstance(one, InvoiceHead | InvoiceCharge | InvoiceTotal):
                documents.take(one)
            elif isinstance(one, Problem):
                self.sequence += 1
                self._add_problem(one)
        insert_rows(InvoiceRow, NAMES, self._rows)
        self._rows.clear()
        documents.write()
        self._changes.write()
        self.remarks.extend(documents.remarks)
        documents.remarks.clear()

    def finish(self) -> None:
        self._documents.refuse_different()
        finish_documents(self.job.batch, self.remarks)
        if self.is_receiving:
            receive(self.job.batch)

    @classmethod
    def line_of(cls, row: InvoiceRow) -> InvoiceLine:
        return line_of(row)

    @classmethod
    def correct(cls, row: InvoiceRow, values: Mapping[str, Any]) -> None:
        super().correct(row, values)
        if values.get("shipped"):
            row.is_out_of_stock = False

    def related(self, gone: Sequence[InvoiceRow], come: Sequence[Any]) -> set[int]:
        """Rows of the same items whose costs differ: the first of them is taken over, and another may be the first."""
        items = {row.vendor_item_id for row in gone if row.vendor_item_id}
        if not (self.is_taking_costs and items):
            return set()
        condition, values = one_of("vendor_item_id", list(items), kind="bigint")
        rows = fetch_rows(
            "SELECT sequence FROM batches_invoicerow WHERE batch_id = %s AND (statuses & %s) <> 0 "  # noqa: S608
            f"AND (statuses & %s) = 0 AND {condition}",
            [self.job.batch.pk, _COST_DIFFERS | _COST_NOT_KNOWN, _HELD, values],
        )
        return {sequence for (sequence,) in rows}

    def _read(self, line: InvoiceLine) -> Read:
        vendor_code = line.vendor_code[:_LONGEST_CODE]
        if not line.code:
            return line, None, vendor_code, ""
        try:
            return line, self.job.rules.read(line.code), vendor_code, ""
        except BadCode as error:
            return line, None, vendor_code, "" if error.is_absent else str(error)

    def _asked(self, one: Read) -> Asked:
        line, code, vendor_code, _ = one
        return Asked(self._documents.of(line.document).day, code.key if code else "", vendor_code)

    def _judge(self, one: Read, known: Known) -> None:
        line, _, vendor_code, bad = one
        invoice = self._documents.of(line.document)
        self._documents.count_line(line)
        position = self._documents.next_position(line.document, self.sequence)
        if not invoice.id:
            self._add(one, _DUPLICATE, self._documents.set_aside(invoice), _as_it_stands(line))
            return
        product_id, item, statuses, note = match(one, known, invoice.day)
        if bad and product_id is None:
            self.problems.append(Problem(line.row, "code", line.code, bad, line.code, vendor_code, line.description))
            self._add(one, BAD, bad, _as_it_stands(line))
            return
        cost = item.cost if item else NO_COST
        product_unit = known.units.get(product_id, "each") if product_id else ""
        quantity = quantity_of(
            line,
            product_unit=product_unit,
            known_case_size=cost.case_size,
            is_cost_said=self.is_again and self._is_cost_said(),
        )
        statuses |= quantity.statuses
        note = note or quantity.note
        if product_id is None:
            statuses = _NOT_FOUND
        else:
            if invoice.is_credit and (line.shipped or 0) < 0:
                statuses |= _QUESTION
                note = note or "a credit note with a negative quantity: did it come or go back?"
            compared, said = self._compare(line, quantity, item, invoice, is_held=bool(statuses & _HELD))
            statuses |= compared
            note = note or said
        statuses |= _OUT if line.is_out_of_stock else 0
        if self._is_received(statuses, quantity) and product_id is not None:
            statuses |= _RECEIVED
        self._record(one, (invoice.id, position, product_id), quantity)
        self._add(one, statuses or _NEW_RECORD, note, quantity, product_id, item)

    def _is_received(self, statuses: int, quantity: Quantity) -> bool:
        return self.is_receiving and bool(quantity.units) and not statuses & (_HELD | _OUT)

    def _compare(
        self, line: InvoiceLine, quantity: Quantity, item: Item | None, invoice: Invoice, *, is_held: bool
    ) -> tuple[int, str]:
        """Compare with the catalog's cost on the day of the invoice; take the invoice's over where that is asked.

        A cost that jumps is not taken over; where the size of a case is another one too, what came is in doubt.
        """
        is_known = item is not None and item.cost.unit_cost is not None
        statuses = 0 if is_known else _COST_NOT_KNOWN
        unit_cost = quantity.unit_cost
        if item is None or invoice.is_foreign or not quantity.units or unit_cost is None:
            return statuses, ""
        note = case_note(line, item)
        if is_known:
            if is_as_known(unit_cost, item.cost, day=invoice.day):
                return 0, note
            statuses = _COST_DIFFERS
        doubt = "" if self.is_accepted or not is_known else jump(unit_cost, item.cost, self.hold_above_percent)
        if doubt and note:
            return statuses | _QUESTION, f"{note}, and {doubt}"
        if not self.is_taking_costs or is_held or invoice.is_credit or quantity.units < 0 or line.is_out_of_stock:
            return statuses, note
        if unit_cost <= 0:
            return statuses, f"the unit cost is {text_of(unit_cost)}, which is not taken over"
        if has_discount(item.cost, invoice.day):
            return statuses, "a discount lasts on the day of the invoice: its cost is not taken over"
        if doubt:
            return statuses | _SUSPICIOUS, doubt
        first = self._first_taken(item, invoice.day)
        if first:
            return statuses, f"the cost of row {first} of this batch is taken over for this item"
        self._changes.take_cost(self.sequence, item, new_cost(line, quantity, item.cost, day=invoice.day))
        return statuses | _COST_CHANGE, note

    def _first_taken(self, item: Item, day: str) -> int:
        """The row whose cost is taken over for this item from this day on, or 0: then this row's is."""
        if not self.is_again:
            return self._taken.first(fingerprint(f"{item.id} {day}"), self.sequence)
        rows = fetch_rows(
            "SELECT min(r.sequence) FROM batches_invoicerow r JOIN batches_document d ON d.batch_id = r.batch_id "
            "AND d.document = r.document WHERE r.batch_id = %s AND r.vendor_item_id = %s AND r.sequence <> %s "
            "AND (r.statuses & %s) <> 0 AND (r.statuses & %s) = 0 AND COALESCE(d.date, %s) = %s",
            [self.job.batch.pk, item.id, self.sequence, _COST_CHANGE, _HELD, self.job.today.isoformat(), day],
        )
        first = int(rows[0][0] or 0) or self._taken.first(fingerprint(f"{item.id} {day}"), self.sequence)
        return 0 if first == self.sequence else first

    def _is_cost_said(self) -> bool:
        """Whether a row that is judged again keeps its unit cost, rather than what follows from the amount.

        So it is where a person gave it, and where a person counted what came of it: fewer units cost no more each.
        """
        rows = fetch_rows(
            "SELECT DISTINCT field FROM batches_rowedit WHERE batch_id = %s AND sequence = %s",
            [self.job.batch.pk, self.sequence],
        )
        edited = {field for (field,) in rows}
        return "unit_cost" in edited or ("shipped" in edited and not edited & {"amount", "case_size", "unit"})

    def _record(self, one: Read, where: tuple[int, int, int | None], quantity: Quantity) -> None:
        """Write the line of the invoice down; `where` is the invoice, the line's place in it, and the product."""
        line = one[0]
        self._changes.make_line(
            self.sequence,
            (
                *where,
                line.code[:50],
                one[2],
                line.description[:255],
                line.ordered,
                line.shipped,
                line.unit,
                quantity.case_size,
                quantity.units,
                quantity.unit_cost,
                quantity.amount,
                line.is_out_of_stock,
            ),
        )

    def _add_problem(self, problem: Problem) -> None:
        document = self._documents.current
        self._documents.next_position(document, self.sequence)
        line = InvoiceLine(
            problem.row, document, "", problem.code, problem.vendor_code, description=problem.description
        )
        self._add((line, None, line.vendor_code[:_LONGEST_CODE], ""), BAD, note_of(problem), _NO_QUANTITY)

    def _add(
        self,
        one: Read,
        statuses: int,
        note: str,
        quantity: Quantity,
        product_id: int | None = None,
        item: Item | None = None,
    ) -> None:
        where = (self.job.batch.pk, self.sequence)
        self._rows.append(row_of(where, one, quantity, statuses=statuses, note=note, product_id=product_id, item=item))


def _as_it_stands(line: InvoiceLine) -> Quantity:
    """What a line says by itself, for rows that are not recorded."""
    return quantity_of(line, product_unit="", known_case_size=None)
