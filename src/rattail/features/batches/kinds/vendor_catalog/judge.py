"""Judging the lines of a catalog: each is matched with an item of the vendor or becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rattail.database.bulk import fetch_rows, insert_rows
from rattail.features.batches.kinds.kind import BAD, Job, Judge, note_of
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.features.batches.kinds.vendor_catalog import again
from rattail.features.batches.kinds.vendor_catalog.changes import CatalogChanges
from rattail.features.batches.kinds.vendor_catalog.costs import NewCost, judge_cost
from rattail.features.batches.kinds.vendor_catalog.known import (
    COST_FIELDS,
    NO_COST,
    Cost,
    Item,
    OtherItem,
    costs_by_id,
    items_by_code,
    items_by_id,
    items_of_products,
    products_by_key,
)
from rattail.features.batches.models import CatalogRow
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem
from rattail.features.batches.statuses import HELD, Status
from rattail.retail.amounts import NotAnAmount, text_of
from rattail.retail.barcodes import BadCode, Code

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
_PRODUCT_AT, _ITEM_AT = NAMES.index("product_id"), NAMES.index("vendor_item_id")
_HELD = int(HELD)
_NO_CHANGE = int(Status.NO_CHANGE)
_NEW_ITEM = int(Status.NEW_ITEM)
_NEW_PRODUCT = int(Status.PRODUCT_NOT_FOUND | Status.NEW_PRODUCT)
_COST_CHANGE = int(Status.COST_CHANGE)
_CODE_CHANGE = int(Status.CODE_CHANGE)
_DUPLICATE = int(Status.DUPLICATE)
_PRODUCT_CHANGE, _QUESTION = int(Status.PRODUCT_CHANGE), int(Status.QUESTION)
_LONGEST_CODE = 40
_NOTHING_SAID: NewCost = ((None,) * len(COST_FIELDS), 0, "")


#: A line, its code, its vendor code, and what is wrong with one of them: the column, its value, why. A plain tuple:
#: there is one for every line.
_Read = tuple[CatalogLine, Code | None, str, tuple[str, str, str] | None]


class _Known(NamedTuple):
    """What the records know of one chunk. `costs` are those of other days than the batch's, by day and item."""

    products: dict[str, int]
    items: dict[str, Item]
    items_of_product: dict[int, Item]
    others: dict[int, list[OtherItem]]
    costs: dict[str, dict[int, Cost]]


