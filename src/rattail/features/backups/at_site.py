"""What backups are to an app folder that a server or a worker has open."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

from rattail.features.backups.making.plan import MakeRequest
from rattail.features.backups.shelf.shelf import Backup, list_backups
from rattail.features.backups.shelf.target import name_on_shelf, target_of
from rattail.site import Site

WORKER, TIMER = "worker", "timer"


def shelf_at(site: Site) -> str:
    """The folder for backups; it need not be there."""
    return target_of(site.settings, sys.prefix)


def app_at(site: Site) -> str:
    """The app, as the names of its backups have it."""
    return name_on_shelf(site.marker.name)


def backups_at(site: Site) -> tuple[Backup, ...]:
    """The backups of the app, the newest first."""
    return list_backups(shelf_at(site), app=app_at(site))


def request_at(site: Site, *, now: datetime) -> MakeRequest:
    """A backup as the settings want the daily one."""
    settings, marker = site.settings, site.marker
    return MakeRequest(
        root=site.root,
        name=marker.name,
        app_id=marker.app_id,
        layout=marker.layout,
        places=site.places,
        settings=settings,
        target=shelf_at(site),
        prefix=sys.prefix,
        now=now,
        is_full=bool(settings.by_key["backups.has_history"].value),
        has_wheels=bool(settings.by_key["backups.has_wheels"].value),
        recipients=settings.texts("backups.encrypt_to"),
    )


def who_makes(text: Callable[[str], str]) -> str:
    """A sentence on who makes the daily backup, and when; `text` answers for an option."""
    at, made_by = text("backups.at"), text("backups.made_by")
    if made_by == TIMER:
        return "The systemd timer of 'rattail make-units' makes the daily backup; the worker stays out of it."
    if not at:
        return "Nobody makes a daily backup: backups.at is empty."
    return f"The worker of 'rattail serve' makes the daily backup at {at}; the systemd timer stays out of it."
