"""Whose sessions there are, ending them, and removing those that nobody uses any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rattail.errors import AppDirBusy
from rattail.features.sessions.record import Record, Unsound
from rattail.features.sessions.shelf import Shelf
from rattail.features.sessions.store import PUBLIC_ID_LENGTH, is_expired, log, read_sound, shelf
from rattail.web.sessions import OwnSession

_WAIT_TO_END_S = 10.0
_WAIT_TO_CLEAN_S = 0.0


class Cleaned(NamedTuple):
    """How many sessions were removed because they were too old or unsound, and how many stay."""

    removed: int
    kept: int


def sessions_of(name: str, *, now: datetime) -> tuple[OwnSession, ...]:
    """All sessions of somebody that are alive, the one seen last first."""
    found = [
        OwnSession(each[:PUBLIC_ID_LENGTH], record.started_at, record.seen_at, *record.visitor)
        for each, record in _alive(shelf(), name, now=now)
    ]
    return tuple(sorted(found, key=lambda one: (one.last_seen_at, one.started_at), reverse=True))


def end_session(name: str, public_id: str, *, now: datetime) -> bool:
    """End one session of somebody; False where they have none such.

    Raises:
        AppDirBusy: a request of that session holds it, and went on for too long.
    """
    where = shelf()
    return any(
        _end(where, each, name) for each, _ in _alive(where, name, now=now) if each[:PUBLIC_ID_LENGTH] == public_id
    )


def end_sessions(name: str, *, keep: str = "", now: datetime) -> int:
    """End all sessions of somebody, but for the one whose public id is `keep`; returns how many were ended.

    Raises:
        AppDirBusy: a request held one of them for too long; all others were ended.
    """
    where = shelf()
    ended = 0
    busy: AppDirBusy | None = None
    for each, _ in _alive(where, name, now=now):
        if each[:PUBLIC_ID_LENGTH] == keep:
            continue
        try:
            ended += _end(where, each, name)
        except AppDirBusy as error:
            busy = error
    if busy is not None:
        raise busy
    return ended


def clean(*, now: datetime) -> Cleaned:
    """Remove every session that is too old, or that is none of ours; one that is in use just now stays."""
    where = shelf()
    names = list(where.names())
    removed = sum(_clean_one(where, name, now_s=int(now.timestamp())) for name in names)
    where.remove_leftovers()
    return Cleaned(removed, len(names) - removed)


def _alive(where: Shelf, person: str, *, now: datetime) -> Iterator[tuple[str, Record]]:
    for name in where.names(person=person):
        try:
            record = where.read(name)
        except Unsound:
            continue
        if record is not None and record.person == person and not is_expired(record, now_s=int(now.timestamp())):
            yield name, record


def _end(where: Shelf, name: str, person: str) -> bool:
    hold = where.hold(name, wait_s=_WAIT_TO_END_S)
    try:
        record = read_sound(where, name)
        if record is None or record.person != person:
            return False
        where.remove(name)
        return True
    finally:
        hold.release()


def _clean_one(where: Shelf, name: str, *, now_s: int) -> bool:
    """Look, and only where it seems to be for removal take its lock and look again."""
    if not _is_over(where, name, now_s=now_s):
        return False
    try:
        hold = where.hold(name, wait_s=_WAIT_TO_CLEAN_S)
    except AppDirBusy:
        return False
    try:
        if not _is_over(where, name, now_s=now_s):
            return False
        where.remove(name)
        return True
    finally:
        hold.release()


def _is_over(where: Shelf, name: str, *, now_s: int) -> bool:
    try:
        record = where.read(name)
    except Unsound as error:
        log.warning("session %s is unsound: %s", name[:PUBLIC_ID_LENGTH], error)
        return True
    return record is not None and is_expired(record, now_s=now_s)
