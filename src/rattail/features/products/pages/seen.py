"""What somebody may see of the records: which stores, and whether costs; and which day it is in the shop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rattail.errors import NoSuchThing
from rattail.retail.models import Store
from rattail.site import Site
from rattail.web.access import Person

VIEW = "products.view"
COSTS = "products.costs"
CONFIGURE = "products.configure"
_LARGEST = 2**63 - 1  # what an id can be


class StoreSeen(NamedTuple):
    id: int
    code: str
    name: str


def stores_seen(person: Person, *, permission: str = VIEW) -> tuple[StoreSeen, ...]:
    """The stores that a permission holds for, by code."""
    codes = person.stores(permission)
    stores = Store.objects.order_by("code")
    if codes is not None:
        stores = stores.filter(code__in=sorted(codes))
    return tuple(StoreSeen(*row) for row in stores.values_list("id", "code", "name"))


def stores_wanted(person: Person, code: str, *, permission: str = VIEW) -> tuple[StoreSeen, ...]:
    """Those of the stores seen that a filter asks for; an empty code asks for all of them."""
    return tuple(store for store in stores_seen(person, permission=permission) if code in ("", store.code))


def store_choices(_: Site, person: Person) -> Sequence[tuple[str, str]]:
    """The stores seen, for a filter."""
    return [(store.code, f"{store.code} {store.name}") for store in stores_seen(person)]


def today(site: Site) -> date:
    """The business day in the shop's zone."""
    return site.now().astimezone(ZoneInfo(site.time_zone)).date()


def number_in(text: str) -> int:
    """A number as addresses and cursors carry it; 0 for anything that is none, which no record is."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return 0
    return number if (number := int(text)) <= _LARGEST else 0


def require_possible(number: int, *, what: str) -> int:
    """A number out of an address, if a record may have it.

    Raises:
        NoSuchThing: it is larger than any.
    """
    if number > _LARGEST:
        raise NoSuchThing(f"there is no such {what}.")
    return number
