"""What the lines of a catalog change: costs of known items, and new items with all that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rattail.database.idpool import id_pool
from rattail.features.batches.kinds.seen import Seen
from rattail.features.batches.kinds.vendor_catalog.costs import NewCost
from rattail.features.batches.kinds.vendor_catalog.known import COST_FIELDS, Cost, Item, OtherItem
from rattail.features.batches.reading.lines import CatalogLine
from rattail.retail.barcodes import Code
from rattail.retail.changes.journal import INSERT, UPDATE, ChangeRow, change_row, write_changes
from rattail.retail.models import Product, ProductCode, VendorCost, VendorItem
from rattail.retail.records import RECORDS

_PRODUCT, _CODE, _ITEM, _COST = (
    ",".join(RECORDS[name].fields) for name in ("product", "product_code", "vendor_item", "vendor_cost")
)
_NOTHING = (None,) * (len(COST_FIELDS) + 1)
_AT_MOVE = 1  # the position of a row's change of the item, beside the one of its cost


class CatalogChanges:
    """Collects the changes of one batch, chunk by chunk, and reserves the ids of what is yet to be made."""

    def __init__(self, number: int, vendor_id: int) -> None:
        self.number = number
        self.vendor_id = vendor_id
        self._pending = Seen()  # key of a product that nobody knows -> the id it will have
        self._preferred = Seen()  # a product that gets its first item in this batch
        self._product_ids = id_pool(Product)
        self._code_ids = id_pool(ProductCode)
        self._item_ids = id_pool(VendorItem)
        self._cost_ids = id_pool(VendorCost)
        self._changes: list[ChangeRow] = []

    def change_cost(self, sequence: int, item_id: int, known: Cost, cost: NewCost) -> None:
        """A cost from another day on than the one in force, or another one from the same day."""
        if known.id is None or known.effective != cost[0][0]:
            self._insert_cost(sequence, 0, item_id, cost, before=(item_id, *known[1:]) if known.id else _NOTHING)
            return
        names = [name for index, name in enumerate(COST_FIELDS) if known[index + 1] != cost[0][index]]
        where = [COST_FIELDS.index(name) for name in names]
        self._changes.append(
            change_row(
                self.number,
                sequence,
                0,
                record="vendor_cost",
                action=UPDATE,
                record_id=known.id,
                fields=",".join(names),
                before=[known[index + 1] for index in where],
                after=[cost[0][index] for index in where],
            )
        )

    def move_item(self, sequence: int, item: Item, product_id: int, others: Mapping[int, Sequence[OtherItem]]) -> None:
        """The vendor's code means another product from now on, which a person has said.

        The item is preferred there where no other is; what it leaves gets no preferred item instead.
        """
        is_free = not any(other.is_preferred for other in others.get(product_id, ()))
        is_preferred = is_free and not self._preferred.first(product_id, 1)
        was_preferred = any(other.is_preferred for other in others[item.product_id] if other.id == item.id)
        before = (item.product_id, was_preferred)
        names = ("product_id", "is_preferred") if is_preferred != was_preferred else ("product_id",)
        self._changes.append(
            change_row(
                self.number,
                sequence,
                _AT_MOVE,
                record="vendor_item",
                action=UPDATE,
                record_id=item.id,
                fields=",".join(names),
                before=before[: len(names)],
                after=(product_id, is_preferred)[: len(names)],
            )
        )

    def make_item(
        self,
        sequence: int,
        line: CatalogLine,
        code: Code | None,
        vendor_code: str,
        cost: NewCost,
        *,
        product_id: int | None,
        others: Sequence[OtherItem],
    ) -> tuple[int, int]:
        """A new item, and the product where nobody knows it; returns the ids of item and product."""
        position = 0
        if product_id is None:
            product_id, position = self._make_product(sequence, line, code)
            is_preferred = position > 0  # the first item of a product that is made here
        else:
            is_preferred = not any(other.is_preferred for other in others) and not self._preferred.first(product_id, 1)
        item_id = next(self._item_ids)
        values = (self.vendor_id, vendor_code, product_id, is_preferred, True)
        self._insert(sequence, position, "vendor_item", item_id, _ITEM, values)
        self._insert_cost(sequence, position + 1, item_id, cost, before=_NOTHING)
        return item_id, product_id

    def write(self) -> None:
        """Write what was collected, in the caller's transaction."""
        write_changes(self._changes)
        self._changes.clear()

    def _make_product(self, sequence: int, line: CatalogLine, code: Code | None) -> tuple[int, int]:
        key = int(code.key) if code else 0
        product_id = self._pending.get(key) if key else 0
        if product_id:
            return product_id, 0
        product_id = next(self._product_ids)
        is_organic = bool(line.organic)
        weighed = bool(code and code.kind == "weighed")
        # In the order of Record.fields: brand, description, size, unit, department, tax code, flags.
        values = (
            *(line.brand[:100], line.description[:255], line.size[:50], "each", None, ""),
            *(weighed, False, is_organic, True, True),
        )
        self._insert(sequence, 0, "product", product_id, _PRODUCT, values)
        if code is None:
            return product_id, 1
        self._pending.first(key, product_id)
        self._insert(sequence, 1, "product_code", next(self._code_ids), _CODE, (product_id, code.kind, code.key, True))
        return product_id, 2

    def _insert_cost(
        self, sequence: int, position: int, item_id: int, cost: NewCost, *, before: Sequence[object]
    ) -> None:
        self._changes.append(
            change_row(
                self.number,
                sequence,
                position,
                record="vendor_cost",
                action=INSERT,
                record_id=next(self._cost_ids),
                fields=_COST,
                before=before,
                after=(item_id, *cost[0]),
            )
        )

    def _insert(
        self, sequence: int, position: int, record: str, record_id: int, fields: str, values: Sequence[object]
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
                before=(),
                after=values,
            )
        )
