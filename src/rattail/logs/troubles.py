"""Errors in the log, on their way to a person.

They wait in memory, and a thread of its own hands them on. So telling them takes part in nobody's transaction, fails
with none, and keeps nobody waiting. What cannot be told (there is no database, it does not answer) is in the log.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import NamedTuple, cast

_TELL = "rattail.notices.from_log:tell"  # a layer above, found by its name
_MOST_WAITING = 50
_GATHER_S = 1.0
_LAST_WAIT_S = 3.0
#: Whose errors are told to nobody: the mail's own would never end, strangers' tries would fill a mailbox.
_UNTOLD = ("rattail.mail", "rattail.notices", "django.security")


class Trouble(NamedTuple):
    """An error that a person has to hear of. Those with the same `key` come from one place in the code."""

    key: str
    subject: str
    text: str
    at: datetime


class Teller:
    """Hands errors on. `tell` takes some of them and writes them down; it may raise whatever it likes."""

    def __init__(self, tell: Callable[[Sequence[Trouble]], None] | None = None) -> None:
        self._tell = tell
        self._waiting: deque[Trouble] = deque(maxlen=_MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()

    def add(self, trouble: Trouble) -> None:
        """Have an error told soon."""
        if threading.current_thread() is self._thread:
            return  # telling an error made this one
        self._waiting.append(trouble)
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def finish(self) -> None:
        """Tell what is waiting still, for a few seconds at most: the process ends."""
        self._hurry.set()
        thread = self._thread
        if self._waiting and (thread is None or not thread.is_alive()):
            self._start()
            thread = self._thread
        if thread is not None and thread.is_alive():
            thread.join(_LAST_WAIT_S)

    def _start(self) -> None:
        if not self._hurry.is_set():
            self._hurry = threading.Event()
        thread = threading.Thread(target=self._run, name="rattail-errors", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending
            self._thread = None

    def _run(self) -> None:
        self._hurry.wait(_GATHER_S)
        while self._waiting:
            troubles = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                (self._tell or _found_by_name())(troubles)
            except Exception:
                logging.getLogger("rattail.notices").warning(
                    "%d errors of this log could not be told to anybody", len(troubles), exc_info=True
                )
                return


def is_to_be_told(record: logging.LogRecord) -> bool:
    """Whether a person has to hear of a line of the log: of errors, unless it says `extra={"is_told": True}`."""
    if record.levelno < logging.ERROR or getattr(record, "is_told", False):
        return False
    return not any(record.name == name or record.name.startswith(f"{name}.") for name in _UNTOLD)


def _found_by_name() -> Callable[[Sequence[Trouble]], None]:
    module, _, name = _TELL.partition(":")
    return cast("Callable[[Sequence[Trouble]], None]", getattr(import_module(module), name))
