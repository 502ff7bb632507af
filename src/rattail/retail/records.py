"""Every record that may be changed in bulk, imported and exported: the one table of them.

In the order in which they refer to each other, so that what is inserted in this order finds what it refers to,
and what is deleted in the opposite order is not referred to any more.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import models

from rattail.retail.models import (
    Department,
    Invoice,
    InvoiceLine,
    Price,
    Product,
    ProductCode,
    Stock,
    StockMovement,
    Store,
    Vendor,
    VendorCost,
    VendorItem,
)


class Record(NamedTuple):
    """One kind of record.

    `fields` are its columns but the id and the `stamps`; those are filled in when a change is carried out.
    `key` is what people know it by. Where `series` names a date, records of one key differ by it and the
    newest that has begun is in force. A `has_ledger` record leaves a line in the ledger of stock whenever it changes.
    """

    name: str
    model: type[models.Model]
    fields: tuple[str, ...]
    key: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    series: str = ""
    has_ledger: bool = False

    @property
    def table(self) -> str:
        return self.model._meta.db_table


_STAMPS = ("batch", "recorded_at", "recorded_by")


def _record(
    name: str,
    model: type[models.Model],
    *key: str,
    stamps: tuple[str, ...] = (),
    series: str = "",
    has_ledger: bool = False,
) -> Record:
    fields = tuple(field.attname for field in model._meta.concrete_fields if field.attname not in ("id", *stamps))
    return Record(name, model, fields, key, stamps, series, has_ledger)


RECORDS: dict[str, Record] = {
    record.name: record
    for record in (
        _record("store", Store, "code"),
        _record("department", Department, "code"),
        _record("vendor", Vendor, "code"),
        _record("product", Product, "id"),
        _record("product_code", ProductCode, "key", "kind"),
        _record("price", Price, "product_id", "store_id", "kind", series="starts"),
        _record("vendor_item", VendorItem, "vendor_id", "code"),
        _record("vendor_cost", VendorCost, "vendor_item_id", stamps=_STAMPS, series="effective"),
        _record("stock", Stock, "store_id", "product_id", has_ledger=True),
        _record("stock_movement", StockMovement, "id", stamps=()),
        _record("invoice", Invoice, "vendor_id", "number", "is_credit"),
        _record("invoice_line", InvoiceLine, "invoice_id", "position"),
    )
}