class CatalogJudge(Judge):
    """Judges a catalog. The first line of a vendor code and a day counts; later ones are held as duplicates."""

    row_model = CatalogRow
    acceptable = int(Status.SUSPICIOUS | Status.QUESTION)

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        super().__init__(job, sequence=sequence)
        assert job.batch.vendor_id is not None
        self.vendor_id = job.batch.vendor_id
        self.day = str(job.setting("effective") or job.today.isoformat())
        self.hold_above_percent = int(job.setting("hold_above_percent", 0))
        self._first = Seen()  # vendor code and day -> sequence of the row that has it
        self._has_days = False  # whether a line has another day than the batch
        self._moved = Seen()  # item -> sequence of the row that gives it another product
        self._changes = CatalogChanges(job.batch.number, self.vendor_id)
        self._rows: list[tuple[Any, ...]] = []

    def look_up(self, events: Sequence[Event]) -> tuple[list[_Read], _Known]:
        read = [self._read(one) for one in events if isinstance(one, CatalogLine)]
        return read, self._known(read)

    def take(self, events: Sequence[Event]) -> None:
        read, known = self.looked_up or self.look_up(events)
        self.looked_up = None
        lines = iter(read)
        for one in events:
            if isinstance(one, CatalogLine):
                self.sequence += 1
                self._judge(next(lines), known)
            elif isinstance(one, Problem):
                self.sequence += 1
                line = CatalogLine(one.row, one.code, one.vendor_code, "", one.description)
                self._add((line, None, one.vendor_code[:_LONGEST_CODE], None), _NOTHING_SAID, BAD, note_of(one))
        insert_rows(CatalogRow, NAMES, self._rows)
        self._rows.clear()
        self._changes.write()

    @classmethod
    def line_of(cls, row: CatalogRow) -> CatalogLine:
        return again.line_of(row)

    @classmethod
    def correct(cls, row: CatalogRow, values: Mapping[str, Any]) -> None:
        again.correct(row, values)

    def related(self, gone: Sequence[CatalogRow], come: Sequence[CatalogLine]) -> set[int]:
        read = [self._read(one) for one in come]
        known = self._known(read)
        items = [*known.items.values(), *known.items_of_product.values()]
        names = {row.vendor_code for row in gone} | {name for _, _, name, _ in read} | {item.code for item in items}
        keys = {row.key for row in gone} | {code.key for _, code, _, _ in read if code is not None}
        products = {row.product_id for row in gone if row.product_id} | set(known.products.values())
        links = again.Links(
            (names | keys) - {""},
            (names | keys) - {""},
            products | {item.product_id for item in items},
            {row.vendor_item_id for row in gone if row.vendor_item_id} | {item.id for item in items},
        )
        return again.related_rows(self.job.batch.pk, links)

    def _read(self, line: CatalogLine) -> _Read:
        vendor_code = line.vendor_code
        if len(vendor_code) > _LONGEST_CODE:
            said = f"is longer than {_LONGEST_CODE} characters: cut off it might name another item"
            return line, None, vendor_code[:_LONGEST_CODE], ("vendor code", vendor_code, said)
        if not line.code:
            absent = ("code", "", "the row has neither a code nor a vendor code")
            return line, None, vendor_code, None if vendor_code else absent
        try:
            return line, self.job.rules.read(line.code), vendor_code, None
        except BadCode as error:
            is_fine = error.is_absent and vendor_code
            return line, None, vendor_code, None if is_fine else ("code", line.code, str(error))

    def _known(self, lines: Sequence[_Read]) -> _Known:
        products = products_by_key([code.key for _, code, _, _ in lines if code])
        names = [name for _, _, name, _ in lines if name]
        names += [code.key for _, code, name, _ in lines if code and not name]  # a new item is called by it
        items = items_by_code(self.vendor_id, names, day=self.day)
        new = {products[code.key] for _, code, name, _ in lines if code and name not in items and code.key in products}
        others = items_of_products(new) if new else {}
        nameless = {products[code.key] for _, code, name, _ in lines if code and not name and code.key in products}
        known = _Known(products, items, self._items_of(nameless, others), others, {})
        for one in lines:
            day = one[0].effective
            if day is not None and day != self.day:
                item = self._match(one, known)[1]
                known.costs.setdefault(day, {})[item.id if item else 0] = NO_COST
        for day, wanted in known.costs.items():
            wanted.update(costs_by_id(self.vendor_id, list(wanted), day=day))
        return known

    def _items_of(self, products: set[int], others: dict[int, list[OtherItem]]) -> dict[int, Item]:
        """The vendor's own item of each product, for lines without a vendor code: the preferred, else the first."""
        chosen: dict[int, int] = {}
        for product_id in products:
            own = [one for one in others.get(product_id, ()) if one.vendor_id == self.vendor_id]
            if own:
                chosen[product_id] = next((one.id for one in own if one.is_preferred), own[0].id)
        found = items_by_id(self.vendor_id, list(chosen.values()), day=self.day) if chosen else {}
        return {product_id: found[item_id] for product_id, item_id in chosen.items()}

    def _match(self, one: _Read, known: _Known) -> tuple[int | None, Item | None]:
        """The product that a line's code names, and the vendor's item that the line is about."""
        _, code, vendor_code, _ = one
        product_id = known.products.get(code.key) if code else None
        if vendor_code:
            return product_id, known.items.get(vendor_code)
        item = known.items_of_product.get(product_id) if product_id else None
        return product_id, item or known.items.get(code.key if code else "")

    def _judge(self, one: _Read, known: _Known) -> None:
        line, code, vendor_code, bad = one
        if bad:
            self._set_aside(one, *bad)
            return
        product_id, item = self._match(one, known)
        name = item.code if item else vendor_code or (code.key if code else "")
        cost = item.cost if item else NO_COST
        day = line.effective or self.day
        if item and day in known.costs:
            cost = known.costs[day][item.id]
        try:
            new = judge_cost(
                line, cost, day=day, hold_above_percent=self.hold_above_percent, is_accepted=self.is_accepted
            )
        except NotAnAmount as error:
            self._set_aside(one, "case size", text_of(line.case_size or 0, least_decimals=0), str(error))
            return
        _, statuses, note = new
        first, other = self._first_with(name, day)
        if first:
            statuses, text = statuses | _DUPLICATE, f"row {first} of this batch has the same vendor code, and counts"
            note = f"{text}; {note}" if note else text
        if item:
            is_other = bool(product_id) and product_id != item.product_id
            if is_other:
                statuses |= _PRODUCT_CHANGE if self.is_accepted else _PRODUCT_CHANGE | _QUESTION
                text = f"vendor code {name} is product {item.product_id}, but the code is product {product_id}"
                note = f"{text}; {note}" if note else text
            if other and not statuses and new[0][0] != cost.effective:
                statuses |= _COST_CHANGE  # what row `other` changes ends on this day
            if statuses & ~_PRODUCT_CHANGE and not statuses & _HELD:
                self._changes.change_cost(self.sequence, item.id, cost, new)
            is_moved = is_other and not statuses & _HELD and not self._moved.first(item.id, self.sequence)
            if is_moved and product_id:
                self._changes.move_item(
                    self.sequence, item, product_id, items_of_products([item.product_id, product_id])
                )
                item = item._replace(product_id=product_id)
            self._add(one, new, statuses or _NO_CHANGE, note, item.product_id, item.id, cost[2:5])
            return
        if other:
            self._judge_later(one, new, statuses, note, other)
            return
        self._judge_new(one, known, new, statuses, note, name)

    def _judge_later(self, one: _Read, new: NewCost, statuses: int, note: str, other: int) -> None:
        """A line of a new item that row `other` makes: its cost from another day on."""
        product_id, item_id = self._made_by(other)
        if item_id is None:
            statuses |= _QUESTION
            text = f"row {other} of this batch is of the same new item and another day, and is held: it comes first"
            note = f"{text}; {note}" if note else text
        elif statuses and not statuses & _HELD:
            self._changes.change_cost(self.sequence, item_id, NO_COST, new)
        self._add(one, new, statuses or _NO_CHANGE, note, product_id, item_id)

    def _made_by(self, sequence: int) -> tuple[int | None, int | None]:
        """The product and the item of an earlier row, which is among those to be written or was written."""
        place = sequence - self.sequence + len(self._rows)  # the row in hand is not among them yet
        if place >= 0:
            return self._rows[place][_PRODUCT_AT], self._rows[place][_ITEM_AT]
        where = [self.job.batch.pk, sequence]
        sql = "SELECT product_id, vendor_item_id FROM batches_catalogrow WHERE batch_id = %s AND sequence = %s"
        rows = fetch_rows(sql, where)
        return (rows[0][0], rows[0][1]) if rows else (None, None)

    def _judge_new(self, one: _Read, known: _Known, new: NewCost, statuses: int, note: str, name: str) -> None:
        """A line of an item that the vendor did not sell."""
        line, code, _, _ = one
        product_id = known.products.get(code.key) if code else None
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

    def _set_aside(self, one: _Read, column: str, value: str, reason: str) -> None:
        line, _, vendor_code, _ = one
        problem = Problem(line.row, column, value, reason, line.code, vendor_code, line.description)
        self.problems.append(problem)
        self._add(one, _NOTHING_SAID, BAD, note_of(problem))

    def _first_with(self, name: str, day: str) -> tuple[int, int]:
        """The row that has this vendor code and day already, or 0: then this row is the first. And one of another day.

        Few lines have a day of their own: the others are known by the vendor code alone.
        """
        if day == self.day:
            first = self._first.first(fingerprint(name), self.sequence)
            return first, self._first.get(fingerprint(f"{name}\0")) if self._has_days and not first else 0
        self._has_days = True
        first = self._first.first(fingerprint(f"{name}\0{day}"), self.sequence)
        if first:
            return first, 0
        other = self._first.first(fingerprint(f"{name}\0"), self.sequence)
        return 0, other or self._first.get(fingerprint(name))

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
