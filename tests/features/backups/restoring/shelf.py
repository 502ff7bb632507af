"""An environment with an app folder in it, and backups of it, for tests of restoring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rattail.appdir.locate import Located
from rattail.appdir.marker import require_marker
from rattail.config.load import load_settings
from rattail.features.backups.making.make import make_backup
from rattail.features.backups.making.plan import MakeRequest
from rattail.features.backups.restoring.plan import RestoreRequest
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.conftest import NOW
from tests.kit.records import write_migrated_file


class Shop(NamedTuple):
    """An environment (of which only the name is one: its application is that of the tests) and its app folder."""

    environment: Path
    registry: Registry

    @property
    def app(self) -> Path:
        return self.environment / "app"

    def request(self, backup: str | Path, **more: object) -> RestoreRequest:
        plain = RestoreRequest(str(backup), str(self.environment), self.registry, NOW)
        return plain._replace(**more)  # type: ignore[arg-type]

    def backup(self, target: Path, **more: object) -> str:
        marker = require_marker(str(self.app))
        settings = load_settings(self.registry.options, root=str(self.app), environ=os.environ)
        relocations = settings.relocations(str(self.app))
        request = MakeRequest(
            root=str(self.app),
            name=marker.name,
            app_id=marker.app_id,
            layout=marker.layout,
            places=self.registry.layout.place(str(self.app), relocations, app_id=marker.app_id),
            settings=settings,
            target=str(target),
            prefix=os.sys.prefix,  # type: ignore[attr-defined]
            now=NOW,
            has_wheels=False,
        )
        return make_backup(request._replace(**more)).path  # type: ignore[arg-type]

    def leftovers(self) -> list[str]:
        return sorted(name for name in os.listdir(self.environment) if name not in ("app", "pyvenv.cfg"))


def empty_shop(path: Path, registry: Registry) -> Shop:
    """An environment without an app folder."""
    path.mkdir(parents=True)
    (path / "pyvenv.cfg").touch()
    return Shop(path, registry)


def made_shop(path: Path, registry: Registry) -> Shop:
    """An environment with an app folder, some files of its owner's, and empty records in SQLite."""
    shop = empty_shop(path, registry)
    make_app(shop)
    write_migrated_file(shop.app)
    own = shop.app / "data" / "own"
    own.mkdir()
    (own / "notes.txt").write_text("Pallet 17, bay 4\n")
    (own / "latest").symlink_to("notes.txt")
    (shop.app / "data" / "exports" / "report_output" / "00000001").mkdir()
    (shop.app / "data" / "exports" / "report_output" / "00000001" / "stock.csv").write_text("upc,on_hand\n")
    return shop


def make_app(shop: Shop, *, environ: Mapping[str, str] | None = None) -> None:
    make(shop.registry, Request(located=Located(str(shop.app), "in a test"), now=NOW), environ=environ or {})
