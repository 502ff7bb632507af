"""How many points the tests here strike: found by counting, of every kind together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rattail.registry import Registry
from tests.faults import test_copy_records_faults, test_every_moment, test_server_faults
from tests.faults.server_trials import server_trials
from tests.faults.striking import Pass, Trial, calls_of, points_of
from tests.faults.trials import TRIALS
from tests.kit.postgres import Server

ENOUGH = 1000


def test_there_are_at_least_a_thousand_points(quick_path: Path, registry: Registry, postgres: Server) -> None:
    alone = {**TRIALS, "copy the records": test_copy_records_faults.RenewTrial}
    passes = [*test_every_moment.PASSES.values(), *test_copy_records_faults.PASSES.values()]
    points = _counted(alone, passes, quick_path, registry)
    with server_trials(postgres) as trials:
        points += _counted(trials, test_server_faults.PASSES.values(), quick_path, registry)

    assert points >= ENOUGH


def _counted(
    trials: Mapping[str, Callable[[Path, Registry], Trial]], passes: Iterable[Pass], path: Path, registry: Registry
) -> int:
    points = 0
    ways = list(passes)
    assert {way.trial for way in ways} == set(trials)
    for name, make in trials.items():
        base = path / name
        base.mkdir()
        trial = make(base, registry)
        points += sum(
            points_of(way, calls_of(trial, way.faults[0], is_inside=way.is_inside)) for way in ways if way.trial == name
        )
    return points
