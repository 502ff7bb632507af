"""A session as views see it: loaded at the first look, saved at the end of the request."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, SessionBase
from django.utils.crypto import get_random_string

from rattail.errors import ConfigInvalid
from rattail.features.sessions.record import Codec, Record, Unsound, Visitor, entries_in, name_of_key, record_of
from rattail.features.sessions.shelf import Hold, Shelf
from rattail.site import Site, site

KEY_LENGTH = 32
PUBLIC_ID_LENGTH = 20
SEEN_EVERY_S = 600
DAY_S = 24 * 3600
log = logging.getLogger("rattail.sessions")
_KEY_LETTERS = frozenset(VALID_KEY_CHARS)


def shelf() -> Shelf:
    """Where this process's app folder keeps its sessions."""
    return shelf_of(site())


@lru_cache(maxsize=1)
def shelf_of(opened: Site) -> Shelf:
    """Where an app folder keeps its sessions: the option `sessions.backend` says it.

    Raises:
        ConfigInvalid: there is no key to sign them with.
    """
    from rattail.features.sessions.ground import Ground
    from rattail.features.sessions.locks import FileLocks

    secret = opened.text("sessions.secret_key")
    if not secret:
        raise ConfigInvalid(
            ["secrets.toml: [sessions] secret_key is missing; expected a text that nobody can guess."],
            hint="rattail make-appdir makes one",
        )
    codec = Codec(secret)
    file_locks = FileLocks(Ground.of(opened, "sessions/lock"))
    if opened.text("sessions.backend") == "files":
        from rattail.features.sessions.files import FilesShelf

        return FilesShelf(Ground.of(opened, "sessions/data"), locks=file_locks, codec=codec)
    from rattail.features.sessions.database import AdvisoryLocks, DatabaseShelf

    return DatabaseShelf(locks=AdvisoryLocks() if opened.where.url else file_locks, codec=codec)


def read_sound(where: Shelf, name: str) -> Record | None:
    """A session; None where there is none. What is there and unsound is removed, and a line in the log says so."""
    try:
        return where.read(name)
    except Unsound:
        pass
    hold = where.hold(name)
    try:
        return where.read(name)  # perhaps it was replaced meanwhile
    except Unsound as error:
        log.warning("session %s was thrown away, whoever had it is logged out: %s", name[:PUBLIC_ID_LENGTH], error)
        where.remove(name)
        return None
    finally:
        hold.release()


def is_expired(record: Record, *, now_s: int) -> bool:
    """Whether a session was not used for longer than `sessions.max_age_days`."""
    return now_s - record.seen_s > site().settings.integer("sessions.max_age_days") * DAY_S


