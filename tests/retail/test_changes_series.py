"""Costs and prices: a new one is carried out only where the one in force on its day is the one that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import RecordsMoved
from tests.kit.shop import Shop, in_shop
from tests.retail.changing import NOW, Journal, carried_out, contents, put_back, whole_shop

Env = Mapping[str, str]


def _cost(item: int, day: str, unit_cost: int) -> dict[str, Any]:
    return {"vendor_item_id": item, "effective": day, "unit_cost": unit_cost}


def _first_cost(item: int) -> dict[str, Any]:
    return {**_cost(item, "2026-01-01", 28_900), "case_size": 120_000, "case_cost": 346_800}


def _price(product: int, day: str, amount: int, store: int | None = None) -> dict[str, Any]:
    return {"product_id": product, "store_id": store, "kind": "regular", "starts": day, "amount": amount}


def test_a_cost_of_any_day_is_compared_with_the_one_in_force_on_that_day(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        item = whole_shop(shop)["vendor_item"]
        shop.make(
            "VendorCost", vendor_item_id=item, effective="2027-01-01", unit_cost="4", recorded_at=NOW, recorded_by="a"
        )
        before = contents()
        journal = Journal(1)
        journal.insert("vendor_cost", _cost(item, "2025-06-01", 20_000))
        journal.insert("vendor_cost", _cost(item, "2026-11-22", 30_000), before=_first_cost(item))
        journal.insert("vendor_cost", _cost(item, "2027-06-01", 50_000), before=_cost(item, "2027-01-01", 40_000))
        done = carried_out(1)
        put_back(1)
        return done, contents() == before

    assert in_shop(emptied_env, act) == [[3, 0, 0], True]


@pytest.mark.parametrize(
    ("day", "seen", "said"),
    [
        ("2027-06-01", "first", "unit_cost is 4.00, expected 2.89"),
        ("2026-11-22", "future", "effective is '2026-01-01', expected '2027-01-01'"),
        ("2026-11-22", "none", "case_size is 12.00, expected nothing"),
    ],
)
def test_a_cost_is_refused_where_another_one_is_in_force(emptied_env: Env, day: str, seen: str, said: str) -> None:
    def act(shop: Shop) -> None:
        item = whole_shop(shop)["vendor_item"]
        shop.make(
            "VendorCost", vendor_item_id=item, effective="2027-01-01", unit_cost="4", recorded_at=NOW, recorded_by="a"
        )
        known = {"first": _first_cost(item), "future": _cost(item, "2027-01-01", 40_000), "none": None}
        made = Journal(1).insert("vendor_cost", _cost(item, day, 50_000), before=known[seen])
        with pytest.raises(RecordsMoved, match=f"row 1: vendor cost {made}: another value is in force: "):
            carried_out(1)
        carried_out(1)

    with pytest.raises(RecordsMoved) as refused:
        in_shop(emptied_env, act)

    assert said in refused.value.message


def test_a_first_cost_is_refused_where_there_is_one_of_its_very_day(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        item = whole_shop(shop)["vendor_item"]
        Journal(1).insert("vendor_cost", _cost(item, "2026-01-01", 30_000))
        carried_out(1)

    with pytest.raises(RecordsMoved, match="another value is in force"):
        in_shop(emptied_env, act)


def test_a_cost_whose_predecessor_is_gone_is_refused(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        from rattail.retail.models import VendorCost

        ids = whole_shop(shop)
        Journal(1).insert(
            "vendor_cost", _cost(ids["vendor_item"], "2026-11-22", 1), before=_first_cost(ids["vendor_item"])
        )
        VendorCost.objects.all().delete()
        carried_out(1)

    with pytest.raises(RecordsMoved, match="none is in force any more"):
        in_shop(emptied_env, act)


def test_prices_of_a_store_and_of_all_stores_are_two_series(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        ids = whole_shop(shop)
        product, store = ids["product"], ids["store"]
        before = contents()
        journal = Journal(1)
        journal.insert("price", _price(product, "2026-11-22", 50_000), before=_price(product, "2026-01-01", 47_900))
        journal.insert("price", _price(product, "2026-11-22", 49_000, store))
        done = carried_out(1)
        Journal(2).insert(
            "price", _price(product, "2026-12-01", 1, store), before=_price(product, "2026-11-22", 50_000)
        )
        with pytest.raises(RecordsMoved, match=r"amount is 4.90, expected 5.00"):
            carried_out(2)
        put_back(1)
        return done, contents() == before

    assert in_shop(emptied_env, act) == [[2, 0, 0], True]


def test_a_later_batch_that_changes_the_same_day_keeps_the_earlier_one_from_being_put_back(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        item = whole_shop(shop)["vendor_item"]
        before = contents()
        made = Journal(1).insert("vendor_cost", _cost(item, "2026-11-22", 30_000), before=_first_cost(item))
        carried_out(1)
        Journal(2).update("vendor_cost", made, "unit_cost", 30_000, 31_000)
        carried_out(2)
        with pytest.raises(RecordsMoved, match=r"unit_cost is 3.10, expected 3.00"):
            put_back(1)
        put_back(2)
        put_back(1)
        return contents() == before

    assert in_shop(emptied_env, act) is True
