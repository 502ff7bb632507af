"""When a count was made, where only the times of its scans tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import CountLine

_LONGEST = timedelta(days=1)
_MIDNIGHT = "00:00:00"


class Scans:
    """The oldest and the newest time of the scans of a file, in the shop's time; empty where it has none."""

    def __init__(self) -> None:
        self.oldest = self.newest = ""

    def see(self, lines: Iterable[CountLine]) -> None:
        times = [line.counted_at for line in lines if line.counted_at]
        if times:
            self.newest = max(self.newest, *times)
            self.oldest = min(self.oldest or self.newest, *times)

    def moment(self, *, now: datetime, may_take_days: bool) -> datetime | None:
        """When the newest scan was; None where the file has no times, or is of today and has days only.

        Raises:
            InputRejected: that is not the moment of the count: it lies ahead, there is no time of day, or the scans
                took more than a day, which only what is added (`may_take_days`) can.
        """
        if not self.newest:
            return None
        oldest, newest = (datetime.fromisoformat(text) for text in (self.oldest, self.newest))
        moment = timezone.make_aware(newest)
        shown = f"{newest:%Y-%m-%d %H:%M}"
        if moment > now:
            _refuse(f"the newest scan of the file is of {shown}, which is in the future", now)
        if may_take_days:
            return moment
        if newest - oldest > _LONGEST:
            _refuse(
                f"the scans of the file are of {oldest:%Y-%m-%d %H:%M} to {shown}, which is more than a day", moment
            )
        if self.newest.endswith(_MIDNIGHT):
            if newest.date() == timezone.localtime(now).date():
                return None
            _refuse(f"the file says that it was counted on {newest:%Y-%m-%d}, and not at what time", moment)
        return moment


def _refuse(said: str, moment: datetime) -> None:
    example = f"--counted-at '{timezone.localtime(moment):%Y-%m-%d %H:%M}'"
    raise InputRejected(f"{said}.", hint=f"say when it was counted: {example}")
