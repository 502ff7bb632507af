"""Signals that wake up who waits in a poll: for processes that look after others. Without Django."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType


class Waking:
    """What `waking_signals` gives: waiting that a signal ends."""

    def __init__(self, wake_fd: int) -> None:
        self._wake_fd = wake_fd

    def wait(self, fds: Sequence[int], seconds: float) -> None:
        """Wait until one of `fds` can be read, a signal came, or that time is over."""
        poll = select.poll()
        for fd in (self._wake_fd, *fds):
            poll.register(fd, select.POLLIN)
        poll.poll(seconds * 1000)
        with suppress(BlockingIOError):
            os.read(self._wake_fd, 512)


@contextmanager
def waking_signals(hear: Callable[[int], None], *numbers: signal.Signals) -> Iterator[Waking]:
    """Within this, `hear` is called with the number of each of these signals. Only in the main thread."""

    def handle(number: int, _frame: FrameType | None) -> None:
        hear(number)

    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    before = {each: signal.signal(each, handle) for each in numbers}
    woken_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield Waking(reader)
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)
