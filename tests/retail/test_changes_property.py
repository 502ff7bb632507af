"""Whatever a batch changes, putting it back leaves every table as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit.shop import Shop, in_shop
from tests.retail.changing import NOW, Journal, contents, new_values, rolled_back, whole_shop

Env = Mapping[str, str]
_AMOUNTS = st.none() | st.integers(-(10**14), 10**14)
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_DAYS = st.dates().map(str)
#: What may be changed of each kind, and to what.
_FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "store": {"name": _TEXT, "is_active": st.booleans()},
    "department": {"name": _TEXT},
    "vendor": {"name": _TEXT, "identifier": _TEXT},
    "product": {"brand": _TEXT, "description": _TEXT, "is_pending": st.booleans(), "unit": st.just("pound")},
    "price": {"amount": st.integers(-(10**14), 10**14), "ends": st.none() | _DAYS},
    "vendor_item": {"code": _TEXT, "is_active": st.booleans()},
    "vendor_cost": {"case_cost": _AMOUNTS, "unit_cost": _AMOUNTS, "discount_ends": st.none() | _DAYS},
    "stock": {"on_hand": st.integers(-(10**14), 10**14)},
    "invoice": {"total": _AMOUNTS, "order_number": _TEXT},
    "invoice_line": {"units": _AMOUNTS, "description": _TEXT, "is_out_of_stock": st.booleans()},
}
_UPDATES = st.lists(
    st.sampled_from(sorted(_FIELDS)).flatmap(
        lambda record: st.sampled_from(sorted(_FIELDS[record])).flatmap(
            lambda field: st.tuples(st.just(record), st.just(field), _FIELDS[record][field])
        )
    ),
    max_size=6,
    unique_by=lambda one: one[:2],
)
_PRODUCTS = st.lists(st.tuples(_TEXT, st.booleans(), st.booleans(), _AMOUNTS, _DAYS), max_size=4)


def test_executing_and_undoing_leaves_every_table_as_it_was(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        ids = whole_shop(shop)
        changing = []

        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(_UPDATES, _PRODUCTS)
        def check(updates: list[Any], products: list[Any]) -> None:
            with rolled_back():
                changing.append(_there_and_back(ids, updates, products))

        check()
        return max(changing)

    assert in_shop(emptied_env, act) > 5


def _there_and_back(ids: Mapping[str, int], updates: list[Any], products: list[Any]) -> int:
    from rattail.retail.changes.apply import Deed, apply, put_back
    from rattail.retail.models import StockMovement

    deed = Deed(actor="alice", now=NOW, reason="in a test", at=NOW)
    before = contents()
    journal = Journal(3)
    for record, field, value in updates:
        journal.update(record, ids[record], field, _present(record, ids[record], field), value)
    for index, (name, is_weighed, has_stock, cost, day) in enumerate(products):
        _make_product(
            journal, ids, f"{index}{name}"[:40], is_weighed=is_weighed, has_stock=has_stock, cost=cost, day=day
        )

    done = apply(3, deed)
    after = contents()
    undone = put_back(3, deed, is_partial=False)

    made = sum(4 + has_stock for _, _, has_stock, _, _ in products)
    assert (done.inserted, done.updated) == (made, len(updates)) == (undone.inserted, undone.updated)
    assert len(after["product"]) - len(before["product"]) == len(products)
    present = contents()
    assert {name for name in before if present[name] != before[name]} <= {"stock_movement"}
    lines = list(StockMovement.objects.filter(batch=3).order_by("id").values_list("product_id", "before", "after"))
    assert [(one[0], one[2], one[1]) for one in lines[: len(lines) // 2]] == lines[len(lines) // 2 :]
    return done.inserted + done.updated


def _make_product(
    journal: Journal, ids: Mapping[str, int], name: str, *, is_weighed: bool, has_stock: bool, cost: Any, day: str
) -> None:
    values = new_values(ids)
    product = journal.insert("product", {**values["product"], "description": name, "is_weighed": is_weighed})
    key = f"{journal.number:06d}{product:07d}"
    journal.insert("product_code", {**values["product_code"], "product_id": product, "key": key})
    item = journal.insert("vendor_item", {**values["vendor_item"], "product_id": product, "code": f"n{name}"[:40]})
    journal.insert("vendor_cost", {"vendor_item_id": item, "effective": day, "unit_cost": cost})
    if has_stock:
        journal.insert("stock", {"store_id": ids["store"], "product_id": product, "on_hand": 10_000})


def _present(record: str, record_id: int, field: str) -> Any:
    from datetime import date
    from decimal import Decimal

    from rattail.retail.records import RECORDS

    value = RECORDS[record].model._default_manager.values_list(field, flat=True).get(pk=record_id)
    if isinstance(value, Decimal):
        return int(value * 10_000)
    return str(value) if isinstance(value, date) else value
