"""What stands before every page: the method, the session, the permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

from rattail.errors import NotAllowed
from rattail.feature import PUBLIC, SIGNED_IN, Page
from rattail.registry import load_target
from rattail.site import site
from rattail.web.access import Person, person_of

LOGIN = "accounts.login"
FIRST_PASSWORD = "accounts.password"  # noqa: S105 - the name of a page
View = Callable[..., HttpResponse]


def guarded(page: Page) -> View:
    """The view of a page behind its guard; its module is imported when somebody first gets through."""

    def view(request: HttpRequest, **arguments: object) -> HttpResponse:
        methods = (*page.methods, "HEAD") if "GET" in page.methods else page.methods
        if request.method not in methods:
            return HttpResponseNotAllowed(page.methods)
        person = None if page.for_machines else person_of(request)
        refusal = None if page.needs == PUBLIC else _refusal(request, page, person)
        if refusal is not None:
            return refusal
        request.site = site()  # type: ignore[assignment] # not Django's
        request.person = person  # type: ignore[attr-defined]
        response = cast("View", load_target(page.target))(request, **arguments)
        if page.needs != PUBLIC and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    view.page = page  # type: ignore[attr-defined]
    return view


def may_look_at(address: str, person: Person) -> bool:
    """Whether an address of this app is that of a page, and this person may ask for it; whose record it shows is
    asked there."""
    try:
        page: Page = resolve(unquote(urlsplit(address).path)).func.page  # type: ignore[attr-defined] # set by guarded
    except Resolver404:
        return False
    if "GET" not in page.methods or page.for_machines:
        return False
    try:
        if page.needs not in (PUBLIC, SIGNED_IN):
            _require(person, page.needs)
    except NotAllowed:
        return False
    return True


def _refusal(request: HttpRequest, page: Page, person: Person | None) -> HttpResponse | None:
    if person is None:
        return _to_login(request)
    if person.must_change_password and not page.is_own:
        return _go(request, reverse(FIRST_PASSWORD))
    if page.needs != SIGNED_IN:
        _require(person, page.needs)
    return None


def _require(person: Person, needs: str) -> None:
    declared = site().registry.permissions.get(needs)
    if declared and declared.is_for_all_stores and not person.may(needs):
        raise NotAllowed(
            f"{person.name} may not do this: the permission '{needs}' is needed for all stores.",
            hint="ask a manager of all stores",
        )
    person.require(needs)


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the login, and back to the page that was asked for; an action is not repeated after it."""
    came_for = {"next": request.get_full_path()} if request.method == "GET" and not _is_part(request) else {}
    query = f"?{urlencode(came_for)}" if came_for else ""
    return _go(request, f"{reverse(LOGIN)}{query}")


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """Lead a browser elsewhere; a script that asked for a part of a page is told in its own way."""
    if _is_part(request):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect(address)


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
