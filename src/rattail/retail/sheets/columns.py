"""Every table as people see it: its columns, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from rattail.retail.records import Record

CellKind = Literal[
    "text",
    "boolean",
    "money",
    "quantity",
    "date",
    "moment",
    "number",
    "code",  # a code as it is printed; stands for the two fields kind and key
    "store",
    "department",
    "vendor",
    "product",  # by its primary code
    "item",  # a vendor's code of an item, beside the vendor
    "invoice",  # a vendor's number of an invoice, beside the vendor
]


class Column(NamedTuple):
    """One column. `field` is the field of the record, empty where the column is a part of another's name.

    A `is_key` column tells which record is meant; `is_needed` ones must be there for a new record.
    """

    name: str
    kind: CellKind
    field: str = ""
    is_key: bool = False
    is_needed: bool = False
    choices: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """One table; its file is called `name` and .csv."""

    name: str
    record_name: str
    columns: tuple[Column, ...]
    title: str  # one record of it, in a sentence
    order: str = "t.id"

    @property
    def record(self) -> Record:
        from rattail.retail.records import RECORDS  # needs the models; what is asked of a copy of the records does not

        return RECORDS[self.record_name]

    @property
    def table(self) -> str:
        """Its table in the database."""
        return f"retail_{self.record_name.replace('_', '')}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that must be there for a record to be found; those with a default may be missing."""
        return tuple(column.name for column in self.columns if column.is_key and column.name not in _WITH_DEFAULT)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


#: A price without a store is that of all stores; an invoice that does not say it is no credit note.
_WITH_DEFAULT = ("store", "is_credit")


def _key(name: str, kind: CellKind, field: str = "", *choices: str) -> Column:
    return Column(name, kind, field or ("" if kind in ("product", "code") else name), True, True, choices)


def _of(kind: CellKind, *names: str, is_needed: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, kind, name, False, is_needed) for name in names)


_PRODUCT = _key("product", "product", "product_id")
_VENDOR = _key("vendor", "vendor", "vendor_id")
_STORE = _key("store", "store", "store_id")

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "stores",
        "store",
        (_key("store", "text", "code"), *_of("text", "name", is_needed=True), *_of("boolean", "is_active")),
        "store",
    ),
    Sheet(
        "departments",
        "department",
        (_key("department", "text", "code"), *_of("text", "name", is_needed=True)),
        "department",
    ),
    Sheet(
        "vendors",
        "vendor",
        (
            _key("vendor", "text", "code"),
            *_of("text", "name", is_needed=True),
            *_of("text", "identifier"),
            *_of("boolean", "is_active"),
        ),
        "vendor",
    ),
    Sheet(
        "products",
        "product",
        (
            _key("product", "product"),
            *_of("text", "brand", "description", "size"),
            Column("unit", "text", "unit", choices=("each", "pound", "kilogram", "case")),
            Column("department", "department", "department_id"),
            *_of("text", "tax_code"),
            *_of("boolean", "is_weighed", "is_food_stamp", "is_organic", "is_active", "is_pending"),
        ),
        "product",
    ),
    Sheet(
        "product_codes",
        "product_code",
        (
            Column("product", "product", "product_id", is_needed=True),
            _key("code", "code"),
            Column("kind", "text", "kind", choices=("gtin", "plu", "weighed")),
            *_of("boolean", "is_primary"),
        ),
        "code",
        order="t.product_id, t.is_primary DESC, t.id",
    ),
    Sheet(
        "prices",
        "price",
        (
            _PRODUCT,
            _STORE,
            _key("kind", "text", "kind", "regular", "sale"),
            _key("starts", "date"),
            *_of("date", "ends"),
            *_of("money", "amount", is_needed=True),
        ),
        "price",
    ),
    Sheet(
        "vendor_items",
        "vendor_item",
        (
            _VENDOR,
            _key("vendor_code", "text", "code"),
            Column("product", "product", "product_id", is_needed=True),
            *_of("boolean", "is_preferred", "is_active"),
        ),
        "vendor item",
    ),
    Sheet(
        "vendor_costs",
        "vendor_cost",
        (
            Column("vendor", "vendor", "", True, True),
            _key("vendor_code", "item", "vendor_item_id"),
            _key("effective", "date"),
            *_of("quantity", "case_size"),
            *_of("money", "case_cost", "unit_cost", "suggested_retail", "discount_amount"),
            *_of("quantity", "discount_percent"),
            *_of("date", "discount_starts", "discount_ends"),
        ),
        "cost",
    ),
    Sheet(
        "stock",
        "stock",
        (_STORE, _PRODUCT, *_of("quantity", "on_hand", is_needed=True), *_of("moment", "counted_at")),
        "stock",
    ),
    Sheet(
        "stock_movements",
        "stock_movement",
        (
            _STORE,
            _PRODUCT,
            _key("before", "quantity"),
            _key("after", "quantity"),
            _key("reason", "text"),
            *_of("number", "batch"),
            _key("at", "moment"),
            *_of("moment", "recorded_at", is_needed=True),
            *_of("text", "recorded_by", is_needed=True),
        ),
        "line of the ledger",
    ),
    Sheet(
        "invoices",
        "invoice",
        (
            _VENDOR,
            _key("invoice", "text", "number"),
            _key("is_credit", "boolean"),
            Column("store", "store", "store_id"),
            *_of("date", "date"),
            *_of("text", "currency", is_needed=True),
            *_of("text", "order_number"),
            *_of("money", "total", "charges"),
            *_of("number", "batch"),
        ),
        "invoice",
    ),
    Sheet(
        "invoice_lines",
        "invoice_line",
        (
            Column("vendor", "vendor", "", True, True),
            _key("invoice", "invoice", "invoice_id"),
            Column("is_credit", "boolean", "", True),
            _key("position", "number"),
            Column("product", "product", "product_id"),
            *_of("text", "code", "vendor_code", "description"),
            *_of("quantity", "ordered", "shipped"),
            *_of("text", "unit", is_needed=True),
            *_of("quantity", "case_size", "units"),
            *_of("money", "unit_cost", "amount"),
            *_of("boolean", "is_out_of_stock"),
        ),
        "line of an invoice",
    ),
)
BY_NAME = {sheet.name: sheet for sheet in SHEETS}


def sheets_with(names: Collection[str]) -> list[Sheet]:
    """The tables that a file with these columns can be: it has what names a record, something else, and no more.

    Products and stores may consist of their key alone; of others something has to be said.
    """
    given = set(names)
    return [
        sheet for sheet in SHEETS if given >= set(sheet.keys) and given <= set(sheet.names) and _says_more(sheet, given)
    ]


def _says_more(sheet: Sheet, given: set[str]) -> bool:
    """Whether a file says anything of the records that it names."""
    own = {column.name for column in sheet.columns if not column.is_key}
    return sheet.name == "stock_movements" or bool(given & own)
