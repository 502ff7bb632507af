"""Striking a command at each moment: what holds is asked, then the same command runs again and has to succeed.

It runs again without help and without a fault, and nothing is left over. Which commands: `tests.faults.trials`.
"""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.kit.faults import KILL, Ended, every_moment, unstruck

Progress = Callable[[str, int, int | None], object]


class Trial(ABC):
    """A command, and the ground on which it runs. `runs` counts them: some need another time for each."""

    runs = 0
    progress: Progress = staticmethod(lambda *_: None)

    @abstractmethod
    def act(self) -> object:
        """Run the command, as a person does."""

    @abstractmethod
    def require_sound(self, ended: Ended) -> None:
        """What has to hold after a strike."""

    @abstractmethod
    def require_done(self) -> None:
        """What has to hold after the command ran to its end: it did its work, and nothing is left over."""

    @abstractmethod
    def reset(self) -> None:
        """Make the ground what it was."""


class Pass(NamedTuple):
    """One way through a trial: at every moment (or every so many) one of the faults, in turn.

    `after` leaves out what comes before the last call in a file of that name.
    """

    trial: str
    faults: tuple[int, ...]
    every: int = 1
    is_inside: bool = False
    after: str = ""


class Strike(NamedTuple):
    """One moment: how the command ended, and what did not hold then or when it ran again; empty where all did."""

    moment: int
    ended: Ended
    problem: str


def strikes(
    trial: Trial, faults: Sequence[int], *, first: int = 1, every: int = 1, is_inside: bool = False
) -> Iterator[Strike]:
    """Strike at each moment of the trial, with the faults in turn; the last one is that where nothing was struck."""
    for moment, ended in every_moment(faults, trial.act, first=first, every=every, is_inside=is_inside):
        yield Strike(moment, ended, _problem(trial, ended))
        trial.reset()


def strike_everywhere(trial: Trial, way: Pass) -> int:
    """Strike at every moment of a pass, which none may fail; returns how many there were."""
    first = first_of(way, calls_of(trial, way.faults[0], is_inside=way.is_inside)) if way.after else 1
    struck = -1
    for moment, ended, problem in strikes(trial, way.faults, first=first, every=way.every, is_inside=way.is_inside):
        assert not problem, f"call {moment} ({ended.call}: {ended.how}, {ended.text}): {problem}"
        struck += 1
    return struck


def calls_of(trial: Trial, fault: int = KILL, *, is_inside: bool = False) -> tuple[str, ...]:
    """The moments that a trial has for a fault, by what would be struck: it runs once, and nothing fails."""
    ended = unstruck(trial.act, fault, is_inside=is_inside)
    assert ended.how == "quiet", ended
    trial.reset()
    return ended.calls


def first_of(way: Pass, calls: Sequence[str]) -> int:
    """The number of the first moment that a pass strikes."""
    before = [number for number, call in enumerate(calls, 1) if way.after and f"/{way.after}:" in call]
    assert before or not way.after, f"there is no call in {way.after}"
    return before[-1] + 1 if before else 1


def points_of(way: Pass, calls: Sequence[str]) -> int:
    """How many moments a pass strikes, of so many."""
    return len(range(first_of(way, calls), len(calls) + 1, way.every))


def _problem(trial: Trial, ended: Ended) -> str:
    """What does not hold after a strike."""
    if ended.how == "bug" or (ended.how == "told" and not ended.text.strip()):
        return "no error for a person"
    when = "after the strike"
    try:
        trial.require_sound(ended)
        if ended.how != "quiet":
            when = "run again"
            trial.runs += 1
            again = unstruck(trial.act)
            if again.how != "quiet":
                return f"{when}: {again.how}, {again.text}"
        trial.require_done()
    except AssertionError as error:
        return f"{when}: {error} in {traceback.extract_tb(error.__traceback__)[-1].line}"
    return ""
