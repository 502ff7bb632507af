"""Executing and undoing: what is shown, once, or nothing, whoever else is at it and whenever the process dies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rattail.errors import NotAllowed, RecordsMoved
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, TEA, Shelf
from tests.features.batches.service.racing import die_at_touch, killed, outcome_of, together
from tests.kit.shop import Shop, in_shop, killed_at_statement
from tests.retail.changing import contents

Env = Mapping[str, str]


def _batches(shop: Shop, count: int) -> list[int]:
    """Batches that each change an item of their own."""
    shelf = Shelf(shop)
    shelf.item("T", shelf.tea)  # the preferred one, so that the batches do not depend on each other
    numbers = []
    for index in range(count):
        shelf.item(f"N-{index}", shelf.salt, is_preferred=False, case_size=1, case_cost=1, unit_cost=1)
        numbers.append(shelf.read(f",N-{index},,,,1,2.00,,,", f"{TEA},T-{index},,,,1,3.00,,,").number)
    return numbers


def test_records_that_moved_since_reading_are_named_on_the_command_line_with_exit_code_63(
    emptied_env: Env, run: Run
) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import VendorCost

        shelf = Shelf(shop)
        number = shelf.read(f"{BEANS},B-1,,,,12,13,,,").number
        VendorCost.objects.filter(vendor_item_id=shelf.beans_item).update(case_cost="12.50")
        return number

    number = in_shop(emptied_env, act)
    executed = run("execute-batch", str(number), "--json", env=emptied_env)
    checked = run("check-batch", str(number), "--json", env=emptied_env)
    lines = run("check-batch", str(number), env=emptied_env).out

    assert executed.code == 63
    (error,) = executed.json["errors"]
    assert "row 1: vendor cost" in error["message"]
    assert "case_cost is 12.50, expected 12.00" in error["message"]
    assert checked.data["state"] == "ready"
    assert checked.data["moved"] == 1
    (moved,) = checked.data["moved_list"]
    assert (moved["expected"]["case_cost"], moved["found"]["case_cost"]) == ("12.00", "12.50")
    assert "moved: row 1: vendor cost" in lines
    assert "case_cost is 12.50, expected 12.00" in lines
    assert "1 record is not as it was: the batch cannot be executed as it is." in lines


def test_a_batch_that_was_undone_in_part_is_not_said_to_be_ready_to_execute(migrated_env: Env, run: Run) -> None:
    def act(shop: Shop) -> list[int]:
        from rattail.retail.models import VendorCost

        partly, whole = _batches(shop, 2)
        for number in (partly, whole):
            shop.execute(number)
        VendorCost.objects.filter(vendor_item__code="N-0").update(case_cost=7)
        return [shop.undo(partly, is_partial=True).done.held, partly, shop.undo(whole).done.held, whole]

    held, partly, none_held, whole = in_shop(migrated_env, act)

    assert (held > 0, none_held) == (True, 0)
    said = run("check-batch", str(partly), env=migrated_env).out
    assert "undone only in part, so it cannot be executed again" in said
    assert "execute-batch" not in said
    assert "execute-batch" in run("check-batch", str(whole), env=migrated_env).out


def test_only_a_ready_batch_is_executed_and_only_an_executed_one_undone(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        (number,) = _batches(shop, 1)
        before = contents()
        with pytest.raises(NotAllowed, match="is ready: only an executed batch can be undone"):
            shop.undo(number)
        first = shop.execute(number).done
        with pytest.raises(NotAllowed, match="is executed: only a batch that is ready can be executed") as twice:
            shop.execute(number)
        shop.undo(number)
        with pytest.raises(NotAllowed, match="is undone: only an executed batch can be undone"):
            shop.undo(number)
        same = contents() == before
        again = shop.execute(number).done
        return same, first, again, twice.value.hint

    same, first, again, hint = in_shop(emptied_env, act)

    assert same
    assert first == again == [3, 0, 0]
    assert hint.startswith("rattail undo-batch ")


def test_after_a_partial_undo_a_batch_cannot_be_executed_again(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.models import VendorCost

        shelf = Shelf(shop)
        number = shelf.read(f"{BEANS},B-1,,,,12,13,,,", f"{TEA},T-1,,,,1,3,,,").number
        shop.execute(number)
        VendorCost.objects.filter(vendor_item__code="T-1").update(case_cost=4)
        with pytest.raises(RecordsMoved, match=r"row 2: vendor cost \d+: case_cost is 4.00, expected 3.00"):
            shop.undo(number)
        done = shop.undo(number, is_partial=True).done
        with pytest.raises(NotAllowed, match="undone only in part"):
            shop.execute(number)
        return done, len(shelf.costs("B-1")), len(shelf.costs("T-1"))

    done, beans, tea = in_shop(emptied_env, act)

    assert done == [1, 0, 2]
    assert (beans, tea) == (1, 1)


def test_a_batch_that_needs_what_another_one_made_first_is_refused_by_its_row(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        shop.make("Vendor", code="other", name="Other")
        one = shelf.read(f"{TEA},T-1,,,,1,3,,,")
        two = shop.batch("vendor_catalog", f"upc,item,case cost\n{TEA},9,4\n", vendor="other", check_digits={12: True})
        shop.execute(one.number)
        with pytest.raises(RecordsMoved) as refused:
            shop.execute(two.number)
        two.refresh_from_db()
        return refused.value.message, two.state

    message, state = in_shop(emptied_env, act)

    assert "row 1: vendor item" in message
    assert "another one is the preferred one of its product since" in message
    assert state == "ready"


def test_of_two_processes_that_execute_one_batch_exactly_one_does(emptied_env: Env, tmp_path: Path) -> None:
    numbers = in_shop(emptied_env, lambda shop: _batches(shop, 12))

    def act(shop: Shop, meet: Any) -> Any:
        outcomes = []
        for number in numbers:
            meet()
            outcomes.append(outcome_of(partial(shop.execute, number)))
        return outcomes

    one, other = together(emptied_env, tmp_path, act)
    made = in_shop(emptied_env, lambda _: [len(rows) for rows in contents().values()])

    for pair in zip(one, other, strict=True):
        assert sorted(pair)[1] == "done"
        assert sorted(pair)[0] in ("AppDirBusy", "NotAllowed")
    assert made[7] == 3 + 12 * 3  # costs: three of the shelf, and of each item one as it was, one new, one of tea


def test_of_two_batches_that_change_one_record_at_the_same_moment_one_is_refused(
    emptied_env: Env, tmp_path: Path
) -> None:
    def make(shop: Shop) -> Any:
        shelf = Shelf(shop)
        days = [f"2099-01-{day:02d}" for day in range(1, 9)]
        return [[shelf.read(f",S-1,,,,1,{cost},,,{day}").number for cost in (4, 5)] for day in days]

    pairs = in_shop(emptied_env, make)

    def act(shop: Shop, meet: Any) -> Any:
        outcomes = []
        for pair in pairs:
            mine = pair[meet() or 0]  # the barrier gives each of the two another number
            outcomes.append(outcome_of(partial(shop.execute, mine)))
        return outcomes

    one, other = together(emptied_env, tmp_path, act)
    pairs_of_outcomes = [sorted(pair) for pair in zip(one, other, strict=True)]

    assert pairs_of_outcomes[0] == ["RecordsMoved", "done"]
    assert all("done" not in pair or "RecordsMoved" in pair for pair in pairs_of_outcomes)


def test_killed_at_any_moment_a_batch_is_executed_or_not_and_the_next_command_says_which(
    emptied_env: Env, run: Run
) -> None:
    moments = [
        (1, False),
        (4, False),
        (7, False),
        (9, False),
        (12, False),
        (15, False),
        (18, False),
        (1, True),
        (3, True),
    ]
    numbers = in_shop(emptied_env, lambda shop: _batches(shop, len(moments)))

    def execute(shop: Shop, number: int, moment: int, *, at_touch: bool) -> None:
        if at_touch:
            die_at_touch(moment)
            shop.execute(number)
        with killed_at_statement(moment):
            shop.execute(number)

    died = [
        killed(emptied_env, partial(execute, number=number, moment=one[0], at_touch=one[1]))
        for number, one in zip(numbers, moments, strict=True)
    ]
    listed = run("list-batches", "--json", env=emptied_env).data["batches"]

    def look(shop: Shop) -> Any:
        from rattail.features.batches.service.find import find_batch
        from rattail.retail.models import VendorItem

        states = [find_batch(number, ground=shop.ground).state for number in numbers]
        made = [VendorItem.objects.filter(code=f"T-{index}").exists() for index in range(len(numbers))]
        for number, state in zip(numbers, states, strict=True):
            if state == "ready":
                shop.execute(number)
        everything = [VendorItem.objects.filter(code=f"T-{index}").count() for index in range(len(numbers))]
        return states, made, everything

    states, made, everything = in_shop(emptied_env, look)

    assert died.count(True) >= 6
    assert [one["state"] for one in reversed(listed)] == states
    assert [state == "executed" for state in states] == made
    assert "ready" in states
    assert everything == [1] * len(numbers)


def test_killed_while_undoing_a_batch_is_executed_or_undone(emptied_env: Env) -> None:
    moments = (2, 5, 8, 11, 14, 17)

    def make(shop: Shop) -> Any:
        numbers = _batches(shop, len(moments))
        for number in numbers:
            shop.execute(number)
        return numbers

    def undo(shop: Shop, number: int, moment: int) -> None:
        with killed_at_statement(moment):
            shop.undo(number)

    numbers = in_shop(emptied_env, make)
    died = [
        killed(emptied_env, partial(undo, number=number, moment=moment))
        for number, moment in zip(numbers, moments, strict=True)
    ]

    def look(shop: Shop) -> Any:
        from rattail.features.batches.service.find import find_batch
        from rattail.retail.models import VendorItem

        states = [find_batch(number, ground=shop.ground).state for number in numbers]
        made = [VendorItem.objects.filter(code=f"T-{index}").exists() for index in range(len(numbers))]
        for number, state in zip(numbers, states, strict=True):
            if state == "executed":
                shop.undo(number)
        return states, made, VendorItem.objects.filter(code__startswith="T-").count()

    states, made, left = in_shop(emptied_env, look)

    assert died.count(True) >= 4
    assert [state == "executed" for state in states] == made
    assert left == 0
