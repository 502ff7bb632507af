"""The same where the records are on a server, which may be lost for a moment, or for longer.

Folder and database are exchanged one after the other. Whatever fails, both are the old or both are the new; where a
kill came between the two, the same command puts that right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rattail.registry import Registry
from tests.faults.server_trials import ServerTrials, server_trials
from tests.faults.striking import Pass, calls_of, points_of, strike_everywhere
from tests.kit.faults import ERRORS, GONE, KILL, UNHEARD, UNREADABLE
from tests.kit.postgres import Server

MAKE, RESTORE = "make a backup, on a server", "restore over, on a server"
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
