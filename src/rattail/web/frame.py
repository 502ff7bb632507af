"""What every page shows around its content: the title, the navigation, who is logged in, what was just done."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from rattail.site import site
from rattail.version import VERSION
from rattail.web.access import Person, person_of
from rattail.web.flash import said


class Entry(NamedTuple):
    """One word of the navigation."""

    label: str
    address: str
    is_here: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of `web/page.html`."""
    person = person_of(request)
    return {
        "app_title": site().title,
        "version": VERSION,
        "person": person,
        "menu": menu(person, request.path) if person else (),
        "said": said(request) if person else (),
        "request_id": getattr(request, "request_id", ""),
        "time_zone": site().time_zone,
    }


def menu(person: Person, path: str) -> tuple[Entry, ...]:
    """The pages of the navigation that somebody may open."""
    registry = site().registry
    pages = sorted((page for page in registry.pages if page.menu), key=lambda page: page.order)
    entries = []
    for page in pages:
        if page.needs in registry.permissions and not person.may(page.needs):
            continue
        address = reverse(page.name)
        entries.append(Entry(page.menu, address, path == address or (address != "/" and path.startswith(address))))
    return tuple(entries)
