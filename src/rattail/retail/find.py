"""Finding records by the names that people use."""

from __future__ import annotations

from collections.abc import Iterable

from rattail.errors import InputRejected, NoSuchThing
from rattail.retail.models import Store, Vendor


def vendor_named(code: str) -> Vendor:
    """The vendor that people call `code`.

    Raises:
        NoSuchThing: there is none; the message names the one that is nearest.
    """
    word = code.strip()
    vendor = Vendor.objects.filter(code=word).first() or Vendor.objects.filter(code__iexact=word).first()
    if vendor is None:
        raise NoSuchThing(
            f"there is no vendor {code!r}.{_near(word, Vendor.objects.values_list('code', flat=True))}",
            hint="see them all: rattail list-vendors; make one: rattail make-vendor CODE NAME",
        )
    return vendor


def store_named(code: str | None) -> Store:
    """The store that people call `code`; where there is only one it need not be named.

    Raises:
        NoSuchThing: there is none of that code, or there is no store at all.
        InputRejected: there are several, and none was named.
    """
    codes = list(Store.objects.order_by("code").values_list("code", flat=True))
    if not codes:
        raise NoSuchThing("there is no store yet.", hint="make one: rattail make-store CODE NAME")
    if code is None and len(codes) > 1:
        raise InputRejected(
            f"there are {len(codes)} stores, and none is named: expected one of {', '.join(codes)}.",
            hint=f"say which: --store {codes[0]}",
        )
    word = codes[0] if code is None else code.strip()
    store = Store.objects.filter(code=word).first()
    if store is None:
        raise NoSuchThing(f"there is no store {code!r}: expected one of {', '.join(codes)}.")
    return store


def _near(word: str, words: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(words), 1)
    return f" Did you mean {near[0]!r}?" if near else ""
