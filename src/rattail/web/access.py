"""Who asks, and what they may. The accounts feature implements it; everything in the web layer knows only this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.http import HttpRequest

from rattail.errors import NotAllowed
from rattail.registry import load_target
from rattail.site import Site, site

PERSON_OF = "RATTAIL_PERSON_OF"  # the setting that names the function which knows who asks


class Person(NamedTuple):
    """Somebody who is logged in. `permissions` maps a permission to the numbers of the stores that it holds for;
    None means all stores."""

    name: str
    display_name: str
    permissions: Mapping[str, frozenset[str] | None]
    must_change_password: bool = False

    def may(self, permission: str, *, store: str | None = None) -> bool:
        """Whether they have a permission: for that store, or for any where none is named."""
        if permission not in self.permissions:
            return False
        stores = self.permissions[permission]
        return stores is None or store is None or store in stores

    def require(self, permission: str, *, store: str | None = None) -> None:
        """Go on only with that permission.

        Raises:
            NotAllowed: they do not have it, or not for that store.
        """
        if not self.may(permission, store=store):
            where = f" in store {store}" if store is not None and permission in self.permissions else ""
            raise NotAllowed(
                f"{self.name} may not do this{where}: the permission '{permission}' is missing.",
                hint="ask whoever manages the accounts of your shop for a role that has it",
            )

    def stores(self, permission: str) -> frozenset[str] | None:
        """The numbers of the stores that a permission holds for; None: all; empty: none."""
        return self.permissions.get(permission, frozenset())


class Request(HttpRequest):
    """A request as views get it, after the guard let it through. `person` is None on public pages only."""

    site: Site  # type: ignore[assignment] # django.contrib.sites is not here
    person: Person | None
    request_id: str
    session: Any


def person_of(request: HttpRequest) -> Person | None:
    """Who asks; looked up once for each request."""
    known = request.__dict__
    if "person" not in known:
        target = getattr(settings, PERSON_OF, "")
        known["person"] = load_target(target)(request) if target else None  # type: ignore[operator]
    return cast("Person | None", known["person"])


def person_named(name: str) -> Person | None:
    """Somebody with an account that is not disabled, as they are now: for work in the background that they asked for.

    The module of the feature that knows who asks (`Feature.access`) has a function of this name too.
    """
    access = next((feature.access for feature in site().registry.features if feature.access), "")
    if not access:
        return None
    target = f"{access.partition(':')[0]}:person_named"
    return cast("Person | None", load_target(target)(name))  # type: ignore[operator]


def signed_in(request: HttpRequest) -> Person:
    """Who asks, on a page that only people with a session reach."""
    person = person_of(request)
    assert person is not None, "this page was declared public"
    return person
