"""Logging in and out."""

from __future__ import annotations

from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from rattail.features.accounts.access import let_in, person_named
from rattail.features.accounts.login import log_in, log_out
from rattail.features.accounts.tries import Limits
from rattail.web.access import Person, Request, signed_in
from rattail.web.failures import failure
from rattail.web.guard import LOGIN, may_look_at
from rattail.web.sessions import leave_session

_LONGEST_NAME_TYPED = 200
_HOME = "/"


def login(request: Request) -> HttpResponse:
    """The form, and what became of it."""
    goal = _goal(request)
    if request.method != "POST":
        return redirect(_open_to(request.person, goal)) if request.person else _form(request, goal)
    name = request.POST.get("username", "")[:_LONGEST_NAME_TYPED]
    password = request.POST.get("password", "")
    if not name.strip() or not password:
        return _form(request, goal, error="Type your name and your password.", name=name)
    limits = Limits.of(request.site.settings)
    answer = log_in(
        name=name, password=password, address=request.META.get("REMOTE_ADDR", ""), limits=limits, now=request.site.now()
    )
    if answer.wait_s:
        return _wait(request, answer.wait_s)
    if answer.user is None:
        error = "Name and password do not fit together, or the account is disabled. Try again."
        return _form(request, goal, error=error, name=name)
    let_in(request, answer.user)
    rotate_token(request)
    return redirect(_open_to(person_named(answer.user.name), goal))


def logout(request: Request) -> HttpResponse:
    """End this one session."""
    log_out(signed_in(request).name, now=request.site.now())
    leave_session(request)
    return redirect(reverse(LOGIN))


def _goal(request: Request) -> str:
    """Where somebody wanted to go; only ever an address of this app."""
    asked = request.POST.get("next", "") or request.GET.get("next", "")
    is_own = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_own and asked.isprintable() else _HOME


def _open_to(person: Person | None, goal: str) -> str:
    """Where to lead somebody who has logged in: to a page that they may look at, and that lets them stay."""
    is_loop = goal.startswith(reverse(LOGIN))
    return goal if person and may_look_at(goal, person) and not is_loop else _HOME


def _form(request: Request, goal: str, *, error: str = "", name: str = "") -> HttpResponse:
    values = {"title": "Log in", "next": goal, "error": error, "name": name}
    return render(request, "accounts/login.html", values, status=422 if error else 200)


def _wait(request: Request, wait_s: int) -> HttpResponse:
    minutes = -(-wait_s // 60)
    in_time = f"{minutes} minutes" if minutes > 1 else f"{wait_s} seconds"
    response = failure(
        request,
        429,
        "Too many tries",
        f"There were too many tries to log in. Wait {in_time}, then try again.",
        hint="If you have forgotten your password, a manager can give you a new one.",
    )
    response.headers["Retry-After"] = str(wait_s)
    return response
