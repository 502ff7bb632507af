"""No proven backup for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rattail.audit.models import Entry
from rattail.notices.note import note
from rattail.notices.read import was_noted

#: What the trail says when a backup was shown to be good.
PROVED = "prove backup"
_KEY = "backup.unproven"


def proved_at() -> datetime | None:
    """When a backup was last shown to be good; None where none ever was."""
    return Entry.objects.filter(action=PROVED).order_by("-id").values_list("at", flat=True).first()


def watch_backup(*, made_at: str, warn_days: int, now: datetime) -> None:
    """Write down that no backup was proved for `warn_days` days (0: never say so), and again after as many.

    Before the first one, the days count from when the app folder was made, `made_at` (ISO).
    """
    if not warn_days:
        return
    last = proved_at()
    since = last or _moment(made_at)
    again = timedelta(days=warn_days, hours=-1)  # the look is a little earlier or later each day
    if since is None or now - since < timedelta(days=warn_days) or was_noted(_KEY, since=now - again):
        return
    days = (now - since).days
    ever = "the last one was proved then" if last else "none was ever proved since the app folder was made"
    note(
        _KEY,
        subject=f"no proven backup for {days} days",
        text=f"A backup counts once it was shown that the records come back from it; {ever}, on {since:%Y-%m-%d}.\n\n"
        "Make one and prove it; list-backups and the page Backups say what is wrong with those there are:\n"
        "    rattail make-backup\n    rattail prove-backup\n",
        level="error",
        now=now,
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
