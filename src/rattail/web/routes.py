"""The table of addresses, made of what the features declare. No page can be reached but through its guard."""

from __future__ import annotations

from django.urls import URLPattern, path

from rattail.registry import Registry
from rattail.site import site
from rattail.web.guard import guarded

handler400 = "rattail.web.failures.bad_request"
handler403 = "rattail.web.failures.forbidden"
handler404 = "rattail.web.failures.not_found"
handler500 = "rattail.web.failures.server_error"


def routes(registry: Registry) -> list[URLPattern]:
    """One route for each declared page."""
    return [path(page.path, guarded(page), name=page.name) for page in registry.pages]


def __getattr__(name: str) -> object:
    """Django asks this module for `urlpatterns` when the first request comes."""
    if name == "urlpatterns":
        patterns = routes(site().registry)
        globals()[name] = patterns
        return patterns
    raise AttributeError(name)
