"""Every call that a command makes to the disk and to programs fails once, or is the last one of its process.

Whatever fails, no backup that is listed is bad, the app folder is exactly the old or exactly the new, and the same
command run again succeeds without help. What else is tried at each of these points: bench/faults.py.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from rattail.registry import Registry
from tests.faults.striking import Pass, calls_of, points_of, strike_everywhere
from tests.faults.trials import TRIALS
from tests.kit.faults import ERRORS, KILL, UNREADABLE

MIXED = (KILL, errno.ENOSPC, KILL, errno.EIO, KILL, errno.EDQUOT)
PASSES = {
    "make a backup, killed": Pass("make a backup", (KILL,)),
    "make a backup, refused": Pass("make a backup", ERRORS),
    "make a backup, unreadable": Pass("make a backup", (UNREADABLE,), every=9),
    "restore where nothing is": Pass("restore where nothing is", MIXED),
    "restore over, killed": Pass("restore over", (KILL,), every=2),
    "restore over, refused": Pass("restore over", ERRORS, every=3),
    "restore over, its programs": Pass("restore over", MIXED, every=9, is_inside=True),
    "restore over, unreadable": Pass("restore over", (UNREADABLE,), every=9),
    "restore a part, killed": Pass("restore a part", (KILL,)),
    "restore a part, refused": Pass("restore a part", ERRORS),
    "restore a plain copy": Pass("restore a plain copy", MIXED, every=5),
    **{
        f"{trial}, {how}": Pass(trial, (fault,))
        for trial in ("prune", "copy", "clean")
        for how, fault in (("killed", KILL), ("full", errno.ENOSPC), ("broken", errno.EIO), ("quota", errno.EDQUOT))
    },
    "prune, unreadable": Pass("prune", (UNREADABLE,), every=3),
    "copy, unreadable": Pass("copy", (UNREADABLE,)),
}


@pytest.mark.parametrize("name", PASSES)
def test_whatever_fails_nothing_is_lost_and_the_same_command_succeeds(
    name: str, quick_path: Path, registry: Registry
) -> None:
    way = PASSES[name]
    trial = TRIALS[way.trial](quick_path, registry)

    struck = strike_everywhere(trial, way)

    assert struck > 0
    assert struck == points_of(way, calls_of(trial, way.faults[0], is_inside=way.is_inside))
