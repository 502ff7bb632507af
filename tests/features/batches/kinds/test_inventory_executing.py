"""Executing a count and undoing it: stock, ledger, and what happens when somebody comes in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from rattail.errors import RecordsMoved
from tests.conftest import Run
from tests.features.batches.kinds.counting import APPLES, BANANAS, COUNTED_AT, HOUR, LEMONS, PEARS, Market
from tests.kit.shop import Killed, Shop, in_shop, killed_at_statement

Env = Mapping[str, str]
CODES = (BANANAS, APPLES, LEMONS, PEARS)


def test_each_change_is_a_line_of_the_ledger_and_undoing_writes_the_opposite(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES)
        number = market.count(f"{BANANAS},0,8", f"{APPLES},0,3").number
        shop.execute(number)
        executed = market.stock()
        shop.undo(number)
        return number, executed, market.stock(), market.ledger()

    number, executed, undone, ledger = in_shop(migrated_env, act)
    why, at = f"batch {number:08d}: count of the year", COUNTED_AT.isoformat()
    assert executed == {BANANAS: "8", APPLES: "3"}
    assert undone == {BANANAS: "10"}, "the stock of apples was not there before"
    assert sorted(ledger[:2]) == [[0, 3, why, number, at], [10, 8, why, number, at]]
    assert sorted(ledger[2:]) == [
        [3, 0, f"undo of batch {number:08d}", number, at],
        [8, 10, f"undo of batch {number:08d}", number, at],
    ]


def test_a_count_can_be_executed_again_after_it_was_undone(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        number = market.count(f"{BANANAS},0,8").number
        shop.execute(number)
        shop.undo(number)
        shop.execute(number)
        return market.stock()

    assert in_shop(migrated_env, act) == {BANANAS: "8"}


def test_undoing_is_refused_where_a_later_count_moved_the_stock_unless_in_part(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES, on_hand=10)
        number = market.count(f"{APPLES},0,9", f"{BANANAS},0,8").number
        shop.execute(number)
        shop.execute(market.count(f"{BANANAS},0,7", at=COUNTED_AT + HOUR).number)
        try:
            shop.undo(number)
        except RecordsMoved as error:
            refused = error.message
        kept = market.stock()
        held = shop.undo(number, is_partial=True).done.held
        return refused, kept, held, market.stock()

    refused, kept, held, stock = in_shop(migrated_env, act)
    assert "1 record is not as it was" in refused
    assert "row 2: stock" in refused
    assert "on_hand is 7.00, expected 8.00" in refused
    assert kept == {APPLES: "9", BANANAS: "7"}
    assert held == 1
    assert stock == {APPLES: "10", BANANAS: "7"}


def test_executing_is_refused_where_something_was_sold_since_the_count_was_read(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS, on_hand=10)
        number = market.count(f"{BANANAS},0,8").number
        market.move(bananas, -1, at=COUNTED_AT + HOUR)
        return number, shop.execute(number).batch.state

    with pytest.raises(RecordsMoved, match="row 1: stock"):
        in_shop(migrated_env, act)


def test_stock_that_somebody_made_meanwhile_is_not_made_twice(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS)
        number = market.count(f"{BANANAS},0,8").number
        shop.make("Stock", store_id=market.store, product_id=bananas, on_hand=1)
        shop.execute(number)

    with pytest.raises(RecordsMoved, match="somebody made it meanwhile"):
        in_shop(migrated_env, act)


def test_a_count_killed_while_executing_is_executed_or_not(migrated_env: Env) -> None:
    def prepare(shop: Shop) -> Any:
        market = Market(shop)
        for code in CODES[:2]:
            market.product(code, on_hand=10)
        market.product(LEMONS)
        return market.count(*(f"{code},0,8" for code in CODES[:3])).number

    number = in_shop(migrated_env, prepare)

    def die(statement: int) -> None:
        def act(shop: Shop) -> None:
            with killed_at_statement(statement):
                shop.execute(number)

        in_shop(migrated_env, act)

    def look(shop: Shop) -> Any:
        from rattail.features.batches.service.find import find_batch
        from rattail.retail.models import Stock, StockMovement

        state = find_batch(number, ground=shop.ground).state
        return state, sum(int(row.on_hand) for row in Stock.objects.all()), StockMovement.objects.count()

    states: list[str] = []
    for statement in range(4, 200, 5):
        try:
            die(statement)
        except Killed:
            state, on_hand, lines = in_shop(migrated_env, look)
            assert (state, on_hand, lines) in (("ready", 20, 0), ("executed", 24, 3))
            states.append(state)
        else:
            states.append("executed")
        if states[-1] == "executed":
            break
    assert in_shop(migrated_env, look) == ["executed", 24, 3]
    assert states[:3] == ["ready"] * 3, "killed in the middle of it"


def test_any_count_that_is_undone_leaves_the_stock_as_it_was(migrated_env: Env) -> None:
    amounts = some.integers(0, 10**6).map(lambda hundredths: f"{hundredths / 100:.2f}")
    lines = some.lists(some.tuples(some.sampled_from((*CODES, "4999")), amounts), min_size=1, max_size=8)

    def act(shop: Shop) -> int:
        from rattail.retail.models import Stock

        market = Market(shop)
        produce = shop.make("Department", code="produce", name="Produce")
        for number, code in enumerate(CODES):
            market.product(code, on_hand=10 * number if number else None, department_id=produce)
        done = []

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(lines, some.sampled_from(("replace", "adjust", "zero")), some.sampled_from(("add", "last")))
        def hold(counted: list[tuple[str, str]], mode: str, duplicates: str) -> None:
            before = list(Stock.objects.order_by("id").values_list())
            batch = market.count(*(f"{code},0,{units}" for code, units in counted), mode=mode, duplicates=duplicates)
            expected = {row["description"].split()[-1]: row["after"] for row in shop.rows(batch) if row["after"]}
            shop.execute(batch.number)
            stock = market.stock()
            assert all(float(stock.get(code, "0")) == float(after) for code, after in expected.items())
            shop.undo(batch.number)
            assert list(Stock.objects.order_by("id").values_list()) == before
            done.append(batch.number)

        hold()
        return len(done)

    assert in_shop(migrated_env, act) >= 15


def test_the_ledger_adds_up_to_the_stock_whatever_was_counted_and_sold(migrated_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS)
        for hours, units in enumerate((8, 5, 5, 12)):
            shop.execute(market.count(f"{BANANAS},0,{units}", at=COUNTED_AT + hours * HOUR).number)
            market.move(bananas, -2, at=COUNTED_AT + hours * HOUR + HOUR / 2)
        return market.stock(), [line[:2] for line in market.ledger()]

    stock, ledger = in_shop(migrated_env, act)
    assert stock == {BANANAS: "10"}
    assert [before for before, _ in ledger] == [0, *(after for _, after in ledger[:-1])]
    assert ledger[-1][1] == 10


def test_the_command_line_asks_for_the_mode_and_makes_executes_and_undoes(migrated_env: Env, run: Run) -> None:
    def prepare(shop: Shop) -> str:
        Market(shop).product(BANANAS, on_hand=10)
        path = shop.folder / "count.csv"
        path.write_text(f"upc,units\n{BANANAS},8\n4999,1\n")
        return str(path)

    file = in_shop(migrated_env, prepare)
    asked = run("make-batch", "inventory", file, env=migrated_env)
    assert asked.code == 57
    assert "replace (the stock is what was counted)" in asked.err
    assert "--mode variance" in asked.err
    words = ("--mode", "replace", "--reason", "the yearly count", "--json")
    made = run("make-batch", "inventory", file, *words, env=migrated_env).data
    assert (made["rows"], made["changes"]) == (2, 1)
    assert made["statuses"] == {"quantity_change": 1, "product_not_found": 1}
    assert run("execute-batch", made["id"], env=migrated_env).code == 0
    assert in_shop(migrated_env, lambda shop: on_hand(shop)) == ["8.0000"]
    assert run("undo-batch", made["id"], env=migrated_env).code == 0
    assert in_shop(migrated_env, lambda shop: on_hand(shop)) == ["10.0000"]


def on_hand(_: Shop) -> list[str]:
    from rattail.retail.models import Stock

    return [f"{row.on_hand}" for row in Stock.objects.all()]
