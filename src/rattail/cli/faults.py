"""Keep what is needed to find a fault of ours, in the app folder's own log."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import UTC, datetime

from rattail.cli.session import Session
from rattail.logs.file import LogFile
from rattail.logs.line import LogLine, written
from rattail.version import VERSION

_MB = 1_000_000


def record_fault(session: Session, error: Exception) -> None:
    """Append one line about a fault to `log/cli.log`, if there is an app folder that has one.

    The line says where in the code it happened and in which command. It holds neither the error's
    text nor any value, because those may be secrets. Nothing is raised: the traceback on the
    terminal is what counts. As root, nothing is written into a folder that is somebody else's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    details = {
        "pid": str(os.getpid()),
        "command": session.verb,
        "error": type(error).__name__,
        "where": "\n".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames),
        "version": VERSION,
        "python": sys.version.partition(" ")[0],
    }
    said = f"a fault in the command {session.verb}: {type(error).__name__}"
    line = LogLine(datetime.now(UTC), "ERROR", "rattail.cli", said, details=details)
    try:
        folder = next(place.location for place in session.places if place.path == "log")
        if os.lstat(folder).st_uid == os.geteuid():
            settings = session.settings
            rotate_bytes = settings.integer("log.rotate_mb") * _MB
            file = LogFile(folder, "cli", rotate_bytes=rotate_bytes, keep_files=settings.integer("log.keep_files"))
            file.append(written(line, is_json=settings.text("log.format") == "json"))
    except Exception:  # noqa: BLE001 - one fault is being reported already; there is no second channel
        return
