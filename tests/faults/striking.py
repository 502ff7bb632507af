"""Striking a command at each moment: what holds is asked, then the same command runs again and has to succeed.

It runs again without help and without a fault, and nothing is left over. Which commands: `tests.faults.trials`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

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


def strike_everywhere(trial: Trial, faults: Sequence[int], *, every: int = 1, is_inside: bool = False) -> int:
    """Strike at every moment of the trial, with the faults in turn; returns how many moments there were."""
    struck = 0
    for moment, ended in every_moment(faults, trial.act, every=every, is_inside=is_inside):
        at = f"at call {moment} ({ended.call}: {ended.how}, {ended.text})"
        assert ended.how != "bug", at
        assert ended.how != "told" or ended.text.strip(), at
        try:
            trial.require_sound(ended)
        except AssertionError as error:
            raise AssertionError(f"after the strike {at}: {error}") from error
        if ended.how == "quiet":
            trial.require_done()
            trial.reset()
            return struck
        struck += 1  # noqa: SIM113 - of the moments, not of the rounds
        trial.runs += 1
        again = unstruck(trial.act)
        assert again.how == "quiet", f"run again after the strike {at}: {again}"
        try:
            trial.require_done()
        except AssertionError as error:
            raise AssertionError(f"run again after the strike {at}: {error}") from error
        trial.reset()
    raise AssertionError("a trial ends")


def count_moments(trial: Trial, fault: int = KILL, *, is_inside: bool = False) -> int:
    """How many moments a trial has for a fault: it runs once, and nothing fails."""
    ended = unstruck(trial.act, fault, is_inside=is_inside)
    assert ended.how == "quiet", ended
    trial.reset()
    return ended.calls
