"""What was just done, said once on the page that is shown next."""

from __future__ import annotations

from typing import Literal, NamedTuple

from django.http import HttpRequest

Tone = Literal["good", "warning", "bad"]
_KEY = "said"


class Said(NamedTuple):
    text: str
    tone: str


def say(request: HttpRequest, text: str, *, tone: Tone = "good") -> None:
    """Have a sentence shown on the next page that this person sees."""
    request.session[_KEY] = [*request.session.get(_KEY, ()), [text, tone]]


def said(request: HttpRequest) -> tuple[Said, ...]:
    """What is to be shown now; it is forgotten by that."""
    session = getattr(request, "session", None)
    if session is None or _KEY not in session:
        return ()
    return tuple(Said(text, tone) for text, tone in session.pop(_KEY))
