"""What an archive is called and what it holds, in which order."""

from __future__ import annotations

import re
from datetime import UTC, datetime

FORMAT = "rattail backup"
VERSION = 1

RESTORE_TEXT = "RESTORE.txt"
RESTORE_PROGRAM = "restore.py"
ENVIRONMENT = "environment.json"
MANIFEST = "manifest.json"
WHEELS = "wheels"
FOLDER_PART = "folder.tar.zst"
DATABASE_PARTS = {"sqlite": "database.sqlite3.zst", "postgresql": "database.sql.zst"}
SUMS = "SHA256SUMS"
ENCRYPTED = ".age"

MOST_MEMBERS = 10_000  # of the outer archive: a handful, and the wheels
MOST_SMALL_BYTES = 64 << 20  # of members that are read whole: texts, sums, the record of the environment
_NAME = re.compile(r"(?P<app>[^/\0]{1,150})-(?P<made>[0-9]{8}T[0-9]{6}Z)\.tar")
_TIME = "%Y%m%dT%H%M%SZ"


def archive_name(app: str, made_at: datetime) -> str:
    """What the backup of an app is called that was made at `made_at` (UTC): `poser-20261122T023000Z.tar`."""
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in app).strip(".-") or "app"
    return f"{plain[:100]}-{made_at.astimezone(UTC).strftime(_TIME)}.tar"


def parse_name(name: str) -> tuple[str, datetime] | None:
    """The app and the time (UTC) that the name of an archive says; None for any other name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return found["app"], datetime.strptime(found["made"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
