"""Who sends a request: from the name in its session to a person with permissions, in one query."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest

from rattail.features.accounts.models import User
from rattail.features.accounts.roles import Held, rights_of
from rattail.site import site
from rattail.web.access import Person
from rattail.web.sessions import begin_session, name_of

EPOCH = "_epoch"  # the session's entry that says under which epoch of the user it began


def person_of(request: HttpRequest) -> Person | None:
    """Who asks; None where nobody is logged in, or somebody who was disabled or logged out everywhere since."""
    name = name_of(request)
    if not name:
        return None
    found = _standing(name)
    if not found or cast("Any", request).session.get(EPOCH) != found[0][2]:
        return None
    return _person(name, found)


def person_named(name: str) -> Person | None:
    """Somebody by name, as they are now; None where there is nobody of that name, or they were disabled."""
    found = _standing(name)
    return _person(name, found) if found else None


def _standing(name: str) -> list[tuple[Any, ...]]:
    """A row for each role of somebody who may log in; one without a role where they have none."""
    rows: Any = User.objects.filter(name=name, is_active=True).values_list(
        "display_name",
        "must_change_password",
        "session_epoch",
        "assignments__ready_role",
        "assignments__own_role__permissions",
        "assignments__store",
    )
    return list(rows)


def _person(name: str, found: list[tuple[Any, ...]]) -> Person:
    held = [Held(ready, own, store) for *_, ready, own, store in found if ready is not None]
    display_name, must_change_password, *_ = found[0]
    return Person(name, display_name, rights_of(held, site().registry.permissions), must_change_password)


def let_in(request: HttpRequest, user: User) -> None:
    """Begin a session of somebody: under a new key, and only for as long as their epoch does not change."""
    begin_session(request, user.name)
    cast("Any", request).session[EPOCH] = user.session_epoch
