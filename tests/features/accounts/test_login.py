"""Logging in and out, and what keeps others out."""

from __future__ import annotations

from tests.features.accounts.people import PASSWORD, deeds, is_in, log_in, text_of, with_password
from tests.kit.web import Web, web_test


@web_test()
def test_whoever_is_not_logged_in_is_sent_to_the_login_and_from_there_to_where_he_was_going(web: Web) -> None:
    with_password(web, "alice")
    browser = web.client()

    asked = browser.get("/me/?a=1")
    form = browser.get(asked["Location"])
    answer = log_in(browser, "alice", next="/me/?a=1")

    assert (asked.status_code, asked["Location"]) == (302, "/login/?next=%2Fme%2F%3Fa%3D1")
    assert 'value="/me/?a=1"' in form.content.decode()
    assert (answer.status_code, answer["Location"]) == (302, "/me/?a=1")
    assert text_of(browser.get("/me/")).startswith("Your account")


@web_test()
def test_a_name_may_be_typed_in_large_letters_and_with_blanks_around(web: Web) -> None:
    with_password(web, "alice")

    assert log_in(web.client(), "  ALICE ").status_code == 302


@web_test()
def test_after_the_login_one_never_gets_to_another_site(web: Web) -> None:
    with_password(web, "alice")

    for hostile in (
        *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "javascript:alert(1)"),
        *("http:evil.example", "\t//evil.example", "me/", "/me/\r\nX-Bad: 1", "/login/", "/\x00", ""),
    ):
        assert log_in(web.client(), "alice", next=hostile)["Location"] == "/", hostile


@web_test()
def test_after_the_login_one_gets_to_a_page_that_one_may_look_at_or_home(web: Web) -> None:
    with_password(web, "alice", "viewer")
    web.user("bob", "manager")

    leads = {
        goal: [log_in(web.client(), "alice", next=goal)["Location"], in_already["Location"]]
        for goal in (
            "/logout/",
            "/logout/?a=1",
            "/%6cogout/",
            "/accounts/",
            "/no/such/page/",
            "/healthz",
            "/batches/?q=1#a",
        )
        for in_already in [web.client_of("alice").get("/login/", {"next": goal})]
    }

    assert leads.pop("/batches/?q=1#a") == ["/batches/?q=1#a"] * 2
    assert set(map(tuple, leads.values())) == {("/", "/")}


@web_test()
def test_a_page_without_its_last_slash_leads_to_it_and_strangers_learn_nothing(web: Web) -> None:
    stranger, alice = web.client(), web.client_of("alice", "viewer")

    def lead(address: str) -> str:
        return str(stranger.get("/", PATH_INFO=address).get("Location"))

    assert stranger.get("/login?next=/me/")["Location"] == "/login/?next=/me/"
    assert (lead("/batches"), lead("/nothing")) == ("/batches/", "/nothing/")
    assert (lead("//evil.example/a"), lead("/\\evil/a")) == ("/%2Fevil.example/a/", "/%5Cevil/a/")
    assert alice.get("/batches?q=1")["Location"] == "/batches/?q=1"
    assert [alice.get(address).status_code for address in ("/nothing/", "/favicon.ico")] == [404, 404]
    assert alice.post("/logout").status_code == 404


@web_test()
def test_a_wrong_password_an_unknown_name_and_a_disabled_user_get_the_same_answer(web: Web) -> None:
    from rattail.features.accounts.service import disable_user

    for name in ("alice", "bob"):
        with_password(web, name)
    disable_user(name="bob", actor="os:test", now=web.site.now())

    answers = {
        text_of(log_in(web.client(), name, password)).replace(name, "")
        for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("bob", PASSWORD), ("Ünknown", "wrong"))
    }

    assert answers == {
        "Log in Name and password do not fit together, or the account is disabled. Try again. Name Password Log in"
    }


@web_test()
def test_a_refused_login_is_announced_at_its_fields_and_leaves_no_session(web: Web) -> None:
    browser = web.client()

    answer = log_in(browser, "nobody", "wrong")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert" id="login-error"' in page
    assert page.count('aria-describedby="login-error"') == 2
    assert "rattail_session" not in browser.cookies
    assert "wrong" not in page.partition("<main")[2].replace("field wrong", "")


@web_test()
def test_every_login_and_every_refusal_is_in_the_audit_trail_without_a_password(web: Web) -> None:
    from rattail.audit.models import Entry

    with_password(web, "alice")
    browser = web.client()

    log_in(browser, "alice", "a wrong one")
    log_in(browser, "alice")
    log_in(web.client(), "typed my password here!", "x")
    log_in(web.client(), "hunter2.hunter2", "x")
    browser.post("/logout/")

    assert deeds()[1:] == [
        ("somebody", "log in refused", "user alice"),
        ("alice", "log in", "user alice"),
        ("somebody", "log in refused", "an unknown name"),
        ("somebody", "log in refused", "an unknown name"),
        ("alice", "log out", "user alice"),
    ]
    assert "password" not in " ".join(str(details) for details in Entry.objects.values_list("details", flat=True))
    assert not is_in(browser)


@web_test()
def test_a_login_gives_the_browser_another_session_than_it_brought(web: Web) -> None:
    with_password(web, "alice")
    browser = web.client_of("mallory")
    brought = browser.cookies["rattail_session"].value

    log_in(browser, "alice")

    assert browser.cookies["rattail_session"].value != brought
    other = web.client()
    other.cookies["rattail_session"] = brought
    assert not is_in(other)


@web_test()
def test_logging_in_and_out_from_a_page_of_somebody_else_is_refused(web: Web) -> None:
    with_password(web, "alice")
    browser = web.client_of("alice", is_strict=True)

    answers = [log_in(web.client(is_strict=True), "alice").status_code, browser.post("/logout/").status_code]

    assert answers == [403, 403]
    assert is_in(browser)
    assert browser.get("/logout/").status_code == 405


@web_test()
def test_whoever_is_logged_in_already_is_led_on(web: Web) -> None:
    answer = web.client_of("alice").get("/login/?next=/me/")

    assert (answer.status_code, answer["Location"]) == (302, "/me/")
