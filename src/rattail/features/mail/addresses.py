"""Addresses of mail: which texts are one. Cheap to import: check-appdir asks, too."""

from __future__ import annotations

import re

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})*)")
_NAMED = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*")
_LONGEST, _LONGEST_LOCAL = 254, 64


class WrongAddress(Exception):
    """A text that is no address; the message says why."""


def address_of(text: str) -> tuple[str, str]:
    """The name (may be empty) and the bare address of 'ada@example.org' or 'Ada <ada@example.org>'.

    A domain with letters beyond ASCII comes back as the name system knows it. Raises `WrongAddress`.
    """
    named = _NAMED.fullmatch(text)
    name, bare = (named[1].strip('"'), named[2]) if named else ("", text.strip())
    if not name.isprintable() or not bare.isprintable():
        raise WrongAddress("it holds a line break or another sign that no address has")
    local, at, domain = bare.rpartition("@")
    if not at:
        raise WrongAddress("it has no @")
    if not local.isascii():
        raise WrongAddress("before the @ only ASCII letters are understood by every mail server")
    bare = f"{local}@{_ascii_domain(domain)}"
    if not _ADDRESS.fullmatch(bare) or len(bare) > _LONGEST or len(local) > _LONGEST_LOCAL:
        raise WrongAddress("expected NAME@DOMAIN")
    return name, bare


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        raise WrongAddress(f"{domain!r} is no name of a domain") from None
