"""How much room is left on each disk that holds a part of the app folder."""

from __future__ import annotations

import os
from typing import NamedTuple

from rattail.site import Site

_LITTLE = 10  # percent


class Disk(NamedTuple):
    """One file system. `holds` are the logical names of what lies on it; sizes are bytes."""

    holds: tuple[str, ...]
    size_bytes: int
    free_bytes: int
    is_short: bool

    @property
    def name(self) -> str:
        return "the app folder" if "." in self.holds else ", ".join(self.holds)

    @property
    def used_percent(self) -> int:
        return round(100 * (self.size_bytes - self.free_bytes) / self.size_bytes) if self.size_bytes else 0

    @property
    def is_getting_short(self) -> bool:
        return 100 - self.used_percent < _LITTLE


def disks_of(site: Site) -> list[Disk]:
    """The file systems under the app folder and under what was moved elsewhere; what is missing is left out."""
    holds: dict[int, list[str]] = {}
    rooms: dict[int, os.statvfs_result] = {}
    for place in site.places:
        if place.path != "." and not place.is_relocated:
            continue
        try:
            device = os.stat(place.location).st_dev
            rooms[device] = os.statvfs(place.location)
        except OSError:
            continue  # check-appdir says so
        holds.setdefault(device, []).append(place.path)
    least_bytes = site.settings.integer("check.min_free_mb") * 1_000_000
    return [
        Disk(tuple(holds[device]), room.f_blocks * room.f_frsize, free, free < least_bytes)
        for device, room in rooms.items()
        for free in (room.f_bavail * room.f_frsize,)
    ]
