"""Judging the lines of a catalog: each is matched with an item of the vendor or becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rattail.database.bulk import fetch_rows, insert_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.kind import BAD, Job, Judge, note_of
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.features.batches.kinds.vendor_catalog.changes import CatalogChanges
from rattail.features.batches.kinds.vendor_catalog.costs import NewCost, judge_cost
from rattail.features.batches.kinds.vendor_catalog.known import (
    COST_FIELDS,
    NO_COST,
    Item,
    OtherItem,
    items_by_code,
    items_by_id,
    items_of_products,
    products_by_key,
)
from rattail.features.batches.models import CatalogRow
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem
from rattail.features.batches.statuses import HELD, Status
from rattail.retail.amounts import from_decimal
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
    "vendor_item_id",
    "vendor_code",
    "brand",
    "size",
    "effective",
    "case_size",
    "case_cost",
    "unit_cost",
    "suggested_retail",
    "discount_amount",
    "discount_percent",
    "discount_starts",
    "discount_ends",
    "old_case_size",
    "old_case_cost",
    "old_unit_cost",
]
_HELD = int(HELD)
_NO_CHANGE = int(Status.NO_CHANGE)
_NEW_ITEM = int(Status.NEW_ITEM)
_NEW_PRODUCT = int(Status.PRODUCT_NOT_FOUND | Status.NEW_PRODUCT)
_CODE_CHANGE = int(Status.CODE_CHANGE)
_DUPLICATE = int(Status.DUPLICATE)
_OTHER_PRODUCT = int(Status.PRODUCT_CHANGE | Status.QUESTION)
_LONGEST_CODE = 40
_NOTHING_SAID: NewCost = ((None,) * len(COST_FIELDS), 0, "")
_AMOUNTS = ("case_size", "case_cost", "unit_cost", "suggested_retail", "discount_amount", "discount_percent")
_DATES = ("effective", "discount_starts", "discount_ends")


#: A line, its code, its vendor code, and why its code cannot be read. A plain tuple: there is one for every line.
_Read = tuple[CatalogLine, Code | None, str, str]


class _Known(NamedTuple):
    """What the records know of one chunk."""

    products: dict[str, int]
    items: dict[str, Item]
    items_of_product: dict[int, Item]
    others: dict[int, list[OtherItem]]


class CatalogJudge(Judge):
    """Judges a catalog. The first line of a vendor code counts; later ones are held as duplicates."""

    row_model = CatalogRow

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        super().__init__(job, sequence=sequence)
        assert job.batch.vendor_id is not None
        self.vendor_id = job.batch.vendor_id
        self.day = str(job.setting("effective") or job.today.isoformat())
        self.hold_above_percent = int(job.setting("hold_above_percent", 0))
        self._first = Seen()  # vendor code -> sequence of the row that has it
        self._changes = CatalogChanges(job.batch.number, self.vendor_id)
        self._rows: list[tuple[Any, ...]] = []

    def take(self, events: Sequence[Event]) -> None:
        read = [self._read(one) for one in events if isinstance(one, CatalogLine)]
        known = self._known(read)
        lines = iter(read)
        for one in events:
            if isinstance(one, CatalogLine):
                self.sequence += 1
                self._judge(next(lines), known)
            elif isinstance(one, Problem):
                self.sequence += 1
                line = CatalogLine(one.row, one.code, one.vendor_code, "", one.description)
                self._add((line, None, one.vendor_code[:_LONGEST_CODE], ""), _NOTHING_SAID, BAD, note_of(one))
        insert_rows(CatalogRow, NAMES, self._rows)
        self._rows.clear()
        self._changes.write()

    @classmethod
    def line_of(cls, row: CatalogRow) -> CatalogLine:
        values = {name: getattr(row, name) for name in _AMOUNTS}
        said: dict[str, Any] = {name: None if one is None else from_decimal(one) for name, one in values.items()}
        said |= {name: stored(getattr(row, name)) for name in _DATES}
        return CatalogLine(
            row=row.source_row,
            code=row.code,
            vendor_code=row.vendor_code,
            brand=row.brand,
            description=row.description,
            size=row.size,
            **said,
        )

    def _read(self, line: CatalogLine) -> _Read:
        vendor_code = line.vendor_code[:_LONGEST_CODE]
        if not line.code:
            return line, None, vendor_code, "" if vendor_code else "the row has neither a code nor a vendor code"
        try:
            return line, self.job.rules.read(line.code), vendor_code, ""
        except BadCode as error:
            return line, None, vendor_code, "" if error.is_absent and vendor_code else str(error)

    def _known(self, lines: Sequence[_Read]) -> _Known:
        products = products_by_key([code.key for _, code, _, _ in lines if code])
        items = items_by_code(self.vendor_id, [name for _, _, name, _ in lines if name], day=self.day)
        new = {products[code.key] for _, code, name, _ in lines if code and name not in items and code.key in products}
        others = items_of_products(new) if new else {}
        nameless = {products[code.key] for _, code, name, _ in lines if code and not name and code.key in products}
        return _Known(products, items, self._items_of(nameless, others), others)

    def _items_of(self, products: set[int], others: dict[int, list[OtherItem]]) -> dict[int, Item]:
        """The vendor's own item of each product, for lines without a vendor code: the preferred, else the first."""
        chosen: dict[int, int] = {}
        for product_id in products:
            own = [one for one in others.get(product_id, ()) if one.vendor_id == self.vendor_id]
            if own:
                chosen[product_id] = next((one.id for one in own if one.is_preferred), own[0].id)
        found = items_by_id(self.vendor_id, list(chosen.values()), day=self.day) if chosen else {}
        return {product_id: found[item_id] for product_id, item_id in chosen.items()}

    def _judge(self, one: _Read, known: _Known) -> None:
        line, code, vendor_code, bad = one
        if bad:
            self.problems.append(Problem(line.row, "code", line.code, bad, line.code, vendor_code, line.description))
            self._add(one, _NOTHING_SAID, BAD, bad)
            return
        product_id = known.products.get(code.key) if code else None
        item = known.items.get(vendor_code) if vendor_code else known.items_of_product.get(product_id or 0)
        cost = item.cost if item else NO_COST
        new = judge_cost(line, cost, day=line.effective or self.day, hold_above_percent=self.hold_above_percent)
        _, statuses, note = new
        name = item.code if item else vendor_code or (code.key if code else "")
        first = self._first_with(name)
        if first:
            statuses, note = statuses | _DUPLICATE, f"row {first} of this batch has the same vendor code, and counts"
        if item:
            if product_id and product_id != item.product_id:
                statuses |= _OTHER_PRODUCT
                note = f"vendor code {name} is product {item.product_id}, but the code is product {product_id}"
            if statuses and not statuses & _HELD:
                self._changes.change_cost(self.sequence, item, new)
            self._add(one, new, statuses or _NO_CHANGE, note, item.product_id, item.id, cost[2:5])
            return
        others = known.others.get(product_id or 0, [])
        statuses = statuses & _HELD | (_NEW_ITEM if product_id else _NEW_ITEM | _NEW_PRODUCT)
        if any(other.vendor_id == self.vendor_id for other in others):
            statuses |= _CODE_CHANGE
        item_id = None
        if not statuses & _HELD:
            item_id, product_id = self._changes.make_item(
                self.sequence, line, code, name, new, product_id=product_id, others=others
            )
        self._add(one, new, statuses, note, product_id, item_id)

    def _first_with(self, name: str) -> int:
        """The row that has this vendor code already, or 0; then this row is the first."""
        if self.is_again:
            return self._other_row_with(name)
        return self._first.first(fingerprint(name), self.sequence)

    def _other_row_with(self, name: str) -> int:
        condition, values = one_of("vendor_code", [name])
        rows = fetch_rows(
            "SELECT min(sequence) FROM batches_catalogrow WHERE batch_id = %s AND sequence <> %s "  # noqa: S608
            f"AND {condition} AND statuses & %s = 0",
            [self.job.batch.pk, self.sequence, values, _HELD],
        )
        return int(rows[0][0] or 0)

    def _add(
        self,
        one: _Read,
        new: NewCost,
        statuses: int,
        note: str,
        product_id: int | None = None,
        item_id: int | None = None,
        old: tuple[Any, ...] = (None, None, None),
    ) -> None:
        line, code, vendor_code, _ = one
        self._rows.append(
            (
                self.job.batch.pk,
                self.sequence,
                line.row,
                statuses,
                line.code[:50],
                code.key if code else "",
                product_id,
                line.description[:255],
                note[:500],
                item_id,
                vendor_code,
                line.brand[:100],
                line.size[:50],
                *new[0],
                *old,
            )
        )
