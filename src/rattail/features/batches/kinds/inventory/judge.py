"""Judging the rows of a count: each is matched with a product; what they come to is settled when all are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from rattail.database.bulk import insert_rows
from rattail.errors import InputRejected
from rattail.features.batches.kinds.inventory.known import Counted, case_sizes, products_by_key, regular_prices
from rattail.features.batches.kinds.inventory.movements import is_remark_on_movements
from rattail.features.batches.kinds.inventory.quantities import MOST, Quantity, quantity_of
from rattail.features.batches.kinds.inventory.scans import Scans
from rattail.features.batches.kinds.inventory.settings import Duplicates, Mode
from rattail.features.batches.kinds.inventory.settling import Count, settle
from rattail.features.batches.kinds.inventory.zeroing import doubts_about_zeros, is_doubt_about_zeros
from rattail.features.batches.kinds.kind import BAD, Job, Judge, note_of
from rattail.features.batches.models import CountRow
from rattail.features.batches.reading.lines import CountLine, Event, Problem
from rattail.features.batches.states import State
from rattail.features.batches.statuses import HELD, Status
from rattail.retail.amounts import from_decimal, text_of
from rattail.retail.barcodes import BadCode, Code
from rattail.retail.changes.journal import stored

NAMES = [
    "batch_id",
    "sequence",
    "source_row",
    "statuses",
    "code",
    "key",
    "product_id",
    "description",
    "note",
    "cases",
    "units",
    "case_size",
    "quantity",
    "counted_at",
    "location",
]
_NOT_FOUND = int(Status.PRODUCT_NOT_FOUND)
_COUNTS = int(Status.QUANTITY_CHANGE)  # of nearly all rows, until the end tells better
_HELD = int(HELD)
_NOTHING = Quantity(None)

#: A row of the file, its code, and why its code cannot be read. A plain tuple: there is one for every row.
_Read = tuple[CountLine, Code | None, str]


class _Known(NamedTuple):
    """What the records know of one chunk."""

    products: dict[str, Counted]
    case_sizes: dict[int, set[int]]
    prices: dict[int, int]


class CountJudge(Judge):
    """Judges a count. Rows of one product belong together, so changes are written at the end, for whole products."""

    row_model = CountRow

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        super().__init__(job, sequence=sequence)
        assert job.batch.store_id is not None
        self.store_id = job.batch.store_id
        self._batch_id = job.batch.pk
        self.mode = Mode(job.setting("mode"))
        self.counted_at = datetime.fromisoformat(job.setting("counted_at"))
        self.day = timezone.localtime(self.counted_at).date().isoformat()
        self._scans = Scans() if job.setting("takes_scan_times") and job.batch.state != State.READY else None
        self._rows: list[tuple[Any, ...]] = []

    def take(self, events: Sequence[Event]) -> None:
        if self._scans:
            self._scans.see(one for one in events if isinstance(one, CountLine))
            self.day = self._scans.newest[:10] or self.day
        read = [self._read(one) for one in events if isinstance(one, CountLine)]
        known = self._known(read)
        lines = iter(read)
        for one in events:
            if isinstance(one, CountLine):
                self._judge(next(lines), known)
            elif isinstance(one, Problem):
                self._add(CountLine(one.row, one.code, description=one.description), None, None, BAD, note_of(one))
        insert_rows(CountRow, NAMES, self._rows)
        self._rows.clear()

    def finish(self) -> None:
        """Add up the rows of each product and write what becomes of its stock; nothing is left of an earlier time.

        Raises:
            InputRejected: a product is counted in several rows, and nobody said what to do then; or the times of
                its scans do not tell when it was counted.
        """
        batch = self.job.batch
        batch.remarks = [
            text for text in batch.remarks if not (is_remark_on_movements(text) or is_doubt_about_zeros(text))
        ]
        said = self._take_time_of_scans() if self._scans else []
        moved = settle(
            Count(
                batch_id=self._batch_id,
                number=self.job.batch.number,
                store_id=self.store_id,
                mode=self.mode,
                duplicates=Duplicates(self.job.setting("duplicates", "")),
                counted_at=str(stored(self.counted_at)),
                is_label=self._is_label,
                is_first_time=self.job.batch.state != State.READY,
            )
        )
        doubts = doubts_about_zeros(self._batch_id) if self.mode is Mode.ZERO else []
        self.remarks = [*doubts, *moved, *said]

    @classmethod
    def line_of(cls, row: CountRow) -> CountLine:
        counted_at = timezone.localtime(row.counted_at).replace(tzinfo=None) if row.counted_at else None
        return CountLine(
            row=row.source_row,
            code=row.code,
            cases=from_decimal(row.cases),
            units=from_decimal(row.units),
            counted_at=counted_at.isoformat(" ") if counted_at else None,
            location=row.location,
            description="" if row.product_id else row.description,  # else it is the product's name
        )

    @classmethod
    def correct(cls, row: CountRow, values: Mapping[str, Any]) -> None:
        """As other rows; but one that counts nothing yet has to be told how much, or it would be a count of zero.

        Raises:
            InputRejected: neither cases nor units are said of such a row.
        """
        is_uncounted = not row.statuses or (row.statuses & BAD and not row.cases and not row.units)
        if is_uncounted and not values.keys() & {"cases", "units"}:
            which = f"row {row.sequence} " if row.statuses else "the new row "
            raise InputRejected(f"{which}counts nothing.", hint="say how much there is: units=12, or cases=1")
        super().correct(row, values)

    def _take_time_of_scans(self) -> list[str]:
        """Let the count be of the moment of the newest scan, and say so; `finish` has the errors."""
        assert self._scans is not None
        batch = self.job.batch
        moment = self._scans.moment(now=batch.created_at, may_take_days=self.mode is Mode.ADJUST)
        if moment is None:
            return []
        self.counted_at = moment
        batch.settings = {**batch.settings, "counted_at": moment.astimezone(UTC).isoformat()}
        shown = f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
        return [f"counted at {shown}, the time of the newest scan of the file; --counted-at says another."]

    def _is_label(self, code: str) -> bool:
        try:
            return bool(self.job.rules.read(code).embedded)
        except BadCode:
            return False

    def _read(self, line: CountLine) -> _Read:
        try:
            return line, self.job.rules.read(line.code), ""
        except BadCode as error:
            return line, None, str(error)

    def _known(self, lines: Sequence[_Read]) -> _Known:
        products = products_by_key([code.key for _, code, _ in lines if code])
        in_cases: set[int] = set()
        by_price: set[int] = set()
        for line, code, _ in lines:
            product = products.get(code.key) if code and (line.cases or code.embedded) else None
            if product and code:
                (by_price if code.embedded else in_cases).add(product.id)
        return _Known(
            products,
            case_sizes(in_cases, day=self.day) if in_cases else {},
            regular_prices(by_price, store_id=self.store_id, day=self.day) if by_price else {},
        )

    def _judge(self, one: _Read, known: _Known) -> None:
        line, code, bad = one
        if code is None:
            self._set_aside(line, None, "code", line.code, bad)
            return
        product = known.products.get(code.key)
        if product is None:
            self._add(line, code, None, _NOT_FOUND, "")
            return
        if not line.cases and not code.embedded and 0 <= line.units <= MOST:  # nearly all rows
            self._add(line, code, product, _COUNTS, "", Quantity(line.units))
            return
        quantity = quantity_of(
            line,
            code,
            product,
            case_sizes=known.case_sizes,
            prices=known.prices,
            may_be_negative=self.mode is Mode.ADJUST,
        )
        if quantity.units is not None and abs(quantity.units) > MOST:
            shown = text_of(line.units or line.cases, least_decimals=0)
            reason = "is too much to be a count: expected at most 100,000,000 units"
            self._set_aside(line, code, "units" if line.units else "cases", shown, reason)
            return
        statuses = quantity.statuses if quantity.statuses & _HELD else quantity.statuses | _COUNTS
        self._add(line, code, product, statuses, quantity.note, quantity)

    def _set_aside(self, line: CountLine, code: Code | None, column: str, value: str, reason: str) -> None:
        problem = Problem(line.row, column, value, reason, line.code, "", line.description)
        self.problems.append(problem)
        self._add(line, code, None, BAD, reason if column == "code" else note_of(problem))

    def _add(
        self,
        line: CountLine,
        code: Code | None,
        product: Counted | None,
        statuses: int,
        note: str,
        quantity: Quantity = _NOTHING,
    ) -> None:
        self.sequence += 1
        self._rows.append(
            (
                self._batch_id,
                self.sequence,
                line.row,
                statuses,
                line.code[:50],
                code.key if code else "",
                product.id if product else None,
                product.name if product else line.description[:255],
                note[:500],
                line.cases,
                line.units,
                quantity.case_size,
                quantity.units,
                _moment(line.counted_at) if line.counted_at else None,
                line.location[:50],
            )
        )


def _moment(text: str) -> str | None:
    """A date and time of the shop, as the database keeps it."""
    return stored(timezone.make_aware(datetime.fromisoformat(text)))
