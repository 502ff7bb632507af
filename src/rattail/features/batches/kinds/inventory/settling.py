"""What the rows of a count come to: one table with a line for each product, made and read by statements over all rows.

A count is of a moment. What went into the ledger of stock for later moments has happened since, so it is added to what
was counted then. A product of which one row waits for an answer waits as a whole: half a count is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import as_text, differs, is_sqlite, one_of
from rattail.errors import InputRejected
from rattail.features.batches.kinds.inventory.changing import write_stock_changes
from rattail.features.batches.kinds.inventory.movements import remarks_on_movements, shown, tell_movements
from rattail.features.batches.kinds.inventory.settings import Duplicates, Mode
from rattail.features.batches.kinds.inventory.zeroing import NOT_COUNTED, zero_the_others
from rattail.features.batches.statuses import Status
from rattail.retail.changes.journal import forget_changes

_OURS = "this product "  # every note that is written here begins so, and no other does
_IS_OURS = f"(substr(note, 1, {len(_OURS)}) = '{_OURS}' AND note <> '{NOT_COUNTED}')"
_NO_CHANGE, _QUANTITY_CHANGE = int(Status.NO_CHANGE), int(Status.QUANTITY_CHANGE)
_DUPLICATE, _QUESTION, _SUSPICIOUS = int(Status.DUPLICATE), int(Status.QUESTION), int(Status.SUSPICIOUS)
_REMOVED = int(Status.REMOVED)
_GONE = int(Status.BAD_ROW) | _REMOVED
_WAITING = _QUESTION | _SUSPICIOUS
_BELOW_ZERO = _SUSPICIOUS | int(Status.NEGATIVE)
_GIVEN_HERE = _NO_CHANGE | _QUANTITY_CHANGE | _DUPLICATE
_ALL = 2**31 - 1
_MAY_BE_LABEL = "substr(key, 1, 3) = '002' OR substr(key, 1, 2) = '02' OR substr(key, 1, 1) = '9'"
_NAMED_AT_MOST = 5


class Count(NamedTuple):
    """What is settled. `counted_at` is as the database keeps it.

    `is_label` tells of a code whether it has the price or the weight of one piece in it: such pieces add up.
    `is_first_time`: a person is there who can be asked; later, after a correction, rows can only be held.
    """

    batch_id: int
    number: int
    store_id: int
    mode: Mode
    duplicates: Duplicates
    counted_at: str
    is_label: Callable[[str], bool]
    is_first_time: bool


def settle(count: Count) -> list[str]:
    """Write before and after into the rows and the changes of stock into the journal, in the caller's transaction.

    Returns what people should know of the whole count.

    Raises:
        InputRejected: a product is counted in several rows, and `duplicates` does not say what to do then.
    """
    _forget(count)
    _sum_up(count)
    if count.duplicates is not Duplicates.ADD:
        _look_at_labels(count)
    if count.duplicates is Duplicates.ASK and count.is_first_time:
        _refuse_duplicates(count)
    if count.duplicates is Duplicates.LAST:
        _take_the_last(count)
    _decide(count)
    if count.mode is not Mode.ADJUST:
        tell_movements(count.store_id, count.counted_at)
    _tell_rows(count)
    if count.mode is Mode.ZERO:
        zero_the_others(count.batch_id, count.store_id, count.counted_at)
    if count.mode is not Mode.VARIANCE:
        sets_moment = count.mode is not Mode.ADJUST
        write_stock_changes(count.number, count.store_id, counted_at=count.counted_at if sets_moment else None)
    remarks = [] if count.mode is Mode.ADJUST else remarks_on_movements()
    change_rows("DROP TABLE counted")
    return remarks


def _forget(count: Count) -> None:
    """Take back what was written here before and would be in the way; what people removed stays removed."""
    forget_changes(count.number)
    given = _GIVEN_HERE | _WAITING | (_BELOW_ZERO if count.mode is not Mode.ADJUST else 0)
    change_rows(
        f"UPDATE batches_countrow SET statuses = statuses & %s, note = '', before = NULL, after = NULL "  # noqa: S608
        f"WHERE batch_id = %s AND {_IS_OURS} AND statuses & %s <> 0",
        [_ALL & ~given, count.batch_id, _WAITING | _REMOVED],
    )


def _sum_up(count: Count) -> None:
    """Make the table `counted`: each product, its last row, how much all rows say, and what the stock is."""
    if not is_sqlite():
        change_rows("ANALYZE batches_countrow")  # a million rows may be new to its planner
    change_rows(
        "CREATE TEMP TABLE counted (product_id bigint PRIMARY KEY, sequence bigint, row_count bigint, quantity bigint, "
        "waits_for bigint, is_sum integer, stock_id bigint, was bigint, was_counted_at text, is_older integer, "
        "later bigint, will_be bigint, verdict integer, moved text)"
    )
    change_rows(
        "INSERT INTO counted SELECT g.product_id, g.sequence, g.row_count, g.quantity, g.waits_for, g.is_sum, t.id, "  # noqa: S608
        f"COALESCE(t.on_hand, 0), {as_text('t.counted_at')}, CASE WHEN t.counted_at > %s THEN 1 ELSE 0 END, "
        'COALESCE((SELECT CAST(sum(m."after" - m."before") AS bigint) FROM retail_stockmovement m '
        "WHERE m.store_id = %s AND m.product_id = g.product_id AND m.at > %s), 0), NULL, 0, NULL FROM ("
        "SELECT product_id, max(sequence) AS sequence, count(*) AS row_count, "
        "CAST(COALESCE(sum(quantity), 0) AS bigint) AS quantity, "
        "max(CASE WHEN statuses & %s <> 0 THEN sequence END) AS waits_for, "
        f"min(CASE WHEN {_MAY_BE_LABEL} THEN 1 ELSE %s END) AS is_sum FROM batches_countrow "
        f"WHERE batch_id = %s AND product_id IS NOT NULL AND statuses & %s = 0 AND note <> '{NOT_COUNTED}' "
        "GROUP BY product_id) g LEFT JOIN retail_stock t ON t.store_id = %s AND t.product_id = g.product_id",
        [
            *(count.counted_at, count.store_id, count.counted_at, _WAITING),
            *(int(count.duplicates is Duplicates.ADD), count.batch_id, _GONE, count.store_id),
        ],
    )
    if not is_sqlite():
        change_rows("ANALYZE counted")


def _look_at_labels(count: Count) -> None:
    """Let only such rows of a product add up that have a value of their own in the code; the key does not tell."""
    if not fetch_rows("SELECT 1 FROM counted WHERE row_count > 1 AND is_sum = 1 LIMIT 1"):
        return
    rows = fetch_rows(
        "SELECT c.product_id, r.code FROM counted c JOIN batches_countrow r ON r.product_id = c.product_id "  # noqa: S608
        f"WHERE r.batch_id = %s AND r.statuses & %s = 0 AND r.note <> '{NOT_COUNTED}' AND c.row_count > 1 "
        "AND c.is_sum = 1",
        [count.batch_id, _GONE],
    )
    plain = {product_id for product_id, code in rows if not count.is_label(code)}
    if plain:
        condition, values = one_of("product_id", sorted(plain), kind="bigint")
        change_rows(f"UPDATE counted SET is_sum = 0 WHERE {condition}", [values])  # noqa: S608


def _refuse_duplicates(count: Count) -> None:
    twice = "FROM counted WHERE row_count > 1 AND is_sum = 0"
    products = int(fetch_rows(f"SELECT count(*) {twice}")[0][0])
    if not products:
        return
    named = fetch_rows(
        "SELECT product_id, source_row, code, description FROM batches_countrow WHERE batch_id = %s "  # noqa: S608
        f"AND product_id IN (SELECT product_id {twice} ORDER BY sequence LIMIT {_NAMED_AT_MOST}) "
        "AND statuses & %s = 0 ORDER BY sequence LIMIT 50",
        [count.batch_id, _GONE],
    )
    rows: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for product_id, source_row, code, description in named:
        rows.setdefault(product_id, []).append(str(source_row))
        names.setdefault(product_id, f"{code} {description}".strip()[:60])
    said = "; ".join(f"rows {' and '.join(rows[product_id][:4])}: {name}" for product_id, name in names.items())
    more = f"; and {products - len(names):,} more" if products > len(names) else ""
    many = "one product is" if products == 1 else f"{products:,} products are"
    raise InputRejected(
        f"{many} counted in more than one row, {said}{more}.",
        hint="say what counts: --duplicates add (they add up) or --duplicates last (the last row counts)",
    )


def _take_the_last(count: Count) -> None:
    change_rows(
        "UPDATE counted SET quantity = COALESCE(r.quantity, 0), "
        "waits_for = CASE WHEN r.statuses & %s <> 0 THEN r.sequence END FROM batches_countrow r "
        "WHERE r.batch_id = %s AND r.sequence = counted.sequence AND row_count > 1 AND is_sum = 0",
        [_WAITING, count.batch_id],
    )


def _decide(count: Count) -> None:
    """What becomes of each product: what it will be, or why nothing does."""
    is_set = count.mode is not Mode.ADJUST
    result = "quantity + later" if is_set else "was + quantity"
    is_open = "row_count > 1 AND is_sum = 0" if count.duplicates is Duplicates.ASK else "1 = 0"
    older = "is_older = 1" if is_set else "1 = 0"
    below = f"{result} < 0" if is_set else "1 = 0"
    change_rows(
        f"UPDATE counted SET verdict = CASE WHEN waits_for IS NOT NULL OR ({is_open}) THEN {_QUESTION} "  # noqa: S608
        f"WHEN {older} THEN {_SUSPICIOUS} WHEN {below} THEN {_BELOW_ZERO} "
        f"WHEN {result} = was THEN {_NO_CHANGE} ELSE {_QUANTITY_CHANGE} END, "
        f"will_be = CASE WHEN waits_for IS NOT NULL OR ({is_open}) OR {older} OR {below} THEN NULL ELSE {result} END"
    )


def _tell_rows(count: Count) -> None:
    """Notes, before and after of the rows, then their statuses; both amounts stand in the last row of a product.

    Only what will be another value is written: the rows came with the status that most of them keep.
    """
    is_last = "batches_countrow.sequence = c.sequence"
    loses = f"c.is_sum = 0 AND NOT {is_last}" if count.duplicates is Duplicates.LAST else "1 = 0"
    moved = "moved after it was counted: "
    note = (
        f"CASE WHEN {loses} THEN '{_OURS}is counted in row ' || c.sequence || ', which is later' "
        f"WHEN c.waits_for IS NOT NULL THEN '{_OURS}waits for row ' || c.waits_for "
        f"WHEN c.verdict = {_QUESTION} THEN '{_OURS}is counted in ' || c.row_count || ' rows: remove all but one' "
        f"WHEN c.verdict = {_SUSPICIOUS} THEN '{_OURS}was counted later: ' || substr(c.was_counted_at, 1, 16) "
        f"WHEN c.verdict = {_BELOW_ZERO} THEN '{_OURS}would be ' || {shown('(c.quantity + c.later)')} "
        f"|| COALESCE(', as it {moved}' || c.moved, '') "
        f"WHEN c.row_count > 1 AND c.is_sum = 1 AND NOT {is_last} THEN '{_OURS}is added up in row ' || c.sequence "
        f"WHEN c.row_count > 1 AND c.is_sum = 1 THEN '{_OURS}is in ' || c.row_count || ' rows, which add up' "
        f"|| COALESCE(', and {moved}' || c.moved, '') "
        f"WHEN c.moved IS NOT NULL AND (note = '' OR {_IS_OURS}) THEN '{_OURS}{moved}' || c.moved "
        f"WHEN {_IS_OURS} THEN '' ELSE note END"
    )
    before = f"CASE WHEN {is_last} AND c.will_be IS NOT NULL THEN c.was END"
    after = f"CASE WHEN {is_last} THEN c.will_be END"
    status = f"(statuses & {_ALL & ~_GIVEN_HERE}) | (CASE WHEN {loses} THEN {_DUPLICATE} ELSE c.verdict END)"
    where = (
        "FROM counted c WHERE batch_id = %s AND batches_countrow.product_id = c.product_id "
        f"AND statuses & {_GONE | _WAITING} = 0 AND note <> '{NOT_COUNTED}'"
    )
    change_rows(
        f"UPDATE batches_countrow SET before = {before}, after = {after}, note = {note} {where} "  # noqa: S608
        f"AND (note <> {note} OR {differs('before', before)} OR {differs('after', after)})",
        [count.batch_id],
    )
    change_rows(
        f"UPDATE batches_countrow SET statuses = {status} {where} AND statuses <> {status}",  # noqa: S608
        [count.batch_id],
    )
