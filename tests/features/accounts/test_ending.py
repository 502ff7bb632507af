"""Sessions end at once where they have to: by a command, by a new password, by oneself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from tests.features.accounts.people import PASSWORD, deeds, is_in, log_in, text_of, with_password
from tests.kit.web import Web, web_test

NEW = "three old grey ducks"


def command(web: Web, *words: str) -> str:
    """Run a command on the app folder, in a process of its own as always."""
    line = [sys.executable, "-m", "rattail", *words, "--appdir", str(web.root)]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout


@web_test()
def test_disable_user_ends_the_sessions_of_that_person_within_one_request(web: Web) -> None:
    with_password(web, "alice", "manager")
    first, second, other = web.client_of("bob", "viewer"), web.client_of("bob"), web.client_of("alice")
    assert is_in(first)

    said = command(web, "disable-user", "Bob")

    assert said == "bob cannot log in any more and is logged out everywhere.\n"
    assert [is_in(browser) for browser in (first, second, other)] == [False, False, True]
    assert list((web.root / "sessions" / "data").glob("[0-9a-f]*")) != []
    assert log_in(web.client(), "bob").status_code == 422
    command(web, "enable-user", "bob")
    assert not is_in(first)


@web_test()
def test_a_session_of_before_opens_nothing_though_it_is_still_there(web: Web) -> None:
    from rattail.features.accounts import service
    from rattail.web.sessions import sessions_of

    def log_out(**who: Any) -> None:
        service.log_out_everywhere(**who)

    def disable_and_enable(**who: Any) -> None:
        service.disable_user(**who)
        service.enable_user(**who)

    def set_password(**who: Any) -> None:
        service.set_password(**who, password=NEW)

    for deed in (log_out, disable_and_enable, set_password):
        bob = web.client_of("bob")
        before = is_in(bob)
        deed(name="bob", actor="os:test", now=web.site.now())
        assert (before, is_in(bob)) == (True, False), deed
    assert len(sessions_of("bob")) == 3


@web_test()
def test_somebody_with_a_first_password_gets_nowhere_until_it_is_changed(web: Web) -> None:
    with_password(web, "alice", "manager", must_change=True)
    browser, elsewhere = web.client(), web.client()
    log_in(browser, "alice", next="/accounts/")
    log_in(elsewhere, "alice")

    led = browser.get("/accounts/")
    form = browser.get("/me/password/")
    changed = browser.post("/me/password/", {"old_password": PASSWORD, "new_password": NEW, "again": NEW})

    assert (led.status_code, led["Location"]) == (302, "/me/password/")
    assert "only for the first time" in text_of(form)
    assert changed.status_code == 302
    assert "Your password is changed." in text_of(browser.get("/accounts/"))
    assert not is_in(elsewhere)
    assert ("alice", "change password", "user alice") in deeds()
    assert log_in(web.client(), "alice").status_code == 422
    assert log_in(web.client(), "alice", NEW).status_code == 302


@web_test()
def test_a_password_is_not_changed_where_something_about_it_is_wrong(web: Web) -> None:
    with_password(web, "alice")
    browser = web.client_of("alice")

    for old, new, again, said in (
        ("wrong", NEW, NEW, "The present password is not right; nothing was changed."),
        (PASSWORD, NEW, f"{NEW}s", "The new password was typed in two ways; nothing was changed."),
        (PASSWORD, PASSWORD, PASSWORD, "The new password is the present one; choose another."),
        (PASSWORD, "short", "short", "5 letters, and 10 or more are expected"),
    ):
        answer = browser.post("/me/password/", {"old_password": old, "new_password": new, "again": again})
        assert (answer.status_code, said in text_of(answer)) == (422, True), text_of(answer)
        assert PASSWORD not in answer.content.decode()
    assert is_in(browser)
    assert log_in(web.client(), "alice").status_code == 302


@web_test()
def test_one_sees_ones_own_sessions_and_can_end_one_or_all(web: Web) -> None:
    here, phone, left_open = (web.client_of("alice") for _ in range(3))
    web.client_of("bob")
    from rattail.web.sessions import sessions_of

    ids = {each.public_id for each in sessions_of("alice")}
    page = here.get("/me/").content.decode()
    of_phone = phone.get("/me/").content.decode()
    own_of_phone = next(each for each in ids if f'value="{each}"' not in of_phone)
    here.post("/me/sessions/end/", {"session": own_of_phone})
    after_one = [is_in(browser) for browser in (here, phone, left_open)]
    here.post("/me/sessions/end-all/")

    assert len(ids) == 3
    assert page.count('name="session"') == 2
    assert after_one == [True, False, True]
    assert [is_in(browser) for browser in (here, phone, left_open)] == [False] * 3
    assert len(sessions_of("alice")) == 0
    assert len(sessions_of("bob")) == 1


@web_test()
def test_nobody_ends_a_session_of_somebody_else(web: Web) -> None:
    from rattail.web.sessions import sessions_of

    bob = web.client_of("bob")
    answer = web.client_of("mallory").post("/me/sessions/end/", {"session": sessions_of("bob")[0].public_id})

    assert answer.status_code == 302
    assert is_in(bob)


@web_test()
def test_one_can_say_what_one_is_called(web: Web) -> None:
    browser = web.client_of("alice")

    wrong = browser.post("/me/", {"display_name": "Alice", "email": "nowhere"})
    browser.post("/me/", {"display_name": "Alice <b>Miller", "email": "alice@example.org"})

    assert (wrong.status_code, 'role="alert"' in wrong.content.decode()) == (422, True)
    assert "Alice &lt;b&gt;Miller" in browser.get("/me/").content.decode()


@web_test()
def test_who_asks_is_known_after_one_query(web: Web) -> None:
    from django.db import connection
    from django.test import RequestFactory
    from django.test.utils import CaptureQueriesContext

    from rattail.features.accounts.access import let_in, person_of
    from rattail.features.sessions.store import SessionStore

    request = RequestFactory().get("/")
    request.session = SessionStore()
    let_in(request, web.user("alice", "buyer", "counter", store="1"))

    with CaptureQueriesContext(connection) as queries:
        person = person_of(request)

    assert person is not None
    assert person.name == "alice"
    assert len(queries) == 1
