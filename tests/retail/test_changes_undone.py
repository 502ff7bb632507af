"""Putting back: all or nothing, what still can be on request, and a ledger that only grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import RecordsMoved
from tests.kit.shop import Shop, in_shop
from tests.retail.changing import NOW, Journal, carried_out, contents, new_values, put_back, whole_shop

Env = Mapping[str, str]


def test_a_later_cost_keeps_an_item_and_its_product_with_all_their_parts(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import ProductCode, VendorCost, VendorItem

        ids = whole_shop(shop)
        values = new_values(ids)
        journal = Journal(1)
        product = journal.insert("product", values["product"])
        code = journal.insert("product_code", {**values["product_code"], "product_id": product})
        item = journal.insert("vendor_item", {**values["vendor_item"], "product_id": product})
        cost = journal.insert("vendor_cost", {**values["vendor_cost"], "vendor_item_id": item})
        journal.update("vendor_cost", ids["vendor_cost"], "case_cost", 346_800, 350_000)
        carried_out(1)
        later = {"vendor_item_id": item, "effective": "2026-12-01", "unit_cost": 40_000}
        Journal(2).insert("vendor_cost", later, before=values["vendor_cost"] | {"vendor_item_id": item})
        carried_out(2)
        with pytest.raises(RecordsMoved) as refused:
            put_back(1)
        said = f"row 3: vendor item {item}: a vendor cost refers to it since"
        partial = put_back(1, is_partial=True)
        left = {
            "item": VendorItem.objects.filter(pk=item).exists(),
            "code": ProductCode.objects.filter(pk=code).exists(),
            "cost": VendorCost.objects.filter(pk=cost).exists(),
            "old": str(VendorCost.objects.get(pk=ids["vendor_cost"]).case_cost),
        }
        return said in refused.value.message, partial, left

    named, partial, left = in_shop(emptied_env, act)

    assert named
    assert partial == [0, 1, 4]  # the other cost is as before; item and product stay, with code and cost
    assert left == {"item": True, "code": True, "cost": True, "old": "34.6800"}


def test_what_stays_keeps_its_parts_and_lets_the_other_parts_of_its_department_and_vendor_go(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Department, Product, Store, Vendor

        values = new_values(whole_shop(shop))
        journal = Journal(1)
        made = {name: journal.insert(name, values[name]) for name in ("store", "department", "vendor")}
        for number in range(2):
            product = journal.insert("product", {**values["product"], "department_id": made["department"]})
            code = {"product_id": product, "key": f"000000000400{number}"}
            journal.insert("product_code", {**values["product_code"], **code})
            journal.insert("price", {**values["price"], "product_id": product, "store_id": made["store"]})
            named = {"vendor_id": made["vendor"], "code": f"A-{number}", "product_id": product}
            item = journal.insert("vendor_item", {**values["vendor_item"], **named})
            journal.insert("vendor_cost", {**values["vendor_cost"], "vendor_item_id": item})
            journal.insert("stock", {**values["stock"], "store_id": made["store"], "product_id": product})
        invoice = journal.insert("invoice", {**values["invoice"], "vendor_id": made["vendor"]})
        journal.insert("invoice_line", {**values["invoice_line"], "invoice_id": invoice, "product_id": product})
        carried_out(1)
        Product.objects.filter(pk=product).update(is_pending=False)
        partial = put_back(1, is_partial=True)
        kept = [model._default_manager.count() for model in (Store, Department, Vendor, Product)]
        return partial, kept, {name: len(rows) for name, rows in contents().items()}

    partial, kept, left = in_shop(emptied_env, act)

    assert partial == [8, 0, 9]  # the other product with its parts goes, and the invoice
    assert kept == [2, 2, 2, 2]
    parts = ("product_code", "price", "vendor_item", "vendor_cost", "stock", "stock_movement")
    assert {name: left[name] for name in parts} == {**dict.fromkeys(parts, 2), "stock_movement": left["stock_movement"]}
    assert left["invoice"] == left["invoice_line"] == 1


def test_what_a_hand_edit_touched_is_left_and_the_rest_is_put_back(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Stock, Vendor, VendorCost

        ids = whole_shop(shop)
        journal = Journal(1)
        journal.update("stock", ids["stock"], "on_hand", 120_000, 200_000)
        journal.update("vendor_cost", ids["vendor_cost"], "case_cost", 346_800, 350_000)
        journal.update("vendor", ids["vendor"], "name", "United", "Union")
        carried_out(1)
        Stock.objects.update(on_hand=19)
        VendorCost.objects.all().delete()
        lines = contents()["stock_movement"]
        with pytest.raises(RecordsMoved) as refused:
            put_back(1)
        partial = put_back(1, is_partial=True)
        kept = str(Stock.objects.get().on_hand), Vendor.objects.get().name, contents()["stock_movement"] == lines
        return refused.value.message, partial, kept, ids["vendor_cost"]

    message, partial, kept, cost = in_shop(emptied_env, act)

    assert "2 records are not as they were when it was executed" in message
    assert "row 1: stock" in message
    assert "on_hand is 19.00, expected 20.00" in message
    assert f"row 2: vendor cost {cost} is gone" in message
    assert partial == [0, 1, 2]
    assert kept == ["19.0000", "United", True]


def test_what_the_batch_itself_made_refer_to_something_new_does_not_keep_it(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product

        ids = whole_shop(shop)
        values, journal = new_values(ids), Journal(1)
        department = journal.insert("department", values["department"])
        product = journal.insert("product", values["product"])
        journal.update("product", ids["product"], "department_id", ids["department"], department)
        journal.update("vendor_item", ids["vendor_item"], "product_id", ids["product"], product)
        journal.update("vendor_cost", ids["vendor_cost"], "case_cost", 346_800, 350_000)
        before = contents()
        carried_out(1)
        whole = put_back(1)
        same = contents() == before
        carried_out(1)
        Product.objects.filter(pk=ids["product"]).update(size="2 oz", department_id=department)
        other = Product.objects.create(description="Salt", department_id=department).pk
        with pytest.raises(RecordsMoved, match="a product refers to it since"):
            put_back(1)
        return whole, same, put_back(1, is_partial=True), Product.objects.filter(pk=other).exists()

    assert in_shop(emptied_env, act) == [[2, 3, 0], True, [1, 3, 1], True]


def test_what_is_sold_meanwhile_keeps_a_product_of_the_batch(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        ids = whole_shop(shop)
        product = Journal(1).insert("product", new_values(ids)["product"])
        carried_out(1)
        moved = {"before": 0, "after": -1, "reason": "sold", "at": NOW, "recorded_at": NOW, "recorded_by": "alice"}
        shop.make("StockMovement", store_id=ids["store"], product_id=product, **moved)
        put_back(1)

    with pytest.raises(RecordsMoved, match="a stock movement refers to it since"):
        in_shop(emptied_env, act)


def test_the_ledger_says_before_after_why_who_and_which_batch_and_the_line_that_takes_it_back(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product, StockMovement

        ids = whole_shop(shop)
        StockMovement.objects.all().delete()
        other = Product.objects.create(description="Salt").pk
        journal = Journal(7)
        journal.update("stock", ids["stock"], "on_hand", 120_000, -5_000)
        journal.insert("stock", {"store_id": ids["store"], "product_id": other, "on_hand": 30_000})
        carried_out(7, reason="count of 22 November")
        put_back(7)
        names = ("before", "after", "reason", "batch", "recorded_by")
        rows = StockMovement.objects.order_by("product_id", "id").values_list(*names)
        return [[str(one) for one in row] for row in rows]

    lines = in_shop(emptied_env, act)

    assert lines == [
        ["12.0000", "-0.5000", "count of 22 November", "7", "alice"],
        ["-0.5000", "12.0000", "undo", "7", "alice"],
        ["0.0000", "3.0000", "count of 22 November", "7", "alice"],
        ["3.0000", "0.0000", "undo", "7", "alice"],
    ]


def test_a_stock_that_stays_as_it_is_leaves_no_line(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product

        ids = whole_shop(shop)
        before = contents()["stock_movement"]
        other = Product.objects.create(description="Salt").pk
        journal = Journal(7)
        journal.update("stock", ids["stock"], "counted_at", None, None)
        journal.insert("stock", {"store_id": ids["store"], "product_id": other, "on_hand": 0})
        carried_out(7)
        put_back(7)
        return contents()["stock_movement"] == before

    assert in_shop(emptied_env, act) is True
