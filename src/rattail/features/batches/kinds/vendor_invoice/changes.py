"""What invoices change: each is recorded with its lines, and a cost may be taken over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rattail.database.idpool import id_pool
from rattail.features.batches.kinds.vendor_catalog.known import COST_FIELDS, Item
from rattail.retail.changes.journal import INSERT, UPDATE, ChangeRow, change_row, write_changes
from rattail.retail.models import Invoice, InvoiceLine, VendorCost
from rattail.retail.records import RECORDS

INVOICE, LINE, COST = (",".join(RECORDS[name].fields) for name in ("invoice", "invoice_line", "vendor_cost"))
AT_LINE, AT_COST, AT_STOCK = 1, 2, 3  # the positions of a row's changes
INVOICES_A_SEQUENCE = 30_000
_NOTHING = (None,) * (len(COST_FIELDS) + 1)


class InvoiceChanges:
    """Collects the changes of one batch, chunk by chunk, and reserves the ids of what is yet to be made."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.invoice_ids = id_pool(Invoice)
        self._line_ids = id_pool(InvoiceLine)
        self._cost_ids = id_pool(VendorCost)
        self._changes: list[ChangeRow] = []

    def make_invoice(self, document: int, invoice_id: int, values: Sequence[Any]) -> None:
        """Record an invoice: a change of the batch as a whole, because its rows may be corrected and removed."""
        block, position = divmod(document - 1, INVOICES_A_SEQUENCE)
        self._insert(-block, position, "invoice", invoice_id, INVOICE, values)

    def make_line(self, sequence: int, values: Sequence[Any]) -> None:
        """Record one line."""
        self._insert(sequence, AT_LINE, "invoice_line", next(self._line_ids), LINE, values)

    def take_cost(self, sequence: int, item: Item, values: Sequence[Any]) -> None:
        """A cost from the first of `values`, a day, on; or another one than so far from that very day."""
        known = item.cost
        if known.id is None or known.effective != values[0]:
            before = _NOTHING if known.id is None else (item.id, *known[1:])
            self._insert(sequence, AT_COST, "vendor_cost", next(self._cost_ids), COST, (item.id, *values), before)
            return
        where = [index for index in range(len(COST_FIELDS)) if known[index + 1] != values[index]]
        self._changes.append(
            change_row(
                self.number,
                sequence,
                AT_COST,
                record="vendor_cost",
                action=UPDATE,
                record_id=known.id,
                fields=",".join(COST_FIELDS[index] for index in where),
                before=[known[index + 1] for index in where],
                after=[values[index] for index in where],
            )
        )

    def write(self) -> None:
        """Write what was collected, in the caller's transaction."""
        write_changes(self._changes)
        self._changes.clear()

    def _insert(
        self,
        sequence: int,
        position: int,
        record: str,
        record_id: int,
        fields: str,
        values: Sequence[Any],
        before: Sequence[Any] = (),
    ) -> None:
        self._changes.append(
            change_row(
                self.number,
                sequence,
                position,
                record=record,
                action=INSERT,
                record_id=record_id,
                fields=fields,
                before=before,
                after=values,
            )
        )
