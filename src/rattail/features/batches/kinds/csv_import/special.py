"""Tables that are not named by their own fields alone, or of whose records one is the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rattail.database.idpool import id_pool
from rattail.features.batches.kinds.csv_import.only_one import OnlyOne
from rattail.features.batches.kinds.csv_import.parse import ABSENT
from rattail.features.batches.kinds.csv_import.present import Present, Values
from rattail.features.batches.kinds.csv_import.tables import Context, Found, TableJudge, Unknown, Wrong
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.features.batches.statuses import Status
from rattail.retail.barcodes import Code
from rattail.retail.changes.journal import INSERT, UPDATE, change_row
from rattail.retail.models import ProductCode
from rattail.retail.records import RECORDS
from rattail.retail.sheets.columns import Sheet

_NO_CHANGE, _CHANGE = int(Status.NO_CHANGE), int(Status.RECORD_CHANGE)
_CODE_FIELDS = ",".join(RECORDS["product_code"].fields)


class Products(TableJudge):
    """A product is named by its code; a code that nobody knows makes a product with this code."""

    is_renamed_when_made = True

    def __init__(self, sheet: Sheet, context: Context) -> None:
        super().__init__(sheet, context)
        self._code_ids = id_pool(ProductCode)
        self._by_id: dict[int, Present] = {}

    def look_up(self, rows: Sequence[list[Any]]) -> None:
        """The first column becomes a pair: how the product is named, and its id if there is one."""
        names, references = self.context.names, [row[0] for row in rows]
        names.look_up_products(references)
        small = [(at, one) for at, one in self._references if one.kind == "department"]
        for row in rows:
            row[0] = (row[0], names.product(row[0]))
            for at, column in small:
                row[at] = self._small(column, row[at])
        self._by_id = {one.id: one for one in self.layout.fetch(row[0][1] for row in rows if row[0][1])}

    def name_of(self, row: list[Any], values: list[Any]) -> Values:
        reference, product = row[0]
        product = product or self.context.names.product(reference)
        return (product,) if product else tuple(reference) if isinstance(reference, Code) else (reference,)

    def judge_named(self, sequence: int, row: list[Any], values: list[Any]) -> Found:
        reference, product = row[0]
        if product and product in self._by_id:
            return self.update(sequence, self._by_id[product], values)
        product = next(self._ids)
        found = self.insert(sequence, product, values)
        self.context.names.product_made(reference, product)
        if not isinstance(reference, Code):
            return found
        code = change_row(
            self.context.number,
            sequence,
            1,
            record="product_code",
            action=INSERT,
            record_id=next(self._code_ids),
            fields=_CODE_FIELDS,
            before=(),
            after=(product, reference.kind, reference.key, True),
        )
        return found._replace(changes=(*found.changes, code))


class _WithOne(TableJudge):
    """Tables in which one record of a product is the chosen one."""

    table, flag, title, last_field = "", "", "", ""

    def __init__(self, sheet: Sheet, context: Context) -> None:
        super().__init__(sheet, context)
        self.only_one = OnlyOne(self.table, self.flag, self.title)
        self.flag_at = self.layout.fields.index(self.flag)
        self.product_at = self.layout.fields.index("product_id")

    def fetch(self, rows: Sequence[list[Any]]) -> None:
        super().fetch(rows)
        products = {row[self.product_at] for row in rows if type(row[self.product_at]) is int}
        products |= {one.values[self.product_at] for some in self._present.values() for one in some}
        self.only_one.look_up(products)

    def insert_one(self, sequence: int, values: list[Any]) -> Found:
        product = values[self.product_at]
        record_id = next(self._ids)
        if values[self.flag_at] is True and type(product) is int:
            if self.only_one.has_in_records(product) or self.only_one.current(product):
                raise Wrong(
                    self.flag,
                    f"must be false: the product has {self.title} already; make this one without, then change it",
                )
            found = self.insert(sequence, record_id, values)
            self.only_one.take(product, record_id)
            return found
        return self.insert(sequence, record_id, values)

    def update_one(self, sequence: int, present: Present, values: list[Any]) -> Found:
        was, said = present.values[self.flag_at], values[self.flag_at]
        product = present.values[self.product_at] if values[self.product_at] is ABSENT else values[self.product_at]
        becomes = was if said is ABSENT else said
        if not becomes:
            if was and not self.only_one.give_up(present.id):
                values[self.flag_at] = ABSENT  # said already, by the row that takes its place
            return self.update(sequence, present, values)
        current = self.only_one.current(product)
        if current == present.id:
            return self.update(sequence, present, values)
        if self.only_one.is_from_this_import(product) or (was and current):
            raise Wrong(self.flag, f"must be false: the product has {self.title} already")
        self.only_one.take(product, present.id)
        found = self.update(sequence, present, values, first_field=self.last_field)
        if not current:
            return found
        self.only_one.give_up(current)
        other = change_row(
            self.context.number,
            sequence,
            1,
            record=self.sheet.record_name,
            action=UPDATE,
            record_id=current,
            fields=self.flag,
            before=(True,),
            after=(False,),
        )
        return found._replace(statuses=_CHANGE, changes=(*found.changes, other))


class ProductCodes(_WithOne):
    """A code is named by itself. It never goes from one product to another."""

    table, flag, title, last_field = "retail_productcode", "is_primary", "a primary code", "product_id"

    def __init__(self, sheet: Sheet, context: Context) -> None:
        super().__init__(sheet, context)
        self._code_at, self._kind_at = self.at["code"], self.at["kind"]

    def values_of(self, row: list[Any]) -> list[Any]:
        code = row[self._code_at]
        product, flag = row[self.at["product"]], row[self.at["is_primary"]]
        return [product, str(code.kind), code.key, flag]

    def judge_named(self, sequence: int, row: list[Any], values: list[Any]) -> Found:
        kind, code = row[self._kind_at], row[self._code_at]
        if kind is not ABSENT and kind != code.kind:
            raise Wrong("kind", f"is not what the code is: {code.kind}")
        present = self._present.get(self.layout.key(values))
        if present:
            if values[0] is not ABSENT and present[0].values[0] != values[0]:
                raise Wrong("code", "is a code of another product")
            return self.update_one(sequence, present[0], values)
        made = self.context.names.new_product(code)
        if made:  # the product was made with this very code, a moment ago
            if values[0] is not ABSENT and values[0] != made:
                raise Wrong("code", "is a code of another product of this import")
            if values[3] is False:
                raise Wrong("is_primary", "must be true: it is the code that the table products has")
            return Found(_NO_CHANGE, (), None, "comes with its product")
        if values[3] is ABSENT and type(values[0]) is int:
            values[3] = not (self.only_one.current(values[0]) or self.context.names.is_named_new(values[0]))
        if values[3] is True and self.context.names.is_named_new(values[0]):
            raise Wrong("is_primary", "must be false: the product is made with a primary code")
        return self.insert_one(sequence, values)


class VendorItems(_WithOne):
    """An item is named by its vendor and the vendor's code."""

    table, flag, title, last_field = "retail_vendoritem", "is_preferred", "a preferred item", "vendor_id"

    def judge_named(self, sequence: int, row: list[Any], values: list[Any]) -> Found:
        present = self._present.get(self.layout.key(values))
        return self.update_one(sequence, present[0], values) if present else self.insert_one(sequence, values)


