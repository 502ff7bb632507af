"""The audit trail on screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.features.accounts.people import text_of
from tests.kit.web import Web, web_test

MIDNIGHT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)  # in Chicago


@web_test(options={"app.time_zone": "America/Chicago"})
def test_the_trail_is_narrowed_by_who_what_and_day_of_the_shop(web: Web) -> None:
    from rattail.audit.trail import record

    alice = web.client_of("alice", "manager")
    for hours, actor, action, subject in (
        (-1, "bob", "make batch", "batch 00000001"),
        (0, "bob", "execute batch", "batch 00000001"),
        (23, "os:root", "make batch", "batch 00000002"),
        (24, "bob", "undo batch", "batch 00000001"),
    ):
        details = {"rows": 3, "file": "<b>.csv", "empty": []}
        record(action, subject, actor=actor, now=MIDNIGHT + timedelta(hours=hours), details=details)

    def found(query: str) -> list[str]:
        text = alice.get(f"/audit/?{query}&part=table").content.decode()
        return [action for action in ("undo", "execute", "make") for _ in range(text.count(f">{action} batch<"))]

    table = alice.get("/audit/?subject=batch&part=table").content.decode()
    assert found("subject=batch") == ["undo", "execute", "make", "make"]
    assert table.index("undo batch") < table.index("execute batch")
    assert found("actor=bob&action=execute") == ["execute"]
    assert found("subject=batch&since=2026-11-22&until=2026-11-22") == ["execute", "make"]
    assert found("actor=bob&until=2026-11-21") == ["make"]
    assert found("actor=bob&since=not+a+day&until=9999-12-31") == ["undo", "execute", "make"]
    assert "rows: 3; file: &lt;b&gt;.csv" in table


@web_test()
def test_the_trail_goes_on_where_it_ended_though_all_was_at_one_moment(web: Web) -> None:
    from rattail.audit.models import Entry
    from rattail.features.accounts.listings import DEEDS

    alice = web.client_of("alice", "manager")
    Entry.objects.bulk_create(
        Entry(at=MIDNIGHT, actor="job:nightly", action="count", subject=f"item {number:03}") for number in range(250)
    )
    from rattail.web.access import Person

    person = Person("alice", "", {"accounts.audit": None})
    all_rows = list(DEEDS.stream(web.site, person, {"actor": "job:"}))
    page = alice.get("/audit/?actor=job:").content.decode()
    more = page.partition('class="more"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = alice.get(f"{more}&part=rows").content.decode()
    hostile = [alice.get("/audit/", {"after": after}).status_code for after in ("x", "~", "2026-01-01~1", "\0~9")]

    assert [row[3] for row in all_rows] == [f"item {number:03}" for number in reversed(range(250))]
    assert (page.count("<td"), second.count("item 149"), second.count("item 150")) == (501, 1, 0)
    assert hostile == [200] * 4


@web_test()
def test_the_old_deeds_of_one_record_are_not_looked_for_from_the_newest(web: Web) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from rattail.audit.look import Wanted, look
    from rattail.audit.models import Entry

    old = Entry.objects.create(at=MIDNIGHT, actor="bob", action="make", subject="batch 00000001")
    later = MIDNIGHT + timedelta(days=1)
    Entry.objects.bulk_create(Entry(at=later, actor="bob", action="count", subject=f"item {n}") for n in range(600))

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = [look(Wanted(subject=subject), limit=10).entries for subject in ("batch 00000001", "batch")]
    many = look(Wanted(subject="item"), limit=10).entries
    with connection.cursor() as cursor:
        plans = [cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}").fetchall() for one in asked]

    assert found == [(old,), (old,)]
    assert (len(many), many[0].subject) == (10, "item 599")
    assert len(plans) == 4
    assert "SCAN" not in str(plans)


@web_test()
def test_who_may_see_the_trail_of_one_store_only_does_not_see_that_of_all(web: Web) -> None:
    bea = web.client_of("bea", "manager", store="1")

    answer = bea.get("/audit/")

    assert (answer.status_code, "is needed for all stores" in text_of(answer)) == (403, True)


@web_test()
def test_no_password_and_no_hash_is_ever_in_the_trail(web: Web) -> None:
    from rattail.audit.models import Entry
    from rattail.features.accounts.models import User
    from tests.features.accounts.people import PASSWORD, log_in, with_password

    with_password(web, "alice", "manager")
    browser = web.client()
    log_in(browser, "alice")
    browser.post("/me/password/", {"old_password": PASSWORD, "new_password": f"{PASSWORD}9", "again": f"{PASSWORD}9"})
    browser.post("/accounts/new/", {"name": "bob", "role": "viewer"})
    made = browser.post("/accounts/users/bob/password/").content.decode()

    trail = str(list(Entry.objects.values_list("actor", "action", "subject", "details")))
    assert Entry.objects.count() >= 5
    shown = made.partition("<code>")[2].partition("</code>")[0]
    for secret in (PASSWORD, shown, "argon2", *User.objects.values_list("password", flat=True)):
        assert secret not in trail
