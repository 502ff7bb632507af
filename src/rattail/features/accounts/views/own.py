"""One's own account: who one is, the password, and the sessions one has."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rattail.errors import AppDirBusy, InputRejected
from rattail.features.accounts import passwords, service
from rattail.features.accounts.access import let_in
from rattail.features.accounts.listed import roles_of
from rattail.web.access import Request, signed_in
from rattail.web.flash import say
from rattail.web.sessions import end_session as end_one
from rattail.web.sessions import end_sessions as end_all
from rattail.web.sessions import public_id_of, sessions_of

_REFUSED = 422


def own(request: Request) -> HttpResponse:
    """What is known of oneself, and one's sessions; display name and address can be changed here."""
    person = signed_in(request)
    values: dict[str, Any] = {}
    if request.method == "POST":
        called, email = request.POST.get("display_name", ""), request.POST.get("email", "")
        now = request.site.now()
        try:
            service.change_user(name=person.name, display_name=called, email=email, actor=person.name, now=now)
        except InputRejected as error:
            values = {"error": str(error), "display_name": called, "email": email}
        else:
            say(request, "Saved.")
            return redirect(reverse("accounts.own"))
    user = service.find_user(person.name)
    return render(
        request,
        "accounts/own.html",
        {
            "title": "Your account",
            "display_name": user.display_name,
            "email": user.email,
            "roles": roles_of(user),
            "sessions": sessions_of(person.name),
            "this_session": public_id_of(request),
            **values,
        },
        status=_REFUSED if "error" in values else 200,
    )


def password(request: Request) -> HttpResponse:
    """Change one's own password; the sessions elsewhere end by that."""
    person = signed_in(request)
    values = {
        "title": "Choose your own password" if person.must_change_password else "Change your password",
        "is_first": person.must_change_password,
        "least_length": request.site.settings.integer("accounts.least_password_length"),
    }
    if request.method != "POST":
        return render(request, "accounts/password.html", values)
    try:
        _change(request, person.name)
    except InputRejected as error:
        values |= {"error": str(error), "hint": error.hint}
        return render(request, "accounts/password.html", values, status=_REFUSED)
    say(request, "Your password is changed. You are logged out everywhere else.")
    return redirect("/" if person.must_change_password else reverse("accounts.own"))


def end_session(request: Request) -> HttpResponse:
    """End one of one's own sessions."""
    person = signed_in(request)
    wanted = request.POST.get("session", "")
    if wanted == public_id_of(request):
        say(request, "That is this session: log out to end it.", tone="warning")
    elif end_one(person.name, wanted):
        say(request, "That session is ended.")
    else:
        say(request, "That session had ended already.", tone="warning")
    return redirect(reverse("accounts.own"))


def end_sessions(request: Request) -> HttpResponse:
    """Log out everywhere, here as well."""
    person = signed_in(request)
    service.log_out_everywhere(name=person.name, actor=person.name, now=request.site.now())
    request.session.flush()
    forget_sessions(person.name)
    return redirect(reverse("accounts.login"))


def forget_sessions(name: str) -> None:
    """Remove the sessions of somebody whose epoch has moved. They open nothing any more; this only tidies up."""
    try:
        end_all(name)
    except AppDirBusy:
        return


def _change(request: Request, name: str) -> None:
    new = request.POST.get("new_password", "")
    if new != request.POST.get("again", ""):
        raise InputRejected("the new password was typed in two ways; nothing was changed.")
    old = request.POST.get("old_password", "")
    rules = passwords.Rules.of(request.site.settings)
    user = service.change_own_password(name=name, old=old, new=new, now=request.site.now(), rules=rules)
    let_in(request, user)
    request.session.save()
    try:
        end_all(name, keep=public_id_of(request))
    except AppDirBusy:
        return
