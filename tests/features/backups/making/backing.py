"""Backups of app folders in tests."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rattail.appdir.marker import require_marker
from rattail.config.load import load_settings
from rattail.features.backups.making.plan import MakeRequest
from rattail.registry import Registry

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def request_of(root: Path, registry: Registry, *, target: Path, **more: Any) -> MakeRequest:
    """What is asked for where nothing is said: of this environment, without wheels."""
    settings = load_settings(registry.options, root=str(root), environ=os.environ)
    marker = require_marker(str(root))
    request = MakeRequest(
        root=str(root),
        name=marker.name,
        app_id=marker.app_id,
        layout=marker.layout,
        places=registry.layout.place(str(root), settings.relocations(str(root)), app_id=marker.app_id),
        settings=settings,
        target=str(target),
        prefix=sys.prefix,
        now=NOW,
        has_wheels=False,
    )
    return request._replace(**more)
