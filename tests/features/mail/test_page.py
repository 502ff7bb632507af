"""The page of mail."""

from __future__ import annotations

from tests.kit.web import Web, web_test

OPTIONS = {
    "mail.host": "mail.example.org",
    "mail.from": "shop@example.org",
    "mail.to": "ada@example.org",
    "mail.user": "shop",
    "mail.password": "hunter2",
    "mail.on_failure_url": "https://example.org/hook?token=abc123",
}


@web_test(options=OPTIONS)
def test_the_page_shows_what_is_configured_and_what_waits_and_no_secret(web: Web) -> None:
    from rattail.notices.models import Letter
    from rattail.notices.note import note

    now = web.site.now()
    note("e", subject="<b>it broke</b>", text="& badly", now=now)
    Letter.objects.create(
        name="x", level="error", subject="stuck", text="", sealed_at=now, next_try_at=now, tries=3, failure="451 later"
    )
    page = web.client_of("alice", "manager").get("/mail/").content.decode()

    assert "&lt;b&gt;it broke&lt;/b&gt;" in page
    assert "<dt>Password</dt><dd>set</dd>" in page
    assert "an address" in page
    assert "451 later" in page
    assert "hunter2" not in page
    assert "abc123" not in page


@web_test()
def test_without_a_server_the_page_says_that_nobody_is_told(web: Web) -> None:
    page = web.client_of("alice", "manager").get("/mail/").content.decode()

    assert "nobody is told" in page
    assert "Send a test mail" not in page


@web_test(options=OPTIONS)
def test_the_button_asks_for_one_test_mail_and_its_end_is_shown(web: Web) -> None:
    from rattail.jobs.models import Job

    alice = web.client_of("alice", "manager")
    for _ in range(2):
        answer = alice.post("/mail/test/")
        assert (answer.status_code, answer["Location"]) == (302, "/mail/")
    assert list(Job.objects.values_list("kind", "actor")) == [("mail.test", "alice")]
    assert f"/jobs/{Job.objects.get().pk}/" in alice.get("/mail/").content.decode()

    result = {"is_sent": False, "message": "550 no such user", "hint": "look at mail.to"}
    for values in ({"state": "running", "token": 1}, {"state": "done", "result": result}):
        Job.objects.update(**values)
    assert "The last test mail: 550 no such user (look at mail.to)" in alice.get("/mail/").content.decode()
