"""Who there is, for people who look."""

from __future__ import annotations

from typing import NamedTuple

from rattail.features.accounts.models import Assignment, Role, User
from rattail.features.accounts.roles import READY_ROLES


class RoleShown(NamedTuple):
    """A role of somebody: `store` is empty where it holds in all."""

    role: str
    store: str
    explained: str = ""

    @property
    def where(self) -> str:
        return f"store {self.store}" if self.store else "all stores"

    @property
    def text(self) -> str:
        return f"{self.role} ({self.where})" if self.store else self.role


class UserShown(NamedTuple):
    """Somebody who may log in, or might once."""

    user: User
    roles: tuple[RoleShown, ...]

    @property
    def roles_text(self) -> str:
        return ", ".join(role.text for role in self.roles)

    @property
    def state(self) -> str:
        if not self.user.is_active:
            return "disabled"
        return "first password" if self.user.must_change_password else "active"

    @property
    def last_login(self) -> str:
        """To the second, UTC; empty: never."""
        at = self.user.last_login
        return at.strftime("%Y-%m-%d %H:%M:%SZ") if at else ""

    def shown(self) -> dict[str, object]:
        """For machines."""
        user = self.user
        return {
            "name": user.name,
            "display_name": user.display_name,
            "email": user.email,
            "is_active": user.is_active,
            "must_change_password": user.must_change_password,
            "last_login": user.last_login.isoformat() if user.last_login else None,
            "roles": [{"role": role.role, "store": role.store} for role in self.roles],
        }


def roles_of(user: User) -> tuple[RoleShown, ...]:
    """The roles of one person."""
    return _roles([user]).get(user.pk, ())


def list_users(
    *, after: str = "", limit: int | None = None, contains: str = "", is_active: bool | None = None
) -> list[UserShown]:
    """People by name, those after a name, whose name or display name has something in it; in two queries."""
    from django.db.models import Q

    wanted = User.objects.filter(name__gt=after).order_by("name")
    if contains:
        wanted = wanted.filter(Q(name__icontains=contains) | Q(display_name__icontains=contains))
    if is_active is not None:
        wanted = wanted.filter(is_active=is_active)
    users = list(wanted[:limit])
    roles = _roles(users)
    return [UserShown(user, roles.get(user.pk, ())) for user in users]


def role_names() -> list[str]:
    """Every role that can be given: the ready ones first."""
    return [*READY_ROLES, *Role.objects.order_by("name").values_list("name", flat=True)]


def _roles(users: list[User]) -> dict[int, tuple[RoleShown, ...]]:
    found: dict[int, list[RoleShown]] = {}
    rows = Assignment.objects.filter(user__in=users).order_by("store", "ready_role", "own_role__name")
    for user, ready, own, store in rows.values_list("user_id", "ready_role", "own_role__name", "store"):
        found.setdefault(user, []).append(RoleShown(ready or own, store, READY_ROLES.get(ready, "")))
    return {user: tuple(roles) for user, roles in found.items()}
