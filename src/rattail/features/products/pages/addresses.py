"""Where the pages of the records are. Lists are also written by jobs, which have no table of addresses."""

from __future__ import annotations

from rattail.retail.numbers import number_text
from rattail.web.listing import Link

_NO_WORDS = "(no description)"


def product_link(number: int, *words: str) -> Link:
    """To a product, called by its brand and description."""
    return Link(" ".join(word for word in words if word) or _NO_WORDS, f"/products/{number}/")


def vendor_link(number: int, text: str) -> Link:
    return Link(text, f"/vendors/{number}/")


def invoice_link(number: int, text: str) -> Link:
    return Link(text or "(no number)", f"/invoices/{number}/")


def batch_link(number: int | None) -> Link | None:
    """To a batch by its eight digits; nothing where no batch did it."""
    return Link(number_text(number), f"/batches/{number}/") if number else None
