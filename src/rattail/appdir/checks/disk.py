"""The disks under the folder, and the folders above it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from rattail.appdir.hints import pasted
from rattail.appdir.inspect import Finding, Looking, found
from rattail.appdir.layout import Place
from rattail.appdir.refusal import shown

MIN_FREE_MB = "check.min_free_mb"
MIN_FREE_INODES = "check.min_free_inodes"


def check_disks(looking: Looking) -> Iterator[Finding]:
    """Every file system that holds a part of the app folder can be written and has room left."""
    devices: set[int] = set()
    for place in filter(looking.is_ours, looking.places):
        try:
            device = os.stat(place.location).st_dev
            if device not in devices:
                devices.add(device)
                yield from _check_disk(place, os.statvfs(place.location), looking)
        except OSError:
            continue  # said by the check of the folders


def _check_disk(place: Place, disk: os.statvfs_result, looking: Looking) -> Iterator[Finding]:
    where = f"the file system of {shown(place.location)}"
    if disk.f_flag & os.ST_RDONLY:
        hint = f"mount it writable; a disk with faults is made read-only too: findmnt -T {pasted(place.location)}"
        yield found("core.E016", place.path, f"{where} is mounted read-only.", hint=hint)
        return
    free_mb = disk.f_bavail * disk.f_frsize // 1_000_000
    wanted_mb = looking.integer(MIN_FREE_MB)
    if free_mb < wanted_mb:
        yield found(
            "core.W006",
            place.path,
            f"{where} has {free_mb:,} MB left; expected {wanted_mb:,} MB or more ({MIN_FREE_MB}).",
            hint=f"remove old scratch files: {looking.command('clean-appdir')}",
        )
    wanted_inodes = looking.integer(MIN_FREE_INODES)
    if disk.f_files and disk.f_favail < wanted_inodes:  # some file systems count no inodes
        yield found(
            "core.W007",
            place.path,
            f"{where} has {disk.f_favail:,} inodes left; expected {wanted_inodes:,} or more ({MIN_FREE_INODES}).",
            hint=f"many small files use them up: df -i {pasted(place.location)}",
        )


def check_folders_above(looking: Looking) -> Iterator[Finding]:
    """Nobody can take a folder above the app folder away and put another in its place."""
    seen: set[str] = set()
    for place in looking.places:
        if place.path != "." and not (place.is_relocated and looking.is_ours(place)):
            continue
        above = os.path.dirname(place.location)
        while above not in seen:
            seen.add(above)
            try:
                mode = os.stat(above).st_mode
            except OSError:
                mode = 0
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                yield found(
                    "core.W021",
                    above,
                    f"everybody can write in {shown(above)} (mode {stat.S_IMODE(mode):04o}), and so put something "
                    f"else in the place of {shown(place.location)}.",
                    hint=f"chmod o-w {pasted(above)}",
                )
            above = os.path.dirname(above)
