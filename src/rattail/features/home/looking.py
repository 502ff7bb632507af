"""Jobs that look at what takes long: how much is in the app folder, what is wrong with it, errors in the log."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rattail.appdir.locate import Located
from rattail.appdir.measuring.measure import FolderSize, measure_appdir
from rattail.errors import RattailError
from rattail.features.home.kept import ERRORS, FINDINGS, SIZES, keep
from rattail.jobs.running import Running
from rattail.logs.read import KINDS, newest
from rattail.registry import load_target

if TYPE_CHECKING:
    from rattail.appdir.inspect import Finding

_CHECK = "rattail.features.core.check.service:check"  # by name: features do not import one another
_MOST_FINDINGS = 100
_MOST_FOLDERS = 1000
_SHOWN_ERRORS = 10
_LINES_AT_ONCE = 2000
_LOOKED_BACK = timedelta(days=1)


def measure(job: Running) -> None:
    """Count what lies in the app folder."""
    site = job.site
    measured = measure_appdir(
        site.places, root=site.root, app_id=site.marker.app_id, progress=lambda count: job.progress(count)
    )
    value = {
        "classes": {str(keep_): size_bytes for keep_, size_bytes in measured.bytes_by_keep.items()},
        "folders": [_folder(one) for one in measured.folders[:_MOST_FOLDERS]],
        "unlisted": measured.unlisted,
    }
    with job.effect():
        keep(SIZES, value, now=job.now())


def check(job: Running) -> None:
    """Do what check-appdir does, and keep what it found."""
    run: Any = load_target(_CHECK)
    site = job.site
    try:
        found = run(site.registry, Located(site.root, "in a job"), environ=os.environ, now=job.now())
    except RattailError as error:
        findings, count = [_said("error", str(error), error.hint)], {"error": 1}
    else:
        findings = [_finding(one) for one in found.findings[:_MOST_FINDINGS]]
        count = {level: found.count(level) for level in ("error", "warning", "info")}
    with job.effect():
        keep(FINDINGS, {"findings": findings, "count": count}, now=job.now())


def read_errors(job: Running) -> None:
    """Count the errors of the last day in the logs, and keep the newest."""
    now = job.now()
    errors: list[dict[str, str]] = []
    count = 0
    for kind in KINDS:
        newest_of_kind, found = _errors_of(job, kind, since=now - _LOOKED_BACK)
        errors += newest_of_kind
        count += found
    errors.sort(key=lambda error: error["at"], reverse=True)
    with job.effect():
        keep(ERRORS, {"count": count, "errors": errors[:_SHOWN_ERRORS]}, now=now)


def _errors_of(job: Running, kind: str, *, since: datetime) -> tuple[list[dict[str, str]], int]:
    shown: deque[dict[str, str]] = deque()
    count, seen, before = 0, 0, ""
    while True:
        found = newest(job.site.folders["log"], kind, limit=_LINES_AT_ONCE, before=before)
        for line in found.lines:
            if line.at is None:
                continue
            if line.at < since:
                return list(shown), count
            if line.level in ("ERROR", "CRITICAL"):
                count += 1
                if len(shown) < _SHOWN_ERRORS:
                    said = {"message": line.message[:300], "request_id": line.request_id, "logger": line.logger}
                    shown.append({"at": line.at.isoformat(), "kind": kind, **said})
        if not found.older:
            return list(shown), count
        seen, before = seen + len(found.lines), found.older
        job.progress(seen)


def _folder(one: FolderSize) -> Mapping[str, object]:
    """What is kept of a folder; where it lies only if that is elsewhere."""
    return {
        "path": one.path,
        "location": one.location if one.is_relocated else "",
        "class": str(one.keep),
        "purpose": one.purpose,
        "is_declared": one.is_declared,
        "exists": one.exists,
        "size_bytes": one.size_bytes,
        "files": one.files,
        "newest_s": None if one.newest_ns is None else one.newest_ns // 1_000_000_000,
        "problem": one.problem,
    }


def _finding(one: Finding) -> dict[str, str]:
    return {**_said(one.level, one.sentence, one.hint), "id": one.id, "path": one.path}


def _said(level: str, sentence: str, hint: str) -> dict[str, str]:
    return {"level": level, "sentence": sentence, "hint": hint, "id": "", "path": ""}
