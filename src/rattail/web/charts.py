"""Charts as SVG, drawn here: no script, no style attribute, readable by a screen reader as a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

_WIDTH = 380
_TEXT_PX = 14
_BAR_FROM_PX = 20
_BAR_PX = 12
_ROW_PX = 44


class Bar(NamedTuple):
    """One bar: its label, how long it is, the words at its end, and a CSS class that colours it."""

    label: str
    value: float
    text: str
    tone: str = ""


class Point(NamedTuple):
    """One point of a line: how far along (0 to 1), its value, and what a person reads when pointing at it."""

    along: float
    value: float
    text: str


def bars(title: str, rows: Sequence[Bar]) -> SafeString:
    """Horizontal bars, each beneath its label, the longest as long as there is room: readable on a phone as well."""
    most = max((row.value for row in rows), default=0) or 1
    parts = []
    for index, row in enumerate(rows):
        top = index * _ROW_PX
        long = max(round(_WIDTH * row.value / most, 1), 1 if row.value else 0)
        place = f'x="0" y="{top + _BAR_FROM_PX}" height="{_BAR_PX}" rx="3"'
        parts.append(
            f'<text x="0" y="{top + _TEXT_PX}">{escape(row.label)}</text>'
            f'<text x="{_WIDTH}" y="{top + _TEXT_PX}" text-anchor="end">{escape(row.text)}</text>'
            f'<rect class="room" {place} width="{_WIDTH}"/>'
            f'<rect class="bar {escape(row.tone)}" {place} width="{long}"/>'
        )
    return _svg(title, len(rows) * _ROW_PX, parts)


def columns(title: str, rows: Sequence[Bar], *, height: int = 140) -> SafeString:
    """Upright bars from zero, one beside the other: what was large when. Only the first and the last are labelled."""
    if not rows:
        return mark_safe("")
    most = max(row.value for row in rows) or 1
    bottom = height - 24
    wide = min(_WIDTH / len(rows) * 0.8, 40)
    between = (_WIDTH - wide) / max(len(rows) - 1, 1)
    parts = []
    for index, row in enumerate(rows):
        tall = max(round((bottom - 8) * row.value / most, 1), 1)
        place = f'x="{index * between:.1f}" y="{bottom - tall:.1f}" width="{wide:.1f}" height="{tall}" rx="2"'
        words = escape(f"{row.label}: {row.text}")
        parts.append(f'<rect class="bar {escape(row.tone)}" {place}><title>{words}</title></rect>')
    parts.append(f'<text x="0" y="{height - 6}">{escape(rows[0].label)}</text>')
    if len(rows) > 1:
        parts.append(f'<text x="{_WIDTH}" y="{height - 6}" text-anchor="end">{escape(rows[-1].label)}</text>')
    return _svg(title, height, parts)


def steps(title: str, points: Sequence[Point], *, height: int = 200) -> SafeString:
    """A line that keeps its value until the next point: costs and prices do."""
    if not points:
        return mark_safe("")
    least, most = min(point.value for point in points), max(point.value for point in points)
    span = (most - least) or (abs(most) or 1)
    left, right, top, bottom = 10, _WIDTH - 10, 20, height - 30
    spots = []
    for point in points:
        across = left + (right - left) * point.along
        spots.append(
            (across, bottom - (bottom - top) * (point.value - least) / span if most > least else (top + bottom) / 2)
        )
    path = [f"M{spots[0][0]:.1f} {spots[0][1]:.1f}"]
    path += [f"H{across:.1f}V{down:.1f}" for across, down in spots[1:]]
    path.append(f"H{right}")
    parts = [f'<path class="line" d="{"".join(path)}"/>']
    for point, (across, down) in zip(points, spots, strict=True):
        place = f'cx="{across:.1f}" cy="{down:.1f}" r="4"'
        parts.append(f'<circle class="point" {place}><title>{escape(point.text)}</title></circle>')
    parts.append(f'<text x="{left}" y="{height - 8}">{escape(points[0].text)}</text>')
    if len(points) > 1:
        parts.append(f'<text x="{right}" y="{height - 8}" text-anchor="end">{escape(points[-1].text)}</text>')
    return _svg(title, height, parts)


def _svg(title: str, height: int, parts: Sequence[str]) -> SafeString:
    opening = f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {height}" aria-label="{escape(title)}">'
    return mark_safe(f"{opening}{''.join(parts)}</svg>")  # noqa: S308 - every text in it was escaped
