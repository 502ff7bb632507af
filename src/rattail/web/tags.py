"""Words of the templates: addresses of static files, values as people read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from rattail.site import site
from rattail.web import show, static

register = template.Library()


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes with the content of the files."""
    return static.address(name)


@register.filter
def moment(value: datetime | None) -> str:
    return show.moment_html(value, site().time_zone)


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago that was."""
    return show.age(value, site().now()) if value else ""


@register.filter
def who(value: str) -> str:
    """Who did something, in plain words."""
    return show.who(value)


@register.filter
def size(value: int | None) -> str:
    return show.size(value)


@register.filter
def money(value: Any) -> str:
    return show.money(value)


@register.filter
def quantity(value: Any) -> str:
    return show.quantity(value)


@register.filter
def number(value: int | None) -> str:
    return show.number(value)
