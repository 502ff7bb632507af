"""The list of products: found by words or by any code, with cost, price and stock of today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.features.products.pages.addresses import product_link
from rattail.features.products.pages.finding import products_with, with_words
from rattail.features.products.pages.known import costs_of, prices_of, stock_of, without_cost
from rattail.features.products.pages.seen import (
    COSTS,
    number_in,
    store_choices,
    stores_wanted,
    today,
)
from rattail.retail.models import Department, Vendor
from rattail.retail.sheets.codes import code_text
from rattail.site import Site
from rattail.web.access import Person, Request, signed_in
from rattail.web.listing import Asked, Badge, Cell, Chunk, Column, Filter, Listing
from rattail.web.lists import render_list

_SHOWN = "p.id, c.kind, c.key, p.brand, p.description, p.size, d.name, p.is_active, p.is_pending"
_JOINED = (
    "LEFT JOIN retail_productcode c ON c.product_id = p.id AND c.is_primary "
    "LEFT JOIN retail_department d ON d.id = p.department_id"
)


def products(request: Request) -> HttpResponse:
    """The list, with costs for those who may see them."""
    listing = PRODUCTS_WITH_COSTS if signed_in(request).may(COSTS) else PRODUCTS
    return render_list(request, listing, template="products/products.html")


def _without_costs(asked: Asked) -> Chunk:
    return _select(asked, has_costs=False)


def _with_costs(asked: Asked) -> Chunk:
    return _select(asked, has_costs=True)


def _select(asked: Asked, *, has_costs: bool) -> Chunk:
    found, after = _found(asked)
    ids = [row[0] for row in found]
    stores = stores_wanted(asked.person, asked.filters.get("store", ""))
    only_store = stores[0].id if len(stores) == 1 else None
    day = today(asked.site)
    prices = prices_of(ids, on=day, store=only_store)
    amounts = stock_of(ids, stores=[store.id for store in stores])
    costs = costs_of(ids, on=day) if has_costs else {}
    rows = []
    for number, kind, key, brand, description, size, department, is_active, is_pending in found:
        rows.append(
            (
                code_text(kind, key) if kind else "",
                product_link(number, brand, description),
                size,
                department,
                *((costs.get(number),) if has_costs else ()),
                prices.get(number),
                amounts.get(number),
                _state(is_active=is_active, is_pending=is_pending),
            )
        )
    return Chunk(rows, after)


def _found(asked: Asked) -> tuple[list[tuple[Any, ...]], str]:
    """The products themselves, and where the next ones begin.

    Where a vendor is asked for they come in the order of that vendor's codes, else in the order of their ids: both
    are orders of an index.
    """
    narrowing = _narrowed(asked)
    if narrowing is None:
        return [], ""
    conditions, parameters = narrowing
    vendor = asked.filters.get("vendor", "")
    if vendor:
        conditions[:0] = ["i.vendor_id = %s", "i.code > %s", "p.id = i.product_id", _FIRST_ITEM]
        number = Vendor.objects.filter(code=vendor).values_list("id", flat=True).first()
        parameters[:0] = [number, asked.after]
        source, order = "retail_vendoritem i CROSS JOIN retail_product p", "i.code"
    else:
        conditions[:0] = ["p.id > %s"]
        parameters[:0] = [number_in(asked.after)]
        source, order = "retail_product p", "p.id"
    rows = fetch_rows(
        f"SELECT {_SHOWN}, {order} FROM {source} {_JOINED} "  # noqa: S608 - names of ours
        f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {asked.limit + 1}",
        parameters,
    )
    after = str(rows[asked.limit - 1][-1]) if len(rows) > asked.limit else ""
    return [row[:-1] for row in rows[: asked.limit]], after


#: A product that the vendor has under several codes is listed under the first of them. The plus keeps SQLite from
#: looking through all codes of the vendor instead of the few of the product.
_FIRST_ITEM = (
    "NOT EXISTS (SELECT 1 FROM retail_vendoritem y WHERE y.product_id = i.product_id "
    "AND +y.vendor_id = i.vendor_id AND y.code < i.code)"
)


class _Narrowing(NamedTuple):
    conditions: list[str]
    parameters: list[Any]


def _narrowed(asked: Asked) -> _Narrowing | None:
    """What the filters say, as SQL; None where it is known already that nothing fits."""
    wanted, narrowing = asked.filters, _Narrowing([], [])
    if text := wanted.get("words"):
        words = with_words(text, "p.description", "p.brand")
        narrowing.conditions.append(words.sql)
        narrowing.parameters.extend(words.parameters)
    if text := wanted.get("code"):
        numbers = products_with(text, site=asked.site)
        if not numbers:
            return None
        condition, values = one_of("p.id", numbers, kind="bigint")
        narrowing.conditions.append(condition)
        narrowing.parameters.append(values)
    if code := wanted.get("department"):
        department = Department.objects.filter(code=code).values_list("id", flat=True).first()
        if department is None:
            return None
        narrowing.conditions.append("p.department_id = %s")
        narrowing.parameters.append(department)
    if wanted.get("only") == "costless":
        narrowing.conditions.append(without_cost())
        narrowing.parameters.append(today(asked.site).isoformat())
    elif wanted.get("only") == "pending":
        narrowing.conditions.append("p.is_pending")
    return narrowing


def _state(*, is_active: bool, is_pending: bool) -> Cell:
    if is_pending:
        return Badge("pending", "warning", "it came with a vendor's file, and waits until somebody approves it")
    return None if is_active else Badge("inactive", "quiet", "it is not sold any more")


def _departments(_: Site, __: Person) -> Sequence[tuple[str, str]]:
    return [(code, name) for code, name in Department.objects.order_by("code").values_list("code", "name")]


def vendor_choices(_: Site, __: Person) -> Sequence[tuple[str, str]]:
    return [(code, name) for code, name in Vendor.objects.order_by("code").values_list("code", "name")]


_FILTERS = (
    Filter("words", "Words"),
    Filter("code", "Code"),
    Filter("vendor", "Vendor", "choice", vendor_choices),
    Filter("department", "Department", "choice", _departments),
    Filter("store", "Store", "choice", store_choices),
    Filter("only", "Only", "choice", (("costless", "without a cost today"), ("pending", "waiting for approval"))),
)
_COLUMNS = (
    Column("code", "Code", "code"),
    Column("description", "Description"),
    Column("size", "Size"),
    Column("department", "Department"),
    Column("price", "Price", "money"),
    Column("on_hand", "On hand", "quantity"),
    Column("state", "State"),
)
_EMPTY = "There are no products yet: they come with vendors' catalogs (batches), or from CSV files (import-csv)."
PRODUCTS = Listing("products.list", "Products", _COLUMNS, _without_costs, _FILTERS, empty=_EMPTY)
PRODUCTS_WITH_COSTS = Listing(
    "products.list_with_costs",
    "Products",
    (*_COLUMNS[:4], Column("unit_cost", "Unit cost", "money"), *_COLUMNS[4:]),
    _with_costs,
    _FILTERS,
    empty=_EMPTY,
)
