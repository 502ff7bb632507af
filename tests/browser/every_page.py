"""Finding an example of every page that the features declare, as a person would: by following links."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from django.urls.resolvers import RoutePattern
from playwright.sync_api import Page

from rattail.feature import PUBLIC
from rattail.feature import Page as Declared
from rattail.registry import Registry
from tests.web.forms import offers_of

#: Answers that are not pages: downloads, parts for scripts, checks of machines.
NO_PAGES = ("text/html",)
_MOST_VISITS = 250
_MOST_OF_A_KIND = 4


def pages_to_find(registry: Registry) -> dict[str, Declared]:
    """The pages that a person looks at, by name; what is only ever posted is not one."""
    return {page.name: page for page in registry.pages if "GET" in page.methods}


def find_pages(browser_page: Page, registry: Registry) -> dict[str, str]:
    """An address for each page that links lead to from the first page: page name -> path with query."""
    patterns = {name: RoutePattern(page.path, is_endpoint=True) for name, page in pages_to_find(registry).items()}
    found: dict[str, str] = {}
    looked = Counter[str]()
    waiting, seen = ["/"], {"/"}
    visits = 0
    while waiting and visits < _MOST_VISITS:
        address = waiting.pop(0)
        name = name_of(patterns, address)
        if looked[name] >= _MOST_OF_A_KIND:
            continue
        looked[name] += 1
        answer = browser_page.request.get(address, max_redirects=0)
        if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
            found.setdefault(name, "") if answer.status == 200 and name else None
            continue
        visits += 1
        if name:
            found[name] = found.get(name) or address
        for link in offers_of(address, answer.text()).links:
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return found


def name_of(patterns: dict[str, RoutePattern], address: str) -> str:
    """Which declared page an address belongs to; empty: none."""
    path = urlsplit(address).path.lstrip("/")
    return next((name for name, pattern in patterns.items() if pattern.match(path)), "")


def is_public(page: Declared) -> bool:
    return page.needs == PUBLIC
