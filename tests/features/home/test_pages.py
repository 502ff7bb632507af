"""The first page, the app folder page and the log, as people with different roles see them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

from tests.kit.web import Web, web_test

HOSTILE = ("\0", "x" * 10_000, "%_\\!", "9" * 400, "٣٤٥", "-1", "' OR 1=1 --", "<script>alert(1)</script>")


def work_off(web: Web) -> None:
    """Run the three jobs of this feature, here and now."""
    from rattail.features.home import looking
    from rattail.features.home.views import LOOKS
    from rattail.jobs.models import RUNNING, Job
    from rattail.jobs.running import Running

    for name, act in zip(LOOKS, (looking.measure, looking.check, looking.read_errors), strict=True):
        now = web.site.now()
        job = Job.objects.create(kind=name, actor="alice", created_at=now, run_at=now)
        Job.objects.filter(pk=job.pk).update(state=RUNNING, token=1)
        job.refresh_from_db()
        act(Running(web.site, job))


def write_log(web: Web, kind: str, *lines: dict[str, Any]) -> None:
    """Make these the lines of a log, whatever it held."""
    from rattail.logs.line import LogLine, written

    with open(f"{web.site.folders['log']}/{kind}.log", "wb") as file:
        for line in lines:
            file.write(written(LogLine(**line), is_json=True))


@web_test()
def test_a_manager_reads_in_one_sentence_that_no_worker_runs_and_what_to_do(web: Web) -> None:
    page = web.client_of("alice", "manager").get("/").content.decode()

    assert "The shop is not well" in page
    assert "no worker runs" in page
    assert "rattail serve" in page
    assert "No backup was proven yet." in page
    assert "Not measured yet" in page


@web_test()
def test_with_a_worker_and_nothing_found_the_shop_is_well(web: Web) -> None:
    from rattail.features.home.kept import FINDINGS, keep
    from rattail.jobs.models import Worker

    now = web.site.now()
    Worker.objects.create(identity="other.example:1:1", started_at=now, heartbeat_at=now)
    keep(FINDINGS, {"findings": [], "count": {"error": 0, "warning": 0}}, now=now)

    page = web.client_of("alice", "manager").get("/").content.decode()

    assert "The shop is well." in page or "The disk of" in page
    assert "Nothing is wrong." in page


@web_test()
def test_a_shop_without_a_proven_backup_is_warned_after_so_many_days_until_one_is_proved(web: Web) -> None:
    from rattail.audit.trail import record

    manager = web.client_of("alice", "manager")
    warning = "No backup was proven for 40 days"
    assert "No backup was proven for" not in unescape(manager.get("/").content.decode())

    old = web.site.now() - timedelta(days=40, hours=1)
    record("prove backup", "backups", actor="os:root", now=old)
    page = unescape(manager.get("/").content.decode())
    assert warning in page
    assert 'href="/backups/"' in page

    record("prove backup", "backups", actor="os:root", now=web.site.now())
    assert "No backup was proven for" not in unescape(manager.get("/").content.decode())


@web_test()
def test_after_the_jobs_ran_the_page_shows_sizes_findings_and_errors(web: Web) -> None:
    now = web.site.now()
    (web.root / "data" / "database").rename(web.root / "data" / "away")
    write_log(
        web,
        "web",
        {"at": now - timedelta(days=2), "level": "ERROR", "logger": "rattail", "message": "of long ago"},
        {"at": now, "level": "ERROR", "logger": "rattail", "message": "it broke <b>here</b>"},
        {"at": now, "level": "INFO", "logger": "rattail", "message": "ERROR rattail [1] nothing broke"},
    )

    work_off(web)
    (web.root / "data" / "away").rename(web.root / "data" / "database")
    page = web.client_of("alice", "manager").get("/").content.decode()

    assert ">essential<" in page
    assert "Measured just now (" in page
    assert "Code for technicians: <code>core.E005</code>" in page
    assert "it broke &lt;b&gt;here&lt;/b&gt;" in page
    assert "of long ago" not in page
    assert "The logs tell of 1 error in the last day." in page


@web_test()
def test_the_age_of_what_was_measured_and_who_did_something_are_said_in_plain_words(web: Web) -> None:
    from rattail.audit.trail import record
    from rattail.features.home.kept import SIZES, keep
    from rattail.jobs.queue import enqueue

    now = web.site.now()
    keep(SIZES, {"classes": {}, "folders": [], "unlisted": {}}, now=now - timedelta(hours=3, minutes=20))
    enqueue(web.site.registry.jobs["home.check"], arguments={}, actor="job:recurring", now=now)
    record("make store", "store 1", actor="os:root", now=now)
    alice = web.client_of("alice", "manager")

    assert "Measured 3 hours ago (" in alice.get("/").content.decode()
    assert "Measured 3 hours ago (" in alice.get("/app-folder/").content.decode()
    for address, who in (("/jobs/", "the app itself"), ("/audit/", "root (by command)")):
        assert f"<td>{who}" in alice.get(address, {"actor": who}).content.decode()


@web_test()
def test_whoever_may_not_see_details_sees_only_what_concerns_their_work(web: Web) -> None:
    from rattail.jobs.queue import enqueue

    kind = web.site.registry.jobs["home.measure"]
    for actor in ("bob", "alice"):
        enqueue(kind, arguments={}, actor=actor, subject=f"of {actor}", now=web.site.now())
    work_off(web)

    page = web.client_of("bob", "viewer").get("/").content.decode()

    assert "of bob" in page
    assert "of alice" not in page
    assert "App folder" not in page
    assert "The shop is" not in page
    assert "check-appdir" not in page


@web_test()
def test_looking_again_asks_for_each_job_once(web: Web) -> None:
    from rattail.jobs.models import READY, Job

    alice = web.client_of("alice", "manager")
    for _ in range(2):
        answer = alice.post("/look/", {"back": "appdir"})

    assert answer.headers["Location"] == "/app-folder/"
    assert sorted(Job.objects.filter(state=READY).values_list("kind", flat=True)) == [
        "home.check",
        "home.errors",
        "home.measure",
    ]


@web_test()
def test_the_app_folder_is_shown_by_logical_names_with_how_long_each_is_kept(web: Web) -> None:
    work_off(web)

    page = web.client_of("alice", "manager").get("/app-folder/").content.decode()

    assert "data/uploads" in page
    assert "7 days" in page
    assert str(web.root) not in page


@web_test()
def test_a_measurement_of_odd_values_is_shown_all_the_same(web: Web) -> None:
    from rattail.features.home.kept import SIZES, keep

    one = {"location": "/mnt/other", "class": "scratch", "purpose": "", "is_declared": False, "problem": "gone <i>"}
    folder = {**one, "path": "gone", "exists": False, "size_bytes": 0, "files": 0, "newest_s": 10**15}
    keep(SIZES, {"classes": {}, "folders": [folder], "unlisted": {".": 7}}, now=web.site.now())

    page = web.client_of("alice", "manager").get("/app-folder/").content.decode()

    assert "lies in /mnt/other" in page
    assert "gone &lt;i&gt;" in page
    assert "7 more folders" in page


@web_test()
def test_the_log_is_read_backwards_and_narrowed(web: Web) -> None:
    now = web.site.now()
    lines = [
        {"at": now + timedelta(seconds=number), "level": "INFO", "logger": "shop", "message": f"line {number:03d}"}
        for number in range(150)
    ]
    trace = {"traceback": "Traceback <of> it"}
    broken = {"at": now + timedelta(hours=1), "level": "ERROR", "logger": "shop", "message": "y" * 300}
    write_log(web, "worker", *lines, {**broken, "request_id": "abc123", "details": trace})
    alice = web.client_of("alice", "manager")

    page = alice.get("/log/?kind=worker").content.decode()
    older = re.search(r'href="([^"]*after=[^"]*)"', page)
    assert older
    second = alice.get(f"/log/{unescape(older[1])}").content.decode()
    narrowed = alice.get("/log/?kind=worker&level=ERROR&request_id=abc123").content.decode()

    assert page.index("line 149") < page.index("line 148")
    assert "line 000" not in page
    assert "line 000" in second
    assert "Traceback &lt;of&gt; it" in narrowed
    assert "line 1" not in narrowed


@web_test()
def test_no_filter_of_the_log_breaks_it(web: Web) -> None:
    write_log(web, "web", {"at": web.site.now(), "level": "INFO", "logger": "shop", "message": "a line"})
    alice = web.client_of("alice", "manager")
    for name in ("kind", "level", "text", "request_id", "after"):
        for value in HOSTILE:
            assert alice.get("/log/", {name: value}).status_code in (200, 404, 422), (name, value)
