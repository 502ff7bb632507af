"""`rattail show-appdir`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rattail.appdir.folder import Keep
from rattail.appdir.measuring.measure import FolderSize, Measured, measure_appdir
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import size_text, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.core.show.drawing import branches

_WIDTH = 120
_NUMBERS = (2, 3)


@command("show-appdir")
def show_appdir(session: Session) -> Outcome:
    """Show the app folder as a tree: what each folder is for, how much is in it, and its newest file.

    A folder's numbers hold everything below it. Sizes are what the files hold, not disk blocks.
    """
    places = session.places
    measured = measure_appdir(
        places,
        root=session.root,
        app_id=session.marker.app_id,
        workers=len(os.sched_getaffinity(0)),
        progress=session.console.progress("counting"),
    )
    zone = session.settings.text("app.time_zone")
    problems = [Message("warning", one.problem) for one in measured.folders if one.problem]
    notes = [
        Message("note", f"{count:,} more folders lie directly in {path!r}; they are counted there, and not shown.")
        for path, count in measured.unlisted.items()
    ]
    return Outcome(_data(session, measured), _lines(session, measured, zone), (*problems, *notes))


def _data(session: Session, measured: Measured) -> Mapping[str, object]:
    root = measured.folders[0]
    return {
        "appdir": session.root,
        "name": session.marker.name,
        "app_id": session.marker.app_id,
        "layout": session.marker.layout,
        "reason": session.located.reason,
        "folders": [_folder_data(one) for one in measured.folders],
        "totals": {
            "size_bytes": root.size_bytes,
            "files": root.files,
            **{f"{keep}_bytes": size_bytes for keep, size_bytes in measured.bytes_by_keep.items()},
        },
    }


def _folder_data(one: FolderSize) -> Mapping[str, object]:
    newest = None if one.newest_ns is None else _moment(one.newest_ns)
    return {
        "path": one.path,
        "location": one.location,
        "class": str(one.keep),
        "purpose": one.purpose,
        "mode": None if one.mode is None else f"{one.mode:04o}",
        "relocated": one.is_relocated,
        "exists": one.exists,
        "declared": one.is_declared,
        "size_bytes": one.size_bytes,
        "files": one.files,
        "newest": newest.strftime("%Y-%m-%dT%H:%M:%SZ") if newest else None,
        "newest_path": one.newest_path or None,
        "problem": one.problem or None,
    }


def _lines(session: Session, measured: Measured, zone: str) -> list[str]:
    marker = session.marker
    stems = branches([one.path for one in measured.folders], is_ascii=not _can_draw(sys.stdout.encoding))
    names = [
        _plain(os.path.basename(session.root)),
        *(_plain(os.path.basename(one.path)) for one in measured.folders[1:]),
    ]
    rows = [
        (f"{stem}{name}", *_cells(one, ZoneInfo(zone)))
        for stem, name, one in zip(stems, names, measured.folders, strict=True)
    ]
    by_keep = measured.bytes_by_keep
    return [
        f"{_plain(session.root)}: the app folder of {marker.name!r}, layout {marker.layout}, {session.located.reason}",
        "",
        *_fitted([("", "class", "size", "files", "newest", "what is in it"), *rows]),
        "",
        f"Essential {size_text(by_keep[Keep.ESSENTIAL])} (the minimal backup), history "
        f"{size_text(by_keep[Keep.HISTORY])}, scratch {size_text(by_keep[Keep.SCRATCH])}. Times are in {zone}.",
    ]


def _cells(one: FolderSize, zone: ZoneInfo) -> tuple[str, str, str, str, str]:
    purpose = one.purpose if one.is_declared else "yours"
    if one.is_relocated:
        purpose = f"-> {_plain(one.location)}  {purpose}"
    if not one.exists:
        return str(one.keep), "-", "-", "missing", purpose
    newest = ""
    if one.newest_ns is not None:
        moment = _moment(one.newest_ns)
        newest = moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "out of range"
    return str(one.keep), size_text(one.size_bytes), f"{one.files:,}", newest, purpose


def _fitted(rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned lines; a purpose that would run over the edge is cut, a place never is."""
    lines = []
    for line, row in zip(table(rows, right=_NUMBERS), rows, strict=True):
        keep = len(row[-1]) if row[-1].startswith("-> ") else 0
        longest = max(_WIDTH, len(line) - len(row[-1]) + keep)
        lines.append(line if len(line) <= longest else line[: longest - 3].rstrip() + "...")
    return lines


def _moment(ns: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a file may claim to be of the year 60000


def _plain(name: str) -> str:
    return name if name.isprintable() else shown(name)


def _can_draw(encoding: str | None) -> bool:
    try:
        "├└│─".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
