"""The ledger of one product: every line of its stock, the newest first."""

from __future__ import annotations

from django.http import HttpResponse

from rattail.errors import NoSuchThing
from rattail.features.products.pages.addresses import batch_link, product_link
from rattail.features.products.pages.seen import number_in, require_possible, store_choices, stores_wanted
from rattail.retail.models import Product, StockMovement
from rattail.web import show
from rattail.web.access import Request
from rattail.web.listing import Asked, Chunk, Column, Filter, Listing
from rattail.web.lists import render_list

_FIELDS = ("id", "at", "store__code", "before", "after", "reason", "batch", "recorded_at", "recorded_by")


def ledger(request: Request, number: int) -> HttpResponse:
    """All lines of a product's ledger, in the stores that one sees."""
    product = product_at(number)
    return render_list(
        request,
        LEDGER,
        fixed={"product": str(number)},
        template="products/ledger.html",
        context={"product": product, "back": product_link(number, product.brand, product.description)},
    )


def product_at(number: int) -> Product:
    """The product of an address.

    Raises:
        NoSuchThing: there is none.
    """
    require_possible(number, what="product")
    product = Product.objects.select_related("department").filter(pk=number).first()
    if product is None:
        raise NoSuchThing(f"there is no product {number}.", hint="look for it in the list of products")
    return product


def _select(asked: Asked) -> Chunk:
    stores = [store.id for store in stores_wanted(asked.person, asked.filters.get("store", ""))]
    lines = StockMovement.objects.filter(product_id=number_in(asked.filters.get("product", "")), store_id__in=stores)
    if asked.after:
        lines = lines.filter(id__lt=number_in(asked.after))
    rows = list(lines.order_by("-id").values_list(*_FIELDS)[: asked.limit + 1])
    after = str(rows[asked.limit - 1][0]) if len(rows) > asked.limit else ""
    shown = [
        (at, store, before, after_, after_ - before, reason, batch_link(batch), told_at, show.who(told_by))
        for _, at, store, before, after_, reason, batch, told_at, told_by in rows[: asked.limit]
    ]
    return Chunk(shown, after)


LEDGER = Listing(
    "products.ledger",
    "Ledger",
    (
        Column("at", "When", "moment"),
        Column("store", "Store"),
        Column("before", "Before", "quantity"),
        Column("after", "After", "quantity"),
        Column("change", "Change", "quantity"),
        Column("reason", "Why"),
        Column("batch", "Batch", "code"),
        Column("recorded_at", "Written down", "moment"),
        Column("recorded_by", "By"),
    ),
    _select,
    (Filter("store", "Store", "choice", store_choices),),
    fixed=("product",),
    empty="Its stock has never changed in your stores.",
)
