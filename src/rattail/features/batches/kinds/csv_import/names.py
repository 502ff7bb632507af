"""What names mean: codes of stores, vendors, products and items, as ids; asked for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rattail.database.bulk import fetch_rows, stream_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.retail.barcodes import Code, CodeKind
from rattail.retail.sheets.codes import unnamed_products

_KIND_NUMBER = {kind: number for number, kind in enumerate(CodeKind)}
_TABLES = {"store": "retail_store", "department": "retail_department", "vendor": "retail_vendor"}

InvoiceName = tuple[int, str, bool]
ItemName = tuple[int, str]


class Names:
    """Ids by name. What the same import makes is known from the moment at which it is judged."""

    def __init__(self) -> None:
        self._small = {
            kind: {str(code): int(id_) for code, id_ in fetch_rows(f"SELECT code, id FROM {table}")}  # noqa: S608
            for kind, table in _TABLES.items()
        }
        self._new_products = Seen()
        self._new_ids = Seen()
        self._new_names = Seen()
        self._unnamed: dict[str, int] | None = None
        self._products: dict[tuple[str, str], int] = {}
        self._items: dict[ItemName, int] = {}
        self._invoices: dict[InvoiceName, int] = {}

    def small(self, kind: str, code: str) -> int | None:
        """The id of a store, department or vendor."""
        return self._small[kind].get(code)

    def small_made(self, kind: str, code: str, id_: int) -> None:
        self._small[kind][code] = id_

    def look_up_products(self, references: Iterable[Any]) -> None:
        """Ask for the products of a chunk; the answers of the last chunk are forgotten."""
        keys = {one.key for one in references if isinstance(one, Code)}
        condition, values = one_of("key", sorted(keys))
        rows = fetch_rows(f"SELECT kind, key, product_id FROM retail_productcode WHERE {condition}", [values])  # noqa: S608
        self._products = {(kind, key): int(id_) for kind, key, id_ in rows}

    def product(self, reference: Any) -> int | None:
        """The id of the product that a code, or the name of one without code, means."""
        if isinstance(reference, Code):
            found = self._products.get((reference.kind, reference.key))
            return found or self._new_products.get(_number(reference)) or None
        if self._unnamed is None:
            self._unnamed = {name: id_ for id_, name in unnamed_products(stream_rows).items()}
        return self._unnamed.get(reference)

    def new_product(self, code: Code) -> int:
        """The product that this import makes with this code as its primary one; 0 where it makes none."""
        return self._new_products.get(_number(code))

    def is_named_new(self, product: int) -> bool:
        """Whether this import makes the product, with a primary code."""
        return bool(self._new_ids.get(product))

    def product_made(self, reference: Any, id_: int) -> None:
        if isinstance(reference, Code):
            self._new_products.first(_number(reference), id_)
            self._new_ids.first(id_, 1)
        elif self._unnamed is not None:
            self._unnamed[reference] = id_

    def look_up_items(self, names: Iterable[ItemName]) -> None:
        condition, values = one_of("code", sorted({code for _, code in names}))
        rows = fetch_rows(f"SELECT vendor_id, code, id FROM retail_vendoritem WHERE {condition}", [values])  # noqa: S608
        self._items = {(int(vendor), code): int(id_) for vendor, code, id_ in rows}

    def item(self, name: ItemName) -> int | None:
        return self._items.get(name) or self._new_names.get(_print("item", name)) or None

    def item_made(self, name: ItemName, id_: int) -> None:
        self._new_names.first(_print("item", name), id_)

    def look_up_invoices(self, names: Iterable[InvoiceName]) -> None:
        condition, values = one_of("number", sorted({number for _, number, _ in names}))
        rows = fetch_rows(
            f"SELECT vendor_id, number, is_credit, id FROM retail_invoice WHERE {condition}",  # noqa: S608
            [values],
        )
        self._invoices = {(int(vendor), number, bool(credit)): int(id_) for vendor, number, credit, id_ in rows}

    def invoice(self, name: InvoiceName) -> int | None:
        return self._invoices.get(name) or self._new_names.get(_print("invoice", name)) or None

    def invoice_made(self, name: InvoiceName, id_: int) -> None:
        self._new_names.first(_print("invoice", name), id_)


def _number(code: Code) -> int:
    """One whole number for kind and key, from 1 on."""
    return int(code.key) * 4 + _KIND_NUMBER[code.kind] + 1


def _print(what: str, name: tuple[Any, ...]) -> int:
    return fingerprint("\0".join((what, *map(str, name))))
