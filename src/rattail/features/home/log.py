"""The logs, read from their newest lines backwards."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from rattail.logs.line import LEVELS, LogLine
from rattail.logs.read import KINDS, newest
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Chunk, Column, Filter, Listing

_PAGE_LINES = 100
_SHORT = 200  # letters of a message that are shown at once
_LONGEST_WORDS = 200
_SHOWN_ELSEWHERE = {"pid"}  # not worth folding a line for
_TONES = {"WARNING": "warning", "ERROR": "bad", "CRITICAL": "bad"}


class Shown(NamedTuple):
    """A line as the page shows it; `rest` is what is folded away."""

    line: LogLine
    at: str
    tone: str
    short: str
    is_cut: bool
    details: tuple[tuple[str, str], ...]


def log(request: Request) -> HttpResponse:
    """One page of a log. What a request says beside the filters is ignored."""
    wanted = LOG.wanted(request.GET.dict())
    asked = Asked(request.site, signed_in(request), wanted, request.GET.get("after", "")[:_LONGEST_WORDS], _PAGE_LINES)
    lines, older = _read(asked)
    zone = ZoneInfo(request.site.time_zone)
    values = {
        "title": "Log",
        "listing": LOG,
        "kinds": KINDS,
        "levels": LEVELS,
        "kind": wanted.get("kind", KINDS[0]),
        "filters": wanted,
        "is_filtered": bool({"level", "text", "request_id"} & wanted.keys()),
        "lines": [_shown(line, zone) for line in lines],
        "older": f"?{urlencode({**wanted, 'after': older})}" if older else "",
        "is_older": bool(asked.after),
    }
    return render(request, "home/log.html", values)


def _read(asked: Asked) -> tuple[tuple[LogLine, ...], str]:
    wanted = asked.filters
    return newest(
        asked.site.folders["log"],
        wanted.get("kind", KINDS[0]),
        limit=asked.limit,
        before=asked.after,
        level=wanted.get("level", ""),
        text=wanted.get("text", "")[:_LONGEST_WORDS],
        request_id=wanted.get("request_id", "")[:_LONGEST_WORDS],
    )


def _shown(line: LogLine, zone: ZoneInfo) -> Shown:
    at = line.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if line.at else ""
    is_cut = len(line.message) > _SHORT
    short = f"{line.message[:_SHORT]} ..." if is_cut else line.message
    details = tuple(line.details.items()) if line.details.keys() - _SHOWN_ELSEWHERE else ()
    return Shown(line, at, _TONES.get(line.level, ""), short, is_cut, details)


def _select(asked: Asked) -> Chunk:
    lines, older = _read(asked)
    return Chunk(
        [
            (
                line.at,
                line.level,
                line.logger,
                line.message,
                line.request_id,
                "; ".join(f"{name}: {text}" for name, text in line.details.items()),
            )
            for line in lines
        ],
        older,
    )


LOG = Listing(
    "home.log",
    "Log",
    (
        Column("at", "When", "moment"),
        Column("level", "Level"),
        Column("logger", "By"),
        Column("message", "What"),
        Column("request_id", "Request", "code"),
        Column("details", "More"),
    ),
    _select,
    (
        Filter("kind", "Log", "choice", tuple((kind, kind) for kind in KINDS)),
        Filter("level", "At least", "choice", tuple((level, level) for level in LEVELS)),
        Filter("text", "Words"),
        Filter("request_id", "Request"),
    ),
    empty="This log is empty.",
)
