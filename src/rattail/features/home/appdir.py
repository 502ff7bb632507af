"""The app folder: what each folder is for, how much is in it, how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpResponse
from django.utils.safestring import SafeString

from rattail.features.home.kept import SIZES, kept
from rattail.features.home.views import classes_chart
from rattail.site import Site
from rattail.web import charts, show
from rattail.web.access import Request
from rattail.web.listing import Asked, Badge, Cell, Chunk, Column, Listing
from rattail.web.lists import render_list

_TONES: dict[str, Literal["good", "busy", "quiet"]] = {"essential": "good", "history": "busy", "scratch": "quiet"}
_MEANINGS = {
    "essential": "in every backup, never cleaned",
    "history": "in full backups, cleaned by age",
    "scratch": "in no backup, may be emptied",
}
_LARGEST_SHOWN = 8


def appdir(request: Request) -> HttpResponse:
    """The tree as it was measured last."""
    sizes = kept().get(SIZES)
    context = {
        "measured_at": sizes.at if sizes else None,
        "classes": classes_chart(sizes) if sizes else "",
        "largest": _largest(sizes.value["folders"]) if sizes else "",
        "unlisted": sizes.value["unlisted"] if sizes else {},
        "problems": [one["problem"] for one in sizes.value["folders"] if one["problem"]] if sizes else (),
    }
    return render_list(request, FOLDERS, template="home/appdir.html", context=context)


def _select(asked: Asked) -> Chunk:
    sizes = kept().get(SIZES)
    return Chunk([_row(one, asked.site) for one in sizes.value["folders"]] if sizes else [])


def _row(one: Mapping[str, Any], site: Site) -> tuple[Cell, ...]:
    kind = one["class"]
    purpose = one["purpose"] if one["is_declared"] else "yours"
    return (
        "the app folder" if one["path"] == "." else one["path"],
        Badge(kind, _TONES[kind], _MEANINGS[kind]),
        one["size_bytes"] if one["exists"] else Badge("missing", "bad"),
        one["files"] if one["exists"] else None,
        _moment(one["newest_s"]),
        _rule(one["path"], site),
        f"lies in {one['location']}; {purpose}" if one["location"] else purpose,
    )


def _rule(path: str, site: Site) -> str:
    """How long what lies there is kept."""
    place = next((place for place in site.places if place.path == path), None)
    option = place.folder.age_option if place else ""
    if not option:
        return "always"
    days = site.settings.integer(option)
    return f"{days} day{'' if days == 1 else 's'}"


def _moment(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a file may claim to be of the year 60000


def _largest(folders: list[Mapping[str, Any]]) -> SafeString:
    """The largest folders that have no other one of the tree in them."""
    above = {one["path"].rpartition("/")[0] for one in folders}
    alone = [one for one in folders if one["path"] not in above and one["path"] != "." and one["size_bytes"]]
    alone.sort(key=lambda one: -one["size_bytes"])
    rows = [
        charts.Bar(one["path"], one["size_bytes"], show.size(one["size_bytes"]), one["class"])
        for one in alone[:_LARGEST_SHOWN]
    ]
    return charts.bars("The largest folders; the table says the same", rows) if rows else SafeString("")


FOLDERS = Listing(
    "home.folders",
    "App folder",
    (
        Column("path", "Folder", "code"),
        Column("class", "Class"),
        Column("size", "Size", "size"),
        Column("files", "Files", "number"),
        Column("newest", "Newest file", "moment"),
        Column("kept", "Kept for"),
        Column("purpose", "What is in it"),
    ),
    _select,
    empty="The app folder has not been measured yet: a worker does it every hour, and at once if you say so.",
)
