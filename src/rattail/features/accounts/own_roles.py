"""The roles that a shop makes for itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from rattail.audit.trail import record
from rattail.errors import InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.accounts.models import Role
from rattail.features.accounts.roles import EVERYWHERE, READY_ROLES, Giver

_LONGEST_NAME = 50


def find_own_role(number: int) -> Role:
    """A role by its number.

    Raises:
        NoSuchThing: there is none.
    """
    role = Role.objects.filter(pk=number).first()
    if role is None:
        raise NoSuchThing("there is no such role; perhaps somebody has deleted it.")
    return role


def make_role(*, name: str, permissions: Iterable[str], actor: str, now: datetime, by: Giver) -> Role:
    """Make a role of permissions that are installed; others are left out.

    Raises:
        InputRejected: the name cannot be taken.
        WouldOverwrite: there is a role of that name.
        NotAllowed: it may more than `by`, somewhere.
    """
    plain = _checked(name)
    chosen = set(permissions) & by.installed.keys()
    by.require(chosen, store=EVERYWHERE, doing="make this role")
    with transaction.atomic():
        _require_free(plain)
        role = Role.objects.create(name=plain, permissions=sorted(chosen))
        record("make role", f"role {plain}", actor=actor, now=now, details={"permissions": role.permissions})
    return role


def change_role(*, number: int, name: str, permissions: Iterable[str], actor: str, now: datetime, by: Giver) -> Role:
    """Change what a role may, for everybody who has it, from their next request on.

    What it may of extensions that are not installed now stays.

    Raises:
        NoSuchThing, InputRejected, WouldOverwrite: as `make_role`.
        NotAllowed: it may more than `by`, before or after.
    """
    plain = _checked(name)
    with transaction.atomic():
        role = find_own_role(number)
        before = set(role.permissions)
        after = (set(permissions) & by.installed.keys()) | (before - by.installed.keys())
        by.require((before | after) & by.installed.keys(), store=EVERYWHERE, doing="change this role")
        _require_free(plain, but=role)
        details = {"permissions": sorted(after), "were": sorted(before), "was": role.name}
        role.name, role.permissions = plain, sorted(after)
        role.save()
        record("change role", f"role {plain}", actor=actor, now=now, details=details)
    return role


def delete_role(*, number: int, actor: str, now: datetime, by: Giver) -> str:
    """Delete a role, and take it from everybody who has it; returns its name.

    Raises:
        NoSuchThing: there is none.
        NotAllowed: it may more than `by`.
    """
    with transaction.atomic():
        role = find_own_role(number)
        by.require(set(role.permissions) & by.installed.keys(), store=EVERYWHERE, doing="delete this role")
        people = sorted(set(role.assignments.values_list("user__name", flat=True)))
        details = {"permissions": role.permissions, "taken_from": people}
        role.delete()
        record("delete role", f"role {role.name}", actor=actor, now=now, details=details)
    return role.name


def _checked(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= _LONGEST_NAME or not plain.isprintable():
        raise InputRejected(f"{name[:60]!r} cannot be the name of a role: expected 1 to {_LONGEST_NAME} letters.")
    return plain


def _require_free(name: str, *, but: Role | None = None) -> None:
    others = Role.objects.exclude(pk=but.pk) if but else Role.objects.all()
    if name.casefold() in READY_ROLES or others.filter(name__iexact=name).exists():
        raise WouldOverwrite(f"there is a role {name!r} already.", hint="choose another name")
