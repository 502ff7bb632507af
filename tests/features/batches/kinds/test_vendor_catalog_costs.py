"""Costs of a catalog: discounts that end, costs that contradict each other, costs of several days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rattail.errors import InputRejected
from tests.features.batches.kinds.catalogs import BEANS, RICE, TEA, Shelf
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_a_discount_that_a_file_says_no_more_is_over_with_its_days(emptied_env: Env) -> None:
    columns = "item,case size,case cost,discount amount,discount start date,discount end date"

    def act(shop: Shop) -> Any:
        from rattail.retail.models import VendorCost

        shelf = Shelf(shop)
        found = []
        for line in ("0.30,2026-01-01,2099-01-31", ",,", ",,", "0.20,,"):
            batch = shelf.read(f"B-1,12,12,{line}", columns=columns)
            shop.execute(batch.number)
            cost = VendorCost.objects.filter(vendor_item__code="B-1").latest("effective")
            found.append([*shelf.statuses(batch)[0], str(cost.discount_amount), str(cost.discount_ends)])
        silent = shelf.read("B-1,12,12", columns="item,case size,case cost")
        return found, shelf.statuses(silent)

    found, silent = in_shop(emptied_env, act)

    assert found == [
        ["discount_change", "0.3000", "2099-01-31"],
        ["discount_change", "0.0000", "None"],
        ["no_change", "0.0000", "None"],
        ["discount_change", "0.2000", "None"],
    ]
    assert silent == [["no_change"]]  # without a column of discounts


def test_no_discount_is_as_good_as_a_discount_of_zero(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        return shelf.statuses(shelf.read("B-1,12,0", "R-1,12,", columns="item,case cost,discount amount"))

    assert in_shop(emptied_env, act) == [["no_change"]] * 2


def test_costs_that_contradict_each_other_are_a_question(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        columns = "item,case size,case cost,unit cost"
        lines = ("B-1,24,,", "R-1,6,13.00,2.00", "S-1,2,3.00,", "N-1,12,34.68,3.10", "N-2,12,34.68,2.89")
        batch = shelf.read(*lines, "N-3,7,10.00,1.43", columns=columns)
        return [[row["statuses"][-1], row["note"]] for row in shop.rows(batch)]

    rows = in_shop(emptied_env, act)

    assert [row[0] for row in rows] == [
        "question",
        "question",
        "case_size_change",
        "question",
        *["product_not_found"] * 2,
    ]
    assert rows[0][1] == (
        "a case has 24 units instead of 12 and the file says no cost: "
        "either the case cost of 12.00 or the unit cost of 1.00 is wrong"
    )
    assert rows[1][1] == "a case of 6 units at 2.00 each is not 13.00: case size, unit cost or case cost is wrong"


def test_a_person_says_which_cost_goes_with_another_case_size(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.service.correct import change_row

        shelf = Shelf(shop)
        batch = shelf.read("B-1,24,,", "R-1,6,13.00,2.00", columns="item,case size,case cost,unit cost")
        change_row(batch.number, 2, said={}, ground=shop.ground, is_accepted=True)
        try:
            change_row(batch.number, 1, said={}, ground=shop.ground, is_accepted=True)
        except InputRejected as refused:
            said = refused.message
        change_row(batch.number, 1, said={"unit_cost": "1.00"}, ground=shop.ground)
        shop.execute(batch.number)
        return said, shelf.costs()[-1][1:], shelf.costs("R-1")[-1][1:]

    said, beans, rice = in_shop(emptied_env, act)

    assert "row 1 cannot be let go as it is: a case has 24 units instead of 12" in said
    assert beans == ["24.0000", "24.0000", "1.0000", "2.0000"]
    assert rice == ["6.0000", "13.0000", "2.0000", "None"]


def test_one_catalog_may_say_costs_of_several_days(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from tests.retail.changing import contents

        shelf = Shelf(shop)
        before = contents()
        batch = shelf.read(
            f"{BEANS},B-1,,,,12,13,,,2099-01-01",
            f"{BEANS},B-1,,,,12,12,,,2099-02-01",
            f"{BEANS},B-1,,,,12,15,,,2099-02-01",
            f"{TEA},T-1,,,,10,20,,,",
            f"{TEA},T-1,,,,10,30,,,2099-01-01",
            f"{RICE},R-1,,,,6,15,,,2099-01-01",
            f"{RICE},R-1,,,,6,13,,,",
        )
        shop.execute(batch.number)
        costs = [[row[0], row[2]] for row in (*shelf.costs(), *shelf.costs("T-1"), *shelf.costs("R-1"))]
        shop.undo(batch.number)
        same = [name for name, rows in contents().items() if rows != before[name]]
        return shelf.statuses(batch), shop.rows(batch)[2]["note"], costs, shop.ground.today.isoformat(), same

    statuses, note, costs, today, differing = in_shop(emptied_env, act)

    assert statuses == [
        ["cost_change"],
        ["cost_change"],
        ["cost_change", "duplicate"],
        ["new_item"],
        ["cost_change", "case_size_change"],
        ["cost_change"],
        ["cost_change"],
    ]
    assert note == "row 2 of this batch has the same vendor code, and counts"
    assert costs == [
        ["2026-01-01", "12.0000"],
        ["2099-01-01", "13.0000"],
        ["2099-02-01", "12.0000"],
        [today, "20.0000"],
        ["2099-01-01", "30.0000"],
        ["2026-01-01", "12.0000"],
        [today, "13.0000"],
        ["2099-01-01", "15.0000"],
    ]
    assert differing == []


def test_a_later_day_of_a_new_item_waits_for_the_row_that_makes_it(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.service.correct import change_row

        shelf = Shelf(shop)
        batch = shelf.read(f"{TEA},T-1,,,,10,0,,,", f"{TEA},T-1,,,,10,30,,,2099-01-01")
        before = shelf.statuses(batch), shop.rows(batch)[1]["note"]
        change_row(batch.number, 1, said={"case_cost": "20"}, ground=shop.ground)
        shop.execute(batch.number)
        return *before, [row[2] for row in shelf.costs("T-1")]

    statuses, note, costs = in_shop(emptied_env, act)

    assert statuses == [["new_item", "suspicious"], ["cost_change", "case_size_change", "question"]]
    assert note == "row 1 of this batch is of the same new item and another day, and is held: it comes first"
    assert costs == ["20.0000", "30.0000"]


def test_what_is_wrong_with_a_code_names_it_once(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        return shop.rows(shelf.read("012345678906,1", columns="upc,case cost"))[0]["note"]

    assert in_shop(emptied_env, act).count("012345678906") == 1
