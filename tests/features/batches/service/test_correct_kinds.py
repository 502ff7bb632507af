"""Rows of counts, invoices and imports that people correct, remove and add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected
from tests.features.batches.kinds.counting import APPLES, BANANAS, LEMONS, PEARS, Market
from tests.features.batches.kinds.invoice_kit import (
    BEANS,
    RICE,
    counts,
    everything,
    head,
    line,
    on_hand,
    read,
    statuses,
    stock_up,
    total,
)
from tests.features.batches.service.test_correct import Hand
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_a_count_is_settled_again_after_each_correction(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        for code in (BANANAS, APPLES, LEMONS, PEARS):
            market.product(code, on_hand=10)
        batch = market.count(f"{BANANAS},,7", f"{APPLES},,8", f"{LEMONS},,-3")
        hand = Hand(shop, batch.number)
        changed = hand.change(3, units="3")
        hand.change(1, code=f"{PEARS}")
        hand.remove(2)
        added = hand.add(code=APPLES, units="2.5")
        shop.execute(batch.number)
        executed = market.stock()
        shop.undo(batch.number)
        return changed, added, executed, market.stock()

    changed, added, executed, undone = in_shop(emptied_env, act)

    assert changed == [["quantity_change", "edited"], 0]
    assert added == [4, ["quantity_change", "edited"]]
    assert executed == {BANANAS: "10", APPLES: "2.5", LEMONS: "3", PEARS: "7"}
    assert undone == dict.fromkeys(executed, "10")


def test_a_row_that_counts_nothing_has_to_be_told_how_much(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES, on_hand=10)
        hand = Hand(shop, market.count(f"{BANANAS},,").number)
        refused = []
        with pytest.raises(InputRejected) as caught:
            hand.add(code=APPLES)
        refused.append(caught.value.message)
        with pytest.raises(InputRejected) as caught:
            hand.change(1, code=BANANAS)
        refused.append(caught.value.message)
        return refused, hand.add(code=APPLES, units="0"), hand.change(1, units="4")

    refused, added, changed = in_shop(emptied_env, act)

    assert refused == ["the new row counts nothing.", "row 1 counts nothing."]
    assert added == [2, ["quantity_change", "edited"]]
    assert changed == [["quantity_change", "edited"], 0]


def test_a_row_of_what_nobody_counted_is_removed_and_restored_and_not_corrected(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        department = shop.make("Department", code="produce", name="Produce")
        for code in (BANANAS, APPLES, LEMONS):
            market.product(code, on_hand=10, department_id=department)
        batch = market.count(f"{BANANAS},,7", mode="zero")
        hand = Hand(shop, batch.number)
        with pytest.raises(InputRejected) as caught:
            hand.change(2, units="3")
        hand.remove(2)
        without = hand.changes
        hand.restore(2)
        hand.add(code=LEMONS, units="4")
        shop.execute(batch.number)
        return caught.value.message, len(without), market.stock()

    message, without, stock = in_shop(emptied_env, act)

    assert message.endswith("is not of the file: this product was not counted.")
    assert without == 2
    assert stock == {BANANAS: "7", APPLES: "0", LEMONS: "4"}


def test_an_invoice_is_received_as_its_rows_are_corrected_and_its_total_is_compared_again(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        stock_up(shop)
        batch = read(
            shop,
            head(),
            line(BEANS, "2", unit="case", amount="24"),
            line(RICE, "1", unit="case", amount="24"),
            line(BEANS, "5", amount="5"),
            total("36"),
        )
        before, remarked = everything(shop), list(batch.remarks)
        hand = Hand(shop, batch.number)
        hand.change(1, shipped="1", amount="12")
        hand.remove(3)
        batch.refresh_from_db()
        agreed = list(batch.remarks)
        hand.change(2, shipped="0", amount="0")
        batch.refresh_from_db()
        differs = list(batch.remarks)
        hand.change(2, shipped="1", amount="24")
        hand.add(document="1", code=BEANS, shipped="3", amount="3", unit="each")
        shop.execute(batch.number)
        received, made = dict(on_hand(shop)), dict(counts(shop))
        shop.undo(batch.number)
        return remarked, agreed, differs, received, made, everything(shop) == before, statuses(shop, batch)

    remarked, agreed, differs, received, made, is_as_before, said = in_shop(emptied_env, act)

    assert len(remarked) == len(differs) == 1
    assert "make 53.00" in remarked[0]
    assert agreed == []
    assert "make 12.00" in differs[0]
    assert received == {BEANS: "25", RICE: "17"}
    assert made["InvoiceLine"] == 3
    assert is_as_before
    assert said == ["edited received", "edited received", "received removed", "edited received"]


def test_a_row_is_added_only_to_an_invoice_that_is_there(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        stock_up(shop)
        hand = Hand(shop, read(shop, head(), line(BEANS, "2", amount="2")).number)
        hand.add(document="2", code=RICE, shipped="3", amount="3")

    with pytest.raises(InputRejected, match="there is no invoice 2 in this batch"):
        in_shop(emptied_env, act)


def test_what_a_kind_cannot_let_go_is_corrected_or_removed(emptied_env: Env) -> None:
    def act(shop: Shop) -> None:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        Hand(shop, market.count(f"{BANANAS},,-7").number).change(1, accept=True)

    with pytest.raises(
        InputRejected, match=r"row 1 is not held for a doubt that can be let go .* corrected or removed"
    ):
        in_shop(emptied_env, act)
