"""Writing changes down and carrying them out, in the process of a test that has the records open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.kit.shop import Shop

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
#: What an update of a test changes of each kind of record: field, before, after.
EDITS: dict[str, tuple[str, Any, Any]] = {
    "store": ("name", "Main", "High Street"),
    "department": ("name", "Grocery", "Dry goods"),
    "vendor": ("name", "United", "United Foods"),
    "product": ("is_organic", False, True),
    "product_code": ("is_primary", True, False),
    "price": ("amount", 47_900, 49_900),
    "vendor_item": ("is_active", True, False),
    "vendor_cost": ("case_cost", 346_800, 360_000),
    "stock": ("on_hand", 120_000, -5_000),
    "stock_movement": ("reason", "counted", "counted again"),
    "invoice": ("date", "2026-11-20", "2026-11-21"),
    "invoice_line": ("units", None, 360_000),
}


def whole_shop(shop: Shop) -> dict[str, int]:
    """One record of every kind; returns their ids by kind."""
    ids = {"store": shop.make("Store", code="1", name="Main")}
    ids["department"] = shop.make("Department", code="10", name="Grocery")
    ids["vendor"] = shop.make("Vendor", code="unfi", name="United")
    ids["product"] = product = shop.make("Product", description="Vinegar", department_id=ids["department"])
    ids["product_code"] = shop.make("ProductCode", product_id=product, kind="gtin", key="0007430500132")
    ids["price"] = shop.make("Price", product_id=product, kind="regular", starts="2026-01-01", amount="4.79")
    vendor = ids["vendor"]
    ids["vendor_item"] = item = shop.make("VendorItem", vendor_id=vendor, code="0204578", product_id=product)
    stamps = {"recorded_at": NOW, "recorded_by": "alice"}
    cost = {"case_size": 12, "case_cost": "34.68", "unit_cost": "2.89"}
    ids["vendor_cost"] = shop.make("VendorCost", vendor_item_id=item, effective="2026-01-01", **cost, **stamps)
    where = {"store_id": ids["store"], "product_id": product}
    ids["stock"] = shop.make("Stock", **where, on_hand=12)
    moved = {"before": 0, "after": 12, "reason": "counted", "at": NOW}
    ids["stock_movement"] = shop.make("StockMovement", **where, **moved, **stamps)
    charged = {"date": "2026-11-20", "currency": "USD"}
    ids["invoice"] = invoice = shop.make("Invoice", vendor_id=vendor, number="77", **charged)
    ids["invoice_line"] = shop.make("InvoiceLine", invoice_id=invoice, position=1, product_id=product, unit="each")
    return ids


def new_values(ids: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """What an insert of each kind says, in terms of the whole shop; what is missing is None."""
    product, store, vendor = ids["product"], ids["store"], ids["vendor"]
    return {
        "store": {"code": "2", "name": "Hill", "is_active": True},
        "department": {"code": "20", "name": "Produce"},
        "vendor": {"code": "kehe", "name": "KeHE", "identifier": "", "is_active": True},
        "product": {
            "brand": 'Bragg\'s "own"',
            "description": "Æther, \\ 'x'",
            "size": "32 oz",
            "unit": "each",
            "department_id": ids["department"],
            "tax_code": "",
            "is_weighed": False,
            "is_food_stamp": True,
            "is_organic": False,
            "is_active": True,
            "is_pending": True,
        },
        "product_code": {"product_id": product, "kind": "plu", "key": "0000000004011", "is_primary": False},
        "price": {"product_id": product, "store_id": store, "kind": "sale", "starts": "2026-12-01", "amount": 39_900},
        "vendor_item": {
            "vendor_id": vendor,
            "code": "999",
            "product_id": product,
            "is_preferred": True,
            "is_active": True,
        },
        "vendor_cost": {"vendor_item_id": ids["vendor_item"], "effective": "2026-11-22", "unit_cost": 30_000},
        "stock": {"store_id": store, "product_id": product, "on_hand": 70_000},
        "stock_movement": {
            "store_id": store,
            "product_id": product,
            "before": 0,
            "after": 10_000,
            "reason": "found",
            "batch": None,
            "at": stamp(NOW),
            "recorded_at": stamp(NOW),
            "recorded_by": "alice",
        },
        "invoice": {
            "vendor_id": vendor,
            "number": "78",
            "is_credit": True,
            "store_id": store,
            "date": "2026-11-21",
            "currency": "USD",
            "order_number": "",
            "total": -120_000,
            "charges": 0,
        },
        "invoice_line": {
            "invoice_id": ids["invoice"],
            "position": 2,
            "product_id": None,
            "code": "",
            "vendor_code": "",
            "description": "Freight",
            "unit": "each",
            "amount": 120_000,
            "is_out_of_stock": False,
        },
    }


def stamp(value: datetime) -> str | None:
    from rattail.retail.changes.journal import stored

    return stored(value)


class Journal:
    """Writes the changes of one batch down, in the order in which it is told of them."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._count = 0

    def update(
        self, record: str, record_id: int, field: str, before: Any, after: Any, *, action: str = "update"
    ) -> None:
        self._write(record, record_id, action, field, [before], [after])

    def seen(self, record: str, record_id: int, field: str, value: Any) -> None:
        self.update(record, record_id, field, value, value, action="seen")

    def insert(self, record: str, values: Mapping[str, Any], *, before: Mapping[str, Any] | None = None) -> int:
        """Take an id for it and write it down; returns the id. `before` is what was in force, in a series."""
        from rattail.database.ids import reserve_ids
        from rattail.retail.records import RECORDS

        fields = RECORDS[record].fields
        assert set(values) <= set(fields), set(values) - set(fields)
        (record_id,) = reserve_ids(RECORDS[record].model, 1)
        was = [before.get(name) for name in fields] if before else []
        self._write(record, record_id, "insert", ",".join(fields), was, [values.get(name) for name in fields])
        return record_id

    def _write(
        self, record: str, record_id: int, action: str, fields: str, before: Sequence[Any], after: Sequence[Any]
    ) -> None:
        from rattail.retail.changes.journal import change_row, write_changes

        self._count += 1
        what: dict[str, Any] = {"record": record, "action": action, "record_id": record_id, "fields": fields}
        write_changes([change_row(self.number, self._count, 0, **what, before=before, after=after)])


def carried_out(number: int, *, reason: str = "in a test") -> tuple[int, ...]:
    """Carry out a batch's changes as the service does; returns what was done."""
    from rattail.retail.changes.apply import apply

    return _strictly(lambda: apply(number, _deed(reason)))


def put_back(number: int, *, is_partial: bool = False) -> tuple[int, ...]:
    """Put a batch's changes back as the service does; returns what was done."""
    from rattail.retail.changes import apply

    return _strictly(lambda: apply.put_back(number, _deed("undo"), is_partial=is_partial))


def contents(*, but: Sequence[str] = ()) -> dict[str, list[list[str]]]:
    """Every row of every kind of record, as text."""
    from rattail.database.bulk import fetch_rows
    from rattail.retail.records import RECORDS

    return {
        name: [[str(value) for value in row] for row in fetch_rows(f"SELECT * FROM {record.table} ORDER BY id")]
        for name, record in RECORDS.items()
        if name not in but
    }


def _strictly(act: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
    from django.db import transaction

    from rattail.retail.changes.apply import begin_strictly

    with transaction.atomic():
        begin_strictly()
        return act()


def _deed(reason: str) -> Any:
    from rattail.retail.changes.apply import Deed

    return Deed(actor="alice", now=NOW, reason=reason, at=NOW)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Forget what was done to the records inside."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)
