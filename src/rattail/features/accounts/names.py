"""What people are called here."""

from __future__ import annotations

import re

from rattail.errors import InputRejected

LONGEST_NAME = 50
_LONGEST_DISPLAY_NAME = 100
_LONGEST_EMAIL = 254
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_EMAIL = re.compile(r"[^@\s\"<>,;:\\()\[\]]+@[^@\s\"<>,;:\\()\[\]]+")


def plain_name(name: str) -> str:
    """A name as it is kept and looked up: in small letters, so that `Alice` and `alice` are the same person."""
    return name.strip().lower()


def is_name(name: str) -> bool:
    """Whether somebody can have this name; only then it may be written down where others read it."""
    return _NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """A name for a new person, in small letters.

    Raises:
        InputRejected: nobody can have that name.
    """
    plain = plain_name(name)
    if not is_name(plain):
        raise InputRejected(
            f"{name[:LONGEST_NAME]!r} cannot be a name to log in with: expected 1 to {LONGEST_NAME} letters from a to "
            "z, digits, dots, dashes and underscores, with a letter or a digit first.",
            hint="what a person is really called can be given as the display name",
        )
    return plain


def checked_display_name(name: str) -> str:
    """What a person is really called; may be empty.

    Raises:
        InputRejected: it is too long, or has signs that cannot be shown.
    """
    plain = name.strip()
    if len(plain) > _LONGEST_DISPLAY_NAME or not plain.isprintable():
        raise InputRejected(f"the display name can have {_LONGEST_DISPLAY_NAME} letters at most, all in one line.")
    return plain


def checked_email(email: str) -> str:
    """An address of e-mail, or nothing.

    Raises:
        InputRejected: it is no address.
    """
    plain = email.strip()
    if plain and (len(plain) > _LONGEST_EMAIL or not plain.isprintable() or not _EMAIL.fullmatch(plain)):
        raise InputRejected(f"{plain[:60]!r} is no e-mail address: expected something such as alice@example.org.")
    return plain
