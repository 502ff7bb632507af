"""Sessions in the database: for an app that runs on several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from rattail.database.refused import in_sentences
from rattail.features.sessions.record import Codec, Record
from rattail.features.sessions.shelf import WAIT_S, Hold, Locks, wait_for

_OF_SESSIONS = 0x52415453  # the first half of our advisory locks in PostgreSQL
_HALF = 1 << 31

P = ParamSpec("P")
R = TypeVar("R")


def told(function: Callable[P, R]) -> Callable[P, R]:
    """What a database refuses for the outside world's sake becomes a sentence."""

    @wraps(function)
    def wrapped(*words: P.args, **named: P.kwargs) -> R:
        with in_sentences():
            return function(*words, **named)

    return wrapped


class AdvisoryLocks:
    """Locks of the database session: PostgreSQL takes them away from a connection that ends, however it ends.

    They are none of the transaction's, so a page's own transactions may begin, end and fail while one is held.
    """

    def hold(self, name: str, *, wait_s: float) -> Hold:
        from rattail.database.bulk import fetch_rows

        number = int(name[:8], 16) - _HALF

        def attempt() -> bool:
            return bool(fetch_rows("SELECT pg_try_advisory_lock(%s, %s)", [_OF_SESSIONS, number])[0][0])

        wait_for(attempt, wait_s=wait_s)
        return AdvisoryHold(number)


class AdvisoryHold:
    """One lock of this thread's connection."""

    def __init__(self, number: int) -> None:
        from django.db import connection

        self._number: int | None = number
        self._holder = connection.connection

    def release(self) -> None:
        from django.db import DatabaseError, connection

        from rattail.database.bulk import fetch_rows

        if self._number is None or connection.connection is not self._holder:
            return  # the connection that held it has ended, and the lock with it
        number, self._number = self._number, None
        try:
            fetch_rows("SELECT pg_advisory_unlock(%s, %s)", [_OF_SESSIONS, number])
        except DatabaseError:
            connection.close()


class DatabaseShelf:
    """Sessions in a table. SQLite is of one machine, and has one writer: there the lock is a file, as for files,
    because a transaction from the first look to the end would stop everybody's work."""

    def __init__(self, *, locks: Locks, codec: Codec) -> None:
        self._locks = locks
        self._codec = codec

    @told
    def hold(self, name: str, *, wait_s: float = WAIT_S) -> Hold:
        return self._locks.hold(name, wait_s=wait_s)

    @told
    def read(self, name: str) -> Record | None:
        from rattail.features.sessions.models import StoredSession

        content = StoredSession.objects.filter(name=name).values_list("content", flat=True).first()
        return None if content is None else self._codec.decode(name, content.encode())

    @told
    def create(self, name: str, record: Record) -> bool:
        from rattail.database.bulk import change_rows

        sql = (
            "INSERT INTO sessions_storedsession (name, person, seen_s, content) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (name) DO NOTHING"
        )
        return bool(change_rows(sql, [name, *self._columns(name, record).values()]))

    @told
    def replace(self, name: str, record: Record) -> bool:
        from rattail.features.sessions.models import StoredSession

        return bool(StoredSession.objects.filter(name=name).update(**self._columns(name, record)))

    @told
    def remove(self, name: str) -> None:
        from rattail.features.sessions.models import StoredSession

        StoredSession.objects.filter(name=name).delete()

    def names(self, *, person: str | None = None, seen_before_s: int | None = None) -> Iterator[str]:
        from rattail.features.sessions.models import StoredSession

        found = StoredSession.objects.all()
        if person is not None:
            found = found.filter(person=person)
        if seen_before_s is not None:
            found = found.filter(seen_s__lt=seen_before_s)
        with in_sentences():
            names = list(found.values_list("name", flat=True))
        yield from names

    def remove_leftovers(self) -> int:
        return 0

    def _columns(self, name: str, record: Record) -> dict[str, str | int]:
        content = self._codec.encode(name, record).decode()
        return {"person": record.person, "seen_s": record.seen_s, "content": content}
