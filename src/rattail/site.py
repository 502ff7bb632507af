"""One app folder, opened by a process that lives long: the web application or a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from rattail.appdir.layout import Place
from rattail.appdir.marker import Marker, require_marker
from rattail.config.load import Settings, load_settings
from rattail.database.setup import Whereabouts, open_django, whereabouts
from rattail.registry import Registry, load_registry

_opened: Site | None = None


class Site:
    """What views and jobs need to know of the app folder: its features, settings and places.

    Settings are read once: a change takes effect at the next start.
    """

    def __init__(self, root: str, *, registry: Registry, settings: Settings) -> None:
        self.root = root
        self.registry = registry
        self.settings = settings

    @cached_property
    def marker(self) -> Marker:
        return require_marker(self.root)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        relocations = self.settings.relocations(self.root)
        return self.registry.layout.place(self.root, relocations, app_id=self.marker.app_id)

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Where each folder lies, by its logical name ("data/uploads")."""
        return {place.path: place.location for place in self.places}

    @cached_property
    def where(self) -> Whereabouts:
        return whereabouts(
            data_folder=self.folders["data"], url=self.text("database.url"), password=self.text("database.password")
        )

    @property
    def time_zone(self) -> str:
        return self.text("app.time_zone")

    @property
    def title(self) -> str:
        return self.text("app.title")

    def text(self, option: str) -> str:
        return self.settings.text(option)

    def now(self) -> datetime:
        """The one place where the web application and the workers look at the clock: aware, UTC."""
        return datetime.now(UTC)

    def open_django(self, extra: Mapping[str, Any] | None = None) -> None:
        """Make models usable in this process; `extra` are further settings of Django."""
        open_django(self.where, apps=self.registry.apps, time_zone=self.time_zone, extra=extra)


def open_site(root: str) -> Site:
    """Open an app folder for this whole process. A process has one; opening the same one again is nothing.

    Raises:
        AppDirNotFound: there is no marker file.
        ConfigInvalid: the settings have faults.
    """
    global _opened
    if _opened is None:
        require_marker(root)
        registry = load_registry()
        settings = load_settings(registry.options, root=root, environ=os.environ).require_sound()
        _opened = Site(root, registry=registry, settings=settings)
    assert _opened.root == root, f"this process has opened {_opened.root!r} already"
    return _opened


def site() -> Site:
    """The app folder that this process has opened."""
    assert _opened is not None, "no app folder was opened: call open_site first"
    return _opened
