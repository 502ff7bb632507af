"""Invoices executed and undone: stock, its ledger, costs taken over."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from rattail.errors import RecordsMoved
from tests.features.batches.kinds.invoice_kit import (
    BEANS,
    COFFEE,
    RICE,
    TEA,
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
from tests.kit.shop import Killed, Shop, in_shop, killed_at_statement

Env = Mapping[str, str]


def test_all_lines_of_a_product_are_received_together_with_one_line_in_the_ledger(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import StockMovement

        stock_up(shop)
        batch = read(
            shop,
            head(1, "A"),
            line(BEANS, "2", unit="case", amount="24"),
            line(BEANS, "3", amount="3"),
            line(BEANS, "-1", amount="-1"),
            line(TEA, "4", amount="4"),
            line(RICE, "0", is_out_of_stock=True),
            head(2, "B", is_credit=True),
            line(RICE, "2", document=2, amount="4"),
            reason="weekly delivery",
        )
        before = dict(on_hand(shop))
        shop.execute(batch.number)
        ledger = [
            (one.product.description, str(one.before), str(one.after), one.reason, one.batch == batch.number)
            for one in StockMovement.objects.order_by("product__description")
        ]
        return [before, on_hand(shop), ledger, batch.number]

    before, after, ledger, number = in_shop(migrated_env, act)

    assert before == {BEANS: "10", RICE: "5"}
    assert after == {BEANS: "36", RICE: "3", TEA: "4"}
    reason = f"batch {number:08d}: weekly delivery"
    assert ledger == [
        [BEANS, "10.0000", "36.0000", reason, True],
        [RICE, "5.0000", "3.0000", reason, True],
        [TEA, "0.0000", "4.0000", reason, True],
    ]


def test_stock_that_goes_below_zero_is_flagged_and_not_held(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        batch = read(
            shop,
            head(is_credit=True),
            line(RICE, "1", amount="2"),
            line(RICE, "5", amount="10"),
            line(TEA, "1", amount="2"),
            line(BEANS, "-1", amount="-1"),
        )
        rows = shop.rows(batch)
        shop.execute(batch.number)
        return [[row["statuses"] for row in rows], rows[1]["note"], on_hand(shop)]

    found, note, after = in_shop(migrated_env, act)

    assert found == [
        ["received"],
        ["received", "negative"],
        ["cost_not_known", "received", "negative"],
        ["question"],
    ]
    assert note == "the stock goes below zero"
    assert after == {BEANS: "10", RICE: "-1", TEA: "-1"}


def test_costs_are_taken_over_from_the_date_of_the_invoice_where_that_is_asked(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import VendorCost

        stock_up(shop)
        batch = read(
            shop,
            head(1, "A"),
            line(BEANS, "1", unit="case", case_size="10", amount="15"),
            line(BEANS, "1", amount="1.6"),
            line(COFFEE, "1", vendor_code="C-1", unit="kilogram", amount="9"),
            line(TEA, "1", amount="3"),
            line(RICE, "1", amount="-0"),
            head(2, "B", date="2026-01-01"),
            line(RICE, "1", document=2, amount="2.5"),
            head(3, "C", is_credit=True),
            line(RICE, "1", document=3, amount="9"),
            take_costs=True,
        )
        found = [statuses(shop, batch), [row["note"] for row in shop.rows(batch)]]
        shop.execute(batch.number)
        costs = [
            (
                one.vendor_item.code,
                str(one.effective),
                *(str(two) for two in (one.case_size, one.case_cost, one.unit_cost)),
            )
            for one in VendorCost.objects.order_by("vendor_item__code", "effective")
        ]
        return [*found, costs]

    found, notes, costs = in_shop(migrated_env, act)

    assert found == [
        "cost_change cost_differs received",
        "cost_differs received",
        "cost_change cost_not_known received",
        "cost_not_known received",
        "cost_differs received",
        "cost_change cost_differs received",
        "cost_differs received",
    ]
    assert notes[1] == "the cost of row 1 of this batch is taken over for this item"
    assert notes[4] == "the unit cost is 0.00, which is not taken over"
    assert costs == [
        ["AP-1", "2026-01-01", "None", "None", "0.8000"],
        ["B-1", "2026-01-01", "12.0000", "12.0000", "1.0000"],
        ["B-1", "2026-11-20", "10.0000", "15.0000", "1.5000"],
        ["C-1", "2026-11-20", "None", "None", "9.0000"],
        ["R-1", "2026-01-01", "12.0000", "30.0000", "2.5000"],
    ]


def test_no_cost_is_taken_over_while_a_discount_lasts(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import VendorCost

        stock_up(shop)
        VendorCost.objects.filter(vendor_item__code="B-1").update(discount_amount="0.1", discount_ends="2026-11-20")
        batch = read(shop, head(), line(amount="0.9"), line(amount="0.8"), take_costs=True)
        return [statuses(shop, batch), shop.rows(batch)[1]["note"]]

    found, note = in_shop(migrated_env, act)

    assert found == ["received", "cost_differs received"]
    assert note == "a discount lasts on the day of the invoice: its cost is not taken over"


def test_undoing_puts_everything_back_and_the_ledger_says_so(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import StockMovement

        stock_up(shop)
        before = everything(shop)
        batch = _many(shop)
        shop.execute(batch)
        changed = everything(shop) != before
        shop.undo(batch)
        put_back = everything(shop) == before
        moves = list(StockMovement.objects.filter(product__description=BEANS).order_by("id"))
        shop.execute(batch)
        return [changed, put_back, [(str(one.before), str(one.after)) for one in moves], on_hand(shop)]

    changed, put_back, moves, again = in_shop(migrated_env, act)

    assert changed
    assert put_back
    assert moves == [["10.0000", "22.0000"], ["22.0000", "10.0000"]]
    assert again == {BEANS: "22", RICE: "4", TEA: "4"}


def test_undoing_is_refused_where_stock_moved_since_and_names_the_row(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import Stock

        stock_up(shop)
        batch = _many(shop)
        shop.execute(batch)
        Stock.objects.filter(product__description=RICE).update(on_hand=1)
        after = everything(shop)
        with pytest.raises(RecordsMoved) as refused:
            shop.undo(batch)
        return [refused.value.message, everything(shop) == after]

    said, is_untouched = in_shop(migrated_env, act)

    assert "row 2: stock" in said
    assert "on_hand is 1.00, expected 4.00" in said
    assert is_untouched


def test_executing_is_refused_where_stock_moved_since_reading(migrated_env: Env) -> None:
    def act(shop: Shop) -> str:
        from rattail.retail.models import Stock

        stock_up(shop)
        batch = _many(shop)
        Stock.objects.filter(product__description=BEANS).update(on_hand=11)
        with pytest.raises(RecordsMoved) as refused:
            shop.execute(batch)
        return refused.value.message

    assert "on_hand is 11.00, expected 10.00" in in_shop(migrated_env, act)


def test_killed_while_executing_an_invoice_is_received_or_it_is_not(migrated_env: Env) -> None:
    """Killed before one of its statements after the other, until it comes to its end."""
    number, before = in_shop(migrated_env, _stocked)

    def look(shop: Shop) -> list[Any]:
        from rattail.features.batches.service.find import find_batch

        return [find_batch(number, ground=shop.ground).state, everything(shop) == before, counts(shop)]

    def execute(shop: Shop, moment: int) -> None:
        with killed_at_statement(moment):
            shop.execute(number)

    kills = 0
    for moment in range(2, 200, 6):
        try:
            in_shop(migrated_env, partial(execute, moment=moment))
        except Killed:
            kills += 1
            state, is_untouched, made = in_shop(migrated_env, look)
            assert (state == "ready") == is_untouched
            if state == "executed":
                break
        else:
            break
    state, is_untouched, made = in_shop(migrated_env, look)

    assert kills > 2
    assert (state, is_untouched, made["Invoice"]) == ("executed", False, 1)


def test_a_row_that_is_judged_again_changes_only_what_follows_from_it(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        batch = read(
            shop,
            head(),
            line(BEANS, "1", unit="case", amount="12"),
            line(TEA, "2", unit="case", amount="24"),
            line(BEANS, "1", unit="case", amount="12"),
            line(RICE, "10", amount="20"),
            line(RICE, "1", amount="2"),
            total("70"),
            take_costs=True,
        )
        before = _changes(batch.number)
        _judge_again(shop, batch, 1)
        _judge_again(shop, batch, 3)
        is_same = _changes(batch.number) == before
        _judge_again(shop, batch, 2, case_size=120_000)
        _judge_again(shop, batch, 3, shipped=0)
        _judge_again(shop, batch, 4, shipped=90_000)
        _judge_again(shop, batch, 5, unit_cost=25_000)
        shop.execute(batch.number)
        rows = [(row["units"], row["unit_cost"], " ".join(sorted(row["statuses"]))) for row in shop.rows(batch)]
        return [is_same, rows, on_hand(shop), counts(shop)]

    is_same, rows, stock, made = in_shop(migrated_env, act)

    assert is_same
    assert rows == [
        ["12.00", "1.00", "received"],
        ["24.00", "1.00", "cost_not_known received"],
        ["0.00", "1.00", "new_record"],
        ["9.00", "2.00", "received"],
        ["1.00", "2.50", "cost_change cost_differs received"],
    ]
    assert stock == {BEANS: "22", RICE: "15", TEA: "24"}
    assert (made["Invoice"], made["InvoiceLine"]) == (1, 5)


def test_corrected_and_removed_rows_leave_their_items_cost_and_place_to_others(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.features.batches.service.correct import change_row, remove_rows
        from rattail.features.batches.service.spans import Span
        from rattail.retail.models import InvoiceLine, VendorCost

        stock_up(shop)
        events = [line(BEANS, "1", amount="1.5"), line(BEANS, "1", amount="1.6"), line(BEANS, "1", amount="1.7")]
        batch = read(shop, head(), *events, line(RICE, "0", is_out_of_stock=True), take_costs=True)
        remove_rows(batch.number, [Span(1, 1)], ground=shop.ground)
        change_row(batch.number, 4, said={"shipped": "2"}, ground=shop.ground)
        change_row(batch.number, 3, said={"shipped": "4"}, ground=shop.ground)
        found = statuses(shop, batch)
        shop.execute(batch.number)
        cost = VendorCost.objects.get(vendor_item__code="B-1", effective="2026-11-20").unit_cost
        places = list(InvoiceLine.objects.order_by("position").values_list("position", flat=True))
        return [found, str(cost), places, on_hand(shop)]

    found, cost, places, stock = in_shop(migrated_env, act)

    assert "removed" in found[0]
    assert found[1:] == [
        "cost_change cost_differs received",
        "cost_differs edited received",
        "edited received",
    ]
    assert (cost, places) == ("1.6000", [2, 3, 4])
    assert stock == {BEANS: "15", RICE: "7"}


def _changes(batch: int) -> list[Any]:
    """What a batch would change, but the ids of what is yet to be made."""
    from rattail.retail.models import Change

    found = Change.objects.filter(batch=batch).order_by("sequence", "position")
    return [(one.sequence, one.position, one.record, one.action, one.before, one.after) for one in found]


def _judge_again(shop: Shop, batch: Any, sequence: int, **corrected: int) -> None:
    """What correcting a row comes to: its old self is forgotten, and it is judged as it now stands."""
    from django.db import transaction

    from rattail.features.batches.kinds.kind import Job
    from rattail.features.batches.kinds.known import kind_named
    from rattail.features.batches.models import InvoiceRow, RowEdit
    from rattail.retail.amounts import to_decimal
    from rattail.retail.barcodes import CodeRules
    from rattail.retail.changes.journal import forget_changes

    kind = kind_named("vendor_invoice")
    row = InvoiceRow.objects.get(batch=batch, sequence=sequence)
    for name, value in corrected.items():
        setattr(row, name, to_decimal(value))
        RowEdit.objects.create(batch=batch, sequence=sequence, field=name, at=shop.ground.now, actor="alice")
    with transaction.atomic():
        forget_changes(batch.number, sequences=[sequence])
        InvoiceRow.objects.filter(batch=batch, sequence=sequence).delete()
        job = Job(batch, CodeRules({12: True}), shop.ground.today, shop.ground.currency)
        judge = kind.judge(job, sequence=sequence - 1)
        judge.take([kind.judge.line_of(row)])
        judge.finish()


def _many(shop: Shop) -> int:
    batch = read(
        shop,
        head(),
        line(BEANS, "1", unit="case", amount="13"),
        line(RICE, "-1", amount="-2"),
        line(TEA, "4", amount="8"),
        take_costs=True,
    )
    return batch.number


def _stocked(shop: Shop) -> tuple[int, str]:
    stock_up(shop)
    return _many(shop), everything(shop)
