"""One product: all that is known of it. One query for each thing, whatever there is."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from rattail.database.bulk import fetch_rows
from rattail.features.products.pages.addresses import batch_link
from rattail.features.products.pages.history import items_of
from rattail.features.products.pages.known import prices_of
from rattail.features.products.pages.ledger import LEDGER, product_at
from rattail.features.products.pages.seen import COSTS, StoreSeen, stores_seen, today
from rattail.retail.models import Price, Product, ProductCode, Stock
from rattail.retail.sheets.codes import code_text
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked
from rattail.web.tables import head_html, rows_html

_MOST_CODES = 50
_MOST_PRICES = 50
_LAST_LINES = 10
_MOST_BATCHES = 20
_KINDS = {"gtin": "bar code", "plu": "PLU", "weighed": "label of the scale"}


class CodeShown(NamedTuple):
    text: str
    kind_said: str
    is_primary: bool


class PriceShown(NamedTuple):
    price: Price
    state: str


def product(request: Request, number: int) -> HttpResponse:
    """Facts, codes, prices, vendor items, costs and their history, stock, and the newest lines of the ledger."""
    person, found, day = signed_in(request), product_at(number), today(request.site)
    stores, has_costs = stores_seen(person), person.may(COSTS)
    lines = LEDGER.select(Asked(request.site, person, {"product": str(number)}, limit=_LAST_LINES))
    values: dict[str, Any] = {
        "title": str(found) or f"Product {number}",
        "product": found,
        "codes": _codes(found),
        "price_today": prices_of([number], on=day, store=stores[0].id if len(stores) == 1 else None).get(number),
        "prices": _prices(found, stores, is_limited=person.stores("products.view") is not None, today=day),
        "items": items_of(number, today=day, has_costs=has_costs),
        "has_costs": has_costs,
        "stock": list(
            Stock.objects.filter(product=found, store_id__in=[store.id for store in stores])
            .select_related("store")
            .order_by("store__code")
        ),
        "head": head_html(LEDGER.columns),
        "lines": rows_html(LEDGER.columns, lines, time_zone=request.site.time_zone),
        "has_lines": bool(lines.rows),
        "batches": [batch_link(batch) for batch in _batches(number)] if has_costs else [],
    }
    return render(request, "products/product.html", values)


def _codes(found: Product) -> list[CodeShown]:
    codes = ProductCode.objects.filter(product=found).order_by("-is_primary", "kind", "key")[:_MOST_CODES]
    return [
        CodeShown(code_text(code.kind, code.key), _KINDS.get(code.kind, code.kind), code.is_primary) for code in codes
    ]


def _prices(found: Product, stores: tuple[StoreSeen, ...], *, is_limited: bool, today: date) -> list[PriceShown]:
    """The newest prices, those of stores that are not seen left out."""
    prices = Price.objects.filter(product=found).select_related("store")
    if is_limited:
        prices = prices.filter(Q(store=None) | Q(store_id__in=[store.id for store in stores]))
    in_force: set[tuple[int | None, str]] = set()
    shown = []
    for price in prices.order_by("-starts", "-id")[:_MOST_PRICES]:
        key = (price.store_id, price.kind)
        if price.starts > today:
            state = "scheduled"
        elif key in in_force or (price.kind == "sale" and price.ends is not None and price.ends < today):
            state = "past"
        else:
            state = "in force"
        if price.starts <= today:
            in_force.add(key)
        shown.append(PriceShown(price, state))
    return shown


def _batches(product: int) -> list[int]:
    """The batches that wrote a cost, an invoice or a line of the ledger of it, the newest first."""
    rows = fetch_rows(
        "SELECT k.batch FROM retail_vendorcost k JOIN retail_vendoritem i ON i.id = k.vendor_item_id "
        "WHERE i.product_id = %s AND k.batch IS NOT NULL "
        "UNION SELECT m.batch FROM retail_stockmovement m WHERE m.product_id = %s AND m.batch IS NOT NULL "
        "UNION SELECT n.batch FROM retail_invoiceline l JOIN retail_invoice n ON n.id = l.invoice_id "
        "WHERE l.product_id = %s AND n.batch IS NOT NULL ORDER BY 1 DESC LIMIT %s",
        [product, product, product, _MOST_BATCHES],
    )
    return [row[0] for row in rows]
