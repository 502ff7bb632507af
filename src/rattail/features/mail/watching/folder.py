"""What check-appdir finds."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from rattail.notices.models import Watermark
from rattail.notices.note import note
from rattail.notices.read import was_noted

_KEY = "check-appdir"
_LIMIT_S = 1500
_REMIND = timedelta(days=6, hours=23)
_MOST = 20


def watch_folder(root: str, *, now: datetime) -> None:
    """Run check-appdir, and write down its errors and warnings: at once where one is new, else once a week."""
    findings = [one for one in find(root) if one["level"] in ("error", "warning")]
    with transaction.atomic():
        mark, _ = Watermark.objects.select_for_update().get_or_create(name=_KEY)
        known = set(mark.value.get("known", ()))
        present = {f"{one['id']} {one['path']}" for one in findings}
        if present != known:
            mark.value = {"known": sorted(present)}
            mark.save()
        if findings and (present - known or not was_noted(_KEY, since=now - _REMIND)):
            _tell(findings, now)


def find(root: str) -> list[dict[str, Any]]:
    """What check-appdir finds on the app folder at `root`, in a process of its own: just what a person would see."""
    command = [sys.executable, "-m", "rattail", "check-appdir", "--json", "--appdir", root]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, cwd=root, check=False)
    answer = json.loads(ran.stdout)
    if answer["data"] is None:
        said = answer["errors"][0]
        return [{"id": "check-appdir", "path": "", "level": "error", "sentence": said["message"], "hint": said["hint"]}]
    findings: list[dict[str, Any]] = answer["data"]["findings"]
    return findings


def _tell(findings: list[dict[str, Any]], now: datetime) -> None:
    errors = sum(1 for one in findings if one["level"] == "error")
    lines = []
    for one in findings[:_MOST]:
        lines.append(f"{one['id']}  {one['sentence']}")
        if one["hint"]:
            lines.append(f"    {one['hint']}")
    if len(findings) > _MOST:
        lines.append(f"... and {len(findings) - _MOST} more: rattail check-appdir")
    counts = " and ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (len(findings) - errors, "warning"))
        if count
    )
    note(
        _KEY,
        subject=f"check-appdir finds {counts}: {findings[0]['sentence']}",
        text="\n".join(lines),
        level="error" if errors else "warning",
        now=now,
    )
