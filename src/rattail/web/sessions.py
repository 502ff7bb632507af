"""What other features need of sessions: whose one is, and which ones somebody has.

The feature `sessions` keeps them; it is found by name, because features do not import one another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast

from django.http import HttpRequest

from rattail.registry import load_target
from rattail.site import site

PERSON = "_person"  # the session's entry that says whose it is
_SERVICE = "rattail.features.sessions.service"


class OwnSession(NamedTuple):
    """One session of somebody. `public_id` may be shown: nobody can get in with it. Times are aware, UTC;
    `last_seen_at` is right within ten minutes. `address` and `user_agent` are those of the last visit written down;
    the second is whatever the browser said."""

    public_id: str
    started_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


def begin_session(request: HttpRequest, name: str) -> None:
    """Somebody has logged in: from now on this session is theirs, under a new key and with nothing of before."""
    session = cast("Any", request).session
    session.flush()
    session[PERSON] = name


def leave_session(request: HttpRequest) -> None:
    """Somebody has logged out: their session is gone, whatever other requests of it do."""
    cast("Any", request).session.flush()


def name_of(request: HttpRequest) -> str:
    """Whose session a request came with; empty: nobody's."""
    session = getattr(request, "session", None)
    name = session.get(PERSON, "") if session is not None else ""
    return name if isinstance(name, str) else ""


def public_id_of(request: HttpRequest) -> str:
    """Which of `sessions_of` a request came with; empty: it has none."""
    return str(cast("Any", request).session.public_id)


def let_go(request: HttpRequest) -> None:
    """Save the session now and let other requests of the same person change it meanwhile.

    A request that changes things (a POST) holds its session from the first look to its end. Call this in a view
    before something that takes long, such as receiving an upload. What is changed in the session afterwards is
    saved at the end, entry by entry.
    """
    cast("Any", request).session.let_go()


def sessions_of(name: str) -> tuple[OwnSession, ...]:
    """All sessions of somebody that are alive, the one seen last first.

    Raises:
        AppDirBroken: the folder of the sessions is gone or cannot be read.
    """
    return cast("tuple[OwnSession, ...]", _call("sessions_of", name))


def end_session(name: str, public_id: str) -> bool:
    """End one session of somebody; False where they have no such session (any more).

    Raises:
        AppDirBusy: that session is in use, and was not let go of within some seconds.
    """
    return cast("bool", _call("end_session", name, public_id))


def end_sessions(name: str, *, keep: str = "") -> int:
    """End all sessions of somebody but the one whose public id is `keep`; returns how many were ended."""
    return cast("int", _call("end_sessions", name, keep=keep))


def _call(function: str, *words: str, **named: str) -> object:
    target = load_target(f"{_SERVICE}:{function}")
    return cast("Any", target)(*words, **named, now=site().now())
