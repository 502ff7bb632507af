"""The same where the records are on a server, which may be lost for a moment, or for longer.

Folder and database are exchanged one after the other. Whatever fails, both are the old or both are the new; where a
kill came between the two, the same command puts that right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier, Literal

from rattail.errors import Interrupted
from rattail.registry import Registry
from tests.faults.server_trials import MAKE, RESTORE, SINCE, ServerRestoreTrial, ServerTrials, server_trials
from tests.faults.striking import Pass, calls_of, points_of, strike_everywhere
from tests.faults.trials import RestoreTrial
from tests.kit.faults import ERRORS, GONE, KILL, UNHEARD, UNREADABLE, struck, unstruck
from tests.kit.postgres import USER, Server

#: The beginning of the transaction, two names, its end.
QUESTIONS_OF_A_RENAME = 4
MIXED = (KILL, ERRORS[0], KILL, ERRORS[1], KILL, ERRORS[2])
PASSES = {
    "make a backup": Pass(MAKE, MIXED, every=8),
    "make a backup, unreadable": Pass(MAKE, (UNREADABLE,), every=120),
    "make a backup, server gone": Pass(MAKE, (GONE,)),
    "restore over": Pass(RESTORE, MIXED, every=150),
    "restore over, put in place": Pass(RESTORE, (KILL, KILL, ERRORS[1]), every=2, after="staging.py"),
    "restore over, answer lost": Pass(RESTORE, (UNHEARD,), after="load.py"),
    "restore over, server gone": Pass(RESTORE, (GONE,), every=2, after="load.py"),
}


@pytest.fixture
def trials(postgres: Server) -> Iterator[ServerTrials]:
    with server_trials(postgres) as trials:
        yield trials


@pytest.mark.parametrize("name", PASSES)
def test_whatever_fails_folder_and_database_stay_together_and_the_same_command_succeeds(
    name: str, trials: ServerTrials, quick_path: Path, registry: Registry
) -> None:
    way = PASSES[name]
    trial = trials[way.trial](quick_path, registry)

    struck = strike_everywhere(trial, way)

    assert struck > 0
    assert struck == points_of(way, calls_of(trial, way.faults[0], is_inside=way.is_inside))


def test_a_kill_between_folder_and_database_is_put_right_by_the_same_command(
    trials: ServerTrials, quick_path: Path, registry: Registry
) -> None:
    trial = trials[RESTORE](quick_path, registry)
    assert isinstance(trial, ServerRestoreTrial)
    between = [moment for moment, call in enumerate(calls_of(trial), 1) if call.endswith(" do") and "databases" in call]
    assert len(between) == QUESTIONS_OF_A_RENAME

    for moment in between:
        ended = struck(moment, KILL, trial.act)

        assert ended.how == "killed"
        assert trial.is_new
        assert trial.records.noted() == SINCE
        assert unstruck(trial.act).how == "quiet"
        trial.require_done()
        trial.reset()


def test_a_server_that_lets_nobody_in_once_all_is_exchanged_leaves_the_new_folder_with_the_new_database(
    postgres: Server, trials: ServerTrials, quick_path: Path, registry: Registry
) -> None:
    trial = trials[RESTORE](quick_path, registry)

    def shut(what: str, done: int, total: int | None) -> None:
        if what.startswith("asking the application"):
            postgres.administer(SQL("ALTER ROLE {} PASSWORD 'another'").format(Identifier(USER)))
            raise Interrupted("stopped.")

    trial.progress = shut
    try:
        ended = unstruck(trial.act)
    finally:
        postgres.administer(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(USER), Literal(postgres.password)))
        trial.progress = lambda *_: None

    assert ended.how == "told"
    assert "is not taken back yet: do not use the folder until it is" in ended.text
    trial.require_sound(ended._replace(is_lasting=True))
    assert isinstance(trial, RestoreTrial)
    assert trial.is_new
    assert unstruck(trial.act).how == "quiet"
    trial.require_done()
