"""Who may see and touch which batch.

A permission may hold for some stores only. Then it holds for the batches of these stores; a batch of no store
(a catalog, an import of tables) reaches all of them: such a person may see it, and do nothing with it.

A batch that is about costs (all but counts) is seen by whoever may see costs, or works with batches of its kind;
an import of tables, which may hold anything of any store, only by the latter.

Whoever does something with a batch needs the verb (`batches.execute`) and the permission for its kind
(`batches.invoices`), both for its store.
"""

from __future__ import annotations

from django.db.models import Q

from rattail.errors import NoSuchThing, NotAllowed
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.words import kind_word
from rattail.features.batches.service.find import find_batch
from rattail.features.batches.service.ground import Ground, ground_of
from rattail.retail.numbers import DIGITS, number_text
from rattail.site import Site
from rattail.web.access import Person, Request, signed_in

VIEW, CREATE, EXECUTE, UNDO, DELETE = (f"batches.{verb}" for verb in ("view", "create", "execute", "undo", "delete"))
COSTS = "products.costs"
OF_KIND = {
    "vendor_catalog": "batches.catalogs",
    "vendor_invoice": "batches.invoices",
    "inventory": "batches.counts",
    "csv_import": "batches.tables",
}
FROM_FILES = ("vendor_catalog", "vendor_invoice", "inventory")


def ground_for(request: Request) -> Ground:
    """What the services stand on for whoever asks."""
    return ground_of(request.site, actor=signed_in(request).name, now=request.site.now())


def batch_for(person: Person, number: int, *, site: Site, verb: str = VIEW) -> Batch:
    """The batch of this number in its true state, if that person may do this with it.

    Raises:
        NoSuchThing: there is none.
        NotAllowed: it is of a store, or of a kind, that they have nothing to do with.
    """
    if not 0 < number < 10**DIGITS:
        raise NoSuchThing("there is no batch of that number.")
    try:
        batch = find_batch(number, ground=ground_of(site, actor=person.name, now=site.now()))
    except NoSuchThing:
        raise NoSuchThing(f"there is no batch {number_text(number)}.") from None  # the hint is about commands
    require(person, verb, kind=batch.kind, store=batch.store.code if batch.store else None)
    return batch


def may(person: Person, verb: str, *, kind: str, store: str | None) -> bool:
    """Whether they may do this with batches of that kind in that store; None: of no store."""
    if verb == VIEW:
        return person.may(VIEW, store=store) and _may_see_kind(person, kind, store)
    return all(_holds(person, permission, store) for permission in (verb, OF_KIND[kind]))


def require(person: Person, verb: str, *, kind: str, store: str | None) -> None:
    """Go on only if they may.

    Raises:
        NotAllowed: they may not.
    """
    if may(person, verb, kind=kind, store=store):
        return
    missing = [one for one in (verb, OF_KIND[kind]) if one not in person.permissions]
    if missing:
        raise NotAllowed(
            f"{person.name} may not do this with a batch of the kind '{kind_word(kind)}'.",
            hint="ask whoever manages the accounts of your shop",
        )
    where = f"it belongs to store {store}" if store else "it reaches all stores"
    raise NotAllowed(f"{person.name} may not do this with this batch: {where}, and your role is for other ones only.")


def require_other_eyes(batch: Batch, *, actor: str, site: Site) -> None:
    """Where the shop wants four eyes: nobody executes a batch that they made themselves.

    Raises:
        NotAllowed: they made it.
    """
    if is_kept_from_own(batch, actor=actor, site=site):
        raise NotAllowed(
            f"batch {batch} was made by {actor}: in this shop somebody else executes it.",
            hint="ask a colleague who may execute batches to look at it",
        )


def is_kept_from_own(batch: Batch, *, actor: str, site: Site) -> bool:
    return bool(site.settings.by_key["batches.four_eyes"].value) and batch.created_by == actor


def seen_by(person: Person) -> Q:
    """The batches that somebody may see: those of their stores and those of none, of the kinds that are for them."""
    found = Q(pk__in=())
    for kind in OF_KIND:
        if _may_see_kind(person, kind, None):
            found |= Q(kind=kind, store=None)
        stores = _stores_seen(person, kind)
        found |= Q(kind=kind, store__isnull=False) if stores is None else Q(kind=kind, store__code__in=sorted(stores))
    return found


def _may_see_kind(person: Person, kind: str, store: str | None) -> bool:
    if kind == "csv_import":
        return _holds(person, OF_KIND[kind], None)
    return kind == "inventory" or person.may(OF_KIND[kind], store=store) or person.may(COSTS, store=store)


def _stores_seen(person: Person, kind: str) -> frozenset[str] | None:
    """The stores whose batches of that kind somebody may see; None: all."""
    if kind == "csv_import" and not _holds(person, OF_KIND[kind], None):
        return frozenset()
    seen = person.stores(VIEW)
    if kind in ("inventory", "csv_import"):
        return seen
    about_costs = [person.stores(OF_KIND[kind]), person.stores(COSTS)]
    if None in about_costs:
        return seen
    shown = frozenset().union(*(stores for stores in about_costs if stores is not None))
    return shown if seen is None else seen & shown


def kinds_for(person: Person, verb: str = CREATE) -> list[tuple[str, str]]:
    """The kinds of batches that somebody may make from files, in any store, with their words."""
    if not person.may(verb):
        return []
    return [(kind, kind_word(kind)) for kind in FROM_FILES if person.may(OF_KIND[kind])]


def _holds(person: Person, permission: str, store: str | None) -> bool:
    if store is not None:
        return person.may(permission, store=store)
    return person.stores(permission) is None
