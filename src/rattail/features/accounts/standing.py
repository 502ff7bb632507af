"""What has to stand before an account is changed: that things exist, and that nobody reaches above himself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rattail.errors import NoSuchThing, NotAllowed
from rattail.feature import Permission
from rattail.features.accounts.models import Assignment, Role, User
from rattail.features.accounts.roles import EVERYWHERE, MANAGER, READY_ROLES, Giver, Held, ready_permissions, rights_of
from rattail.retail.models import Store


class RoleFound(NamedTuple):
    """A role by its name: a ready one, or with `own` one of the shop's."""

    name: str
    own: Role | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """How an assignment names it."""
        return {"ready_role": "" if self.own else self.name, "own_role": self.own}

    def permissions(self, installed: Mapping[str, Permission]) -> frozenset[str]:
        """What it may."""
        return frozenset(self.own.permissions) if self.own else ready_permissions(self.name, installed)


def find_role(name: str) -> RoleFound:
    """A role by its name.

    Raises:
        NoSuchThing: there is none of that name.
    """
    if name in READY_ROLES:
        return RoleFound(name)
    own = Role.objects.filter(name=name).first()
    if own is None:
        known = [*READY_ROLES, *Role.objects.order_by("name").values_list("name", flat=True)[:50]]
        raise NoSuchThing(f"there is no role {name[:50]!r}: expected one of {', '.join(known)}.")
    return RoleFound(own.name, own)


def require_store(code: str) -> None:
    """Make sure that a role is given in a store that exists.

    Raises:
        NoSuchThing: there is no such store.
    """
    if code != EVERYWHERE and not Store.objects.filter(code=code).exists():
        known = ", ".join(Store.objects.order_by("code").values_list("code", flat=True)[:50])
        expected = f"expected one of {known}, or none for all stores" if known else "there are no stores yet"
        raise NoSuchThing(f"there is no store {code[:20]!r}: {expected}.", hint="rattail make-store CODE NAME")


def held_by(user: User) -> list[Held]:
    """The roles of somebody."""
    rows = Assignment.objects.filter(user=user).values_list("ready_role", "own_role__permissions", "store")
    return [Held(ready, own, store) for ready, own, store in rows]


def require_power_over(by: Giver | None, user: User, *, doing: str) -> None:
    """Make sure that somebody in the browser may himself all that this person may: else he could become that person.

    Raises:
        NotAllowed: he may not.
    """
    if by is None:
        return
    if not by.person.may("accounts.configure"):
        by.require((), store=EVERYWHERE, doing=doing)
    for name, stores in rights_of(held_by(user), by.installed).items():
        for store in (EVERYWHERE,) if stores is None else sorted(stores):
            by.require((name,), store=store, doing=doing)
    require_within_reach(by, user)


def require_within_reach(by: Giver, user: User) -> None:
    """Make sure that somebody who manages the accounts of some stores only acts on people of these stores alone.

    Raises:
        NotAllowed: that person has a role elsewhere, or none at all.
    """
    own = by.person.stores("accounts.configure")
    if own is not None and not _is_wholly_in(own, user):
        raise NotAllowed(
            f"{by.person.name} manages the accounts of {', '.join(sorted(own))} only, and {user.name} is not somebody "
            "of these stores alone; nothing was changed.",
            hint="ask somebody who manages the accounts of all stores",
        )


def _is_wholly_in(stores: frozenset[str], user: User) -> bool:
    """Whether somebody has roles, and all of them in these stores: who has none may get one anywhere yet."""
    held = set(Assignment.objects.filter(user=user).values_list("store", flat=True))
    return bool(held) and held <= stores


def require_manager_left(user: User, *, doing: str) -> None:
    """Make sure that somebody else stays who may everything; in the transaction that changes it.

    Raises:
        NotAllowed: this person is the last manager of all stores.
    """
    managers = Assignment.objects.filter(ready_role=MANAGER, store=EVERYWHERE, user__is_active=True)
    names = list(managers.select_for_update().values_list("user__name", flat=True))
    if names == [user.name]:
        raise NotAllowed(
            f"{user.name} is the last manager of all stores and cannot be {doing}; nothing was changed.",
            hint="make somebody else a manager first: rattail give-role NAME manager",
        )
