"""A disk that fills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from rattail.appdir.layout import Place
from rattail.features.mail.disks import Disk, days_until_full, disks_of, judged
from rattail.notices.models import Watermark
from rattail.notices.note import note
from rattail.notices.read import was_noted

_REMIND = timedelta(hours=23)
_MEASURE_EVERY = timedelta(hours=20)
_KEPT_MEASURES = 15


def watch_disks(places: Iterable[Place], *, minimum_mb: int, now: datetime) -> None:
    """Write down, at most once a day for each, which disk is full, nearly full, or will be within a week."""
    for disk in disks_of(places):
        key = f"disk:{disk.path}"
        with transaction.atomic():
            days_left = days_until_full(_measures(key, disk, now), disk.free_mb)
            level, sentence = judged(disk, minimum_mb=minimum_mb, days_left=days_left)
            if sentence and not was_noted(key, since=now - _REMIND):
                note(
                    key,
                    subject=sentence,
                    text="Remove old scratch files, or move a folder to another disk:\n"
                    "    rattail clean-appdir\n    rattail show-appdir\n",
                    level="error" if level == "error" else "warning",
                    now=now,
                )


def _measures(key: str, disk: Disk, now: datetime) -> list[list[float]]:
    """What was measured in the last two weeks, once a day, with now."""
    mark, _ = Watermark.objects.select_for_update().get_or_create(name=key)
    kept: list[list[float]] = mark.value.get("measures", [])
    moment = now.timestamp()
    if not kept or moment - kept[-1][0] >= _MEASURE_EVERY.total_seconds():
        kept = [*kept, [moment, disk.free_mb]][-_KEPT_MEASURES:]
        mark.value = {"measures": kept}
        mark.save()
        return kept
    return [*kept, [moment, disk.free_mb]]
