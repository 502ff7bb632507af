"""People: the list, one of them, and what is done to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rattail.errors import InputRejected, NoSuchThing, RattailError, WouldOverwrite
from rattail.features.accounts import passwords, service
from rattail.features.accounts.listed import role_names, roles_of
from rattail.features.accounts.listings import USERS, state_of
from rattail.features.accounts.names import plain_name
from rattail.features.accounts.roles import EVERYWHERE, Giver
from rattail.features.accounts.views.own import forget_sessions
from rattail.retail.models import Store
from rattail.web.access import Request, signed_in
from rattail.web.failures import status_of
from rattail.web.flash import say
from rattail.web.lists import render_list

_CONFIGURE = "accounts.configure"
_FIELDS = ("name", "display_name", "email", "role", "store")


def users(request: Request) -> HttpResponse:
    """Everybody who may log in, or might once."""
    may = signed_in(request).may(_CONFIGURE)
    return render_list(request, USERS, template="accounts/users.html", context={"may_configure": may})


def user(request: Request, name: str) -> HttpResponse:
    """One person: what they may, and what can be done about it."""
    person = signed_in(request)
    found = service.find_user(name)
    values = {
        "title": found.display_name or found.name,
        "user": found,
        "state": state_of(found),
        "roles": roles_of(found),
        "is_self": found.name == person.name,
        "may_configure": person.may(_CONFIGURE),
        "may_audit": person.stores("accounts.audit") is None,
        **_choices(request),
    }
    return render(request, "accounts/user.html", values)


def new(request: Request) -> HttpResponse:
    """Make somebody; the password for the first login is made up, and shown once."""
    given = {field: request.POST.get(field, "") for field in _FIELDS}
    values: dict[str, Any] = {"title": "New user", "given": given, **_choices(request)}
    if request.method != "POST":
        return render(request, "accounts/new_user.html", values)
    try:
        rules = passwords.Rules.of(request.site.settings)
        password = passwords.generated(rules.least_length)
        made = service.make_user(
            name=given["name"],
            password=password,
            display_name=given["display_name"],
            email=given["email"],
            roles=(given["role"],) if given["role"] else (),
            store=given["store"],
            rules=rules,
            **_acting(request),
        )
    except (InputRejected, WouldOverwrite, NoSuchThing) as error:
        values |= {"error": str(error), "hint": error.hint}
        return render(request, "accounts/new_user.html", values, status=status_of(error))
    return _first_password(request, made.name, password, is_new=True)


def change(request: Request, name: str) -> HttpResponse:
    """Change what somebody is called, and their address."""
    called, email = request.POST.get("display_name", ""), request.POST.get("email", "")
    service.change_user(name=name, display_name=called, email=email, **_acting(request))
    say(request, "Saved.")
    return _to(name)


def first_password(request: Request, name: str) -> HttpResponse:
    """Give somebody a new password for one login; it is shown once, and kept nowhere."""
    rules = passwords.Rules.of(request.site.settings)
    password = passwords.generated(rules.least_length)
    changed = service.set_password(name=name, password=password, rules=rules, **_acting(request))
    forget_sessions(changed.name)
    return _first_password(request, changed.name, password, is_new=False)


def disable(request: Request, name: str) -> HttpResponse:
    """Ask, then let somebody in no more."""
    found = service.find_user(name)
    if request.method != "POST":
        values = {
            "title": f"Disable {found.name}?",
            "text": f"{found.name} will be logged out everywhere at once and can log in no more. What they did stays "
            "as it is, and they can be enabled again at any time.",
            "action": reverse("accounts.disable", args=(found.name,)),
            "verb": "Disable",
            "tone": "danger",
            "back": reverse("accounts.user", args=(found.name,)),
        }
        return render(request, "web/confirm.html", values)
    if service.disable_user(name=found.name, **_acting(request)):
        forget_sessions(found.name)
        say(request, f"{found.name} is disabled and logged out everywhere.")
    else:
        say(request, f"{found.name} was disabled already.", tone="warning")
    return _to(found.name)


def enable(request: Request, name: str) -> HttpResponse:
    """Let somebody in again."""
    if service.enable_user(name=name, **_acting(request)):
        say(request, f"{name} may log in again.")
    else:
        say(request, f"{name} may log in already.", tone="warning")
    return _to(name)


def log_out(request: Request, name: str) -> HttpResponse:
    """End every session of somebody."""
    changed = service.log_out_everywhere(name=name, **_acting(request))
    if changed.name == signed_in(request).name:
        request.session.flush()
    forget_sessions(changed.name)
    say(request, f"{changed.name} is logged out everywhere.") if changed.name != signed_in(request).name else None
    return _to(changed.name)


def give(request: Request, name: str) -> HttpResponse:
    """Give somebody a role."""
    role, store = request.POST.get("role", ""), request.POST.get("store", "")
    if service.assign_role(name=name, role=role, store=store, **_acting(request)):
        say(request, f"{name} is {role} in {_where(store)} now.")
    else:
        say(request, f"{name} was {role} in {_where(store)} already.", tone="warning")
    return _to(name)


def take(request: Request, name: str) -> HttpResponse:
    """Take a role from somebody; from oneself only after a question."""
    role, store = request.POST.get("role", ""), request.POST.get("store", "")
    found = service.find_user(name)
    if found.name == signed_in(request).name and request.POST.get("sure") != "yes":
        values = {
            "title": "Take a role from yourself?",
            "text": f"This is your own account. You will not be {role} in {_where(store)} any more, from the next "
            "page on, and perhaps you cannot undo that yourself.",
            "action": reverse("accounts.take", args=(found.name,)),
            "verb": "Take it from me",
            "tone": "danger",
            "back": reverse("accounts.user", args=(found.name,)),
            "role": role,
            "store": store,
        }
        return render(request, "accounts/take_own.html", values)
    if service.withdraw_role(name=name, role=role, store=store, **_acting(request)):
        say(request, f"{name} is not {role} in {_where(store)} any more.")
    else:
        say(request, f"{name} was not {role} in {_where(store)}.", tone="warning")
    return redirect("/") if found.name == signed_in(request).name else _to(name)


def giver_of(request: Request) -> Giver:
    """Whoever asks, as the services want to know it."""
    return Giver(signed_in(request), request.site.registry.permissions)


def told_in(error: RattailError) -> dict[str, str]:
    """What a form shows of a mistake."""
    return {"error": str(error), "hint": error.hint}


def _acting(request: Request) -> dict[str, Any]:
    return {"actor": signed_in(request).name, "now": request.site.now(), "by": giver_of(request)}


def _choices(request: Request) -> dict[str, Any]:
    """The roles and stores that a form offers; a person of one store is offered that one only."""
    codes = list(Store.objects.filter(is_active=True).order_by("code").values_list("code", "name"))
    own = signed_in(request).stores(_CONFIGURE)
    if own is None:
        return {"may_choose_none": True, "role_names": role_names(), "stores": [(EVERYWHERE, "all stores"), *codes]}
    return {"role_names": role_names(), "stores": [(code, name) for code, name in codes if code in own]}


def _first_password(request: Request, name: str, password: str, *, is_new: bool) -> HttpResponse:
    values = {"title": f"A password for {name}", "name": name, "password": password, "is_new": is_new}
    return render(request, "accounts/first_password.html", values)


def _where(store: str) -> str:
    return f"store {store}" if store else "all stores"


def _to(name: str) -> HttpResponse:
    return redirect(reverse("accounts.user", args=(plain_name(name),)))
