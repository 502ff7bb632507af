"""Files that look like backups, with what is known of them: for tests that do not care what is in one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rattail.features.backups.archive.format import archive_name
from rattail.features.backups.shelf.state import Known, Look, write_known


def put(
    target: Path, made_at: datetime, *, known: Known | None = None, app: str = "shop", content: bytes = b"x"
) -> Path:
    """One file in the folder; read back, where nothing else is said of it."""
    target.mkdir(exist_ok=True)
    path = target / archive_name(app, made_at)
    path.write_bytes(content)
    write_known(str(path), Known(read_back=Look(made_at)) if known is None else known)
    return path
