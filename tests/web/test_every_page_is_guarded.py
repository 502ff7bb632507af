"""The walk over the table of addresses: every page, by every method, by everybody. No new page can forget."""

from __future__ import annotations

import pytest

from rattail.feature import PUBLIC, SIGNED_IN
from rattail.registry import Registry, load_registry
from tests.kit.web import Web, web_test
from tests.web.routes import ROLES, every_request, roles_that_may


def test_every_page_needs_something_that_is_declared(registry: Registry) -> None:
    wrong = [
        page.name
        for page in registry.pages
        if page.needs not in (PUBLIC, SIGNED_IN) and page.needs not in registry.permissions
    ]

    assert "\n".join(wrong) == ""


def test_every_list_needs_a_declared_permission(registry: Registry) -> None:
    wrong = [
        each.name
        for each in registry.lists.values()
        if each.needs != SIGNED_IN and each.needs not in registry.permissions
    ]

    assert "\n".join(wrong) == ""


def test_few_pages_are_public(registry: Registry) -> None:
    public = sorted(page.name for page in registry.pages if page.needs == PUBLIC)

    assert public == ["accounts.login", "serve.alive", "serve.ready"]


@web_test()
def test_nobody_gets_in_without_logging_in(web: Web) -> None:
    let_in = []
    for asked in every_request(load_registry()):
        if asked.page.needs == PUBLIC:
            continue
        answer = web.client().generic(asked.method, asked.address)
        if answer.status_code != 302 or not answer["Location"].startswith("/login/"):
            let_in.append(f"{asked}: {answer.status_code}")

    assert "\n".join(let_in) == ""


@web_test()
def test_each_role_gets_where_it_may_and_nowhere_else(web: Web) -> None:
    registry = load_registry()
    wrong, tried = [], 0
    for role in (*ROLES, ""):
        client = web.client_of(role or "mallory", *([role] if role else []))
        user = web.user(role or "mallory")
        for asked in every_request(registry):
            may = asked.page.needs in (PUBLIC, SIGNED_IN) or role in roles_that_may(asked.page, registry)
            user.refresh_from_db()
            web.log_in(client, user)  # some pages end the session
            answer = client.generic(asked.method, asked.address)
            is_refused = answer.status_code == 403 and (asked.method == "HEAD" or b"the permission" in answer.content)
            tried += 1
            if is_refused is may and asked.page.needs != SIGNED_IN:  # there a view asks whose record it is
                wrong.append(f"{role or 'nobody'}: {asked}: {answer.status_code}")

    assert "\n".join(wrong) == ""
    assert tried > 6 * len(registry.pages)


@web_test()
def test_no_change_is_made_without_the_token_of_a_form(web: Web) -> None:
    taken = []
    for asked in every_request(load_registry()):
        if asked.method in ("GET", "HEAD"):
            continue
        answer = web.client_of("alice", "manager", is_strict=True).generic(asked.method, asked.address)
        if answer.status_code != 403 or b"open for too long" not in answer.content:
            taken.append(f"{asked}: {answer.status_code}")

    assert "\n".join(taken) == ""


@web_test()
def test_what_changes_something_cannot_be_done_by_following_a_link(web: Web) -> None:
    client = web.client_of("alice", "manager")
    followed = [
        f"{asked}: {answer.status_code}"
        for asked in every_request(load_registry())
        if "GET" not in asked.page.methods and (answer := client.get(asked.address)).status_code != 405
    ]

    assert "\n".join(followed) == ""


@web_test()
def test_a_first_password_is_changed_before_anything_else(web: Web) -> None:
    user = web.user("nora", "manager")
    user.must_change_password = True
    user.save()
    client = web.client()
    seen = []
    for asked in every_request(load_registry()):
        web.log_in(client, user)
        if asked.page.is_own or asked.page.needs == PUBLIC or asked.method != "GET":
            continue
        answer = client.get(asked.address)
        if answer.status_code != 302 or answer["Location"] != "/me/password/":
            seen.append(f"{asked}: {answer.status_code}")

    assert "\n".join(seen) == ""


@pytest.mark.parametrize("header", ["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"])
@web_test()
def test_every_answer_is_closed_to_other_hosts(web: Web, header: str) -> None:
    client = web.client_of("alice", "manager")
    without = [
        str(asked)
        for asked in every_request(load_registry())
        if asked.method == "GET" and header not in client.get(asked.address).headers
    ]

    assert "\n".join(without) == ""
