"""Stores and departments."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.utils.http import urlencode

from rattail.features.products.pages.seen import CONFIGURE, stores_seen
from rattail.retail.models import Department, Product, Stock, Store
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Badge, Chunk, Column, Link, Listing
from rattail.web.lists import render_list


def stores(request: Request) -> HttpResponse:
    context = {"may_configure": signed_in(request).may(CONFIGURE)}
    return render_list(request, STORES, template="products/stores.html", context=context)


def departments(request: Request) -> HttpResponse:
    return render_list(request, DEPARTMENTS)


def _select_stores(asked: Asked) -> Chunk:
    seen = stores_seen(asked.person)
    begin = next((at for at, store in enumerate(seen, 1) if store.code == asked.after), 0)
    shown = seen[begin : begin + asked.limit]
    after = shown[-1].code if len(seen) > begin + asked.limit else ""
    ids = [store.id for store in shown]
    counts = dict(Stock.objects.filter(store_id__in=ids).values_list("store_id").annotate(count=Count("id")))
    closed = set(Store.objects.filter(id__in=ids, is_active=False).values_list("id", flat=True))
    rows = [
        (
            Link(store.code, f"/stock/?{urlencode({'store': store.code})}"),
            store.name,
            counts.get(store.id, 0),
            Badge("inactive") if store.id in closed else None,
        )
        for store in shown
    ]
    return Chunk(rows, after)


def _select_departments(asked: Asked) -> Chunk:
    found = Department.objects.filter(code__gt=asked.after).order_by("code")
    rows = list(found.values_list("id", "code", "name")[: asked.limit + 1])
    after = rows[asked.limit - 1][1] if len(rows) > asked.limit else ""
    products = Product.objects.filter(department_id__in=[row[0] for row in rows])
    counts = dict(products.values_list("department_id").annotate(count=Count("id")))
    return Chunk(
        [
            (Link(code, f"/products/?{urlencode({'department': code})}"), name, counts.get(number, 0))
            for number, code, name in rows[: asked.limit]
        ],
        after,
    )


STORES = Listing(
    "products.stores",
    "Stores",
    (
        Column("code", "Code"),
        Column("name", "Name"),
        Column("products", "Products in stock", "number"),
        Column("state", "State"),
    ),
    _select_stores,
    empty="There is no store yet that you may see.",
)
DEPARTMENTS = Listing(
    "products.departments",
    "Departments",
    (Column("code", "Code"), Column("name", "Name"), Column("products", "Products", "number")),
    _select_departments,
    empty="There are no departments yet: they come from CSV files (import-csv).",
)
