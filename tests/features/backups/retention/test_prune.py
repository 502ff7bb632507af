"""Deleting what no rule keeps: exactly what was listed, and never the last good one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rattail.errors import AppDirBusy
from rattail.features.backups.keys.keys import make_key, note_proofs
from rattail.features.backups.retention.prune import PrunePlan, plan_prune, prune
from rattail.features.backups.retention.rules import Rules
from rattail.features.backups.shelf.shelf import list_backups, target_lock
from rattail.features.backups.shelf.state import Copy, Known, Look, State, write_known
from tests.features.backups.shelf.on_shelf import put
from tests.kit.killing import at_once, killed_at
from tests.kit.snapshot import snapshot

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
GOOD = Known(read_back=Look(NOW))
DAMAGED = Known(read_back=Look(NOW, "a byte differs"))
ONE = Rules(1, 0, 0, 0, 0)


def fill(target: Path, *known: Known) -> list[Path]:
    """One backup a day, the newest first."""
    return [put(target, NOW - timedelta(days=days), known=one) for days, one in enumerate(known)]


def planned(target: Path, rules: Rules = ONE, **more: tuple[str, ...]) -> PrunePlan:
    return plan_prune(str(target), app="shop", rules=rules, zone=ZoneInfo("America/Detroit"), **more)


def names(target: Path) -> set[str]:
    return {name for name in os.listdir(target) if name != "backups.lock"}


def test_what_the_plan_lists_is_deleted_with_what_is_known_of_it_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, GOOD, DAMAGED, GOOD, Known(), GOOD)
    other = put(tmp_path, NOW - timedelta(days=900), app="another")
    plan = planned(tmp_path)

    pruned = prune(plan)

    kept = [one.backup for one in plan.decisions if one.is_kept]
    assert list(pruned.removed) == [one.backup for one in plan.doomed]
    assert [one.state for one in kept] == [State.READ_BACK, State.UNPROVEN]
    there = [*(one.file_name for one in kept), other.name]
    assert names(tmp_path) == {*there, *(f"{name}.json" for name in there)}
    assert (len(pruned.removed), pruned.freed_bytes, pruned.spared) == (3, 3, ())
    assert planned(tmp_path).is_empty


def test_planning_and_an_empty_plan_touch_nothing(tmp_path: Path) -> None:
    fill(tmp_path, GOOD, Known())
    before = snapshot(tmp_path)

    pruned = prune(planned(tmp_path))

    assert pruned.removed == ()
    assert snapshot(tmp_path) == before
    assert planned(tmp_path / "nowhere").is_empty


def test_one_that_changed_since_the_plan_is_left(tmp_path: Path) -> None:
    paths = fill(tmp_path, GOOD, GOOD, GOOD, GOOD)
    plan = planned(tmp_path)
    paths[1].write_bytes(b"another")
    write_known(str(paths[2]), GOOD._replace(proved=Look(NOW)))

    pruned = prune(plan)

    assert [one.path for one in pruned.spared] == [str(paths[1]), str(paths[2])]
    assert [one.path for one in pruned.removed] == [str(paths[3])]


def test_where_the_good_one_went_since_the_plan_nothing_is_deleted(tmp_path: Path) -> None:
    paths = fill(tmp_path, GOOD, GOOD)
    plan = planned(tmp_path)
    paths[0].unlink()

    assert prune(plan).removed == ()
    assert paths[1].exists()


def test_where_the_newest_turned_out_damaged_the_next_good_one_stays(tmp_path: Path) -> None:
    paths = fill(tmp_path, GOOD, GOOD, GOOD)
    plan = planned(tmp_path)
    write_known(str(paths[0]), DAMAGED)

    pruned = prune(plan)

    assert [one.path for one in pruned.removed] == [str(paths[2])]


@pytest.mark.parametrize("rules", [ONE, Rules(0, 0, 0, 0, 0)], ids=["one", "none"])
def test_the_last_good_one_is_kept_whatever_the_setting(tmp_path: Path, rules: Rules) -> None:
    paths = fill(tmp_path, DAMAGED, GOOD, GOOD, DAMAGED)

    prune(planned(tmp_path, rules))

    assert {path.name for path in paths if path.exists()} == {paths[0].name, paths[1].name}


def test_an_encrypted_one_counts_for_a_rule_once_its_key_is_proved(tmp_path: Path) -> None:
    key = make_key().public
    fill(tmp_path, GOOD._replace(recipients=(key,)), GOOD, GOOD)

    before = planned(tmp_path)
    note_proofs(str(tmp_path), [key], now=NOW)
    after = planned(tmp_path)

    assert [one.is_kept for one in before.decisions] == [True, True, False]
    assert before.decisions[0].reason == f"nobody proved the key {key}: rattail prove-backup-key --identity FILE"
    assert [one.is_kept for one in after.decisions] == [True, False, False]


def test_after_a_copy_that_failed_everything_is_kept(tmp_path: Path) -> None:
    fill(tmp_path, GOOD._replace(copies={"/far": Copy(NOW, "the disk is full"), "/gone": Copy(NOW, "x")}), GOOD, GOOD)

    plan = planned(tmp_path, copy_to=("/far", "/new"))

    assert plan.doomed == ()
    assert plan.decisions[1].reason == "the newest backup was not copied to /far: rattail copy-backup newest"
    assert len(planned(tmp_path, copy_to=("/new",)).doomed) == 2


def test_killed_at_any_point_the_next_run_completes_it(tmp_path: Path) -> None:
    moment = 0
    is_killed = True
    while is_killed:
        target = tmp_path / str(moment := moment + 1)
        paths = fill(target, GOOD, GOOD, DAMAGED)
        plan = planned(target)
        is_killed = killed_at(moment, partial(prune, plan))

        found = list_backups(str(target))
        assert found[0].path == str(paths[0])
        assert {one.state for one in found} <= {State.READ_BACK, State.DAMAGED}
        prune(planned(target))
        assert names(target) == {paths[0].name, f"{paths[0].name}.json"}

    assert moment > 10


def test_of_two_at_once_both_may_fail_but_never_delete_more_than_was_listed(tmp_path: Path) -> None:
    paths = fill(tmp_path, GOOD, GOOD, GOOD)
    plan = planned(tmp_path)

    def act() -> None:
        try:
            prune(plan)
        except AppDirBusy:
            return

    assert at_once(3, act) == [0, 0, 0]
    assert names(tmp_path) == {paths[0].name, f"{paths[0].name}.json"}


def test_while_a_backup_is_made_nothing_is_deleted(tmp_path: Path) -> None:
    paths = fill(tmp_path, GOOD, GOOD)
    plan = planned(tmp_path)

    with target_lock(str(tmp_path)), pytest.raises(AppDirBusy):
        prune(plan)

    assert paths[1].exists()
