"""A real, small disk that somebody else fills to the last byte while a backup is made or restored."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from rattail.registry import Registry
from tests.faults.striking import Progress, Trial
from tests.faults.trials import TRIALS
from tests.kit.faults import Ended, unstruck
from tests.kit.mounting import small_file_system


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("free_bytes", [0, 3 * 4096, 40 * 4096])
@pytest.mark.parametrize("name", ["make a backup", "restore over", "restore where nothing is"])
def test_a_disk_that_fills_up_is_a_sentence_and_with_room_the_same_command_succeeds(
    name: str, free_bytes: int, tmp_path: Path, registry: Registry
) -> None:
    with small_file_system(tmp_path / "disk", options="size=80m") as disk:
        trial = TRIALS[name](disk, registry)
        told = []
        for step in _steps(trial, tmp_path / "steps"):
            ballast = disk / "ballast"
            trial.progress = _filling(ballast, step, free_bytes)
            ended = unstruck(trial.act)

            assert ended.how in ("told", "quiet"), f"filled while {step}: {ended}"
            told += [ended.text] if ended.how == "told" else []
            trial.require_sound(ended if ended.how == "told" else Ended("done"))
            ballast.unlink()
            trial.progress = lambda *_: None
            trial.runs += 1
            again = unstruck(trial.act)
            assert again.how == "quiet", f"run again after it was filled while {step}: {again}"
            trial.require_done()
            trial.reset()

    assert told or free_bytes
    assert all("the disk is full" in text or "free" in text for text in told), told


def _steps(trial: Trial, told: Path) -> list[str]:
    """What the command tells of its progress, each once."""
    told.touch()

    def tell(what: str, done: int, total: int | None) -> None:
        with told.open("a") as stream:
            stream.write(f"{what}\n")

    trial.progress = tell
    assert unstruck(trial.act).how == "quiet"
    trial.reset()
    return list(dict.fromkeys(told.read_text().splitlines()))


def _filling(ballast: Path, step: str, free_bytes: int) -> Progress:
    def fill(what: str, done: int, total: int | None) -> None:
        if what != step or ballast.exists():
            return
        with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while stream.write(bytes(1 << 20)):
                pass
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as stream:
            while stream.write(bytes(512)):
                pass
        os.truncate(ballast, max(0, ballast.stat().st_size - free_bytes))

    return fill
