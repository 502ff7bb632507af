"""How full the disks under the app folder are, and when they will be. Needs no records."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from rattail.appdir.layout import Place
from rattail.appdir.refusal import shown

FULL_SHARE = 0.9
SOON_DAYS = 7
_FEWEST_DAYS = 2.0


class Disk(NamedTuple):
    """A file system that holds a part of the app folder. Megabytes are decimal."""

    path: str
    location: str
    free_mb: int
    size_mb: int

    @property
    def used_share(self) -> float:
        return 1 - self.free_mb / self.size_mb if self.size_mb else 0.0


def disks_of(places: Iterable[Place]) -> tuple[Disk, ...]:
    """Every file system under the app folder, once; one that cannot be looked at is left out."""
    disks: dict[int, Disk] = {}
    for place in places:
        try:
            device = os.stat(place.location).st_dev
            if device not in disks:
                disks[device] = _disk(place)
        except OSError:
            continue
    return tuple(disks.values())


def judged(disk: Disk, *, minimum_mb: int, days_left: float | None) -> tuple[str, str]:
    """How bad it is ("error", "warning", or nothing) and a sentence that says so."""
    where = f"the disk of {shown(disk.location)}"
    if disk.free_mb < minimum_mb:
        return "error", f"{where} is nearly full: {disk.free_mb:,} MB are left, expected {minimum_mb:,} MB or more"
    if disk.used_share > FULL_SHARE:
        return "warning", f"{where} is {disk.used_share:.0%} full: {disk.free_mb:,} MB are left"
    if days_left is not None and days_left < SOON_DAYS:
        return "warning", f"{where} will be full in about {max(1, round(days_left))} days: {disk.free_mb:,} MB are left"
    return "", ""


def days_until_full(measures: list[list[float]], free_mb: int) -> float | None:
    """In how many days there is nothing left if it goes on as it did; None where that cannot be said.

    `measures` are pairs of a moment (seconds since 1970) and free megabytes, the oldest first.
    """
    if len(measures) < 2:
        return None
    days = (measures[-1][0] - measures[0][0]) / 86400
    used_mb = measures[0][1] - measures[-1][1]
    if days < _FEWEST_DAYS or used_mb <= 0:
        return None
    return free_mb / (used_mb / days)


def _disk(place: Place) -> Disk:
    found = os.statvfs(place.location)
    unit = found.f_frsize
    usable = found.f_blocks - found.f_bfree + found.f_bavail  # without what is kept for root
    return Disk(place.path, place.location, found.f_bavail * unit // 1_000_000, usable * unit // 1_000_000)
