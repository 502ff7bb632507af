"""The lock: is it a file, who died with it, who has had it for long."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator

from rattail.appdir.inspect import Finding, Looking, found
from rattail.appdir.lock import away_line, in_place_of_lock, read_holder
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import shown

LONG_S = 3600


def check_lock(looking: Looking) -> Iterator[Finding]:
    """The lock is a file, nobody ended while holding it, and nobody has held it for more than an hour."""
    kind = in_place_of_lock(looking.root)
    if kind:
        text = f"the lock file {shown(LOCK)} should be a plain file, but it is {kind}, so nothing can be written."
        yield found("core.E028", LOCK, text, hint=away_line(looking.root))
        return
    holder, is_held = read_holder(looking.root)
    if holder is None:
        return
    if not is_held:
        yield found(
            "core.W009",
            LOCK,
            f"{holder} ended without releasing the app folder's lock: what it was doing may be half done.",
            hint=f"run that command again, or: {looking.command('check-appdir', '--fix')}",
            can_be_fixed=True,
        )
        return
    held_s = looking.now - _seconds(holder.since, looking.now)
    if held_s > LONG_S:
        yield found(
            "core.I002",
            LOCK,
            f"{holder} has held the app folder's lock for {held_s / 3600:.0f} hours.",
            hint=f"is it still at work? On {holder.host}: ps -fp {holder.pid}",
        )


def _seconds(since: str, now: float) -> float:
    try:
        return calendar.timegm(time.strptime(since, "%Y-%m-%d %H:%M:%S UTC"))
    except ValueError:
        return now
