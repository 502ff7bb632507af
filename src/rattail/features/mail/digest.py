"""What happened yesterday, for whoever runs the shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction

from rattail.audit.models import Entry
from rattail.features.mail.disks import Disk, disks_of, judged
from rattail.features.mail.message import Composed
from rattail.features.mail.outbox import Post, write_letter
from rattail.features.mail.watching.backup import proved_at
from rattail.jobs.models import Job
from rattail.notices.models import Letter, Notice
from rattail.notices.read import Noted, count_waiting, noted_of, waiting
from rattail.site import Site

_MOST = 10
_LISTED = ("execute batch", "undo batch")


class Day(NamedTuple):
    """What is told of one day of the shop."""

    day: date
    deeds: tuple[tuple[str, int], ...]
    listed: tuple[str, ...]
    failed_jobs: tuple[tuple[str, int], ...]
    errors: tuple[Noted, ...]
    error_count: int
    warning_count: int
    disks: tuple[Disk, ...]
    full: tuple[str, ...]
    jobs_waiting: int
    untold: tuple[Noted, ...]
    untold_count: int
    refused: tuple[str, ...]
    proved_at: datetime | None

    @property
    def is_well(self) -> bool:
        """Whether there is nothing that anybody has to look at."""
        return not (self.failed_jobs or self.error_count or self.warning_count or self.full or self.refused)


def post_digest(post: Post, site: Site, *, is_quiet: bool, now: datetime) -> dict[str, object] | None:
    """Commit the digest of yesterday, in the shop's zone, to being mailed; once for each day.

    With `is_quiet` a day after which all is well gets none. None where no mail is configured.
    """
    if post.mail.server is None:
        return None
    day = now.astimezone(post.zone).date() - timedelta(days=1)
    found = look_at(day, post, site)
    name = f"digest-{day.isoformat()}"
    if (is_quiet and found.is_well) or Letter.objects.filter(name=name).exists():
        return {"day": day.isoformat(), "is_well": found.is_well, "is_written": False}
    try:
        with transaction.atomic():
            write_letter(name, composed(found, post), now=now)
    except IntegrityError:
        return {"day": day.isoformat(), "is_well": found.is_well, "is_written": False}
    return {"day": day.isoformat(), "is_well": found.is_well, "is_written": True}


def look_at(day: date, post: Post, site: Site) -> Day:
    """Gather what happened on `day` in the shop's zone, and how things are now."""
    start, end = (datetime.combine(one, time(), tzinfo=post.zone) for one in (day, day + timedelta(days=1)))
    entries = Entry.objects.filter(at__gte=start, at__lt=end)
    deeds = Counter(entries.values_list("action", flat=True).iterator())
    listed = entries.filter(action__in=_LISTED).order_by("id").values_list("action", "subject", "actor", "at")
    failed = Counter(
        Job.objects.filter(state="failed", ended_at__gte=start, ended_at__lt=end).values_list("kind", flat=True)
    )
    noted = Notice.objects.filter(last_at__gte=start, last_at__lt=end)
    disks = disks_of(site.places)
    minimum_mb = site.settings.integer("check.min_free_mb")
    refused = Letter.objects.filter(sealed_at__gte=start, failure_kind="recipients_refused").exclude(failure="")
    return Day(
        day=day,
        deeds=tuple(sorted(deeds.items())),
        listed=tuple(
            f"{at.astimezone(post.zone):%H:%M}  {subject} {_past(action)} by {actor}"
            for action, subject, actor, at in listed[:_MOST]
        ),
        failed_jobs=tuple(sorted((_title(kind, site), count) for kind, count in failed.items())),
        errors=noted_of(noted.filter(level="error").order_by("last_at", "id"), _MOST),
        error_count=noted.filter(level="error").count(),
        warning_count=noted.filter(level="warning").count(),
        disks=disks,
        full=tuple(sentence for disk in disks if (sentence := judged(disk, minimum_mb=minimum_mb, days_left=None)[1])),
        jobs_waiting=Job.objects.filter(state="ready", run_at__lte=site.now()).count(),
        untold=waiting(_MOST),
        untold_count=count_waiting(),
        refused=tuple(dict.fromkeys(refused.values_list("failure", flat=True)[:_MOST])),
        proved_at=proved_at(),
    )


def composed(day: Day, post: Post) -> Composed:
    """The digest as a letter."""
    name = f"{day.day:%A}, {day.day.day} {day.day:%B %Y}"
    troubles = day.error_count + day.warning_count + sum(count for _, count in day.failed_jobs) + len(day.full)
    verdict = "All is well." if day.is_well else f"Please look at {_counted(troubles, 'thing')} below."
    sections = [
        ("Failed", [f"{title}: {_times(count)}" for title, count in day.failed_jobs]),
        ("Errors that were noted", _noted_lines(day)),
        ("Disks that fill", list(day.full)),
        ("Mail that was refused", list(day.refused)),
        ("Done", [f"{action}: {count:,}" for action, count in day.deeds] or ["Nothing was changed."]),
        ("Batches", list(day.listed)),
        ("Now", _now_lines(day, post)),
    ]
    body = "\n".join(_section(title, lines) for title, lines in sections if lines)
    subject = f"{name}: {'all well' if day.is_well else _counted(troubles, 'thing') + ' to look at'}"
    return Composed(subject, f"{name}\n{verdict}\n\n{body}\n-- \n{post.foot}\n", "info")


def _noted_lines(day: Day) -> list[str]:
    lines = [f"{one.subject}{f' ({_times(one.times)})' if one.times > 1 else ''}" for one in day.errors]
    more = day.error_count - len(day.errors)
    lines += [f"and {_counted(more, 'more error')}"] if more else []
    return lines + ([_counted(day.warning_count, "warning")] if day.warning_count else [])


def _now_lines(day: Day, post: Post) -> list[str]:
    lines = [
        f"{disk.free_mb / 1000:,.1f} GB free of {disk.size_mb / 1000:,.1f} GB on the disk of {disk.location}"
        for disk in day.disks
    ]
    proved = f"{day.proved_at.astimezone(post.zone):%Y-%m-%d %H:%M}" if day.proved_at else "never"
    lines.append(f"last proven backup: {proved}")
    if day.jobs_waiting:
        lines.append(f"{_counted(day.jobs_waiting, 'job')} waiting")
    if day.untold_count:
        lines.append(f"{_counted(day.untold_count, 'message')} not told yet, the most serious: {day.untold[0].subject}")
    return lines


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines), ""])


def _title(kind: str, site: Site) -> str:
    known = site.registry.jobs.get(kind)
    return known.title if known else kind


def _past(action: str) -> str:
    return {"execute batch": "executed", "undo batch": "undone"}.get(action, action)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
