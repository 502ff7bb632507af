"""Entries as they come: as JSON from the page's script, or as a plain form."""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple

from django.http import QueryDict

from rattail.errors import InputRejected
from rattail.features.batches.service.counting import MOST_AT_ONCE, Typed

_FIELDS = ("code", "quantity", "section", "at")
_LONGEST = 200


class Sent(NamedTuple):
    """What the script of a page sends, and for whom that page was made."""

    person: str
    entries: list[Typed]


def new_id() -> str:
    """An id for an entry that is typed into a form without a script."""
    return secrets.token_hex(16)


def sent_as_json(body: bytes) -> Sent:
    """What the script of the page sends: `{"person": "cora", "entries": [{"id": ..., "code": ..., ...}, ...]}`.

    Raises:
        InputRejected: it is anything else.
    """
    try:
        asked = json.loads(body)
        return Sent(str(asked.get("person", "")), [_typed(one) for one in asked["entries"][:MOST_AT_ONCE]])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputRejected("entries come as JSON with a list 'entries', each with an id.") from None


def typed_in_form(post: QueryDict) -> Typed:
    """What a plain form says. A removal is of the entry that the form would otherwise put right, if there is one."""
    is_removal = "remove" in post
    client_id = (is_removal and post.get("replaces")) or post.get("id", "")
    said = {name: _plain(post.get(name, "")) for name in _FIELDS}
    said["quantity"] = said["quantity"] or "1"
    return Typed(_plain(client_id), is_removal=is_removal, **said)


def _typed(one: object) -> Typed:
    if not isinstance(one, dict) or not isinstance(one["id"], str):
        raise ValueError(one)
    said = {name: str(one.get(name, "")) for name in _FIELDS}
    return Typed(_plain(one["id"]), is_removal=one.get("remove") is True, **{n: _plain(t) for n, t in said.items()})


def _plain(text: str) -> str:
    """A text that the database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:_LONGEST]
