"""One session as it is kept: signed JSON, tied to its name."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from rattail.web.sessions import PERSON

LARGEST_BYTES = 64 << 10
NAME_LENGTH = 64
_SIGNATURE_LENGTH = 64
_VERSION = 1
_MOST_OF_A_WORD = 300
_write = json.JSONEncoder(separators=(",", ":")).encode


class Unsound(Exception):
    """What is kept is no session of ours; the text says why."""


class Visitor(NamedTuple):
    """Where a request came from, as far as is known: the address, and what the browser calls itself."""

    address: str = ""
    user_agent: str = ""


class Record(NamedTuple):
    """A session: since when, when seen last (seconds of the epoch), by whom, and its entries.

    `body` is all of it as JSON. Entries may be changed by whoever has them; the body stays as it was.
    """

    started_s: int
    seen_s: int
    visitor: Visitor
    entries: Mapping[str, Any]
    body: bytes

    @property
    def person(self) -> str:
        """The name of whoever is logged in with it; empty: nobody."""
        name = self.entries.get(PERSON)
        return name if isinstance(name, str) else ""

    @property
    def seen_at(self) -> datetime:
        return datetime.fromtimestamp(self.seen_s, UTC)

    @property
    def started_at(self) -> datetime:
        return datetime.fromtimestamp(self.started_s, UTC)


def record_of(entries: Mapping[str, Any], *, started_s: int, seen_s: int, visitor: Visitor) -> Record:
    """A session with those entries, to be kept.

    Raises:
        TypeError: an entry is nothing that JSON knows.
        ValueError: it is larger than a session may be.
    """
    words = (word[:_MOST_OF_A_WORD] for word in visitor)
    body = _write([_VERSION, started_s, seen_s, *words, entries]).encode()
    if len(body) > LARGEST_BYTES - _SIGNATURE_LENGTH - 1:
        raise ValueError(f"a session of {len(body):,} bytes: expected {LARGEST_BYTES:,} at most")
    return Record(started_s, seen_s, visitor, entries, body)


def entries_in(body: bytes) -> dict[str, Any]:
    """The entries as they were when a body was written, whatever was done with them since."""
    return cast("dict[str, Any]", json.loads(body)[-1])


def name_of_key(key: str) -> str:
    """The name that a session is kept under. Nobody who reads it can tell the key, which only its browser has."""
    return hashlib.sha256(f"rattail session:{key}".encode()).hexdigest()


class Codec:
    """Writes and reads records with a key derived from the installation's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"rattail sessions, version 1", "sha256")

    def encode(self, name: str, record: Record) -> bytes:
        """A record as bytes that only somebody with the secret can make, and that mean nothing under another name."""
        return b"%s\n%s" % (self._sign(name, record.body), record.body)

    def decode(self, name: str, content: bytes) -> Record:
        """The record that `encode` was given.

        Raises:
            Unsound: the content is not what `encode` gave for that name, whatever it is.
        """
        if len(content) > LARGEST_BYTES:
            raise Unsound("it is too large")
        signature, _, body = content.partition(b"\n")
        if not hmac.compare_digest(signature, self._sign(name, body)):
            raise Unsound("its signature is wrong" if body else "it is cut off")
        try:
            version, started_s, seen_s, address, user_agent, entries = json.loads(body)
        except (ValueError, TypeError, RecursionError):
            raise Unsound("it is no session") from None
        if version != _VERSION:
            raise Unsound(f"it is of version {version!r}")
        return Record(started_s, seen_s, Visitor(address, user_agent), entries, body)

    def _sign(self, name: str, body: bytes) -> bytes:
        return hmac.digest(self._key, name.encode() + b"\n" + body, "sha256").hex().encode()
