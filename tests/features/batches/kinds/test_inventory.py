"""What a count makes of its rows: quantities, products, and what becomes of the stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected
from tests.features.batches.kinds.counting import (
    ANOTHER_PIECE,
    APPLES,
    BANANAS,
    CHEESE,
    COUNTED_AT,
    HOUR,
    LEMONS,
    PEARS,
    Market,
)
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_what_was_counted_replaces_the_stock_and_what_moved_since_is_added(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS, on_hand=10)
        market.move(bananas, -3, at=COUNTED_AT - HOUR)
        market.move(bananas, -2, at=COUNTED_AT + HOUR)
        market.product(APPLES, on_hand=4)
        market.product(LEMONS)
        batch = market.count(f"{BANANAS},0,8", f"{APPLES},0,4", f"{LEMONS},0,2.5")
        told = market.told(batch)
        shop.execute(batch.number)
        return told, market.stock()

    told, stock = in_shop(migrated_env, act)
    assert told == {
        "1": ["5.00 > 6.00", "quantity_change", "this product moved after it was counted: -2"],
        "2": ["4.00 > 4.00", "no_change", ""],
        "3": ["0.00 > 2.50", "quantity_change", ""],
    }
    assert stock == {BANANAS: "6", APPLES: "4", LEMONS: "2.5"}


def test_cases_count_as_many_units_as_the_preferred_vendors_cost_of_that_day_says(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS, on_hand=10)
        market.case(bananas, 6, effective="2025-01-01")
        market.case(bananas, 12, effective="2026-01-10")
        market.case(bananas, 24, effective="2026-01-11")
        market.case(bananas, 99, effective="2025-01-01", is_preferred=False)
        market.case(market.product(APPLES), 40, effective="2025-01-01", is_preferred=False)
        return [row["quantity"] for row in shop.rows(market.count(f"{BANANAS},2,3", f"{APPLES},1,"))]

    assert in_shop(migrated_env, act) == ["27.00", "40.00"]


def test_a_case_of_unknown_size_is_held_and_so_are_all_rows_of_its_product(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES, on_hand=10)
        batch = market.count(f"{BANANAS},0,3", f"{BANANAS},2,0", f"{APPLES},0,1", duplicates="add")
        return market.told(batch), [change[0] for change in market.changes(batch)]

    told, changes = in_shop(migrated_env, act)
    assert told["1"] == ["None > None", "question", "this product waits for row 2"]
    assert told["2"][:2] == ["None > None", "question case_size_not_known"]
    assert "how many units a case has" in told["2"][2]
    assert changes == [3]


def test_cases_of_vendors_who_disagree_are_held(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS)
        market.case(bananas, 12, effective="2025-01-01", is_preferred=False)
        market.vendor = shop.make("Vendor", code="kehe", name="KeHE")
        market.case(bananas, 24, effective="2025-01-01", is_preferred=False)
        return market.told(market.count(f"{BANANAS},2,0"))

    ((_, statuses, note),) = in_shop(migrated_env, act).values()
    assert statuses == "question case_size_not_known"
    assert "12 or 24 units" in note


def test_adjusting_adds_to_the_stock_and_may_take_away(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS, on_hand=10)
        market.move(bananas, -2, at=COUNTED_AT + HOUR)
        market.product(APPLES, on_hand=10)
        market.product(LEMONS)
        batch = market.count(f"{BANANAS},0,-3", f"{APPLES},0,0", f"{LEMONS},0,5", mode="adjust")
        return market.told(batch), market.changes(batch)

    told, changes = in_shop(migrated_env, act)
    assert told == {
        "1": ["8.00 > 5.00", "quantity_change negative", ""],
        "2": ["10.00 > 10.00", "no_change", ""],
        "3": ["0.00 > 5.00", "quantity_change", ""],
    }
    assert [change[:3] for change in changes] == [
        [1, "update", "on_hand"],
        [3, "insert", "store_id,product_id,on_hand,counted_at"],
    ]
    assert changes[1][4][3] is None, "an adjustment is no count"


def test_a_negative_count_is_held(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        batch = market.count(f"{BANANAS},0,-9999")
        return market.told(batch), market.changes(batch)

    told, changes = in_shop(migrated_env, act)
    assert told["1"] == ["None > None", "suspicious negative", "-9999 cannot be what somebody counted"]
    assert changes == []


def test_unknown_products_bad_codes_and_impossible_amounts_stop_nothing(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES, on_hand=10)
        batch = market.count("4999,0,5", "1234567890x,0,5", f"{BANANAS},0,743050013", f"{APPLES},0,5")
        problems = shop.ground.folders["data/batches/inventory"] + f"/{batch}/problems.csv"
        with open(problems, encoding="utf-8") as stream:
            written = stream.read()
        shop.execute(batch.number)
        return market.told(batch), written, market.stock()

    told, problems, stock = in_shop(migrated_env, act)
    assert told["1"] == ["None > None", "product_not_found", ""]
    assert told["2"][1] == "bad_row"
    assert told["3"][1] == "bad_row"
    assert "too much to be a count" in told["3"][2]
    assert "1234567890x" in problems
    assert "743050013" in problems
    assert stock == {BANANAS: "10", APPLES: "5"}


def test_labels_of_weighed_pieces_count_what_their_price_buys_and_add_up(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        cheese = market.product(CHEESE, unit="pound", is_weighed=True)
        market.price(cheese, "1.00")
        market.price(cheese, "8.00", starts="2025-06-01", store=market.store)
        market.price(cheese, "6.00", starts="2026-01-10", store=market.store)
        market.price(cheese, "5.00", starts="2026-01-11", store=market.store)
        batch = market.count(f"{CHEESE},0,1", f"{ANOTHER_PIECE},0,2")
        return [row["quantity"] for row in shop.rows(batch)], market.told(batch)

    quantities, told = in_shop(migrated_env, act)
    assert quantities == ["0.50", "2.00"], "2.99 and 5.98 at 6.00 a pound, to the hundredth; two pieces of the latter"
    assert told["1"] == ["None > None", "quantity_change", "this product is added up in row 2"]
    assert told["2"] == ["0.00 > 2.50", "quantity_change", "this product is in 2 rows, which add up"]


def test_a_label_without_a_regular_price_is_held(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.price(market.product(CHEESE), "5.00", starts="2026-01-11")
        return market.told(market.count(f"{CHEESE},0,1"))

    ((_, statuses, note),) = in_shop(migrated_env, act).values()
    assert statuses == "question"
    assert note == "the label says 2.99, and no regular price says how much that is"


def test_labels_may_have_weights(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shop.ground = shop.ground._replace(weighed_codes="weight_5")
        market = Market(shop)
        market.product(CHEESE, unit="pound", is_weighed=True)
        return shop.rows(market.count("201234002994,0,1"))[0]["quantity"]

    assert in_shop(migrated_env, act) == "2.99"


def test_zeroing_takes_what_was_not_counted_in_the_departments_that_were(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        produce, dairy = (shop.make("Department", code=name, name=name) for name in ("produce", "dairy"))
        market.product(BANANAS, on_hand=10, department_id=produce)
        apples = market.product(APPLES, on_hand=7, department_id=produce)
        market.move(apples, 2, at=COUNTED_AT + HOUR)
        market.product(LEMONS, on_hand=0, department_id=produce)
        market.product(PEARS, on_hand=5, department_id=dairy)
        market.product("4030", on_hand=5)
        batch = market.count(f"{BANANAS},0,8", "4999,0,1", mode="zero")
        rows = [[row["source_row"], row["key"], row["description"]] for row in shop.rows(batch)[2:]]
        told = market.told(batch)
        shop.execute(batch.number)
        return told, rows, market.stock(), batch.remarks

    told, rows, stock, remarks = in_shop(migrated_env, act)
    assert told == {
        "1": ["10.00 > 8.00", "quantity_change", ""],
        "2": ["None > None", "product_not_found", ""],
        "3": ["9.00 > 2.00", "quantity_change", "this product was not counted"],
    }
    assert rows == [[0, APPLES.zfill(13), f"product {APPLES}"]]
    assert stock == {BANANAS: "8", APPLES: "2", LEMONS: "0", PEARS: "5", "4030": "5"}
    assert remarks[0].startswith("rows of no known product: 1; products that were not counted: 1;")


def test_zeroing_leaves_alone_what_a_person_removed_a_row_of(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.service.correct import remove_rows, restore_rows
        from rattail.features.batches.service.spans import Span

        market = Market(shop)
        produce = shop.make("Department", code="produce", name="Produce")
        for code in (BANANAS, LEMONS, APPLES, PEARS):
            market.product(code, on_hand=10, department_id=produce)
        batch = market.count(f"{BANANAS},0,8", f"{LEMONS},0,8", mode="zero")
        first = market.told(batch)
        remove_rows(batch.number, [Span(2, 3)], ground=shop.ground)
        removed = market.told(batch), [change[0] for change in market.changes(batch)]
        restore_rows(batch.number, [Span(2, 3)], ground=shop.ground)
        return first, removed, market.told(batch), [change[0] for change in market.changes(batch)]

    first, (removed, fewer), restored, all_of_them = in_shop(migrated_env, act)
    statuses = [found.split() for _, found, _ in removed.values()]
    assert ["removed" in one for one in statuses] == [False, True, True, False]
    assert removed["4"] == first["4"] == ["10.00 > 0.00", "quantity_change", "this product was not counted"]
    assert fewer == [1, 4]
    assert restored == first
    assert all_of_them == [1, 2, 3, 4]


def test_a_corrected_and_an_added_row_count_as_if_they_had_been_in_the_file(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.service.correct import add_row, change_row

        market = Market(shop)
        for code in (BANANAS, APPLES, LEMONS):
            market.product(code, on_hand=10)
        batch = market.count(f"{BANANAS},0,8", "4999,0,3")
        change_row(batch.number, 2, said={"code": APPLES, "units": "4"}, ground=shop.ground)
        add_row(batch.number, said={"code": LEMONS, "units": "5"}, ground=shop.ground)
        corrected = market.told(batch)
        add_row(batch.number, said={"code": BANANAS, "units": "1"}, ground=shop.ground)
        told = market.told(batch)
        shop.execute(batch.number)
        return corrected, told, market.stock()

    corrected, told, stock = in_shop(migrated_env, act)
    assert corrected["1"] == ["10.00 > 8.00", "quantity_change", ""]
    assert corrected["2"] == ["10.00 > 4.00", "quantity_change edited", ""]
    assert corrected["3"] == ["10.00 > 5.00", "quantity_change edited", ""]
    twice = "this product is counted in 2 rows: remove all but one"
    assert told["1"] == ["None > None", "question", twice]
    assert told["4"] == ["None > None", "question edited", twice]
    assert stock == {BANANAS: "10", APPLES: "4", LEMONS: "5"}


def test_a_report_of_variances_changes_nothing(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        batch = market.count(f"{BANANAS},0,8", mode="variance")
        return market.told(batch), list(shop.execute(batch.number).done), market.stock()

    told, done, stock = in_shop(migrated_env, act)
    assert told == {"1": ["10.00 > 8.00", "quantity_change", ""]}
    assert done == [0, 0, 0]
    assert stock == {BANANAS: "10"}


def test_what_is_counted_twice_is_asked_about_and_leaves_no_batch(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        return market.count(f"{BANANAS},0,5", "4999,0,1", f"{BANANAS},0,8").number

    with pytest.raises(InputRejected, match=f"one product is .* rows 2 and 4: {BANANAS} product") as caught:
        in_shop(migrated_env, act)
    assert "--duplicates add" in caught.value.hint
    assert "--duplicates last" in caught.value.hint

    def look(_: Shop) -> Any:
        from rattail.features.batches.models import Batch, CountRow

        return Batch.objects.count() + CountRow.objects.count()

    assert in_shop(migrated_env, look) == 0


def test_what_is_counted_twice_adds_up_or_the_last_row_counts(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        lines = (f"{BANANAS},0,5", f"{BANANAS},0,8")
        return [market.told(market.count(*lines, duplicates=choice)) for choice in ("add", "last")]

    added, last = in_shop(migrated_env, act)
    assert added["1"] == ["None > None", "quantity_change", "this product is added up in row 2"]
    assert added["2"] == ["10.00 > 13.00", "quantity_change", "this product is in 2 rows, which add up"]
    assert last["1"] == ["None > None", "duplicate", "this product is counted in row 2, which is later"]
    assert last["2"] == ["10.00 > 8.00", "quantity_change", ""]


def test_a_count_older_than_the_last_one_is_held(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        shop.execute(market.count(f"{BANANAS},0,8", at=COUNTED_AT + HOUR).number)
        batch = market.count(f"{BANANAS},0,9")
        return market.told(batch), market.changes(batch)

    told, changes = in_shop(migrated_env, act)
    assert told == {"1": ["None > None", "suspicious", "this product was counted later: 2026-01-10 19:30"]}
    assert changes == []


def test_settling_again_gives_the_same_and_follows_what_was_removed(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.statuses import Status

        market = Market(shop)
        produce = shop.make("Department", code="produce", name="Produce")
        for code in (BANANAS, APPLES, LEMONS):
            market.product(code, on_hand=10, department_id=produce)
        batch = market.count(
            f"{BANANAS},0,5", f"{BANANAS},2,0", f"{BANANAS},0,5", f"{APPLES},0,10", mode="zero", duplicates="add"
        )
        first = market.told(batch), market.changes(batch)
        market.again(batch)
        second = market.told(batch), market.changes(batch)
        market.set_statuses(batch, 2, int(Status.QUESTION | Status.REMOVED))
        market.again(batch)
        return first, second, market.told(batch), [change[0] for change in market.changes(batch)]

    first, second, told, changes = in_shop(migrated_env, act)
    assert first == second
    assert first[0]["1"] == ["None > None", "question", "this product waits for row 2"]
    assert told == {
        "1": ["None > None", "no_change", "this product is added up in row 3"],
        "2": [*first[0]["2"][:1], "question removed", first[0]["2"][2]],
        "3": ["10.00 > 10.00", "no_change", "this product is in 2 rows, which add up"],
        "4": ["10.00 > 10.00", "no_change", ""],
        "5": ["10.00 > 0.00", "quantity_change", "this product was not counted"],
    }
    assert changes == [3, 4, 5]


def test_a_row_keeps_when_and_where_it_was_counted_and_can_be_read_again(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.kinds.inventory import KIND
        from rattail.features.batches.models import CountRow

        market = Market(shop)
        market.product(BANANAS)
        text = (
            f"upc,quantity,date,location,description\n{BANANAS},5,2026-01-13 08:15:00,aisle 4,yellow\n4999,1,,,green\n"
        )
        batch = shop.batch("inventory", text, settings={"mode": "adjust", "counted_at": COUNTED_AT.isoformat()})
        return [list(KIND.judge.line_of(row)) for row in CountRow.objects.filter(batch=batch).order_by("sequence")]

    assert in_shop(migrated_env, act) == [
        [2, BANANAS, 0, 50_000, "2026-01-13 08:15:00", "aisle 4", ""],
        [3, "4999", 0, 10_000, None, "", "green"],
    ]


def test_everything_that_is_wrong_with_the_settings_is_said_at_once(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Market(shop)
        settings = {"mode": "overwrite", "duplicates": "first", "counted_at": "yesterday", "reason": "x" * 101}
        shop.batch("inventory", "upc,units\n", settings=settings)

    with pytest.raises(InputRejected) as caught:
        in_shop(migrated_env, act)
    for word in ("'overwrite'", "replace", "adjust", "zero", "variance", "'first'", "'yesterday'", "101 letters"):
        assert word in caught.value.message
    assert "--mode variance" in caught.value.hint
    assert "--duplicates add" in caught.value.hint
