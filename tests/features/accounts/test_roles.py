"""What roles give: the ready ones, those of a shop, in one store or in all."""

from __future__ import annotations

from typing import Any

import pytest

from rattail.errors import InputRejected, NoSuchThing, RattailError, WouldOverwrite
from rattail.feature import Permission
from rattail.features.accounts.roles import Held, ready_permissions, rights_of
from rattail.registry import Registry
from tests.features.accounts.people import PASSWORD, deeds, text_of
from tests.kit.web import Web, web_test

INSTALLED = {
    "ducks.view": Permission("ducks.view", "See ducks", ("buyer", "viewer")),
    "ducks.delete": Permission("ducks.delete", "Delete ducks"),
}


def test_a_ready_role_gets_the_permissions_of_what_is_installed_by_itself() -> None:
    assert ready_permissions("viewer", INSTALLED) == {"ducks.view"}
    assert ready_permissions("counter", INSTALLED) == frozenset()
    assert ready_permissions("manager", INSTALLED) == {"ducks.view", "ducks.delete"}


def test_every_ready_role_that_a_declaration_names_exists(registry: Registry) -> None:
    named = {role for each in registry.permissions.values() for role in each.roles}

    assert named <= {"buyer", "receiver", "counter", "viewer"}


def test_roles_add_up_by_store_and_all_stores_win() -> None:
    held = [Held("viewer", None, "1"), Held("", ["ducks.view", "geese.view"], "2"), Held("buyer", None, "1")]

    assert rights_of(held, INSTALLED) == {"ducks.view": frozenset("12"), "geese.view": frozenset("2")}
    assert rights_of([*held, Held("viewer", None, "")], INSTALLED)["ducks.view"] is None


@web_test()
def test_a_role_of_the_shop_is_made_given_changed_and_deleted(web: Web) -> None:
    alice, bob = web.client_of("alice", "manager"), web.client_of("bob")
    assert bob.get("/accounts/").status_code == 403

    alice.post("/accounts/roles/new/", {"name": "Night shift", "permission": ["accounts.view", "nothing.at-all"]})
    alice.post("/accounts/users/bob/give/", {"role": "Night shift", "store": ""})
    given = bob.get("/accounts/").status_code
    from rattail.features.accounts.models import Role

    role = Role.objects.get()
    assert role.permissions == ["accounts.view"]
    Role.objects.update(permissions=["accounts.view", "geese.view"])  # of an extension that is gone
    form = text_of(alice.get(f"/accounts/roles/{role.pk}/"))
    alice.post(f"/accounts/roles/{role.pk}/", {"name": "Night watch", "permission": ["accounts.audit"]})
    changed = Role.objects.get()
    left = bob.get("/accounts/").status_code
    sure = text_of(alice.get(f"/accounts/roles/{role.pk}/delete/"))
    alice.post(f"/accounts/roles/{role.pk}/delete/")

    assert (given, left) == (200, 403)
    assert "as soon as the extension is installed again: geese.view" in form
    assert (changed.name, changed.permissions) == ("Night watch", ["accounts.audit", "geese.view"])
    assert "It will be taken from bob." in sure
    assert not Role.objects.exists()
    assert [deed for deed in deeds() if deed[0] == "alice"] == [
        ("alice", "make role", "role Night shift"),
        ("alice", "give role", "user bob"),
        ("alice", "change role", "role Night watch"),
        ("alice", "delete role", "role Night watch"),
    ]


@web_test()
def test_a_role_cannot_have_the_name_of_another_one(web: Web) -> None:
    alice = web.client_of("alice", "manager")
    alice.post("/accounts/roles/new/", {"name": "Night shift"})

    answers = [alice.post("/accounts/roles/new/", {"name": name}) for name in ("Manager", "night SHIFT", " ", "x" * 51)]

    assert [answer.status_code for answer in answers] == [409, 409, 422, 422]
    assert all('role="alert"' in answer.content.decode() for answer in answers)


@web_test()
def test_a_manager_makes_somebody_who_can_log_in_with_the_password_that_is_shown_once(web: Web) -> None:
    from tests.features.accounts.people import log_in

    alice = web.client_of("alice", "manager")
    given = {"name": "Bea", "display_name": "Bea Jones", "email": "", "role": "buyer", "store": ""}

    made = alice.post("/accounts/new/", given)

    password = made.content.decode().partition("<code>")[2].partition("</code>")[0]
    assert made["Cache-Control"].count("no-store") == 1
    assert log_in(web.client(), "bea", password).status_code == 302
    assert alice.post("/accounts/new/", given).status_code == 409
    assert alice.post("/accounts/new/", {**given, "name": "../x"}).status_code == 422
    page = text_of(alice.get("/accounts/users/bea/"))
    assert "first password" in page
    assert "buyer" in page
    assert password not in page
    again = alice.post("/accounts/users/bea/password/").content.decode().partition("<code>")[2].partition("</code>")[0]
    assert log_in(web.client(), "bea", password).status_code == 422
    assert log_in(web.client(), "bea", again).status_code == 302


@web_test()
def test_the_list_of_people_is_narrowed_and_goes_on(web: Web) -> None:
    alice = web.client_of("alice", "manager")
    for number in range(120):
        web.user(f"temp-{number:03}")

    first = alice.get("/accounts/?q=TEMP").content.decode()
    rest = alice.get("/accounts/?q=TEMP&after=temp-099&part=rows").content.decode()
    disabled = text_of(alice.get("/accounts/?state=disabled"))

    assert (first.count("/accounts/users/temp-"), rest.count("/accounts/users/temp-")) == (100, 20)
    assert "after=temp-099" in first
    assert "Nothing fits the filter." in disabled


@web_test()
def test_who_may_only_look_sees_no_button_and_cannot_press_one(web: Web) -> None:
    from rattail.features.accounts.models import Role

    Role.objects.create(name="Onlooker", permissions=["accounts.view"])
    bob = web.client_of("bob", "Onlooker")
    web.user("alice", "manager")

    pages = [bob.get(f"/accounts/{path}") for path in ("", "users/alice/", "roles/")]

    assert [page.status_code for page in pages] == [200] * 3
    assert [page.content.decode().partition("<main")[2].count('method="post"') for page in pages][1:] == [0, 0]
    for path in ("users/alice/give/", "users/alice/disable/", "roles/new/", "new/", "users/alice/password/"):
        assert bob.post(f"/accounts/{path}", {"role": "viewer"}).status_code == 403, path


@web_test()
@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"password": "short"}, InputRejected, "10 or more are expected"),
        ({"name": "al ice"}, InputRejected, "cannot be a name to log in with"),
        ({"name": "../alice"}, InputRejected, "cannot be a name to log in with"),
        ({"name": "x" * 51}, InputRejected, "cannot be a name to log in with"),
        ({"email": "alice"}, InputRejected, "is no e-mail address"),
        ({"display_name": "a\nb"}, InputRejected, "all in one line"),
        ({"roles": ["viewer"], "store": "9"}, NoSuchThing, "there is no store '9'"),
        ({"name": "BOB"}, WouldOverwrite, "there is a user 'bob' already"),
    ],
)
def test_nobody_is_made_where_something_is_wrong(
    web: Web, given: dict[str, Any], error: type[RattailError], said: str
) -> None:
    from rattail.features.accounts.models import User
    from rattail.features.accounts.service import make_user

    web.user("bob")

    with pytest.raises(error, match=said):
        make_user(**{"name": "alice", "password": PASSWORD, "actor": "os:test", "now": web.site.now(), **given})

    assert User.objects.count() == 1
