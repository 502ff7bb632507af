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

_HEADER = ("", "class", "size", "files", "newest", "what is in it")
_NUMBERS = (2, 3)
_LEFT_OUT_FIRST = (5, 4, 1, 3)
_LEAST_OF_PURPOSE = 20
_LEAST_WIDTH, _USUAL_WIDTH, _MOST_WIDTH = 60, 80, 160


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
    lines = _lines(session, measured, zone, width=_terminal_width())
    return Outcome(_data(session, measured), lines, (*problems, *notes), is_answer=True)


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


def _lines(session: Session, measured: Measured, zone: str, *, width: int | None) -> list[str]:
    marker = session.marker
    by_keep = measured.bytes_by_keep
    return [
        f"{_plain(session.root)}: the app folder of {marker.name!r}, layout {marker.layout}, {session.located.reason}",
        "",
        *_tree_lines(session.root, measured.folders, ZoneInfo(zone), width=width),
        "",
        f"Essential {size_text(by_keep[Keep.ESSENTIAL])} (the minimal backup), history "
        f"{size_text(by_keep[Keep.HISTORY])}, scratch {size_text(by_keep[Keep.SCRATCH])}. Times are in {zone}.",
    ]


def _tree_lines(root: str, folders: Sequence[FolderSize], zone: ZoneInfo, *, width: int | None) -> list[str]:
    stems = branches([one.path for one in folders], is_ascii=not _can_draw(sys.stdout.encoding))
    names = [os.path.basename(root), *(os.path.basename(one.path) for one in folders[1:])]
    rows = [
        (f"{stem}{_plain(name)}", *_cells(one, zone)) for stem, name, one in zip(stems, names, folders, strict=True)
    ]
    if width is None:
        return table([_HEADER, *rows], right=_NUMBERS)
    lines, left_out = _fitted([_HEADER, *rows], width)
    below = [
        f"{_plain(one.path)} -> {_plain(one.location)}"
        for line, one in zip(lines[1:], folders, strict=True)
        if one.is_relocated and f"-> {_plain(one.location)}" not in line
    ]
    if left_out:
        below.append(f"Left out to fit {width} columns: {', '.join(left_out)}.")
    return [*lines, "", *below] if below else lines


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


def _fitted(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], list[str]]:
    """Aligned lines that fit the width, and the names of the columns that there is no room for."""
    left_out: list[str] = []
    columns = list(range(len(_HEADER)))
    widths = [max(len(row[column]) for row in rows) for column in columns]
    widths[-1] = min(widths[-1], _LEAST_OF_PURPOSE)
    for column in _LEFT_OUT_FIRST:
        if sum(widths[one] + 2 for one in columns) - 2 <= width:
            break
        columns.remove(column)
        left_out.append(_HEADER[column])
    right = [place for place, column in enumerate(columns) if column in _NUMBERS]
    lines = table([[row[column] for column in columns] for row in rows], right=right)
    return [line if len(line) <= width else line[: width - 3].rstrip() + "..." for line in lines], left_out


def _terminal_width() -> int | None:
    """The columns there are to fill; None where no terminal shows the output, so that nothing has to be cut."""
    try:
        columns = os.get_terminal_size(1).columns
    except OSError:
        return None
    return min(max(columns or _USUAL_WIDTH, _LEAST_WIDTH), _MOST_WIDTH)


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
