"""Where sessions are kept, and what holds one: what every place for them has to be able to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rattail.errors import AppDirBusy
from rattail.features.sessions.record import Record

WAIT_S = 20.0
_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.01
_GROWTH = 1.6


class Hold(Protocol):
    """A session that nobody else changes, until `release`, which may be called more than once."""

    def release(self) -> None: ...


class Locks(Protocol):
    """What holds sessions, by their names."""

    def hold(self, name: str, *, wait_s: float) -> Hold: ...


class Shelf(Protocol):
    """A place for sessions. Names are those of `name_of_key`. What is changed is held by the caller.

    All of these raise AppDirBroken or DatabaseUnreachable where the place is out of order.
    """

    def hold(self, name: str, *, wait_s: float = WAIT_S) -> Hold:
        """Keep others from changing a session.

        Raises:
            AppDirBusy: somebody else still held it after `wait_s` seconds.
        """

    def read(self, name: str) -> Record | None:
        """A session; None where there is none.

        Raises:
            Unsound: what is there is none of ours.
        """

    def create(self, name: str, record: Record) -> bool:
        """Keep a new session; False, and nothing is changed, where there is one of that name."""

    def replace(self, name: str, record: Record) -> bool:
        """Keep a session that is there already; False, and nothing is changed, where it is gone."""

    def remove(self, name: str) -> None:
        """Make sure that there is nothing of that name."""

    def remove_leftovers(self) -> int:
        """Remove what killed processes left half-written long ago; returns how many."""

    def names(self, *, person: str | None = None, seen_before_s: int | None = None) -> Iterator[str]:
        """The names of all that is kept, sound or not: of all that could be a person's, or could be that old."""


def wait_for(attempt: Callable[[], bool], *, wait_s: float) -> None:
    """Try to take something that somebody else may hold, until it is there.

    Raises:
        AppDirBusy: it was not there after `wait_s` seconds.
    """
    if attempt():
        return
    deadline = time.monotonic() + wait_s
    pause_s = _FIRST_PAUSE_S
    while time.monotonic() < deadline:
        time.sleep(pause_s)
        if attempt():
            return
        pause_s = min(pause_s * _GROWTH, _LONGEST_PAUSE_S)
    raise AppDirBusy(
        f"another request of the same session has been running for more than {wait_s:.0f} seconds; nothing was done.",
        hint="wait until what you did before has finished, then do this again",
    )
