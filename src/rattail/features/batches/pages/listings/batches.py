"""The list of batches, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse

from rattail.features.batches.kinds.known import NAMES
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import VIEW, seen_by
from rattail.features.batches.pages.listings.cursor import whole
from rattail.features.batches.pages.words import kind_word, state_badge, states
from rattail.features.batches.service.find import AT_WORK, find_batch
from rattail.features.batches.service.ground import ground_of
from rattail.retail.models import Store, Vendor
from rattail.retail.numbers import number_text
from rattail.site import Site
from rattail.web import show
from rattail.web.access import Person
from rattail.web.listing import Asked, Chunk, Column, Filter, Link, Listing

_EQUAL = {"kind": "kind", "state": "state", "vendor": "vendor__code", "store": "store__code", "maker": "created_by"}
_MOST_CHOICES = 500


def _select(asked: Asked) -> Chunk:
    batches = _wanted(asked).select_related("vendor", "store").order_by("-number").defer(*_NOT_SHOWN)
    after = whole(asked.after)
    if after is not None:
        batches = batches.filter(number__lt=after)
    found = list(batches[: asked.limit + 1])
    shown = found[: asked.limit]
    rows = [_row(_in_true_state(batch, asked)) for batch in shown]
    return Chunk(rows, str(shown[-1].number) if len(found) > len(shown) else "")


_NOT_SHOWN = ("settings", "answers", "remarks", "counts", "failure")


def _wanted(asked: Asked) -> QuerySet[Batch]:
    batches = Batch.objects.filter(seen_by(asked.person))
    for name, text in asked.filters.items():
        if name == "maker":
            text = show.actor_begins(text)
        if name in _EQUAL:
            batches = batches.filter(**{_EQUAL[name]: text})
    text = asked.filters.get("text", "")
    if text:
        fits = Q(file_name__icontains=text) | Q(description__icontains=text)
        number = whole(text.lstrip("#"))
        batches = batches.filter(fits if number is None else fits | Q(number=number))
    return batches


def _in_true_state(batch: Batch, asked: Asked) -> Batch:
    """One whose reading or executing was interrupted is set right, as everywhere."""
    if batch.state not in AT_WORK:
        return batch
    site = asked.site
    return find_batch(batch.number, ground=ground_of(site, actor=asked.person.name, now=site.now()))


def _row(batch: Batch) -> Sequence[object]:
    number = number_text(batch.number)
    return (
        Link(number, reverse("batches.show", args=[batch.number])),
        kind_word(batch.kind),
        state_badge(batch.state)._replace(explained=""),
        batch.vendor.code if batch.vendor else "",
        batch.store.code if batch.store else "",
        batch.description or batch.file_name,
        batch.row_count,
        batch.change_count,
        batch.created_at,
        show.who(batch.created_by),
    )


def _vendors(_site: Site, _person: Person) -> Sequence[tuple[str, str]]:
    vendors = Vendor.objects.order_by("name").values_list("code", "name")[:_MOST_CHOICES]
    return [(code, f"{name} ({code})") for code, name in vendors]


def _stores(_site: Site, person: Person) -> Sequence[tuple[str, str]]:
    mine = person.stores(VIEW)
    stores = Store.objects.order_by("code").values_list("code", "name")
    return [(code, f"{code} {name}") for code, name in stores if mine is None or code in mine]


BATCHES = Listing(
    name="batches.list",
    title="Batches",
    columns=(
        Column("number", "Number", "code"),
        Column("kind", "Kind"),
        Column("state", "State"),
        Column("vendor", "Vendor"),
        Column("store", "Store"),
        Column("file", "File"),
        Column("rows", "Rows", "number"),
        Column("changes", "Changes", "number"),
        Column("made", "Made", "moment"),
        Column("by", "By"),
    ),
    select=_select,
    filters=(
        Filter("kind", "Kind", "choice", tuple((kind, kind_word(kind)) for kind in NAMES)),
        Filter("state", "State", "choice", tuple(states())),
        Filter("vendor", "Vendor", "choice", _vendors),
        Filter("store", "Store", "choice", _stores),
        Filter("maker", "Made by"),
        Filter("text", "File or number"),
    ),
    empty="There are no batches yet. A batch is made of a file: a vendor's catalog, an invoice, a count.",
)
