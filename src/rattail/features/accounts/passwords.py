"""Passwords: kept as Argon2 hashes, with rules that a person can understand."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from threading import BoundedSemaphore
from typing import NamedTuple

from django.contrib.auth.hashers import Argon2PasswordHasher

from rattail.config.load import Settings
from rattail.errors import InputRejected

LEAST_LENGTH = 10
LONGEST = 256
_LEAST_DIFFERENT = 5
_LEAST_BESIDE_NAME = 6
_SHORTEST_NAME_THAT_COUNTS = 3
_CONSONANTS = "bdfghkmnprstvz"
_VOWELS = "aeiou"
_ENDINGS = "0123456789!?.*#$-_ "
_PARTS = 4  # of a password that is made up
_PART_LETTERS = 5  # of one, with the dash behind it
_DIGITS = 2
_MOST_AT_ONCE = 2
_room = BoundedSemaphore(_MOST_AT_ONCE)


class Hasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB and one pass: about 60 ms. A process computes two at once at most, which bounds the memory
    that logins can take."""

    time_cost = 1
    memory_cost = 46 << 10
    parallelism = 1


def hashed(password: str) -> str:
    """A password as it is kept."""
    hasher = Hasher()
    with _room:
        return str(hasher.encode(_normal(password), hasher.salt()))


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one that is kept. With None, which is nobody's, it takes as long and is wrong."""
    is_kept = kept is not None and kept.startswith("argon2$")
    with _room:
        fits = Hasher().verify(_normal(password[:LONGEST]), kept if is_kept and kept else _nobodys())
    return bool(fits) and is_kept and len(password) <= LONGEST


def check_rules(password: str, *, least_length: int = LEAST_LENGTH, about: Iterable[str] = ()) -> None:
    """Refuse a password that is easily guessed; `about` are names that somebody would try.

    Raises:
        InputRejected: with everything that is wrong with it.
    """
    faults = list(_faults(password, least_length=least_length, about=about))
    if faults:
        raise InputRejected(
            f"this password cannot be taken: {'; '.join(faults)}.",
            hint="a few words that have nothing to do with each other are long, and easy to remember",
        )


class Rules(NamedTuple):
    """What a password has to be like: how long, and without which names."""

    least_length: int = LEAST_LENGTH
    title: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """What the settings say."""
        return cls(settings.integer("accounts.least_password_length"), settings.text("app.title"))

    def check(self, password: str, *, name: str, display_name: str = "", email: str = "") -> None:
        """Refuse a password that is easily guessed.

        Raises:
            InputRejected: with everything that is wrong with it.
        """
        about = (name, display_name, email.partition("@")[0], self.title)
        check_rules(password, least_length=self.least_length, about=about)


def generated(least_length: int = LEAST_LENGTH) -> str:
    """A password that can be read out on the telephone: 57 bits of chance, more where it has to be longer."""
    parts = max(_PARTS, -(-(least_length - _DIGITS) // _PART_LETTERS))
    words = ("".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(parts))
    return f"{'-'.join(words)}-{secrets.randbelow(90) + 10}"


def _faults(password: str, *, least_length: int, about: Iterable[str]) -> Iterable[str]:
    if len(password) < least_length:
        yield f"it has {len(password)} letters, and {least_length} or more are expected"
    if len(password) > LONGEST:
        yield f"it has more than {LONGEST} letters"
    if not password.isprintable():
        yield "it has signs in it that cannot be typed everywhere"
    if len(set(password)) < _LEAST_DIFFERENT:
        yield f"it has fewer than {_LEAST_DIFFERENT} different letters"
    if _is_only_names(password, about):
        yield "it is little more than your name, or that of the shop"
    if _is_common(password):
        yield "it is one of the passwords that everybody tries first"


def _is_only_names(password: str, about: Iterable[str]) -> bool:
    left = _letters(password)
    names = {_letters(part) for each in about for part in (each, *each.replace("@", " ").replace(".", " ").split())}
    named = sorted((name for name in names if len(name) >= _SHORTEST_NAME_THAT_COUNTS), key=len, reverse=True)
    found = [name for name in named if name in left]
    for name in found:
        left = left.replace(name, "")
    return bool(found) and len(left) < _LEAST_BESIDE_NAME


def _is_common(password: str) -> bool:
    """Whether it is one of the 20,000 most used, perhaps with a number or a sign at its end."""
    plain = password.lower().strip()
    return bool({plain, plain.rstrip(_ENDINGS)} & _common())


@cache
def _common() -> frozenset[str]:
    from django.contrib.auth.password_validation import CommonPasswordValidator

    return frozenset(CommonPasswordValidator().passwords)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _normal(password: str) -> str:
    """The same letters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex(16))
