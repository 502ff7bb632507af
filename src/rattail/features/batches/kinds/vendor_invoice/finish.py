"""What only the whole file tells: whether its invoices add up, and what its lines do to the stock.

A few statements over the saved rows, however many; done again they give the same, or what corrections made of it.
"""

from __future__ import annotations

from typing import Any

from rattail.database.bulk import change_rows, fetch_rows, field_of
from rattail.database.dialect import is_sqlite, json_item
from rattail.database.ids import reserve_ids
from rattail.features.batches.kinds.vendor_invoice.changes import AT_STOCK, INVOICE, INVOICES_A_SEQUENCE
from rattail.features.batches.kinds.vendor_invoice.documents import NOT_ADDING_UP
from rattail.features.batches.kinds.vendor_invoice.twice import called
from rattail.features.batches.models import Batch
from rattail.features.batches.statuses import HELD, Status
from rattail.retail.amounts import SCALE, text_of
from rattail.retail.models import Stock
from rattail.retail.records import RECORDS

_A_CENT = SCALE // 100
_REMARKED_AT_MOST = 50
_NOT_RECORDED = int(Status.BAD_ROW | Status.DUPLICATE | Status.REMOVED)
_RECEIVED = int(Status.RECEIVED)
_NEGATIVE = int(Status.NEGATIVE)
_HELD = int(HELD)
_BELOW_ZERO = "the stock goes below zero"
_STOCK = ",".join(RECORDS["stock"].fields)
_CHANGE = "batch, sequence, position, record, action, record_id, fields, before, after, is_held"


def finish_documents(batch: Batch, remarks: list[str]) -> None:
    """Add up the lines of each invoice, remark those that differ from what they say, and give the recorded ones their
    totals.
    """
    if not is_sqlite():  # its plans depend on how many rows it believes there are
        change_rows("ANALYZE batches_invoicerow, batches_document")
    change_rows(
        "UPDATE batches_document SET lines_total = 0, line_count = 0 WHERE batch_id = %s",
        [batch.pk],
    )
    change_rows(
        "UPDATE batches_document SET lines_total = r.total, line_count = r.lines FROM ("
        "SELECT document, CAST(SUM(COALESCE(amount, 0)) AS bigint) AS total, count(*) AS lines "
        "FROM batches_invoicerow WHERE batch_id = %s AND (statuses & %s) = 0 GROUP BY document"
        ") r WHERE batches_document.batch_id = %s AND batches_document.document = r.document",
        [batch.pk, _NOT_RECORDED, batch.pk],
    )
    _give_totals(batch)
    remarks.extend(_that_differ(batch))


def receive(batch: Batch) -> None:
    """Write one change of stock for each product that was received: all its lines in the file together."""
    change_rows("DELETE FROM retail_change WHERE batch = %s AND record = 'stock'", [batch.number])
    change_rows(
        "UPDATE batches_invoicerow SET statuses = statuses - %s, note = CASE WHEN note = %s THEN '' ELSE note END "
        "WHERE batch_id = %s AND (statuses & %s) <> 0",
        [_NEGATIVE, _BELOW_ZERO, batch.pk, _NEGATIVE],
    )
    sql, parameters = _received(batch)
    _update_stock(batch, sql, parameters)
    _insert_stock(batch, sql, parameters)
    _flag_negative(batch)


def _give_totals(batch: Batch) -> None:
    total, charges = (INVOICE.split(",").index(name) for name in ("total", "charges"))
    after = (
        f"json_set(after, '$[{total}]', d.total, '$[{charges}]', d.charges)"
        if is_sqlite()
        else f"jsonb_set(jsonb_set(after, '{{{total}}}', COALESCE(to_jsonb(d.total), 'null')), "
        f"'{{{charges}}}', to_jsonb(d.charges))"
    )
    change_rows(
        f"UPDATE retail_change SET after = {after} FROM batches_document d "  # noqa: S608
        "WHERE retail_change.batch = %s AND retail_change.record = 'invoice' AND d.batch_id = %s "
        f"AND retail_change.sequence = -((d.document - 1) / {INVOICES_A_SEQUENCE}) "
        f"AND retail_change.position = (d.document - 1) %% {INVOICES_A_SEQUENCE}",
        [batch.number, batch.pk],
    )


