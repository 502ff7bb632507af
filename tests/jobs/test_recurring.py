"""When recurring jobs run: local days, clocks that change, machines that were off, several workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rattail.site import Site
from tests.jobs.conftest import Env
from tests.jobs.open_site import in_site
from tests.kit.killing import at_once

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = {"RATTAIL_TALLIES_AT": "03:15", "RATTAIL_APP_TIME_ZONE": "America/Chicago"}


def _moments(rule: str, after: str, count: int) -> list[str]:
    from rattail.jobs.recurring import next_run

    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [(moment := next_run(rule, after=moment)).strftime("%m-%d %H:%M") for _ in range(count)]


def test_a_day_on_which_the_clocks_change_has_exactly_one_run(sqlite_env: Env) -> None:
    def act(_site: Site) -> list[list[str]]:
        return [
            _moments("daily 02:30 America/New_York", "2026-03-07T00:00", 3),  # 02:30 is skipped on the 8th
            _moments("daily 01:30 America/New_York", "2026-10-31T00:00", 3),  # 01:30 comes twice on 1 November
            _moments("daily 00:00 America/Santiago", "2026-09-05T00:00", 3),  # the 6th has no midnight
            _moments("daily 12:00 Pacific/Kiritimati", "2026-01-01T00:00", 2),  # 14 hours ahead
            _moments("every 90", "2026-01-01T00:00", 2),
        ]

    assert in_site(sqlite_env, act) == [
        ["03-07 07:30", "03-08 07:30", "03-09 06:30"],
        ["10-31 05:30", "11-01 05:30", "11-02 06:30"],
        ["09-05 04:00", "09-06 04:00", "09-07 03:00"],
        ["01-01 22:00", "01-02 22:00"],
        ["01-01 00:01", "01-01 00:03"],
    ]


def _due(site: Site, now: datetime) -> list[str]:
    """Ask for what is due; the kinds that were asked for, and forget the jobs."""
    from rattail.jobs.models import Job
    from rattail.jobs.recurring import enqueue_due

    enqueue_due(site, now=now)
    kinds = list(Job.objects.filter(kind__startswith="tallies.").order_by("kind").values_list("kind", flat=True))
    Job.objects.all().delete()
    return [kind.removeprefix("tallies.") for kind in kinds]


def test_what_was_missed_is_made_up_for_by_one_run(sqlite_env: Env) -> None:
    def act(site: Site) -> list[list[str]]:
        days = (timedelta(), timedelta(seconds=1), timedelta(hours=22), timedelta(days=9), timedelta(days=9, seconds=1))
        return [_due(site, NOON + day) for day in days]

    assert in_site({**sqlite_env, **AT}, act) == [
        ["counts", "plain"],  # an interval begins at once
        [],
        ["nothing"],  # 03:15 in Chicago is 09:15 UTC
        ["counts", "nothing", "plain"],
        [],
    ]


def test_a_look_that_fails_lets_the_job_run_so_that_somebody_hears(sqlite_env: Env) -> None:
    assert in_site(sqlite_env, lambda site: _due(site, NOON)) == ["counts", "plain"]  # and odd is not wanted


def test_a_time_that_is_not_set_or_no_time_means_never(sqlite_env: Env) -> None:
    def act(site: Site) -> list[str]:
        return [kind for day in range(4) for kind in _due(site, NOON + timedelta(days=day)) if kind == "nothing"]

    assert in_site({**sqlite_env, "RATTAIL_TALLIES_AT": ""}, act) == []
    assert in_site({**sqlite_env, "RATTAIL_TALLIES_AT": "25:99"}, act) == []


def test_a_time_that_was_changed_holds_from_then_on(sqlite_env: Env) -> None:
    def next_at(site: Site) -> str:
        from rattail.jobs.models import Recurrence
        from rattail.jobs.recurring import enqueue_due

        enqueue_due(site, now=NOON)
        return f"{Recurrence.objects.get(job='tallies.nothing').next_at:%d %H:%M}"

    assert in_site({**sqlite_env, **AT}, next_at) == "23 09:15"
    assert in_site({**sqlite_env, **AT, "RATTAIL_TALLIES_AT": "20:00"}, next_at) == "23 02:00"


def test_of_several_workers_one_asks(env: Env) -> None:
    def prepare(site: Site) -> None:
        _due(site, NOON)

    def one() -> None:
        def act(site: Site) -> None:
            from rattail.jobs.recurring import enqueue_due

            for day in range(1, 11):
                enqueue_due(site, now=NOON + timedelta(days=day))
                _finish_all()

        in_site({**env, **AT}, act)

    def count(_site: Site) -> Any:
        from rattail.jobs.models import Job

        return Job.objects.filter(kind="tallies.nothing").count()

    in_site({**env, **AT}, prepare)

    assert at_once(2, one) == [0, 0]
    assert in_site(env, count) == 10


def _finish_all() -> None:
    """Cancel what waits, so that it is not in the way of the next."""
    from rattail.jobs.models import Job

    Job.objects.filter(state="ready").update(state="cancelled")


def test_a_job_that_would_find_nothing_to_do_is_not_asked_for(sqlite_env: Env) -> None:
    def act(site: Site) -> list[int]:
        from rattail.jobs.models import Job
        from rattail.jobs.recurring import enqueue_due
        from rattail.notices.note import note

        asked = []
        for later_min in (0, 2, 4):
            now = NOON + timedelta(minutes=later_min)
            if later_min == 2:
                note("shop.flood", subject="Water in the shop", now=now)
            enqueue_due(site, now=now)
            asked.append(Job.objects.filter(kind="mail.send").count())
            Job.objects.all().delete()
        return asked

    assert in_site(
        {
            **sqlite_env,
            "RATTAIL_MAIL_HOST": "127.0.0.1",
            "RATTAIL_MAIL_FROM": "a@b.example",
            "RATTAIL_MAIL_TO": "c@d.example",
        },
        act,
    ) == [0, 1, 1]
