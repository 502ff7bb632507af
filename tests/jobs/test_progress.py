"""How long a job may still take."""

from __future__ import annotations

from datetime import timedelta

from rattail.site import Site
from tests.jobs.conftest import Env
from tests.jobs.open_site import in_site


def test_what_remains_is_reckoned_from_what_was_done(sqlite_env: Env) -> None:
    def act(site: Site) -> list[float | None]:
        from rattail.jobs.models import Job
        from rattail.jobs.progress import remaining_s

        now = site.now()
        began = now - timedelta(seconds=30)
        jobs = [
            Job(state="running", started_at=began, done=25, total=100),
            Job(state="running", started_at=began, done=100, total=100),
            Job(state="running", started_at=began, done=120, total=100),
            Job(state="running", started_at=began, done=0, total=100),
            Job(state="running", started_at=began, done=9, total=100),
            Job(state="running", started_at=began, done=25, total=None),
            Job(state="running", started_at=now, done=25, total=100),
            Job(state="done", started_at=began, done=25, total=100),
        ]
        return [remaining_s(job, now=now) for job in jobs]

    assert in_site(sqlite_env, act) == [90.0, 0.0, 0.0, None, None, None, None, None]


def test_what_remains_is_said_roughly(sqlite_env: Env) -> None:
    def act(_site: Site) -> list[str]:
        from rattail.jobs.progress import remaining_text

        return [remaining_text(seconds) for seconds in (0, 42, 58, 3000, 9000)]

    assert in_site(sqlite_env, act) == [
        "about 5 seconds",
        "about 40 seconds",
        "about 1 minute",
        "about 50 minutes",
        "about 2 hours",
    ]