class SessionStore(SessionBase):
    """One request's session.

    With `is_exclusive` it is held from the first look until it was saved: what another request of the same session
    writes is seen, and neither loses anything. Else it is read without waiting for anybody, and at the end its
    changed entries are merged into what is there by then. A session that was ended meanwhile stays so.

    A thread holds one session at a time, so requests cannot wait for each other in a ring. An exception is the
    ending of another one of one's own sessions; waiting has a limit.
    """

    is_exclusive = False
    visitor = Visitor()

    def __init__(self, session_key: str | None = None) -> None:
        # Not the parent's: it would look up a serializer that is never used.
        self._session_key = session_key
        self.accessed = False
        self.modified = False
        self.was_flushed = False
        self.is_broken = False
        self.failure: Exception | None = None
        self._session_cache: dict[str, Any]
        self._found: Record | None = None
        self.is_cookie_due = False
        self._hold: Hold | None = None

    @property
    def public_id(self) -> str:
        """What this session is called in the list of somebody's own; empty where there is none."""
        return name_of_key(self.session_key)[:PUBLIC_ID_LENGTH] if self.session_key else ""

    @property
    def is_worth_saving(self) -> bool:
        """Whether something was changed, or it is time to write down that this session is in use."""
        if self.modified:
            return bool(self.session_key or self._entries())
        return self._found is not None and _is_due(self._found, now_s=_now_s())

    def load(self) -> dict[str, Any]:
        """The entries of the session that the key names; none, and no key, where there is no such session.

        Raises:
            AppDirBroken, DatabaseUnreachable: where sessions are kept is out of order. Whoever looks again in this
                request sees an empty one, so that a page can tell it.
            AppDirBusy: another request has held the session for too long.
        """
        name = name_of_key(self._key)
        try:
            if self.is_exclusive:
                self._hold = shelf().hold(name)
            record = read_sound(shelf(), name)
        except Exception as error:
            self.is_broken = True
            self.failure = error
            self._session_cache = {}
            self.release()
            raise
        if record is None or is_expired(record, now_s=_now_s()):
            self.release()
            self._session_key = None
            return {}
        self._found = record
        return dict(record.entries)

    def save(self, must_create: bool = False) -> None:
        """Write what was changed. Nothing is written where the session was ended meanwhile, or is out of order."""
        if self.is_broken:
            return
        if self.session_key is None or must_create:
            self.create()
            return
        name = name_of_key(self._key)
        entries = self._entries()
        if self.session_key is None:  # there was none of that key
            self.create()
            return
        if self._hold is not None and self._found is not None:
            self._replace(name, self._found, entries)
            return
        hold = shelf().hold(name)
        try:
            there = read_sound(shelf(), name)
            if there is None:
                self._lost()
            else:
                self._replace(name, there, self._merged(there.entries))
        finally:
            hold.release()

    def create(self) -> None:
        """Keep the entries as a new session, under a new key."""
        entries = self._entries(no_load=True)
        while True:
            key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
            now_s = _now_s()
            record = record_of(entries, started_s=now_s, seen_s=now_s, visitor=self.visitor)
            if shelf().create(name_of_key(key), record):
                break
        self.release()
        self._session_key = key
        self.modified = True
        self.is_cookie_due = True
        self._found = record

    def cycle_key(self) -> None:
        """Go on with the same entries under a new key; the old one opens nothing any more."""
        _ = self._entries()
        old = self.session_key
        if old is None:
            self.create()
            return
        hold = shelf().hold(name_of_key(old))
        try:
            self.create()
            shelf().remove(name_of_key(old))
        finally:
            hold.release()

    def delete(self, session_key: str | None = None) -> None:
        """End a session: this one where no key is given."""
        key = session_key or self.session_key
        if key is None:
            return
        hold = shelf().hold(name_of_key(key))
        try:
            shelf().remove(name_of_key(key))
        finally:
            hold.release()

    def clear(self) -> None:
        """Take every entry out; those that were there at the first look, not what others add meanwhile."""
        _ = self._entries()
        super().clear()

    def flush(self) -> None:
        """End this session, and go on with an empty one that is kept only if something is put in."""
        self.clear()
        if not self.is_broken:
            self.delete()
        self.release()
        self._session_key = None
        self._found = None
        self.was_flushed = True

    def exists(self, session_key: str) -> bool:
        return read_sound(shelf(), name_of_key(session_key)) is not None

    def let_go(self) -> None:
        """Save what was changed so far, and let others change the session meanwhile."""
        if self.is_worth_saving:
            self.save()
        self.release()
        self.is_exclusive = False

    def release(self) -> None:
        """Let others at the session; what was not saved is not. May be called at any time."""
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.release()

    def _entries(self, *, no_load: bool = False) -> dict[str, Any]:
        return cast("dict[str, Any]", self._get_session(no_load=no_load))  # type: ignore[attr-defined] # not in stubs

    @property
    def _key(self) -> str:
        key = self.session_key
        assert key is not None
        return key

    def _validate_session_key(self, key: str | None) -> bool:
        """Whether it can be one of ours; whatever else a browser sends is no key at all."""
        return isinstance(key, str) and len(key) == KEY_LENGTH and _KEY_LETTERS.issuperset(key)

    def _replace(self, name: str, there: Record, entries: Mapping[str, Any]) -> None:
        now_s = _now_s()
        is_due = _is_due(there, now_s=now_s)
        seen_s = now_s if is_due else there.seen_s
        record = record_of(entries, started_s=there.started_s, seen_s=seen_s, visitor=self.visitor)
        if not shelf().replace(name, record):
            self._lost()
            return
        self._session_cache = dict(entries)
        self.is_cookie_due |= is_due
        self._found = record

    def _merged(self, there: Mapping[str, Any]) -> dict[str, Any]:
        """What is there by now, with every entry that this request changed as it left it."""
        own = self._entries()
        was = entries_in(self._found.body) if self._found is not None else {}
        merged = {name: value for name, value in there.items() if name in own or name not in was}
        for name, value in own.items():
            if name not in was or json.dumps(was[name]) != json.dumps(value):  # 1 == True, and their texts differ
                merged[name] = value
        return merged

    def _lost(self) -> None:
        """The session was ended while this request ran: it stays ended."""
        log.info("session %s was ended meanwhile; what a late request changed in it was dropped", self.public_id)
        self._session_key = None
        self._found = None


def _is_due(record: Record, *, now_s: int) -> bool:
    """Whether it is time to write down that a session is in use, and to let its cookie live longer."""
    return abs(now_s - record.seen_s) >= SEEN_EVERY_S


def _now_s() -> int:
    return int(site().now().timestamp())
