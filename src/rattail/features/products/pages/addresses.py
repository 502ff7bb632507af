"""Where the pages of the records are. Lists are also written by jobs, which have no table of addresses."""

from __future__ import annotations

from rattail.web.listing import Link

_NO_WORDS = "(no description)"


def product_link(number: int, *words: str) -> Link:
    """To a product, called by its brand and description."""
    return Link(" ".join(word for word in words if word) or _NO_WORDS, f"/products/{number}/")


def vendor_link(number: int, text: str) -> Link:
    return Link(text, f"/vendors/{number}/")


def invoice_link(number: int, text: str) -> Link:
    return Link(text or "(no number)", f"/invoices/{number}/")


def ledger_link(product: int, text: str) -> Link:
    return Link(text, f"/products/{product}/ledger/")
