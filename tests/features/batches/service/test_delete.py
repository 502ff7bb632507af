"""Deleting a batch, and purging old ones: rows first, files after, and only what the plan lists."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rattail.appdir.still import files_held_still
from rattail.errors import AppDirBusy, NotAllowed
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, RICE, TEA, Shelf
from tests.kit.shop import Killed, Shop, in_shop, killed_at_statement

Env = Mapping[str, str]


def _folder(env: Env, number: int) -> Path:
    return Path(env["RATTAIL_APPDIR"], "data", "batches", "vendor_catalog", f"{number:08d}")


def _tables(shop: Shop) -> dict[str, int]:
    """How many rows each table has that a batch fills."""
    from rattail.features.batches.models import Batch, CatalogRow, RowEdit
    from rattail.retail.models import Change

    return {model.__name__: model._default_manager.count() for model in (Batch, CatalogRow, RowEdit, Change)}


def _age(shop: Shop, number: int, days: int) -> None:
    """Let a batch have been finished some days ago."""
    from rattail.features.batches.models import Batch

    at = shop.ground.now - timedelta(days=days)
    Batch.objects.filter(number=number).update(executed_at=at, undone_at=at)


def _purge(shop: Shop, *, days: int = 30) -> list[list[int]]:
    """The numbers of what the plan lists, of what it spares, and of what went."""
    from rattail.features.batches.service.delete import Deleted, plan_purge, purge_batches

    before = date.fromisoformat((shop.ground.now - timedelta(days=days)).date().isoformat())
    plan = plan_purge(before=before, ground=shop.ground)
    went = [one.doomed.number for one in purge_batches(plan, ground=shop.ground) if isinstance(one, Deleted)]
    return [[one.number for one in plan.doomed], [one.number for one in plan.spared], went]


def test_a_deleted_batch_leaves_no_row_and_no_file(migrated_env: Env, run: Run) -> None:
    def make(shop: Shop) -> int:
        from rattail.features.batches.service.correct import add_row

        number = Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,", f"{TEA},T-1,,tea,,1,1,,,").number
        add_row(number, said={"code": RICE, "vendor_code": "R-1", "case_cost": "13"}, ground=shop.ground)
        return number

    number = in_shop(migrated_env, make)
    before = in_shop(migrated_env, _tables)
    dry = run("delete-batch", str(number), "--dry-run", "--json", env=migrated_env)
    between = in_shop(migrated_env, _tables)
    deleted = run("delete-batch", str(number), "--json", env=migrated_env)
    gone = run("show-batch", str(number), env=migrated_env)

    assert before == between == {"Batch": 1, "CatalogRow": 3, "RowEdit": 1, "Change": 4}
    assert (dry.code, deleted.code, gone.code) == (0, 0, 56)
    assert {**dry.data, "is_dry_run": False} == deleted.data
    assert (deleted.data["rows"], deleted.data["changes"]) == (3, 4)
    assert set(in_shop(migrated_env, _tables).values()) == {0}
    assert not _folder(migrated_env, number).exists()


def test_an_executed_batch_is_not_deleted_and_an_undone_one_is(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.service.delete import delete_batch

        shelf = Shelf(shop)
        number = shelf.read(f"{BEANS},B-1,,beans,,12,13,,,").number
        shop.execute(number)
        with pytest.raises(NotAllowed) as caught:
            delete_batch(number, ground=shop.ground)
        shop.undo(number)
        deleted = delete_batch(number, ground=shop.ground)
        return number, caught.value.message, caught.value.hint, deleted.doomed.state, deleted.left, _tables(shop)

    number, message, hint, state, left, tables = in_shop(emptied_env, act)

    assert "is executed: what it changed could not be put back any more" in message
    assert hint.startswith(f"undo it first: rattail undo-batch {number}")
    assert (state, left, set(tables.values())) == ("undone", "", {0})
    assert not _folder(emptied_env, number).exists()


def test_while_a_backup_is_made_no_batch_goes_neither_its_rows_nor_its_files(emptied_env: Env, tmp_path: Path) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.folders import PROBLEMS, batch_folder
        from rattail.features.batches.service import problems
        from rattail.features.batches.service.delete import delete_batch, plan_purge, purge_batches

        shelf = Shelf(shop)
        ready, old = (shelf.read(f"{code},B-1,,beans,,12,13,,,").number for code in (BEANS, TEA))
        shop.execute(old)
        _age(shop, old, 40)
        purge = plan_purge(before=shop.ground.today, ground=shop.ground)
        folder = batch_folder(str(tmp_path), 1, "file.csv")
        Path(folder.path).mkdir()
        Path(folder.path, PROBLEMS).write_text("of the last time")
        problems._PATIENCE_S = 0.0
        before = _tables(shop)
        with files_held_still(shop.ground.root):
            for attempt in (
                lambda: delete_batch(ready, ground=shop.ground, wait_s=0),
                lambda: list(purge_batches(purge, ground=shop.ground, wait_s=0)),
                lambda: problems.ProblemFile(folder, root=shop.ground.root).__exit__(None, None, None),
            ):
                with pytest.raises(AppDirBusy, match=r"a backup of app folder .* is being made"):
                    attempt()
        kept = [before == _tables(shop), *(_folder(emptied_env, number).exists() for number in (ready, old))]
        there = Path(folder.path, PROBLEMS).exists()
        delete_batch(ready, ground=shop.ground, wait_s=0)
        list(purge_batches(purge, ground=shop.ground, wait_s=0))
        with problems.ProblemFile(folder, root=shop.ground.root):
            pass
        return kept, there, _tables(shop)["Batch"], os.listdir(folder.path)

    kept, there, batches, left = in_shop(emptied_env, act)

    assert kept == [True, True, True]
    assert there
    assert batches == 0
    assert left == []


def test_purging_removes_exactly_what_its_plan_lists_and_keeps_costs(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        lines = (f"{BEANS},B-1,,beans,,12,13,,,", f"{RICE},R-1,,rice,,6,12.60,,,", f"{TEA},T-1,,tea,,1,1,,,")
        old, undone, young = (shelf.read(line).number for line in lines)
        ready = shelf.read("041331124454,S-9,,salt,,1,1,,,").number
        for number in (old, undone, young):
            shop.execute(number)
        shop.undo(undone)
        _age(shop, old, 40)
        _age(shop, undone, 40)
        _age(shop, young, 20)
        purged = _purge(shop)
        return [old, undone, young, ready], purged, shelf.costs(), _tables(shop)["Batch"]

    (old, undone, young, ready), purged, costs, left = in_shop(emptied_env, act)

    assert purged == [[old, undone], [], [old, undone]]
    assert len(costs) == 2
    assert left == 2
    assert [_folder(emptied_env, number).exists() for number in (old, undone, young, ready)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_batch_that_another_process_works_on_is_spared_and_named(migrated_env: Env, run: Run) -> None:
    def make(shop: Shop) -> list[int]:
        shelf = Shelf(shop)
        numbers = [shelf.read(f"{BEANS},B-1,,beans,,12,{cost},,,").number for cost in (13, 14)]
        for number in numbers:
            shop.execute(number)
            shop.undo(number)
            _age(shop, number, 40)
        return numbers

    busy, free = in_shop(migrated_env, make)
    words = ("purge-batches", "--before", _yesterday(), "--json")
    with (_folder(migrated_env, busy) / ".lease").open("rb") as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
        dry = run(*words, "--dry-run", env=migrated_env)
        purged = run(*words, env=migrated_env)
    again = run(*words, env=migrated_env)

    for one in (dry, purged):
        assert [batch["id"] for batch in one.data["batches"]] == [f"{free:08d}"]
        assert [batch["id"] for batch in one.data["spared"]] == [f"{busy:08d}"]
        assert "another process works on it" in one.json["messages"][0]["text"]
    assert [batch["id"] for batch in again.data["batches"]] == [f"{busy:08d}"]


def test_a_day_that_is_none_is_refused_with_one_that_is(run: Run) -> None:
    for day in ("tomorrow", "2026-02-30", "20261122"):
        refused = run("purge-batches", "--before", day)

        assert refused.code == 2
        assert f"'{day}': expected a day such as 2026-11-22" in refused.err


def test_a_purge_that_is_killed_leaves_each_batch_there_or_gone(emptied_env: Env) -> None:
    def make(shop: Shop) -> int:
        number = Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number
        shop.execute(number)
        _age(shop, number, 40)
        return number

    number = in_shop(emptied_env, make)
    whole = in_shop(emptied_env, _tables)
    statement, seen = 0, []
    while True:
        statement += 1

        def purge(shop: Shop, at: int = statement) -> Any:
            with killed_at_statement(at):
                return _purge(shop)

        try:
            assert in_shop(emptied_env, purge)[2] == [number]
            break
        except Killed:
            tables = in_shop(emptied_env, _tables)
            seen.append(tables)
            assert tables == whole or set(tables.values()) == {0}
            if tables != whole:
                break

    assert len(seen) > 5


def test_a_folder_that_cannot_be_removed_is_named_and_found_later(migrated_env: Env, run: Run) -> None:
    number = in_shop(migrated_env, lambda shop: Shelf(shop).read(f"{BEANS},B-1,,beans,,12,13,,,").number)
    folder = _folder(migrated_env, number)
    (folder / "notes of mine").mkdir()

    deleted = run("delete-batch", str(number), "--json", env=migrated_env)
    os.utime(folder, (1_700_000_000, 1_700_000_000))
    checked = run("check-appdir", "--json", env=migrated_env)

    assert deleted.code == 0
    assert f"its folder {folder} is still there" in deleted.json["messages"][0]["text"]
    assert set(in_shop(migrated_env, _tables).values()) == {0}
    found = [one["path"] for one in checked.data["findings"] if one["id"] == "batches.W001"]
    is_on_a_server = "RATTAIL_DATABASE_URL" in migrated_env
    assert found == ([] if is_on_a_server else [f"data/batches/vendor_catalog/{number:08d}"])


def _yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
