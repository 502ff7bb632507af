"""What every page shows around its content: the title, the navigation, who is logged in, what was just done."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from rattail.site import site
from rattail.version import VERSION
from rattail.web.access import Person, person_of
from rattail.web.flash import said

SELDOM = 500  # the order from which on a page of the navigation stands behind "More"


class Entry(NamedTuple):
    """One word of the navigation."""

    label: str
    address: str
    is_here: bool


class Menu(NamedTuple):
    """The navigation: what is opened every day, and what stands behind "More"; `here_seldom` is the page among the
    latter that is shown now."""

    daily: tuple[Entry, ...]
    seldom: tuple[Entry, ...]
    here_seldom: str = ""


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of `web/page.html`."""
    try:
        person = person_of(request)
        just_said = said(request) if person else ()
    except Exception:
        if not getattr(request, "is_failing", False):
            raise
        person, just_said = None, ()  # the page says that something is out of order; it may be just this
    return {
        "app_title": site().title,
        "version": VERSION,
        "person": person,
        "menu": menu(person, request.path) if person else None,
        "just_said": just_said,
        "is_failing": getattr(request, "is_failing", False),
        "request_id": getattr(request, "request_id", ""),
        "time_zone": site().time_zone,
    }


def menu(person: Person, path: str) -> Menu:
    """The pages of the navigation that somebody may open."""
    registry = site().registry
    pages = sorted((page for page in registry.pages if page.menu), key=lambda page: page.order)
    daily: list[Entry] = []
    seldom: list[Entry] = []
    for page in pages:
        if page.needs in registry.permissions and not person.may(page.needs):
            continue
        address = reverse(page.name)
        entry = Entry(page.menu, address, path == address or (address != "/" and path.startswith(address)))
        (daily if page.order < SELDOM else seldom).append(entry)
    return Menu(tuple(daily), tuple(seldom), next((entry.label for entry in seldom if entry.is_here), ""))