def _that_differ(batch: Batch) -> list[str]:
    """A sentence for each invoice whose lines and charges are not its total, or whose lines are not as many."""
    rows = fetch_rows(
        "SELECT d.document, d.number, d.is_credit, d.total, d.lines_total, d.charges, d.stated_line_count, "  # noqa: S608
        "d.line_count FROM batches_document d WHERE d.batch_id = %s AND NOT EXISTS (SELECT 1 FROM batches_document e "
        "WHERE e.batch_id = d.batch_id AND e.number = d.number AND e.is_credit = d.is_credit "
        "AND e.document < d.document) AND (abs(d.total - d.lines_total - d.charges) > %s "
        f"OR d.stated_line_count <> d.line_count) ORDER BY d.document LIMIT {_REMARKED_AT_MOST}",
        [batch.pk, _A_CENT],
    )
    not_adding_up = set(batch.answers.get(NOT_ADDING_UP, ()))
    found = []
    for document, number, is_credit, total, lines_total, charges, stated, counted in rows:
        sum_, name = lines_total + charges, called(number, is_credit)
        if total is not None and abs(total - sum_) > _A_CENT and document not in not_adding_up:
            with_charges = f" and charges of {text_of(charges)}" if charges else ""
            found.append(
                f"{name}: its total is {text_of(total)}, but lines of {text_of(lines_total)}{with_charges} "
                f"make {text_of(sum_)}: {text_of(total - sum_)} of difference"
            )
        if stated is not None and stated != counted:
            found.append(f"{name}: it says that it has {stated:,} lines, {counted:,} were read")
    return found


def _received(batch: Batch) -> tuple[str, list[Any]]:
    sql = (
        "(SELECT r.product_id, max(r.sequence) AS sequence, "
        "CAST(SUM(CASE WHEN d.is_credit THEN -r.units ELSE r.units END) AS bigint) AS units "
        "FROM batches_invoicerow r JOIN batches_document d ON d.batch_id = r.batch_id AND d.document = r.document "
        "WHERE r.batch_id = %s AND (r.statuses & %s) <> 0 AND (r.statuses & %s) = 0 GROUP BY r.product_id)"
    )
    return sql, [batch.pk, _RECEIVED, _HELD]


def _update_stock(batch: Batch, received: str, parameters: list[Any]) -> None:
    array = "json_array" if is_sqlite() else "jsonb_build_array"
    change_rows(
        f"INSERT INTO retail_change ({_CHANGE}) SELECT %s, r.sequence, %s, 'stock', 'update', s.id, 'on_hand', "  # noqa: S608
        f"{array}(s.on_hand), {array}(s.on_hand + r.units), FALSE FROM {received} r "
        "JOIN retail_stock s ON s.product_id = r.product_id AND s.store_id = %s WHERE r.units <> 0",
        [batch.number, AT_STOCK, *parameters, batch.store_id],
    )


def _insert_stock(batch: Batch, received: str, parameters: list[Any]) -> None:
    """Stock of products that the store had none of: the id is reserved now."""
    missing = (
        f"FROM {received} r WHERE r.units <> 0 AND NOT EXISTS "  # noqa: S608
        "(SELECT 1 FROM retail_stock s WHERE s.product_id = r.product_id AND s.store_id = %s)"
    )
    parameters = [*parameters, batch.store_id]
    if is_sqlite():
        count = int(fetch_rows(f"SELECT count(*) {missing}", parameters)[0][0])
        if not count:
            return
        before_first = reserve_ids(Stock, count)[0] - 1
        record_id, array = f"{before_first} + row_number() OVER (ORDER BY r.product_id)", "json_array"
    else:
        record_id, array = "nextval(pg_get_serial_sequence('retail_stock', 'id'))", "jsonb_build_array"
    change_rows(
        f"INSERT INTO retail_change ({_CHANGE}) SELECT %s, r.sequence, %s, 'stock', 'insert', {record_id}, %s, "
        f"'[]', {array}({'%s' if is_sqlite() else '%s::bigint'}, r.product_id, r.units, NULL), FALSE {missing}",
        [batch.number, AT_STOCK, _STOCK, batch.store_id, *parameters],
    )


def _flag_negative(batch: Batch) -> None:
    on_hand = field_of(Stock, "on_hand")
    alone, whole = json_item("after", 0, on_hand), json_item("after", _STOCK.split(",").index("on_hand"), on_hand)
    change_rows(
        "UPDATE batches_invoicerow SET statuses = statuses | %s, "  # noqa: S608
        "note = CASE WHEN note = '' THEN %s ELSE note END WHERE batch_id = %s AND sequence IN (SELECT sequence "
        "FROM retail_change WHERE batch = %s AND record = 'stock' AND "
        f"CASE WHEN action = 'insert' THEN {whole} ELSE {alone} END < 0)",
        [_NEGATIVE, _BELOW_ZERO, batch.pk, batch.number],
    )
