"""What the stores have, and what it is worth at cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from rattail.features.products.pages.addresses import product_link
from rattail.features.products.pages.finding import LONGEST, MOST_WORDS, products_with
from rattail.features.products.pages.known import codes_of, costs_of
from rattail.features.products.pages.seen import COSTS, number_in, store_choices, stores_wanted, today
from rattail.retail.amounts import from_decimal, multiply
from rattail.retail.models import Stock
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Chunk, Column, Filter, Listing
from rattail.web.lists import render_list

_FIELDS = ("store__code", "product_id", "product__brand", "product__description", "on_hand", "counted_at")
_AMOUNTS: dict[str, Q] = {"below": Q(on_hand__lt=0), "none": Q(on_hand=0), "some": Q(on_hand__gt=0)}


def stock(request: Request) -> HttpResponse:
    """The list, with values for those who may see costs."""
    listing = STOCK_WITH_COSTS if signed_in(request).may(COSTS) else STOCK
    return render_list(request, listing)


def _without_costs(asked: Asked) -> Chunk:
    return _select(asked, has_costs=False)


def _with_costs(asked: Asked) -> Chunk:
    return _select(asked, has_costs=True)


def _select(asked: Asked, *, has_costs: bool) -> Chunk:
    rows, after = _found(asked)
    ids = [row[1] for row in rows]
    codes = codes_of(ids)
    costs = costs_of(ids, on=today(asked.site)) if has_costs else {}
    shown = []
    for store, product, brand, description, on_hand, counted_at in rows:
        cost = costs.get(product)
        value = None if cost is None else multiply(from_decimal(on_hand), cost)
        shown.append(
            (
                store,
                codes.get(product, ""),
                product_link(product, brand, description),
                on_hand,
                *((cost, value) if has_costs else ()),
                counted_at,
            )
        )
    return Chunk(shown, after)


def _found(asked: Asked) -> tuple[list[tuple[Any, ...]], str]:
    """One store after the other, each in the order of its products: the order of an index."""
    wanted = asked.filters
    stores = stores_wanted(asked.person, wanted.get("store", ""))
    began, _, product = asked.after.partition("/")
    last = number_in(product)
    rows: list[tuple[Any, ...]] = []
    after = ""
    ids = [str(store.id) for store in stores]
    for store in stores[ids.index(began) :] if began in ids else stores:
        lines = _narrowed(Stock.objects.filter(store_id=store.id), asked)
        if str(store.id) == began:
            lines = lines.filter(product_id__gt=last)
        room = asked.limit + 1 - len(rows)
        for line in lines.order_by("product_id").values_list(*_FIELDS)[:room]:
            rows.append(line)
            if len(rows) == asked.limit:
                after = f"{store.id}/{line[1]}"
        if len(rows) > asked.limit:
            return rows[: asked.limit], after
    return rows, ""


def _narrowed(lines: QuerySet[Stock], asked: Asked) -> QuerySet[Stock]:
    if amount := _AMOUNTS.get(asked.filters.get("only", "")):
        lines = lines.filter(amount)
    if text := asked.filters.get("code"):
        lines = lines.filter(product_id__in=products_with(text, site=asked.site))
    for word in _words(asked.filters.get("words", "")):
        lines = lines.filter(Q(product__description__icontains=word) | Q(product__brand__icontains=word))
    return lines


def _words(text: str) -> Iterator[str]:
    yield from text[:LONGEST].split()[:MOST_WORDS]


_FILTERS = (
    Filter("store", "Store", "choice", store_choices),
    Filter("words", "Words"),
    Filter("code", "Code"),
    Filter("only", "Only", "choice", (("some", "what is there"), ("none", "none left"), ("below", "below zero"))),
)
_COLUMNS = (
    Column("store", "Store"),
    Column("code", "Code", "code"),
    Column("description", "Description"),
    Column("on_hand", "On hand", "quantity"),
    Column("counted_at", "Counted", "moment"),
)
_EMPTY = "There is no stock yet: it comes with counts and invoices (batches), or from CSV files (import-csv)."
STOCK = Listing("products.stock", "Stock", _COLUMNS, _without_costs, _FILTERS, empty=_EMPTY)
STOCK_WITH_COSTS = Listing(
    "products.stock_with_costs",
    "Stock",
    (*_COLUMNS[:4], Column("unit_cost", "Unit cost", "money"), Column("value", "Value at cost", "money"), _COLUMNS[4]),
    _with_costs,
    _FILTERS,
    empty=_EMPTY,
)
