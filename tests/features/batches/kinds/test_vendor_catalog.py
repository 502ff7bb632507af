"""What a catalog makes of its rows, and what becomes of the vendor's items and costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.features.batches.kinds.catalogs import BEANS, RICE, SALT, TEA, Shelf, key_of
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_every_row_carries_what_is_true_of_it(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        other = shop.make("Vendor", code="other", name="Other")
        shelf.item("O-1", shelf.tea, vendor=other)
        batch = shelf.read(
            f"{BEANS},B-1,,beans,,12,12.00,1.00,2.00,",
            f"{RICE},R-1,,rice,,6,12.60,,,",
            ",S-1,,salt,,2,3.00,1.50,3.49,",
            f"{TEA},T-1,,tea,,10,20,,,",
            f"{RICE},R-2,,rice,,6,12,,,",
            f"{SALT},X-1,,pepper,,1,5,,,",
            f"{BEANS},R-1,,beans,,6,12,,,",
            f"{BEANS},R-9,,beans,,6,twelve,,,",
            "012345678906,Z-9,,wrong check digit,,6,12,,,",
        )
        return shelf.statuses(batch), batch.problem_count, batch.change_count

    statuses, problems, changes = in_shop(emptied_env, act)

    assert statuses == [
        ["no_change"],
        ["cost_change"],
        ["cost_change", "case_size_change", "retail_change"],
        [
            "new_item",
        ],
        ["new_item", "code_change"],
        ["new_item", "new_product", "product_not_found"],
        ["product_change", "duplicate", "question"],
        ["bad_row"],
        ["bad_row"],
    ]
    assert problems == 2
    assert changes == 1 + 1 + 2 + 2 + 4


def test_executing_makes_items_costs_and_pending_products_and_undoing_takes_them_away(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product, ProductCode, VendorItem
        from tests.retail.changing import contents

        shelf = Shelf(shop)
        other = shop.make("Vendor", code="other", name="Other")
        shelf.item("O-1", shelf.tea, vendor=other)
        before = contents()
        batch = shelf.read(
            f"{TEA},T-1,,tea,,10,20,,,",
            f"{SALT},X-1,Hill,pepper,2 oz,1,5,,9.99,",
            f"{SALT},X-2,Hill,pepper in cases,2 oz,12,60,,,",
            ",Y-1,,no code,,,,7.77,,",
        )
        shop.execute(batch.number)
        items = VendorItem.objects.exclude(code__in=("B-1", "R-1", "S-1", "O-1")).order_by("code")
        made = [[one.code, one.product.description, one.product.is_pending, one.is_preferred] for one in items]
        code = ProductCode.objects.get(key=key_of(SALT))
        pepper = Product.objects.get(pk=code.product_id)
        shop.undo(batch.number)
        same = [name for name, rows in contents().items() if rows != before[name]]
        return made, [code.kind, pepper.brand, pepper.size], same

    made, pepper, differing = in_shop(emptied_env, act)

    assert made == [
        ["T-1", f"product {TEA}", False, False],  # another vendor's item is preferred
        ["X-1", "pepper", True, True],
        ["X-2", "pepper", True, False],  # one product, two items, the first preferred
        ["Y-1", "no code", True, True],
    ]
    assert pepper == ["gtin", "Hill", "2 oz"]
    assert differing == []


def test_an_item_is_found_by_its_code_by_its_product_or_by_both(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        shelf.item("B-0", shelf.beans, is_preferred=False, case_size=1, case_cost=9, unit_cost=9)
        by_product = shelf.read(f"{BEANS},12,14.40", f"{TEA},1,5", columns="upc,case size,case cost")
        by_code = shelf.read("R-1,6,13.20", columns="item,case size,case cost")
        for batch in (by_product, by_code):
            shop.execute(batch.number)
        return shelf.statuses(by_product), shelf.costs("B-1")[1:], shelf.costs("R-1")[1:], shelf.costs(key_of(TEA))

    statuses, beans, rice, tea = in_shop(emptied_env, act)

    assert statuses == [["cost_change"], ["new_item"]]
    assert [row[1:] for row in beans] == [["12.0000", "14.4000", "1.2000", "2.0000"]]
    assert [row[1:] for row in rice] == [["6.0000", "13.2000", "2.2000", "None"]]
    assert [row[1:] for row in tea] == [["1.0000", "5.0000", "5.0000", "None"]]


def test_a_code_that_the_vendor_uses_for_another_product_is_no_name_for_a_new_item(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        shelf.item(key_of(TEA), shelf.salt, is_preferred=False, case_size=1, unit_cost=1)
        batch = shelf.read(f"{TEA},1,5", f"{RICE},6,13", columns="upc,case size,case cost")
        shop.execute(batch.number)
        return shelf.statuses(batch)

    assert in_shop(emptied_env, act) == [
        ["cost_change", "product_change", "question"],
        ["cost_change"],
    ]


def test_the_first_row_of_a_vendor_code_counts_and_later_ones_say_which_it_is(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{BEANS},B-1,,,,12,13,,,", f"{BEANS},B-1,,,,12,14,,,", f"{BEANS},,,,,12,15,,,")
        shop.execute(batch.number)
        return shelf.statuses(batch), [row["note"] for row in shop.rows(batch)], shelf.costs()[-1][2]

    statuses, notes, cost = in_shop(emptied_env, act)

    assert statuses == [["cost_change"], ["cost_change", "duplicate"], ["cost_change", "duplicate"]]
    assert notes == ["", *["row 1 of this batch has the same vendor code, and counts"] * 2]
    assert cost == "13.0000"


def test_what_the_file_does_not_say_stays_as_it_is(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        silent = shelf.read("B-1,,", columns="item,case cost,srp")
        retail = shelf.read("B-1,,2.49", columns="item,case cost,srp")
        shop.execute(retail.number)
        only_cost = shelf.read("B-1,13.00", columns="item,case cost")
        shop.execute(only_cost.number)
        return shelf.statuses(silent), shelf.statuses(only_cost), shelf.costs()[-1][1:]

    silent, only_cost, cost = in_shop(emptied_env, act)

    assert silent == [["no_change"]]
    assert only_cost == [["cost_change"]]
    assert cost == ["12.0000", "13.0000", "1.0833", "2.4900"]


def test_a_cost_of_a_later_day_changes_nothing_today_and_holds_from_that_day_on(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{BEANS},B-1,,,,12,24,,,", effective="2099-01-01")
        shop.execute(batch.number)
        return shelf.on(shop.ground.today.isoformat()), shelf.on("2098-12-31"), shelf.on("2099-01-01")

    assert in_shop(emptied_env, act) == ["1.00", "1.00", "2.00"]


def test_each_row_is_compared_with_the_cost_of_its_own_day(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        shelf.cost(shelf.beans_item, "2099-01-01", case_size=12, case_cost=24, unit_cost=2)
        shelf.cost(shelf.rice_item, "2099-01-01", case_size=6, case_cost=18, unit_cost=3)
        batch = shelf.read(
            f"{BEANS},B-1,,,,12,24,,,2099-06-01",
            f"{RICE},R-1,,,,6,20,,,2099-01-01",
            ",S-1,,,,1,2,,,2025-06-01",
        )
        done = shop.execute(batch.number).done
        days = shelf.on("2025-06-01", "S-1"), shelf.on("2026-01-01", "S-1"), shelf.on("2099-02-01", "R-1")
        return shelf.statuses(batch), done, days, len(shelf.costs())

    statuses, done, days, beans = in_shop(emptied_env, act)

    assert statuses == [["no_change"], ["cost_change"], ["cost_change", "case_size_change"]]
    assert done == [1, 1, 0]  # rice has a cost of that very day, which is changed
    assert days == ["2.00", "3.00", "3.3333"]
    assert beans == 2


def test_two_catalogs_of_one_day_update_one_cost(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        for cost in (13, 14):
            shop.execute(shelf.read(f"{BEANS},B-1,,,,12,{cost},,,").number)
        return [row[2] for row in shelf.costs()]

    assert in_shop(emptied_env, act) == ["12.0000", "14.0000"]


def test_a_jump_above_the_threshold_is_held_and_none_is_without_one(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        lines = f"{BEANS},B-1,,,,12,18,,,", f"{RICE},R-1,,,,6,18.01,,,", ",S-1,,,,1,1.49,,,"
        held, free = shelf.read(*lines, hold_above_percent=50), shelf.read(*lines, hold_above_percent=0)
        return shelf.statuses(held), shop.rows(held)[1]["note"], shelf.statuses(free), held.change_count

    held, note, free, changes = in_shop(emptied_env, act)

    assert held == [["cost_change"], ["cost_change", "suspicious"], ["cost_change", "suspicious"]]
    assert note == "the unit cost goes from 2.00 to 3.0017, 50.085 %"
    assert free == [["cost_change"]] * 3
    assert changes == 1


def test_a_cost_of_nothing_or_less_is_held_whatever_the_threshold(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{BEANS},B-1,,,,12,0,,,", f"{RICE},R-1,,,,6,-1,,,", f"{TEA},T-1,,,,6,0.00,,,")
        return [row["note"] for row in shop.rows(batch) if "suspicious" in row["statuses"]], batch.change_count

    notes, changes = in_shop(emptied_env, act)

    assert notes == ["the case cost is 0.00", "the case cost is -1.00", "the case cost is 0.00"]
    assert changes == 0


def test_two_case_sizes_are_settled_by_what_is_known_or_held(emptied_env: Env) -> None:
    columns = "Item,Brand,Description,Size,UOM,UPC,Case Pack,Un of Sls,Unit Cost,SRP"

    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        shelf.item("0000007", shelf.tea, case_cost=24, unit_cost=2)
        shelf.item("0000008", shelf.salt, is_preferred=False, case_size=1, case_cost=4, unit_cost=4)
        batch = shelf.read(
            f"7,,tea,2,oz,{TEA},12,24,2.00,",
            f"8,,salt,2,oz,{SALT[:-1]},12,1,4.10,",
            f"9,,pepper,2,oz,{SALT},12,6,1.00,",
            columns=columns,
            hold_above_percent=0,
        )
        rows = shop.rows(batch)
        return [[row["case_size"], row["case_cost"], row["statuses"][-1]] for row in rows], rows[2]["note"]

    rows, note = in_shop(emptied_env, act)

    assert rows[0] == ["12.00", "24.00", "case_size_change"]
    assert rows[1][:2] == ["1.00", "4.10"]
    assert rows[2][2] == "question"
    assert note == "the file says that a case has 12 and 6 units"


def test_what_is_too_long_or_too_large_never_stops_the_batch(emptied_env: Env) -> None:
    long = "x" * 39

    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(
            f"{TEA},{long}1y,,a code that is cut would be another item's,,6,12,,,",
            f"{TEA},{long}1,{'b' * 300},{'d' * 600},{'s' * 99},6,12,,,",
            f"{BEANS},B-1,,,,9999999999,,9999999999,,",
            f"{RICE},R-1,,,,6,99999999999999999999,,,",
            f"{RICE}{'0' * 60},R-2,,,,6,1,,,",
            f"{RICE},R-3,,,,6,1,,,2026-02-30",
            f"{RICE},R-4,,,,6,1,,,99999-01-01",
        )
        shop.execute(batch.number)
        problems = (shop.folder / "app" / "data/batches/vendor_catalog" / str(batch) / "problems.csv").read_text()
        return shelf.statuses(batch), problems.splitlines()

    statuses, problems = in_shop(emptied_env, act)

    assert [row[-1] for row in statuses] == ["bad_row", "new_item", *["bad_row"] * 5]
    assert problems[0] == "row,column,value,reason,code,vendor_code,description"
    assert f"2,item,{long}1y,is longer than 40 characters" in problems[1] or any(f"{long}1y" in one for one in problems)
    assert len(problems) == 7


def test_nul_characters_and_odd_letters_are_read_on_both_databases(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        content = f"upc,item,description,case size,case cost\r\n{TEA},T\0-1,Th\xe9 \0vert \x01,6,1\0\0 2\r\n"
        content += f"{BEANS},B-1,x,12,\0 13\r\n"
        batch = shelf.read_file(content.encode("cp1252"))
        shop.execute(batch.number)
        return [[row["vendor_code"], row["description"], row["statuses"]] for row in shop.rows(batch)]

    rows = in_shop(emptied_env, act)

    assert [row[0] for row in rows] == ["T-1", "B-1"]
    assert rows[0][1].startswith("Th\xe9 vert")
    assert rows[1][2] == ["cost_change"]