class StockOnHand(TableJudge):
    """Stock that comes with its ledger needs no line of its own in it."""

    def before_insert(self, values: list[Any]) -> Sequence[Any]:
        if "stock_movements" not in self.context.tables:
            return ()
        at = self.layout.fields.index("on_hand")
        return [value if where == at else None for where, value in enumerate(values)]


class Ledger(TableJudge):
    """Lines are added and never changed; as many of the same as there are count as known."""

    def __init__(self, sheet: Sheet, context: Context) -> None:
        super().__init__(sheet, context)
        self._met = Seen()  # a line, and the how manieth of its kind it is

    def judge(self, sequence: int, row: list[Any]) -> Found:
        try:
            unknown = next((one for one in row if type(one) is Unknown), None)
            if unknown is not None:
                raise Wrong(unknown.column, unknown.reason)
            values = [
                None if one is ABSENT and ok else one
                for one, ok in zip(self.values_of(row), self.layout.is_nullable, strict=True)
            ]
            name = self.layout.key(values)
            met = 0
            while self._met.first(fingerprint(repr((name, met))), 1):
                met += 1
            present = self._present.get(name, ())
            if met < len(present):
                return Found(_NO_CHANGE, (), present[met].id)
            return self.insert(sequence, next(self._ids), values)
        except Wrong as wrong:
            return Found(problem=(wrong.column, wrong.reason))


_JUDGES: dict[str, type[TableJudge]] = {
    "products": Products,
    "product_codes": ProductCodes,
    "vendor_items": VendorItems,
    "stock": StockOnHand,
    "stock_movements": Ledger,
}


def judge_of(sheet: Sheet, context: Context) -> TableJudge:
    """The judge of a table: its own, or the one of those that need none."""
    return _JUDGES.get(sheet.name, TableJudge)(sheet, context)
