"""Rows that people correct, remove, restore and add before a batch is executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import AppDirBusy, InputRejected, NoSuchThing, NotAllowed
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, RICE, SALT, TEA, Shelf
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]
OATS = "078742012346"


class Hand:
    """A person at work on one batch."""

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop, self.number = shop, number

    def change(self, row: int, *, accept: bool = False, **said: str) -> list[Any]:
        from rattail.features.batches.service.correct import change_row

        done = change_row(self.number, row, said=said, ground=self.shop.ground, is_accepted=accept)
        return [self._statuses(done.row), done.related]

    def add(self, **said: str) -> list[Any]:
        from rattail.features.batches.service.correct import add_row

        done = add_row(self.number, said=said, ground=self.shop.ground)
        return [done.row.sequence, self._statuses(done.row)]

    def remove(self, first: int, last: int = 0) -> int:
        from rattail.features.batches.service.correct import remove_rows
        from rattail.features.batches.service.spans import Span

        return remove_rows(self.number, [Span(first, last or first)], ground=self.shop.ground).row_count

    def restore(self, first: int, last: int = 0) -> int:
        from rattail.features.batches.service.correct import restore_rows
        from rattail.features.batches.service.spans import Span

        return restore_rows(self.number, [Span(first, last or first)], ground=self.shop.ground).row_count

    @property
    def rows(self) -> list[list[str]]:
        from rattail.features.batches.models import Batch

        return [row["statuses"] for row in self.shop.rows(Batch.objects.get(number=self.number))]

    @property
    def changes(self) -> list[list[Any]]:
        """The row, the record and what is done of each change."""
        from rattail.retail.models import Change

        found = Change.objects.filter(batch=self.number).order_by("sequence", "position")
        return [[one.sequence, one.record, one.action] for one in found]

    @staticmethod
    def _statuses(row: Any) -> list[str]:
        from rattail.features.batches.statuses import names

        return names(row.statuses)


def test_a_corrected_cost_is_judged_again_and_the_other_cost_follows(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        hand = Hand(shop, shelf.read(f"{BEANS},B-1,,beans,,12,1.20,0.10,2.00,", hold_above_percent=50).number)
        before = hand.rows
        changed = hand.change(1, case_cost="13.20")
        shop.execute(hand.number)
        return before, changed, shelf.costs()[-1][1:]

    before, changed, cost = in_shop(emptied_env, act)

    assert before == [["cost_change", "suspicious"]]
    assert changed == [["cost_change", "edited"], 0]
    assert cost == ["12.0000", "13.2000", "1.1000", "2.0000"]


def test_a_row_that_was_set_aside_is_put_right(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{TEA},T-1,,tea,,6,twelve,,,", "012345678906,Z-9,,wrong check digit,,6,12,,,")
        hand = Hand(shop, batch.number)
        first = hand.change(1, case_size="6", case_cost="12", vendor_code="T-1", code=TEA)
        second = hand.change(2, code=RICE)
        batch.refresh_from_db()
        return first, second, batch.problem_count, batch.counts

    first, second, problems, counts = in_shop(emptied_env, act)

    assert first == [["new_item", "edited"], 0]
    assert second == [["new_item", "code_change", "edited"], 0]
    assert problems == 0
    assert counts == {"new_item": 2, "code_change": 1, "edited": 2}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"case_cost": "12,50"}, 'case_cost: "12,50" is no amount: expected a number such as 34.68.'),
        ({"case_size": "0"}, "is no case size"),
        ({"code": "7.43E+10"}, "a spreadsheet shortened"),
        ({"code": "012345678906"}, "row 1 would be a bad row"),
        ({"statuses": "1", "price": "3"}, "no field of these rows that can be set is called statuses, price"),
        ({"vendor_code": "x" * 41}, "is longer than 40 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(
    emptied_env: Env, said: dict[str, str], expected: str
) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        hand = Hand(shop, shelf.read(f"{BEANS},B-1,,beans,,12,13,,2.00,").number)
        before = [hand.rows, hand.changes]
        with pytest.raises(InputRejected) as caught:
            hand.change(1, accept=False, **said)
        return caught.value.message, before == [hand.rows, hand.changes], _edit_count(hand.number)

    message, is_as_before, edits = in_shop(emptied_env, act)

    assert expected in message
    assert (is_as_before, edits) == (True, 0)


def test_a_suspicious_row_that_somebody_accepts_is_executed(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        hand = Hand(shop, shelf.read(f"{BEANS},B-1,,beans,,12,36.00,3.00,2.00,", hold_above_percent=50).number)
        before = hand.rows, hand.changes
        accepted = hand.change(1, accept=True)
        again = hand.change(1, size="500 g")  # a correction takes the word back that was said before it
        last = hand.change(1, accept=True)
        shop.execute(hand.number)
        return before, accepted, again, last, shelf.costs()[-1][3]

    before, accepted, again, last, cost = in_shop(emptied_env, act)

    assert before == [[["cost_change", "suspicious"]], []]
    assert accepted == last == [["cost_change", "edited"], 0]
    assert again == [["cost_change", "suspicious", "edited"], 0]
    assert cost == "3.0000"


def test_accepting_that_a_code_means_another_product_moves_the_item_and_undo_moves_it_back(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import VendorItem

        shelf = Shelf(shop)
        hand = Hand(shop, shelf.read(f"{TEA},B-1,,tea,,12,12.00,,,", f"{BEANS},R-1,,beans,,6,12.60,,,").number)
        held = hand.rows
        hand.change(1, accept=True)
        hand.change(2, accept=True)
        changes = hand.changes

        def items() -> list[list[Any]]:
            return [list(one) for one in VendorItem.objects.order_by("code").values_list("product_id", "is_preferred")]

        was = items()
        shop.execute(hand.number)
        moved = items()
        shop.undo(hand.number)
        products = [shelf.beans, shelf.rice, shelf.salt, shelf.tea]
        return held, hand.rows, changes, was, moved, items(), products

    held, rows, changes, was, moved, undone, (beans, rice, salt, tea) = in_shop(emptied_env, act)

    assert held == [["product_change", "question"], ["cost_change", "product_change", "question"]]
    assert rows == [["product_change", "edited"], ["cost_change", "product_change", "edited"]]
    assert changes == [[1, "vendor_item", "update"], [2, "vendor_cost", "insert"], [2, "vendor_item", "update"]]
    assert was == undone == [[beans, True], [rice, True], [salt, True]]
    assert moved == [[tea, True], [beans, False], [salt, True]]


def test_a_question_between_two_case_sizes_has_to_be_answered_and_outlives_being_judged_again(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.kinds.known import kind_named
        from rattail.features.batches.models import Batch
        from rattail.features.batches.models.rows import CatalogRow
        from rattail.features.batches.reading.lines import CatalogLine
        from rattail.features.batches.service.bench import at_bench

        shelf = Shelf(shop)
        hand = Hand(shop, shelf.read(f"{SALT},N-1,,nuts,,6,12,,,").number)
        line = CatalogLine(2, TEA, "T-1", "", "tea", case_size=60_000, other_case_size=120_000, unit_cost=20_000)
        with at_bench(hand.number, verb="add row", ground=shop.ground) as bench:
            bench.judge_again([], {2: line})
        twin = hand.add(code=TEA, vendor_code="T-1", case_size="6", case_cost="12")
        related = hand.change(2, size="100 g")
        asked = hand.rows
        with pytest.raises(InputRejected) as caught:
            hand.change(2, accept=True)
        hand.change(2, case_size="12")
        row = CatalogRow.objects.get(batch=Batch.objects.get(number=hand.number), sequence=2)
        assert kind_named("vendor_catalog").row_model is CatalogRow
        return twin, related, asked, caught.value.message, hand.rows, f"{row.case_cost:.2f}", f"{row.unit_cost:.2f}"

    twin, related, asked, message, rows, case_cost, unit_cost = in_shop(emptied_env, act)

    assert twin == [3, ["new_item", "duplicate", "edited"]]
    assert related == [["new_item", "question", "edited"], 1]
    assert asked[1] == ["new_item", "question", "edited"]
    assert "row 2 cannot be let go as it is: the file says that a case has 6 and 12 units" in message
    assert rows[1:] == [["new_item", "edited"], ["new_item", "duplicate", "edited"]]
    assert (case_cost, unit_cost) == ("24.00", "2.00")


def test_when_the_row_that_counts_is_removed_its_duplicate_counts(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{BEANS},B-1,,beans,,12,13,,,", f"{BEANS},B-1,,beans,,12,14,,,")
        hand = Hand(shop, batch.number)
        before, removed = hand.rows, hand.remove(1)
        after, changes = hand.rows, hand.changes
        again, restored = hand.remove(1), hand.restore(1)
        batch.refresh_from_db()
        return before, removed, after, changes, again, restored, hand.rows, hand.changes, batch.counts

    before, removed, after, changes, again, restored, last, last_changes, counts = in_shop(emptied_env, act)

    assert before == last == [["cost_change"], ["cost_change", "duplicate"]]
    assert (removed, again, restored) == (1, 0, 1)
    assert after == [["cost_change", "removed"], ["cost_change"]]
    assert changes == [[2, "vendor_cost", "insert"]]
    assert last_changes == [[1, "vendor_cost", "insert"]]
    assert counts == {"cost_change": 2, "duplicate": 1}


def test_when_the_row_that_makes_a_product_goes_the_next_one_makes_it(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product, VendorItem

        shelf = Shelf(shop)
        batch = shelf.read(f"{OATS},O-1,,oats,,12,12,,,", f"{OATS},O-2,,oats,,6,6,,,", f"{BEANS},B-1,,beans,,12,13,,,")
        hand = Hand(shop, batch.number)
        hand.remove(1)
        changes = hand.changes
        shop.execute(hand.number)
        made = Product.objects.get(description="oats", is_pending=True)
        items = [[one.code, one.is_preferred] for one in VendorItem.objects.filter(product=made)]
        return changes, items

    changes, items = in_shop(emptied_env, act)

    made = ["product", "product_code", "vendor_item", "vendor_cost"]
    assert changes == [*([2, record, "insert"] for record in made), [3, "vendor_cost", "insert"]]
    assert items == [["O-2", True]]


def test_a_row_that_is_corrected_keeps_what_only_the_file_said_of_its_product(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import Product

        shelf = Shelf(shop)
        columns = "upc,item,description,case size,case cost,organic"
        hand = Hand(shop, shelf.read(f"{OATS},O-1,oats,12,12,Y", columns=columns).number)
        hand.change(1, case_cost="13")
        hand.change(1, size="500 g")
        shop.execute(hand.number)
        return list(Product.objects.filter(description="oats").values_list("is_organic", "size"))

    assert in_shop(emptied_env, act) == [[True, "500 g"]]


def test_an_added_row_is_the_last_and_belongs_to_no_row_of_the_file(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        batch = shelf.read(f"{BEANS},B-1,,beans,,12,13,,,", f"{RICE},R-1,,rice,,6,twelve,,,")
        hand = Hand(shop, batch.number)
        added = hand.add(code=RICE, vendor_code="R-1", case_size="6", case_cost="12.60")
        with pytest.raises(InputRejected):
            hand.add(code="012345678906", vendor_code="Z")
        batch.refresh_from_db()
        row = shop.rows(batch)[-1]
        return added, row["source_row"], batch.row_count, hand.changes

    added, source_row, count, changes = in_shop(emptied_env, act)

    assert added == [3, ["cost_change", "edited"]]
    assert (source_row, count) == (0, 3)
    assert changes == [[1, "vendor_cost", "insert"], [3, "vendor_cost", "insert"]]


def test_removing_a_row_that_is_not_there_removes_none(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        hand = Hand(shop, Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number)
        with pytest.raises(NoSuchThing) as caught:
            hand.remove(1, 2)
        return caught.value.message, hand.rows

    message, rows = in_shop(emptied_env, act)

    assert message.endswith("has no row 2; its last is row 1.")
    assert rows == [["cost_change"]]


def test_rows_of_an_executed_batch_are_closed(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        hand = Hand(shop, Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number)
        shop.execute(hand.number)
        hand.change(1, case_cost="14")

    with pytest.raises(NotAllowed, match=r"is executed: its rows can be corrected, removed and added only while"):
        in_shop(emptied_env, act)


def test_a_correction_while_another_process_executes_is_refused(migrated_env: Env, run: Run) -> None:
    def act(shop: Shop) -> Any:
        from django.db import connection

        hand = Hand(shop, Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number)
        met: list[tuple[int, str]] = []

        def meanwhile(execute: Any, sql: str, *words: Any) -> Any:
            if "INSERT INTO" in sql and "retail_vendorcost" in sql and not met:
                ran = run("change-row", str(hand.number), "1", "--set", "case_cost=14", env=migrated_env)
                met.append((ran.code, ran.err))
            return execute(sql, *words)

        with connection.execute_wrapper(meanwhile):
            shop.execute(hand.number)
        return met, hand.rows, _edit_count(hand.number)

    met, rows, edits = in_shop(migrated_env, act)

    ((code, said),) = met
    assert code == AppDirBusy.exit_code, said
    assert "is being worked on by another process" in said
    assert (rows, edits) == ([["cost_change"]], 0)


def test_every_edit_is_kept_with_who_and_when_and_shown(migrated_env: Env, run: Run) -> None:
    number = in_shop(migrated_env, lambda shop: Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number)

    changed = run("change-row", str(number), "1", "--set", "case-cost=12.60", "--json", env=migrated_env)
    removed = run("remove-rows", str(number), "1", "--json", env=migrated_env)
    restored = run("remove-rows", str(number), "1-1", "--restore", "--json", env=migrated_env)
    added = run("add-row", str(number), f"code={RICE}", "vendor-code=R-1", "case_cost=13", "--json", env=migrated_env)
    shown = run("show-batch", str(number), "--json", env=migrated_env)
    lines = run("show-batch", str(number), env=migrated_env).out

    assert [one.code for one in (changed, removed, restored, added)] == [0] * 4, changed.out + added.out
    assert changed.data["row"]["case_cost"] == "12.60"
    assert changed.data["row"]["statuses"] == ["cost_change", "edited"]
    assert (removed.data["removed"], restored.data["restored"], added.data["row"]["sequence"]) == (1, 1, 2)
    edits = [(one["row"], one["field"], one["before"], one["after"]) for one in shown.data["edits"]]
    assert edits == [
        (1, "case_cost", "13.00", "12.60"),
        (1, "removed", "", "yes"),
        (1, "removed", "yes", ""),
        (2, "added", "", f"code {RICE}, vendor_code R-1, case_cost 13.00"),
    ]
    assert all(one["by"].startswith("os:") and one["at"] for one in shown.data["edits"])
    assert "row 1: case_cost 13.00 -> 12.60" in lines
    assert "row 1: restored" in lines


def _edit_count(number: int) -> int:
    from rattail.features.batches.models import RowEdit

    return RowEdit.objects.filter(batch__number=number).count()
