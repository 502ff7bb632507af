"""Jobs that come back by themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.db import OperationalError, transaction

from rattail.feature import Recurring
from rattail.jobs.models import Recurrence
from rattail.jobs.queue import enqueue
from rattail.registry import load_target
from rattail.site import Site

IsWanted = Callable[..., bool]
ACTOR = "job:recurring"
_log = logging.getLogger("rattail.jobs")
_complained: set[str] = set()


def enqueue_due(site: Site, *, now: datetime) -> int:
    """Ask for every recurring job whose time has come; returns how many.

    However many workers do this, each is asked for once. What was missed while no worker ran is made up for by one
    run. A job that still waits or runs is not asked for again.
    """
    present = {row.job: row for row in Recurrence.objects.all()}
    count = 0
    for declared in site.registry.recurring:
        rule = rule_of(declared, site)
        row = present.get(declared.job)
        if not rule:
            if row is not None:
                row.delete()
            continue
        row = _with_rule(declared.job, row, rule, now)
        if row.next_at <= now:
            count += _ask(site, declared, row, now)
    return count


def rule_of(declared: Recurring, site: Site) -> str:
    """When it runs, as one text: `daily 03:15 America/Chicago` or `every 3600`; empty where it never does."""
    if declared.every_s:
        return f"every {declared.every_s}"
    text = site.text(declared.at) if "." in declared.at else declared.at
    if not text:
        return ""
    try:
        at = time.fromisoformat(text)
    except ValueError:
        if declared.job not in _complained:
            _complained.add(declared.job)
            _log.error("%s: %r is not a time of day such as 03:15; %s never runs", declared.at, text, declared.job)
        return ""
    return f"daily {at:%H:%M} {site.time_zone}"


def next_run(rule: str, *, after: datetime, is_first: bool = False) -> datetime:
    """The first moment after `after` at which a rule wants a run (UTC); an interval's first one is at once.

    Every day has exactly one such moment: a time that the clocks skip is an hour later on that day, and of one that
    they show twice the first counts.
    """
    kind, *words = rule.split(" ")
    if kind == "every":
        return after if is_first else after + timedelta(seconds=int(words[0]))
    at, zone = time.fromisoformat(words[0]), ZoneInfo(words[1])
    day = after.astimezone(zone).date() - timedelta(days=1)
    while (moment := _moment(day, at, zone)) <= after:
        day += timedelta(days=1)
    return moment


def _with_rule(job: str, row: Recurrence | None, rule: str, now: datetime) -> Recurrence:
    """The row of a recurring job, made or reckoned anew where its rule is new; of several workers one does it."""
    if row is not None and row.rule == rule:
        return row
    first = next_run(rule, after=now, is_first=True)
    if row is None:
        return Recurrence.objects.get_or_create(job=job, defaults={"rule": rule, "next_at": first})[0]
    Recurrence.objects.filter(pk=row.pk, rule=row.rule).update(rule=rule, next_at=first)
    row.refresh_from_db()
    return row


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _ask(site: Site, declared: Recurring, row: Recurrence, now: datetime) -> int:
    kind = site.registry.jobs[declared.job]
    with transaction.atomic():
        later = next_run(row.rule, after=now)
        if not Recurrence.objects.filter(pk=row.pk, next_at=row.next_at, rule=row.rule).update(next_at=later):
            return 0  # another worker was quicker
        if not _is_wanted(site, declared, now):
            return 0
        enqueue(kind, arguments={}, actor=ACTOR, now=now, unique_key=f"recurring:{kind.name}")
    return 1


def _is_wanted(site: Site, declared: Recurring, now: datetime) -> bool:
    """What the declaration's own look says; where that fails, the job runs: it fails too then, and somebody hears."""
    if not declared.only_if:
        return True
    try:
        with transaction.atomic():
            return cast("IsWanted", load_target(declared.only_if))(site, now=now)
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - a feature's fault must not keep the worker from all other jobs
        _log.exception("%s: cannot say whether %s is wanted", declared.only_if, declared.job)
        return True
