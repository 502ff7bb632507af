"""How often somebody may try to log in. Kept with the records, so that it holds for all processes together."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from rattail.config.load import Settings
from rattail.features.accounts.models import Tries

_OF_ONE_ADDRESS = 20
_WINDOW = timedelta(minutes=1)
_FORGOTTEN_AFTER = timedelta(days=1)
_MOST_DOUBLINGS = 20


class Limits(NamedTuple):
    """After how many tries in a row a name waits, and for how long at most."""

    tries: int
    longest: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """What the settings say."""
        minutes = settings.integer("accounts.lock_minutes")
        return cls(settings.integer("accounts.lock_after_tries"), timedelta(minutes=minutes))


def admit(*, name: str, address: str, limits: Limits, now: datetime) -> int:
    """Count one try before it is made; returns how many seconds it has to wait instead, 0 where it may be made.

    A try is counted before its password is looked at, so that many at once are no way around it. Whether there is
    somebody of that name makes no difference.
    """
    Tries.objects.filter(last_at__lt=now - _FORGOTTEN_AFTER).delete()
    with transaction.atomic():
        wait = _count_address(_row(_address_key(address), now), now)
        return wait or _count_name(_row(_name_key(name), now), limits, now)


def forget(name: str) -> None:
    """The next wrong password of this name is the first one again."""
    Tries.objects.filter(key=_name_key(name)).delete()


def take_back(address: str, *, now: datetime) -> None:
    """The try that was counted at `now` was a right one: a whole shop may log in from one address in a minute.

    One of a minute that is over meanwhile is not taken from the next.
    """
    counted = Tries.objects.filter(key=_address_key(address), since__gt=now - _WINDOW, since__lte=now, count__gt=0)
    counted.update(count=F("count") - 1)


def _count_address(row: Tries, now: datetime) -> int:
    if row.since + _WINDOW <= now:
        row.count, row.since = 0, now
    if row.count >= _OF_ONE_ADDRESS:
        return _seconds(row.since + _WINDOW - now)
    row.count += 1
    row.last_at = now
    row.save()
    return 0


def _count_name(row: Tries, limits: Limits, now: datetime) -> int:
    if row.locked_until is not None and row.locked_until > now:
        return _seconds(row.locked_until - now)
    row.count += 1
    row.last_at = now
    if row.count >= limits.tries:
        doublings = min(row.count - limits.tries, _MOST_DOUBLINGS)
        row.locked_until = now + min(limits.longest, timedelta(minutes=2**doublings))
    row.save()
    return 0


def _row(key: str, now: datetime) -> Tries:
    row, _ = Tries.objects.select_for_update().get_or_create(key=key, defaults={"since": now, "last_at": now})
    return row


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))


def _name_key(name: str) -> str:
    return f"name:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"


def _address_key(address: str) -> str:
    """Of IPv6 the network counts: whoever has one address of it has them all."""
    try:
        where = ip_address(address)
    except ValueError:
        return "address:unknown"
    return f"address:{where if where.version == 4 else ip_network((where, 64), strict=False)}"
