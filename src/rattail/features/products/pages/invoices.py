"""What vendors charged: invoices and their lines. All of it is costs."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.http import HttpResponse

from rattail.errors import NoSuchThing
from rattail.features.products.pages.addresses import batch_link, invoice_link, product_link
from rattail.features.products.pages.products import vendor_choices
from rattail.features.products.pages.seen import COSTS, number_in, require_possible, stores_seen
from rattail.retail.models import Invoice, InvoiceLine
from rattail.site import Site
from rattail.web.access import Person, Request, signed_in
from rattail.web.listing import Asked, Badge, Chunk, Column, Filter, Listing
from rattail.web.lists import render_list

_SHOWN = ("id", "number", "vendor__code", "date", "store__code", "is_credit", "currency", "total", "batch")
_LINE = (
    *("position", "code", "vendor_code", "product_id", "product__brand", "product__description", "description"),
    *("ordered", "shipped", "unit", "units", "unit_cost", "amount", "is_out_of_stock"),
)


def invoices(request: Request) -> HttpResponse:
    return render_list(request, INVOICES)


def invoice(request: Request, number: int) -> HttpResponse:
    """One invoice with its lines."""
    found = (
        Invoice.objects.select_related("vendor", "store")
        .filter(_visible(signed_in(request)), pk=require_possible(number, what="invoice"))
        .first()
    )
    if found is None:
        raise NoSuchThing(f"there is no invoice {number}.", hint="look for it in the list of invoices")
    return render_list(
        request, LINES, fixed={"invoice": str(number)}, template="products/invoice.html", context={"invoice": found}
    )


def _visible(person: Person) -> Q:
    """Invoices of the stores whose costs somebody may see; one that is of no store belongs to all of them."""
    if person.stores(COSTS) is None:
        return Q()
    return Q(store_id__in=[store.id for store in stores_seen(person, permission=COSTS)])


def _select(asked: Asked) -> Chunk:
    wanted = asked.filters
    found = Invoice.objects.filter(_visible(asked.person))
    if vendor := wanted.get("vendor"):
        found = found.filter(vendor__code=vendor)
    if store := wanted.get("store"):
        found = found.filter(store__code=store)
    if number := wanted.get("number"):
        found = found.filter(number=number)
    if asked.after:
        found = found.filter(id__lt=number_in(asked.after))
    rows = list(found.order_by("-id").values_list(*_SHOWN)[: asked.limit + 1])
    after = str(rows[asked.limit - 1][0]) if len(rows) > asked.limit else ""
    return Chunk(
        [
            (
                invoice_link(pk, number),
                vendor,
                date,
                store,
                Badge("credit note", "warning") if is_credit else None,
                currency,
                total,
                batch_link(batch),
            )
            for pk, number, vendor, date, store, is_credit, currency, total, batch in rows[: asked.limit]
        ],
        after,
    )


def _select_lines(asked: Asked) -> Chunk:
    lines = InvoiceLine.objects.filter(invoice_id=number_in(asked.filters.get("invoice", "")))
    if asked.person.stores(COSTS) is not None:
        stores = [store.id for store in stores_seen(asked.person, permission=COSTS)]
        lines = lines.filter(invoice__store_id__in=stores)
    if asked.after:
        lines = lines.filter(position__gt=number_in(asked.after))
    rows = list(lines.order_by("position").values_list(*_LINE)[: asked.limit + 1])
    after = str(rows[asked.limit - 1][0]) if len(rows) > asked.limit else ""
    shown = []
    for position, code, vendor_code, product, brand, ours, theirs, *amounts, is_out in rows[: asked.limit]:
        what = theirs if product is None else product_link(product, brand, ours)
        shown.append(
            (position, code, vendor_code, what, *amounts, Badge("out of stock", "warning") if is_out else None)
        )
    return Chunk(shown, after)


def _stores(_: Site, person: Person) -> Sequence[tuple[str, str]]:
    return [(store.code, f"{store.code} {store.name}") for store in stores_seen(person, permission=COSTS)]


INVOICES = Listing(
    "products.invoices",
    "Invoices",
    (
        Column("number", "Number", "code"),
        Column("vendor", "Vendor"),
        Column("date", "Date", "day"),
        Column("store", "Store"),
        Column("kind", "Kind"),
        Column("currency", "Currency"),
        Column("total", "Total", "money"),
        Column("batch", "Batch", "code"),
    ),
    _select,
    (
        Filter("number", "Number"),
        Filter("vendor", "Vendor", "choice", vendor_choices),
        Filter("store", "Store", "choice", _stores),
    ),
    empty="There are no invoices yet: they come as files of vendors (batches).",
)
LINES = Listing(
    "products.invoice_lines",
    "Lines",
    (
        Column("position", "Line", "number"),
        Column("code", "Code", "code"),
        Column("vendor_code", "Vendor's code", "code"),
        Column("product", "Product"),
        Column("ordered", "Ordered", "quantity"),
        Column("shipped", "Shipped", "quantity"),
        Column("unit", "In"),
        Column("units", "Units", "quantity"),
        Column("unit_cost", "Unit cost", "money"),
        Column("amount", "Amount", "money"),
        Column("state", "State"),
    ),
    _select_lines,
    fixed=("invoice",),
    empty="This invoice has no lines.",
)
