"""Keep what is needed to find a fault of ours, in the app folder's own log."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback

from rattail.appdir.files import opened_folder
from rattail.cli.session import Session
from rattail.version import VERSION

LOG_FILE = "cli.log"
_LOG_MODE = 0o640
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def record_fault(session: Session, error: Exception) -> None:
    """Append one JSON line about a fault to `log/cli.log`, if there is an app folder that has one.

    The line says where in the code it happened and in which command. It holds neither the error's
    text nor any value, because those may be secrets. Nothing is raised: the traceback on the
    terminal is what counts. As root, nothing is written into a folder that is somebody else's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "level": "error",
        "event": "fault",
        "command": session.verb,
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames],
        "version": VERSION,
        "python": sys.version.partition(" ")[0],
        "pid": os.getpid(),
    }
    try:
        folder = next(place.location for place in session.places if place.path == "log")
        with opened_folder(folder) as folder_fd:
            if os.fstat(folder_fd).st_uid == os.geteuid():
                fd = os.open(LOG_FILE, _FLAGS, _LOG_MODE, dir_fd=folder_fd)
                with open(fd, "ab", buffering=0) as stream:
                    stream.write(json.dumps(line).encode() + b"\n")
    except Exception:  # noqa: BLE001 - one fault is being reported already; there is no second channel
        return
