"""The page of a list: filters, rows that go on as one scrolls, downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Chunk, Filter, Listing
from rattail.web.tables import head_html, rows_html

LONGEST_CURSOR = 500


class Field(NamedTuple):
    """A filter as the form shows it."""

    filter: Filter
    value: str
    choices: Sequence[tuple[str, str]]


def render_list(
    request: Request,
    listing: Listing,
    *,
    fixed: Mapping[str, str] | None = None,
    template: str = "web/list.html",
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Answer with a list: the whole page, or only the rows that a script asked for (`part=rows`).

    `fixed` are filters that the address of the page gives. `template` extends `web/list.html`, which shows the list.
    """
    values = {**list_values(request, listing, fixed=fixed), **(context or {})}
    part = request.GET.get("part")
    if part == "rows":
        return render(request, "web/rows.html", values)
    response = render(request, "web/list_table.html" if part == "table" else template, values)
    if part == "table":  # the address says what is shown, so that it can be kept and sent to somebody
        chosen = urlencode({name: text for name, text in values["filters"].items() if name not in (fixed or {})})
        response["HX-Replace-Url"] = f"{request.path}?{chosen}" if chosen else request.path
    return response


def list_values(request: Request, listing: Listing, *, fixed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the templates of a list show; for pages that show more than a list."""
    person = signed_in(request)
    filters = {**listing.wanted(request.GET.dict()), **(fixed or {})}
    asked = Asked(request.site, person, filters, after=request.GET.get("after", "")[:LONGEST_CURSOR])
    chunk = listing.select(asked)
    chosen = {name: text for name, text in filters.items() if name not in (fixed or {})}
    return {
        "listing": listing,
        "title": listing.title,
        "fields": _fields(request, listing, filters),
        "is_filtered": bool(chosen),
        "head": head_html(listing.columns),
        "rows": rows_html(listing.columns, chunk, time_zone=request.site.time_zone),
        "has_rows": bool(chunk.rows),
        "columns": len(listing.columns),
        "count": listing.counted(asked) if listing.counted and request.GET.get("part") != "rows" else None,
        "more": _address_of_more(request, chosen, chunk),
        "filters": filters,
        "can_download": listing.name in request.site.registry.lists,
    }


def _address_of_more(request: Request, chosen: Mapping[str, str], chunk: Chunk) -> str:
    return f"{request.path}?{urlencode({**chosen, 'after': chunk.after})}" if chunk.after else ""


def _fields(request: Request, listing: Listing, filters: Mapping[str, str]) -> list[Field]:
    person = signed_in(request)
    return [
        Field(
            each,
            filters.get(each.name, ""),
            each.choices(request.site, person) if callable(each.choices) else each.choices,
        )
        for each in listing.filters
    ]
