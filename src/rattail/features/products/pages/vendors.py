"""Vendors, and the items of one."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import as_text, newest
from rattail.errors import NoSuchThing
from rattail.features.products.pages.addresses import product_link, vendor_link
from rattail.features.products.pages.finding import with_words
from rattail.features.products.pages.invoices import INVOICES
from rattail.features.products.pages.seen import CONFIGURE, COSTS, number_in, require_possible, today
from rattail.retail.models import Vendor, VendorItem
from rattail.web.access import Request, signed_in
from rattail.web.listing import Asked, Badge, Chunk, Column, Filter, Listing
from rattail.web.lists import render_list
from rattail.web.tables import head_html, rows_html

_LAST_INVOICES = 10


def vendors(request: Request) -> HttpResponse:
    context = {"may_configure": signed_in(request).may(CONFIGURE)}
    return render_list(request, VENDORS, template="products/vendors.html", context=context)


def vendor(request: Request, number: int) -> HttpResponse:
    """One vendor: how much comes from it, and its last invoices for those who may see costs."""
    person, found = signed_in(request), vendor_at(number)
    values: dict[str, Any] = {
        "title": found.name,
        "vendor": found,
        "items": VendorItem.objects.filter(vendor=found).count(),
        "may_see_costs": person.may(COSTS),
    }
    if person.may(COSTS):
        asked = Asked(request.site, person, {"vendor": found.code}, limit=_LAST_INVOICES)
        chunk = INVOICES.select(asked)
        values["head"] = head_html(INVOICES.columns)
        values["rows"] = rows_html(INVOICES.columns, chunk, time_zone=request.site.time_zone)
        values["has_invoices"] = bool(chunk.rows)
    return render(request, "products/vendor.html", values)


def items(request: Request, number: int) -> HttpResponse:
    """What a vendor sells, in the order of its own codes."""
    found = vendor_at(number)
    listing = ITEMS_WITH_COSTS if signed_in(request).may(COSTS) else ITEMS
    return render_list(
        request, listing, fixed={"vendor": str(number)}, template="products/items.html", context={"vendor": found}
    )


def vendor_at(number: int) -> Vendor:
    """The vendor of an address.

    Raises:
        NoSuchThing: there is none.
    """
    found = Vendor.objects.filter(pk=require_possible(number, what="vendor")).first()
    if found is None:
        raise NoSuchThing(f"there is no vendor {number}.", hint="look for it in the list of vendors")
    return found


def _select(asked: Asked) -> Chunk:
    found = Vendor.objects.filter(code__gt=asked.after).order_by("code")
    rows = list(found.values_list("id", "code", "name", "identifier", "is_active")[: asked.limit + 1])
    after = rows[asked.limit - 1][1] if len(rows) > asked.limit else ""
    counted = VendorItem.objects.filter(vendor_id__in=[row[0] for row in rows])
    counts = dict(counted.values_list("vendor_id").annotate(count=Count("id")))
    return Chunk(
        [
            (vendor_link(number, code), name, identifier, counts.get(number, 0), None if is_active else _INACTIVE)
            for number, code, name, identifier, is_active in rows[: asked.limit]
        ],
        after,
    )


_INACTIVE = Badge("inactive")


def _items_without_costs(asked: Asked) -> Chunk:
    rows, after = _items(asked)
    return Chunk([_item(row) for row in rows], after)


def _items_with_costs(asked: Asked) -> Chunk:
    rows, after = _items(asked)
    return Chunk([(*_item(row)[:3], row[7], row[8], row[9], *_item(row)[3:]) for row in rows], after)


def _item(row: tuple[Any, ...]) -> tuple[Any, ...]:
    code, product, brand, description, size, is_preferred, is_active = row[:7]
    state = Badge("inactive") if not is_active else Badge("preferred", "good") if is_preferred else None
    return code, product_link(product, brand, description), size, state


def _items(asked: Asked) -> tuple[list[tuple[Any, ...]], str]:
    condition, parameters = "", [today(asked.site).isoformat(), number_in(asked.filters.get("vendor", "")), asked.after]
    if text := asked.filters.get("words"):
        words = with_words(text, "p.description", "p.brand", "i.code")
        condition = f" AND {words.sql}"
        parameters.extend(words.parameters)
    cost = newest("retail_vendorcost", "k", where="x.vendor_item_id = i.id AND x.effective <= %s", by="effective")
    rows = fetch_rows(
        "SELECT i.code, p.id, p.brand, p.description, p.size, i.is_preferred, i.is_active, "  # noqa: S608
        f"k.case_size, k.unit_cost, {as_text('k.effective')} FROM retail_vendoritem i "
        f"JOIN retail_product p ON p.id = i.product_id {cost} "
        f"WHERE i.vendor_id = %s AND i.code > %s{condition} ORDER BY i.code LIMIT {asked.limit + 1}",
        parameters,
    )
    return rows[: asked.limit], rows[asked.limit - 1][0] if len(rows) > asked.limit else ""


VENDORS = Listing(
    "products.vendors",
    "Vendors",
    (
        Column("code", "Code"),
        Column("name", "Name"),
        Column("identifier", "EDI name", "code"),
        Column("items", "Items", "number"),
        Column("state", "State"),
    ),
    _select,
    empty="There are no vendors yet.",
)
_WORDS = (Filter("words", "Words or vendor's code"),)
_STATE = Column("state", "State")
_ITEM = (Column("code", "Vendor's code", "code"), Column("product", "Product"), Column("size", "Size"))
_COSTS = (
    Column("case_size", "Case of", "quantity"),
    Column("unit_cost", "Unit cost", "money"),
    Column("effective", "Since"),
)
_NO_ITEMS = "This vendor has no items yet: they come with its catalogs."
ITEMS = Listing(
    "products.items", "Items", (*_ITEM, _STATE), _items_without_costs, _WORDS, fixed=("vendor",), empty=_NO_ITEMS
)
ITEMS_WITH_COSTS = Listing(
    "products.items_with_costs",
    "Items",
    (*_ITEM, *_COSTS, _STATE),
    _items_with_costs,
    _WORDS,
    fixed=("vendor",),
    empty=_NO_ITEMS,
)
