"""The lists of accounts: people, and who did what."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from rattail.audit.look import Wanted, look
from rattail.errors import NotAllowed
from rattail.features.accounts.listed import UserShown, list_users
from rattail.features.accounts.models import User
from rattail.web import show
from rattail.web.access import Person
from rattail.web.listing import Asked, Badge, Chunk, Column, Filter, Link, Listing

_MOST_OF_DETAILS = 300
_STATES = (("active", "may log in"), ("disabled", "disabled"))


def _select_users(asked: Asked) -> Chunk:
    state = asked.filters.get("state", "")
    is_active = {"active": True, "disabled": False}.get(state)
    found = list_users(
        after=asked.after, limit=asked.limit + 1, contains=asked.filters.get("q", ""), is_active=is_active
    )
    shown = found[: asked.limit]
    after = shown[-1].user.name if len(found) > asked.limit else ""
    return Chunk([_user_row(each) for each in shown], after)


def _user_row(shown: UserShown) -> tuple[object, ...]:
    user = shown.user
    return (
        Link(user.name, reverse("accounts.user", args=(user.name,))),
        user.display_name,
        shown.roles_text,
        state_of(user),
        user.last_login,
    )


def state_of(user: User) -> Badge:
    """Whether somebody may log in, in a word."""
    if not user.is_active:
        return Badge("disabled", "bad", "cannot log in")
    if user.must_change_password:
        return Badge("first password", "warning", "has to choose a password of their own at the next login")
    return Badge("active", "good")


def _select_deeds(asked: Asked) -> Chunk:
    require_whole_trail(asked.person)
    zone = ZoneInfo(asked.site.time_zone)
    last_day = _day(asked.filters.get("until", ""))
    wanted = Wanted(
        actor=show.actor_begins(asked.filters.get("actor", "")),
        action=asked.filters.get("action", ""),
        subject=asked.filters.get("subject", ""),
        since=_midnight(_day(asked.filters.get("since", "")), zone),
        before=_midnight(last_day + timedelta(days=1) if last_day and last_day < date.max else None, zone),
        after=asked.after,
    )
    seen = look(wanted, limit=asked.limit)
    rows = [(each.at, show.who(each.actor), each.action, each.subject, _said(each.details)) for each in seen.entries]
    return Chunk(rows, seen.after)


def require_whole_trail(person: Person) -> None:
    """The trail is of the whole shop: who may see it in one store only does not.

    Raises:
        NotAllowed: their permission does not hold for all stores.
    """
    person.require("accounts.audit")
    if person.stores("accounts.audit") is not None:
        raise NotAllowed(
            f"{person.name} may not see who did what: the permission 'accounts.audit' is needed for all stores.",
            hint="ask a manager of all stores",
        )


def _said(details: dict[str, object]) -> str:
    parts = []
    for name, value in details.items():
        text = _as_words(value)
        if text not in ("", "[]", "{}", "null"):
            parts.append(f"{name.replace('_', ' ')}: {text}")
    said = "; ".join(parts)
    return said if len(said) <= _MOST_OF_DETAILS else f"{said[:_MOST_OF_DETAILS]} ..."


def _as_words(value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """When a day begins in the shop; None for days so far away that no clock shows them."""
    return datetime.combine(day, time(), zone) if day and date.min < day < date.max else None


USERS = Listing(
    name="accounts.users",
    title="Accounts",
    columns=(
        Column("name", "Name"),
        Column("display_name", "Called"),
        Column("roles", "Roles"),
        Column("state", "State"),
        Column("last_login", "Last login", "moment"),
    ),
    select=_select_users,
    filters=(Filter("q", "Name"), Filter("state", "State", "choice", _STATES)),
    empty="There is nobody yet.",
)

DEEDS = Listing(
    name="accounts.audit",
    title="Who did what",
    columns=(
        Column("at", "When", "moment"),
        Column("actor", "Who"),
        Column("action", "Did"),
        Column("subject", "To what"),
        Column("details", "Details"),
    ),
    select=_select_deeds,
    filters=(
        Filter("actor", "Who"),
        Filter("action", "Did"),
        Filter("subject", "To what"),
        Filter("since", "From", "day"),
        Filter("until", "To", "day"),
    ),
)
