"""Nobody gets above himself: what one may not do, one cannot hand out, nor take, nor borrow from somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.features.accounts.people import deeds, text_of
from tests.kit.web import Web, run_in_web, web_test

if TYPE_CHECKING:
    from django.test import Client


def clerk_of_store_1(web: Web) -> Client:
    """Somebody who may manage the accounts of store 1, and see accounts there, and nothing more."""
    from rattail.features.accounts.models import Role
    from rattail.retail.models import Store

    Role.objects.create(name="Clerk", permissions=["accounts.configure", "accounts.view"])
    Role.objects.create(name="Onlooker", permissions=["accounts.view"])
    Store.objects.create(code="2", name="South")
    web.user("alice", "manager")
    web.user("bob", "Onlooker", store="1")
    return web.client_of("mallory", "Clerk", store="1")


@web_test()
def test_a_clerk_of_one_store_gives_what_he_has_himself_and_there_only(web: Web) -> None:
    mallory = clerk_of_store_1(web)

    def give(name: str, role: str, store: str) -> int:
        return mallory.post(f"/accounts/users/{name}/give/", {"role": role, "store": store}).status_code

    assert give("bob", "Onlooker", "1") == 302
    assert give("bob", "Clerk", "1") == 302
    assert give("bob", "Onlooker", "2") == 403
    assert give("bob", "Onlooker", "") == 403
    assert give("bob", "manager", "1") == 403
    assert give("mallory", "manager", "") == 403
    assert give("mallory", "Clerk", "") == 403
    assert give("bob", "no such role", "1") == 404
    assert give("bob", "Onlooker", "no such store") == 404
    assert give("nobody", "Onlooker", "1") == 404


@web_test()
def test_a_clerk_makes_nobody_who_may_more_than_he_does(web: Web) -> None:
    mallory = clerk_of_store_1(web)

    def make(name: str, role: str, store: str) -> int:
        return mallory.post("/accounts/new/", {"name": name, "role": role, "store": store}).status_code

    assert make("eve", "manager", "") == 403
    assert make("eve", "manager", "1") == 403
    assert make("eve", "", "") == 403
    assert make("eve", "", "1") == 422
    assert make("eve", "Onlooker", "1") == 200


@web_test()
def test_a_clerk_cannot_become_a_manager_through_the_manager_s_account(web: Web) -> None:
    mallory = clerk_of_store_1(web)

    for deed in ("password", "disable", "enable", "log-out", "change"):
        from rattail.features.accounts.models import User

        User.objects.filter(name="alice").update(is_active=deed != "enable")
        answer = mallory.post(f"/accounts/users/alice/{deed}/", {"display_name": "x"})
        assert (answer.status_code, "nobody hands out or takes away" in text_of(answer)) == (403, True), deed
    assert mallory.post("/accounts/users/alice/take/", {"role": "manager", "store": ""}).status_code == 403
    assert [deed for deed in deeds() if deed[0] == "mallory"] == []


@web_test()
def test_a_clerk_of_one_store_has_no_power_over_whoever_belongs_elsewhere_or_nowhere(web: Web) -> None:
    from rattail.features.accounts.models import User

    mallory = clerk_of_store_1(web)
    web.user("norman")
    web.user("sue", "Onlooker", store="2")
    web.user("both", "Onlooker", store="1")
    web.user("both", "Onlooker", store="2")
    every_deed = ["password", "disable", "log-out", "change", "give", "take", "enable"]

    def seen() -> list[tuple[object, ...]]:
        rows = User.objects.order_by("name")
        return list(rows.values_list("name", "password", "session_epoch", "display_name", "assignments__store"))

    def refused(name: str) -> Iterator[str]:
        for deed in every_deed:
            User.objects.filter(name=name).update(is_active=deed != "enable")
            given = {"role": "Onlooker", "store": "1", "display_name": "x"}
            if mallory.post(f"/accounts/users/{name}/{deed}/", given).status_code == 403:
                yield deed

    before = seen()

    assert [list(refused(name)) for name in ("norman", "sue", "both")] == [every_deed] * 3
    assert seen() == before
    assert list(refused("bob")) == ["enable"]  # the role that he had was taken from him before


@web_test()
def test_a_clerk_cannot_widen_the_role_that_he_has(web: Web) -> None:
    from rattail.features.accounts.models import Role

    mallory = clerk_of_store_1(web)
    role = Role.objects.get(name="Clerk")

    widened = mallory.post(f"/accounts/roles/{role.pk}/", {"name": "Clerk", "permission": ["accounts.audit"]})
    made = mallory.post("/accounts/roles/new/", {"name": "More", "permission": ["accounts.audit"]})
    deleted = mallory.post(f"/accounts/roles/{role.pk}/delete/")

    assert [answer.status_code for answer in (widened, made, deleted)] == [403] * 3
    assert set(Role.objects.values_list("name", flat=True)) == {"Clerk", "Onlooker"}


@web_test()
def test_permissions_of_an_extension_that_is_gone_are_handled_by_managers_only(web: Web) -> None:
    from rattail.features.accounts.models import Role

    mallory = clerk_of_store_1(web)
    Role.objects.filter(name="Onlooker").update(permissions=["accounts.view", "geese.view"])
    given = {"role": "Onlooker", "store": "1"}

    assert mallory.post("/accounts/users/bob/give/", given).status_code == 403
    assert web.client_of("alice").post("/accounts/users/bob/give/", given).status_code == 302


@web_test()
def test_the_last_manager_stays_and_nobody_disables_himself(web: Web) -> None:
    from rattail.errors import NotAllowed
    from rattail.features.accounts.service import disable_user, withdraw_role

    alice = web.client_of("alice", "manager")
    web.user("bob", "manager", store="1")
    own = alice.post("/accounts/users/alice/disable/")
    asked = alice.post("/accounts/users/alice/take/", {"role": "manager", "store": ""})
    taken = alice.post("/accounts/users/alice/take/", {"role": "manager", "store": "", "sure": "yes"})
    with pytest.raises(NotAllowed, match="last manager"):
        disable_user(name="alice", actor="os:root", now=web.site.now())
    with pytest.raises(NotAllowed, match="last manager"):
        withdraw_role(name="alice", role="manager", actor="os:root", now=web.site.now())

    assert (own.status_code, "nobody disables himself" in text_of(own)) == (403, True)
    assert (asked.status_code, text_of(asked).startswith("Take a role from yourself?")) == (200, True)
    assert (taken.status_code, "last manager" in text_of(taken)) == (403, True)


@web_test()
def test_a_manager_who_is_not_the_last_may_step_down_after_a_question(web: Web) -> None:
    alice = web.client_of("alice", "manager")
    web.user("bea", "manager")

    alice.post("/accounts/users/alice/take/", {"role": "manager", "store": ""})
    asked = alice.get("/accounts/").status_code
    alice.post("/accounts/users/alice/take/", {"role": "manager", "store": "", "sure": "yes"})

    assert (asked, alice.get("/accounts/").status_code) == (200, 403)


def test_two_managers_who_disable_each_other_at_once_leave_one(emptied_env: Mapping[str, str]) -> None:
    def act(web: Web) -> None:
        from django.db import connection

        from rattail.errors import NotAllowed
        from rattail.features.accounts.models import User
        from rattail.features.accounts.service import disable_user

        web.user("alice", "manager")
        web.user("bea", "manager")
        now = web.site.now()

        def disable(name: str) -> None:
            try:
                disable_user(name=name, actor="os:test", now=now)
            except NotAllowed:
                pass
            finally:
                connection.close()

        threads = [Thread(target=disable, args=(name,)) for name in ("alice", "bea")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert User.objects.filter(is_active=True).count() == 1

    run_in_web(emptied_env, act)


@web_test()
def test_a_manager_of_one_store_has_no_power_over_people_of_no_store_or_of_others(web: Web) -> None:
    mona = web.client_of("mona", "manager", store="2")
    web.user("nobody")
    web.user("rico", "receiver", store="1")
    web.user("bea", "buyer")
    web.user("cora", "counter", store="2")

    codes = {
        name: mona.post(f"/accounts/users/{name}/disable/").status_code for name in ("nobody", "rico", "bea", "cora")
    }

    assert codes == {"nobody": 403, "rico": 403, "bea": 403, "cora": 302}
    assert mona.post("/accounts/users/nobody/password/").status_code == 403


@web_test()
def test_what_belongs_to_no_store_is_not_for_a_manager_of_one(web: Web) -> None:
    mona = web.client_of("mona", "manager", store="2")

    codes = {address: mona.get(address).status_code for address in ("/log/", "/app-folder/", "/mail/", "/audit/")}

    assert codes == dict.fromkeys(codes, 403)
    assert "/log/" not in mona.get("/").content.decode()


@web_test()
def test_a_manager_of_one_store_makes_another_one_of_it_and_unmakes_them(web: Web) -> None:
    mona = web.client_of("mona", "manager", store="2")
    web.user("cora", "counter", store="2")
    given = {"role": "manager", "store": "2"}

    codes = [mona.post(f"/accounts/users/cora/{deed}/", given).status_code for deed in ("give", "take")]

    assert codes == [302, 302]
    assert mona.post("/accounts/users/cora/give/", {"role": "manager", "store": ""}).status_code == 403
