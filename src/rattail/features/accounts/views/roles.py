"""Roles: the ready ones explained, and those of the shop."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rattail.errors import InputRejected, WouldOverwrite
from rattail.features.accounts import own_roles
from rattail.features.accounts.models import Role
from rattail.features.accounts.roles import READY_ROLES, ready_permissions
from rattail.features.accounts.views.users import giver_of, told_in
from rattail.web.access import Request, signed_in
from rattail.web.failures import status_of
from rattail.web.flash import say


class Choice(NamedTuple):
    """A permission as the form shows it."""

    name: str
    title: str
    is_chosen: bool
    ready_roles: str


class Group(NamedTuple):
    """The permissions of one feature."""

    title: str
    choices: tuple[Choice, ...]


def roles(request: Request) -> HttpResponse:
    """All roles, and what each may."""
    installed = request.site.registry.permissions
    ready = [
        (name, explained, [installed[each].title for each in sorted(ready_permissions(name, installed))])
        for name, explained in READY_ROLES.items()
    ]
    values = {
        "title": "Roles",
        "ready": ready,
        "own": Role.objects.annotate(people=Count("assignments__user", distinct=True)).order_by("name"),
        "may_configure": signed_in(request).may("accounts.configure"),
    }
    return render(request, "accounts/roles.html", values)


def new(request: Request) -> HttpResponse:
    """Make a role."""
    name, chosen = request.POST.get("name", ""), request.POST.getlist("permission")
    values = {"title": "New role", "name": name, "groups": _groups(request, chosen)}
    if request.method != "POST":
        return render(request, "accounts/role.html", values)
    try:
        made = own_roles.make_role(name=name, permissions=chosen, **_acting(request))
    except (InputRejected, WouldOverwrite) as error:
        return render(request, "accounts/role.html", values | told_in(error), status=status_of(error))
    say(request, f"The role {made.name} is made; give it to people on their pages.")
    return redirect(reverse("accounts.roles"))


def role(request: Request, number: int) -> HttpResponse:
    """Change a role."""
    found = own_roles.find_own_role(number)
    values: dict[str, Any] = {
        "title": f"Role {found.name}",
        "role": found,
        "name": found.name,
        "groups": _groups(request, found.permissions),
        "elsewhere": sorted(set(found.permissions) - request.site.registry.permissions.keys()),
        "people": sorted(set(found.assignments.values_list("user__name", flat=True))),
    }
    if request.method != "POST":
        return render(request, "accounts/role.html", values)
    name, chosen = request.POST.get("name", ""), request.POST.getlist("permission")
    try:
        own_roles.change_role(number=number, name=name, permissions=chosen, **_acting(request))
    except (InputRejected, WouldOverwrite) as error:
        values |= {"name": name, "groups": _groups(request, chosen), **told_in(error)}
        return render(request, "accounts/role.html", values, status=status_of(error))
    say(request, "Saved; it holds from everybody's next page on.")
    return redirect(reverse("accounts.roles"))


def delete(request: Request, number: int) -> HttpResponse:
    """Ask, then delete a role."""
    found = own_roles.find_own_role(number)
    if request.method != "POST":
        people = sorted(set(found.assignments.values_list("user__name", flat=True)))
        values = {
            "title": f"Delete the role {found.name}?",
            "text": f"It will be taken from {', '.join(people)}." if people else "Nobody has it.",
            "action": reverse("accounts.delete_role", args=(number,)),
            "verb": "Delete",
            "tone": "danger",
            "back": reverse("accounts.role", args=(number,)),
        }
        return render(request, "web/confirm.html", values)
    name = own_roles.delete_role(number=number, **_acting(request))
    say(request, f"The role {name} is deleted.")
    return redirect(reverse("accounts.roles"))


def _groups(request: Request, chosen: list[str]) -> list[Group]:
    return [
        Group(
            feature.title,
            tuple(
                Choice(each.name, each.title, each.name in chosen, ", ".join(("manager", *each.roles)))
                for each in feature.permissions
            ),
        )
        for feature in request.site.registry.features
        if feature.permissions
    ]


def _acting(request: Request) -> dict[str, Any]:
    return {"actor": signed_in(request).name, "now": request.site.now(), "by": giver_of(request)}
