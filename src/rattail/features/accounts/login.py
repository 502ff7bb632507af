"""Logging in: a name and a password become a user, or a refusal that says nothing to an intruder."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from rattail.audit.trail import record
from rattail.features.accounts import passwords, tries
from rattail.features.accounts.models import User
from rattail.features.accounts.names import is_name, plain_name


class Answer(NamedTuple):
    """How a try to log in ended: with a user; or with none, and the seconds until the next try is looked at."""

    user: User | None
    wait_s: int = 0


def log_in(*, name: str, password: str, address: str, limits: tries.Limits, now: datetime) -> Answer:
    """Look whether this is somebody who may come in.

    Unknown names, wrong passwords and disabled users take the same time and get the same answer. Every try that was
    looked at is in the audit trail.
    """
    plain = plain_name(name)
    wait_s = tries.admit(name=plain, address=address, limits=limits, now=now)
    if wait_s:
        return Answer(None, wait_s)
    user = User.objects.filter(name=plain).first() if is_name(plain) else None
    is_right = passwords.is_right(password, user.password if user else None)
    if user is None or not is_right or not user.is_active:
        tried = f"user {user.name}" if user is not None else "an unknown name"  # perhaps a password, in the wrong field
        record("log in refused", tried, actor="somebody", now=now, details={"address": address})
        return Answer(None)
    with transaction.atomic():
        tries.forget(plain)
        tries.take_back(address, now=now)
        User.objects.filter(pk=user.pk).update(last_login=now)
        record("log in", f"user {user.name}", actor=user.name, now=now, details={"address": address})
    return Answer(user)


def log_out(name: str, *, now: datetime) -> None:
    """Write down that somebody logged out."""
    record("log out", f"user {name}", actor=name, now=now)
