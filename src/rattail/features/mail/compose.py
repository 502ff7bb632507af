"""The words of a letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rattail.features.mail.message import Composed, build
from rattail.notices.models import Letter, Notice
from rattail.notices.text import one_line

_TEXT_LENGTH = 4_000
_WHOLE_LENGTH = 150_000
_GRAVITY = {"error": 0, "warning": 1, "info": 2}
_WORDS = {"error": "FAILED", "warning": "WARNING", "info": "INFO"}


class Thing(NamedTuple):
    """Something that happened, once or several times."""

    key: str
    level: str
    subject: str
    text: str
    times: int
    first_at: datetime
    last_at: datetime


def things_of(notices: Iterable[Notice]) -> tuple[Thing, ...]:
    """What notices say, counted together where they are about the same; the most serious first, then the oldest."""
    by_key: dict[str, Thing] = {}
    for one in sorted(notices, key=lambda notice: notice.id):
        thing = Thing(one.key, one.level, one.subject, one.text, one.times, one.first_at, one.last_at)
        known = by_key.get(one.key)
        if known is not None:
            thing = thing._replace(times=known.times + one.times, first_at=min(known.first_at, one.first_at))
        by_key[one.key] = thing
    return tuple(sorted(by_key.values(), key=lambda thing: (_GRAVITY.get(thing.level, 2), thing.first_at)))


def compose(things: Sequence[Thing], *, zone: ZoneInfo, foot: str) -> Composed:
    """One letter about `things`, of which there is at least one."""
    first = things[0]
    head = _headline(first) if len(things) == 1 else f"{len(things)} things happened: {first.subject}"
    room = _WHOLE_LENGTH
    parts = []
    for number, thing in enumerate(things, start=1):
        part = _paragraph(thing, number=number if len(things) > 1 else 0, zone=zone, has_text=room > 0)
        room -= len(part)
        parts.append(part)
    opening = f"{len(things)} things happened, the most serious first.\n\n" if len(things) > 1 else ""
    return Composed(one_line(head), f"{opening}{chr(10).join(parts)}\n-- \n{foot}\n", first.level)


def mail_of_letter(
    letter: Letter, *, title: str, sender: str, sender_name: str, to: Sequence[str], app_id: str
) -> EmailMessage:
    """The mail; the same letter gives the same mail, with the same Message-ID and date, whenever it is tried."""
    return build(
        Composed(letter.subject, letter.text, letter.level),
        title=title,
        sender=sender,
        sender_name=sender_name,
        to=to,
        message_id=f"{letter.name}.{app_id}",
        date=letter.sealed_at,
    )


def _headline(thing: Thing) -> str:
    return f"{thing.subject} ({thing.times:,} times)" if thing.times > 1 else thing.subject


def _paragraph(thing: Thing, *, number: int, zone: ZoneInfo, has_text: bool) -> str:
    numbered = f"{number}. " if number else ""
    lines = [f"{numbered}{_WORDS.get(thing.level, thing.level)}: {thing.subject}", f"   {_when(thing, zone)}"]
    if has_text and thing.text.strip():
        text = thing.text.strip("\n")
        if len(text) > _TEXT_LENGTH:
            text = f"{text[:_TEXT_LENGTH].rstrip()}\n... the rest is in the records"
        lines += ["", *(f"   {line}".rstrip() for line in text.split("\n"))]
    return "\n".join([*lines, ""])


def _when(thing: Thing, zone: ZoneInfo) -> str:
    last = f"{thing.last_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
    if thing.times == 1:
        return last
    first = thing.first_at.astimezone(zone)
    is_same_day = first.date() == thing.last_at.astimezone(zone).date()
    return f"{thing.times:,} times from {first:{'%H:%M' if is_same_day else '%Y-%m-%d %H:%M'}} to {last}"
