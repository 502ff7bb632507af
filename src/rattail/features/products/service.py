"""Making and listing stores and vendors."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from rattail.appdir.files import safe_child
from rattail.audit.trail import record
from rattail.errors import WouldOverwrite
from rattail.features.products.names import checked_code, checked_name
from rattail.retail.models import Store, Vendor


class VendorListed(NamedTuple):
    code: str
    name: str
    identifier: str
    is_active: bool
    items: int


def make_store(*, code: str, name: str, actor: str, now: datetime) -> Store:
    """Make a store.

    Raises:
        InputRejected: the code or the name is empty or too long.
        WouldOverwrite: there is a store with this code.
    """
    code, name = checked_code(code, what="store"), checked_name(name, what="store")
    if Store.objects.filter(code=code).exists():
        raise WouldOverwrite(f"there is a store {code!r} already.", hint=f"choose another code than {code}")
    with transaction.atomic():
        store = Store.objects.create(code=code, name=name)
        record("make store", f"store {code}", actor=actor, now=now, details={"name": name})
    return store


def make_vendor(*, code: str, name: str, identifier: str, actor: str, now: datetime) -> Vendor:
    """Make a vendor; `identifier` is what it calls itself in EDI files (GLN, DUNS), or empty.

    Raises:
        InputRejected: the code cannot be a file name (the vendor's column mapping is a file), or is too long.
        WouldOverwrite: there is a vendor with this code.
    """
    code, name = checked_code(code, what="vendor"), checked_name(name, what="vendor")
    safe_child("vendor_files", f"{code}.toml")
    if Vendor.objects.filter(code=code).exists():
        raise WouldOverwrite(f"there is a vendor {code!r} already.", hint="see them all: rattail list-vendors")
    with transaction.atomic():
        vendor = Vendor.objects.create(code=code, name=name, identifier=identifier.strip())
        record("make vendor", f"vendor {code}", actor=actor, now=now, details={"name": name})
    return vendor


def list_vendors() -> list[VendorListed]:
    """All vendors by code, with how many items each has."""
    from django.db.models import Count

    vendors = Vendor.objects.annotate(count=Count("items")).order_by("code")
    return [VendorListed(one.code, one.name, one.identifier, one.is_active, one.count) for one in vendors]
