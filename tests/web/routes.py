"""Every declared page with an address to ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rattail.feature import PUBLIC, SIGNED_IN, Page
from rattail.registry import Registry

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_EXAMPLES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}
ROLES = ("manager", "buyer", "receiver", "counter", "viewer")


class Asked(NamedTuple):
    """A page, an address of it, and a method that it takes."""

    page: Page
    address: str
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.address} ({self.page.name})"


def every_request(registry: Registry) -> Iterator[Asked]:
    """Each page by each of its methods, with examples for what its address leaves open."""
    for page in registry.pages:
        address = "/" + _PARAMETER.sub(lambda found: _EXAMPLES.get(found[1] or "str", "x"), page.path)
        yield from (Asked(page, address, method) for method in page.methods)


def roles_that_may(page: Page, registry: Registry) -> frozenset[str]:
    """The ready roles that a page is declared for."""
    if page.needs in (PUBLIC, SIGNED_IN):
        return frozenset(ROLES)
    return frozenset(("manager", *registry.permissions[page.needs].roles))
