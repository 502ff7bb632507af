"""Roles: the ready ones, which grow with what is installed, and those that a shop made for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rattail.errors import NotAllowed
from rattail.feature import Permission
from rattail.web.access import Person

MANAGER = "manager"
READY_ROLES = {
    MANAGER: "everything, in every feature that is or will be installed",
    "buyer": "vendors' catalogs, costs and prices",
    "receiver": "deliveries and invoices",
    "counter": "counting stock",
    "viewer": "looking, and changing nothing",
}
EVERYWHERE = ""  # the store of a role that holds in all of them

Rights = Mapping[str, frozenset[str] | None]


class Held(NamedTuple):
    """One role of somebody, and what it is made of: `permissions` is None for a ready role."""

    ready_role: str
    permissions: Iterable[str] | None
    store: str


class Giver(NamedTuple):
    """Somebody in the browser who changes what others may. `installed` are all permissions that there are now."""

    person: Person
    installed: Mapping[str, Permission]

    def require(self, wanted: Iterable[str], *, store: str, doing: str) -> None:
        """Refuse what would go beyond their own rights. `store` EVERYWHERE asks for rights in all stores; a role in one
        store does not give what is for all stores only, so that nobody needs it to hand out such a role.

        A permission that nothing installed declares can be handled only by whoever may everything.

        Raises:
            NotAllowed: they lack one of the permissions, or the right to manage accounts, where it is asked for.
        """
        whole = _whole(self.installed) if store != EVERYWHERE else frozenset()
        for name in ("accounts.configure", *sorted(set(wanted) - whole)):
            if not self._has(name, store):
                where = f"in store {store}" if store else "in all stores"
                raise NotAllowed(
                    f"{self.person.name} may not {doing}: nobody hands out or takes away what he may not himself, and "
                    f"the permission '{name}' {where} is missing.",
                    hint="ask a manager of all stores",
                )

    def _has(self, name: str, store: str) -> bool:
        if name not in self.installed:
            whole = _whole(self.installed) if store != EVERYWHERE else frozenset()
            return all(self._has(each, store) for each in self.installed.keys() - whole)
        stores = self.person.stores(name)
        return stores is None or (store != EVERYWHERE and store in stores)


def ready_permissions(role: str, installed: Mapping[str, Permission]) -> frozenset[str]:
    """What a ready role may: what the declarations of all that is installed say; a manager everything."""
    return frozenset(name for name, each in installed.items() if role == MANAGER or role in each.roles)


def rights_of(held: Iterable[Held], installed: Mapping[str, Permission]) -> dict[str, frozenset[str] | None]:
    """What somebody with these roles may, and in which stores."""
    rights: dict[str, frozenset[str] | None] = {}
    for role in held:
        names = ready_permissions(role.ready_role, installed) if role.permissions is None else role.permissions
        for name in names:
            before = rights.get(name, frozenset())
            rights[name] = None if role.store == EVERYWHERE or before is None else before | {role.store}
    whole = _whole(installed)
    return {name: stores for name, stores in rights.items() if stores is None or name not in whole}


def _whole(installed: Mapping[str, Permission]) -> frozenset[str]:
    return frozenset(name for name, permission in installed.items() if permission.is_for_all_stores)
