"""The digest of yesterday: what a shop manager reads in the morning."""

from __future__ import annotations

from typing import Any

from tests.features.mail.office import Env, Office, in_office, with_mail
from tests.features.mail.servers import mail_server

CHICAGO = {"RATTAIL_APP_TIME_ZONE": "America/Chicago", "RATTAIL_CHECK_MIN_FREE_MB": "0"}


def digest(office: Office, *, is_quiet: bool = False) -> Any:
    from rattail.features.mail.digest import post_digest
    from rattail.features.mail.posting import post_of

    return post_digest(post_of(office.site), office.site, is_quiet=is_quiet, now=office.now)


def make_yesterday(office: Office) -> None:
    """Deeds of 21 November in Chicago, and one of the day before and one of today that do not count."""
    from datetime import UTC, datetime

    from rattail.audit.trail import record
    from rattail.jobs.models import Job

    def moment(day: int, hour: int) -> datetime:
        return datetime(2026, 11, day, hour, 30, tzinfo=UTC)

    for action, number, at in (
        ("execute batch", 1, moment(21, 5)),
        ("make batch", 2, moment(21, 7)),
        ("execute batch", 2, moment(21, 15)),
        ("undo batch", 2, moment(22, 5)),
        ("execute batch", 3, moment(22, 6)),
    ):
        record(action, f"batch {number:08}", actor="alice", now=at)
    Job.objects.create(kind="mail.watch", actor="x", state="ready", created_at=moment(21, 12), run_at=moment(21, 12))
    job = Job(kind="mail.check", actor="x", state="ready", created_at=moment(21, 12), run_at=moment(21, 12))
    job.save()
    for state in ("running", "failed"):
        job.state, job.token, job.ended_at = state, 1, moment(21, 13)
        job.save()
    now, office.now = office.now, moment(21, 13)
    office.note("log:web.log", subject="3 errors in log/web.log")
    office.note("w", "warning")
    office.now = now


def test_the_digest_tells_of_yesterday_in_the_zone_of_the_shop(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        make_yesterday(office)
        written = [digest(office), digest(office)]
        return written, office.tell()

    with mail_server() as box:
        written, told = in_office({**with_mail(emptied_env, box.port), **CHICAGO}, act)

    assert [one["is_written"] for one in written] == [True, False]
    assert told[1] == 2
    text = next(one.text for one in box.mails if "Saturday" in str(one.message["Subject"]))
    assert "[Rattail] Saturday, 21 November 2026: " in "\n".join(box.subjects)
    assert "batch 00000002 executed by alice" in text
    assert "09:30  batch 00000002 executed by alice\n  23:30  batch 00000002 undone by alice\n" in text
    assert "00000001" not in text
    assert "00000003" not in text
    assert "  execute batch: 1\n  make batch: 1\n  undo batch: 1\n" in text
    assert "Failed\n  Check the app folder and the age of the backup: once\n" in text
    assert "  3 errors in log/web.log\n  1 warning\n" in text
    assert "last proven backup: never" in text
    assert "1 job waiting" in text
    assert "GB free of" in text


def test_a_day_on_which_all_is_well_is_one_line_or_none(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.features.mail.digest import composed, look_at
        from rattail.features.mail.posting import post_of

        office.later(days=-1)
        day = look_at(office.now.date(), post_of(office.site), office.site)._replace(full=())
        text = composed(day, post_of(office.site))
        return day.is_well, text.subject, text.text.splitlines()[1], "Nothing was changed." in text.text

    with mail_server() as box:
        env = {**with_mail(emptied_env, box.port), **CHICAGO}
        assert in_office(env, act) == [True, "Saturday, 21 November 2026: all well", "All is well.", True]


def test_without_a_mail_server_there_is_no_digest(emptied_env: Env) -> None:
    assert in_office(emptied_env, digest) is None
