"""What every verb of uploads stands on: the folder, the limits, the clock, who acts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rattail.config.load import Settings
    from rattail.site import Site

FOLDER = "data/uploads"
_MEGABYTE = 1_000_000


class Limits(NamedTuple):
    """How much may be uploaded, in bytes: one file, all that wait together, and what stays free on the disk."""

    largest_bytes: int
    total_bytes: int
    least_free_bytes: int


class Ground(NamedTuple):
    """`folder` is where `data/uploads` lies; `now` is aware, in UTC.

    Uploads of others than `actor` are not to be seen, but on the command line (`sees_all`).
    """

    folder: str
    limits: Limits
    now: datetime
    actor: str
    sees_all: bool = False


def ground_of(site: Site, *, actor: str) -> Ground:
    """What the services stand on for one person, in the web application or a job."""
    return Ground(site.folders[FOLDER], limits_of(site.settings), site.now(), actor)


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings say."""
    return Limits(
        largest_bytes=settings.integer("uploads.max_mb") * _MEGABYTE,
        total_bytes=settings.integer("uploads.max_total_mb") * _MEGABYTE,
        least_free_bytes=settings.integer("check.min_free_mb") * _MEGABYTE,
    )
