"""What a person sees where something went wrong: what to do, and nothing that would help an intruder."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404
from django.utils.http import escape_leading_slashes

from rattail.errors import (
    AppDirBroken,
    AppDirBusy,
    ConfigInvalid,
    DatabaseUnreachable,
    InputRejected,
    LayoutOutdated,
    NoSuchThing,
    NotAllowed,
    RattailError,
    RecordsMoved,
    WouldOverwrite,
)

#: Which HTTP status tells a machine what an error means; others are 500.
STATUSES: dict[type[RattailError], int] = {
    InputRejected: 422,
    NoSuchThing: 404,
    NotAllowed: 403,
    WouldOverwrite: 409,
    RecordsMoved: 409,
    AppDirBusy: 503,
    AppDirBroken: 503,
    DatabaseUnreachable: 503,
    LayoutOutdated: 503,
    ConfigInvalid: 503,
}
_OURS_TO_TELL = frozenset((AppDirBroken, DatabaseUnreachable, LayoutOutdated, ConfigInvalid))
_OF_COMMANDS = ("rattail ", "--")
_log = logging.getLogger("rattail.web")


def status_of(error: RattailError) -> int:
    """The HTTP status of an error."""
    return next((STATUSES[each] for each in type(error).__mro__ if each in STATUSES), 500)


def told(request: HttpRequest, error: RattailError) -> HttpResponse:
    """The page that tells a person's mistake, or that something is out of order for now.

    What is wrong with the machine (paths, addresses) goes to the log only.
    """
    status = status_of(error)
    if type(error) in _OURS_TO_TELL:
        _log.error("%s: %s", type(error).__name__, error)
        return failure(
            request,
            status,
            "The shop's back office is out of order for the moment",
            "Nothing of what you did is lost that was saved before. Try again in a minute; if it stays like this, tell "
            "whoever looks after this computer, with the number of this request.",
        )
    title = {404: "There is no such thing", 403: "You may not do this", 409: "This cannot be done now"}.get(
        status, "This did not work"
    )
    return failure(request, status, title, str(error), hint=hint_for_pages(error))


def hint_for_pages(error: RattailError) -> str:
    """What to do next, unless it is a command: whoever sits at a page has no command line."""
    return "" if any(word in error.hint for word in _OF_COMMANDS) else error.hint


def failure(request: HttpRequest, status: int, title: str, text: str, *, hint: str = "") -> HttpResponse:
    """A page of its own; a script that asked for a part gets only the words."""
    request.is_failing = True  # type: ignore[attr-defined] # whatever is out of order, the page is shown
    values = {"title": title, "text": text, "hint": hint, "status": status}
    is_part = request.headers.get("HX-Request") == "true"
    template = "web/failure_part.html" if is_part else "web/failure.html"
    return HttpResponse(render_to_string(template, values, request), status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no page at this address. Where only its last slash may be missing, it is tried with that one, and
    nobody looks first whether there is such a page: strangers learn nothing from it."""
    last = request.path.rpartition("/")[2]
    if isinstance(exception, Resolver404) and request.method in ("GET", "HEAD") and last and "." not in last:
        return redirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))
    return failure(request, 404, "There is no such page", "Perhaps the address was shortened on its way to you.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return failure(request, 400, "This request makes no sense", "Go back, load the page anew, and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return failure(request, 403, "You may not do this", "Go back, or ask whoever manages the accounts of your shop.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    _log.warning("a change was refused: %s", reason)
    return failure(
        request,
        403,
        "The page was open for too long",
        "Nothing was changed. Go back, load the page anew, and do it once more. Your browser has to accept cookies.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return failure(
        request,
        500,
        "This is a fault of ours",
        "It was written down. If it happens again, tell whoever looks after this computer, with the number of this "
        "request.",
    )
