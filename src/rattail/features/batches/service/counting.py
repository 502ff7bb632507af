"""Counting by hand: entries as they are typed, each once however often it is sent, and a batch of them at the end."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from rattail.audit.trail import record
from rattail.database.bulk import change_rows
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBusy, InputRejected, NoSuchThing, NotAllowed
from rattail.features.batches.folders import Folder, finish_beside, write_beside
from rattail.features.batches.kinds.inventory.known import Counted, products_by_key
from rattail.features.batches.models import Batch, Count, CountEntry
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.opened import open_batch
from rattail.features.batches.service.plan import Request
from rattail.retail.amounts import SCALE, NotAnAmount, parse, text_of, to_decimal
from rattail.retail.barcodes import BadCode, CodeRules, Type2Layout
from rattail.retail.barcodes.rules import all_lengths
from rattail.retail.find import store_named
from rattail.retail.models import Store

FORMAT = "generic_count"
MOST_AT_ONCE = 200
_LARGEST = 100_000 * SCALE
_MOST_TRIES = 5
_OLDEST = timedelta(days=60)  # of an entry that waited on a device without a connection
_ID = re.compile(r"[A-Za-z0-9-]{8,40}")
_HEADINGS = ("Barcode", "Units", "Section", "Scanned At", "Description")


class Typed(NamedTuple):
    """What a page sends: an entry, or, with `is_removal`, that the entry of this id counts no more.

    `at` is when it was typed, as the page's clock says (ISO); the server's own where that cannot be.
    """

    client_id: str
    code: str = ""
    quantity: str = ""
    section: str = ""
    at: str = ""
    is_removal: bool = False


class Taken(NamedTuple):
    """What became of it: `known`, `unknown` (no product has the code; it is kept all the same), `removed`, or
    `refused` with the reason in `text`."""

    client_id: str
    state: str
    text: str = ""


def start_count(store: str, *, ground: Ground) -> Count:
    """Begin to count in a store.

    Raises:
        NoSuchThing: there is no such store.
    """
    with in_sentences(), transaction.atomic():
        count = Count.objects.create(store=store_named(store), started_at=ground.now, started_by=ground.actor)
        record("start count", f"count {count.pk}", actor=ground.actor, now=ground.now, details={"store": store})
    return count


def find_count(number: int) -> Count:
    """A count by its number.

    Raises:
        NoSuchThing: there is none.
    """
    count = Count.objects.select_related("store").filter(pk=number).first() if 0 < number < 2**63 else None
    if count is None:
        raise NoSuchThing("there is no count of that number.", hint="see those that go on: the page Count")
    return count


def take(count: Count, typed: Sequence[Typed], *, ground: Ground) -> list[Taken]:
    """Take entries and removals in their order, all in one transaction. What was taken before is not taken again.

    Raises:
        NotAllowed: the count is finished, and something of this is new; nothing was taken.
    """
    codes = {one.client_id: _key(one.code, ground) for one in typed if not one.is_removal}
    products = products_by_key(sorted({key for key in codes.values() if key}))
    with in_sentences(), transaction.atomic():
        known = {
            one.client_id: one
            for one in CountEntry.objects.filter(count=count, client_id__in=[one.client_id for one in typed])
        }
        if any(_is_new(one, known.get(one.client_id)) for one in typed):
            _touch(count)
        return [_take(count, one, known, products.get(codes.get(one.client_id, "")), ground) for one in typed]


def mend(count: Count, typed: Typed, *, replaces: str, ground: Ground) -> Taken:
    """Take an entry in the place of the one with the id `replaces`; nothing changes where it is refused.

    Raises:
        NotAllowed: the count is finished, or the other is not an entry of whoever asks.
    """
    with in_sentences(), transaction.atomic():
        (taken,) = take(count, [typed], ground=ground)
        if taken.state != "refused":
            (gone,) = take(count, [Typed(replaces, is_removal=True)], ground=ground)
            if gone.state == "refused":
                raise NotAllowed(gone.text)
    return taken


def to_be_mended(count: Count, *, of: str, limit: int) -> list[CountEntry]:
    """The oldest entries of somebody whose codes no product has."""
    found = CountEntry.objects.filter(count=count, entered_by=of, product_id=None, removed_at=None)
    return list(found.order_by("id")[:limit])


def taken_before(count: Count, typed: Sequence[Typed]) -> list[Taken]:
    """Those of these entries that the count has, as they were taken; removals that came too late are not among them."""
    ids = [one.client_id for one in typed if not one.is_removal]
    return [_said(one) for one in CountEntry.objects.filter(count=count, client_id__in=ids)]


def last_entries(count: Count, *, limit: int) -> list[CountEntry]:
    """The newest entries first, removed ones too."""
    return list(CountEntry.objects.filter(count=count).order_by("-id")[:limit])


def give_up_count(count: Count, *, ground: Ground) -> None:
    """Delete a count of which no batch was made, with its entries.

    Raises:
        NotAllowed: it is finished.
    """
    with in_sentences(), transaction.atomic():
        if not Count.objects.filter(pk=count.pk, finished_at=None).delete()[0]:
            raise _finished(count)
        record("give up count", f"count {count.pk}", actor=ground.actor, now=ground.now, details={})


def finish_count(
    count: Count, *, settings: Mapping[str, str], within: Callable[[Batch], object], ground: Ground
) -> Batch:
    """End a count: its entries become the file of a batch, which `within` has read. No entry is lost or taken after.

    `settings` are mode, duplicates and reason, as of every count. It is of the moment of the last entry.

    Raises:
        NotAllowed: it is finished already.
        InputRejected: it has no entries, or the settings are not such.
    """
    said = {**settings, "counted_at": ground.now.isoformat(), "takes_scan_times": True}
    request = Request(
        kind="inventory",
        path="",
        name=f"count-{count.pk}.csv",
        store=count.store.code,
        format=FORMAT,
        settings=said,
        check_digits=all_lengths(has_check_digit=True),
        is_forced=True,
    )
    for _ in range(_MOST_TRIES):
        count.refresh_from_db()
        seen = count.changes
        if count.finished_at:
            raise _finished(count)
        entries = list(CountEntry.objects.filter(count=count, removed_at=None).order_by("id"))
        if not entries:
            raise InputRejected("nothing was counted yet.", hint="scan something first, or give the count up")

        def settle(batch: Batch, seen: int = seen) -> None:
            _end(count, batch, seen, ground)
            within(batch)

        with suppress(_Moved):
            return open_batch(request, keep=_writer(entries, ground), within=settle, ground=ground)
    raise AppDirBusy("somebody counts at this very moment.", hint="try again")


class _Moved(Exception):
    """An entry came while the file was written."""


def _end(count: Count, batch: Batch, seen: int, ground: Ground) -> None:
    ended = Count.objects.filter(pk=count.pk, finished_at=None, changes=seen).update(
        finished_at=ground.now, finished_by=ground.actor, batch=batch.number
    )
    if not ended:
        raise _Moved


def _take(count: Count, one: Typed, known: dict[str, CountEntry], product: Counted | None, ground: Ground) -> Taken:
    entry = known.get(one.client_id)
    if one.is_removal:
        return _remove(one, entry, ground)
    if entry is not None:
        return _said(entry)
    if not _ID.fullmatch(one.client_id):
        return Taken(one.client_id, "refused", "it has no id that could be kept.")
    code, quantity = " ".join(one.code.split()), _quantity(one.quantity)
    if not code or len(code) > 50:
        return Taken(one.client_id, "refused", "there is no code, or it is longer than 50 characters.")
    if quantity is None or quantity < 0:
        text = f"{one.quantity[:30]!r} is no quantity: expected a number such as 12 or 0.75, from 0 to 100,000."
        return Taken(one.client_id, "refused", text)
    entry = CountEntry.objects.create(
        count=count,
        client_id=one.client_id,
        code=code,
        quantity=quantity,
        section=" ".join(one.section.split())[:50],
        product_id=product.id if product else None,
        description=product.name if product else "",
        entered_at=_moment(one.at, ground),
        entered_by=ground.actor,
    )
    known[one.client_id] = entry
    return _said(entry)


def _remove(one: Typed, entry: CountEntry | None, ground: Ground) -> Taken:
    if entry is None:
        return Taken(one.client_id, "removed")  # it was refused, or never came: it counts for nothing
    if entry.entered_by != ground.actor:
        return Taken(one.client_id, "refused", f"it is an entry of {entry.entered_by}.")
    if entry.removed_at is None:
        entry.removed_at = ground.now
        entry.save(update_fields=["removed_at"])
    return Taken(one.client_id, "removed")


def _said(entry: CountEntry) -> Taken:
    if entry.removed_at is not None:
        return Taken(entry.client_id, "removed")
    if entry.product_id is None:
        return Taken(entry.client_id, "unknown", "no product has this code")
    return Taken(entry.client_id, "known", entry.description)


def _is_new(one: Typed, entry: CountEntry | None) -> bool:
    """Whether something would change by it."""
    if one.is_removal:
        return entry is not None and entry.removed_at is None
    return entry is None


def _touch(count: Count) -> None:
    """Say that the count changed, and hold it until the transaction ends. Raises NotAllowed where it is finished."""
    if not change_rows(
        "UPDATE batches_count SET changes = changes + 1 WHERE id = %s AND finished_at IS NULL", [count.pk]
    ):
        count.refresh_from_db()
        raise _finished(count)


def _finished(count: Count) -> NotAllowed:
    made = f": it became batch {count.batch:08d}" if count.batch else ""
    return NotAllowed(f"this count is finished{made}.", hint="start another count for what is still to be counted")


def _key(code: str, ground: Ground) -> str:
    """What a code means, as it will be read at the end; empty where it is none."""
    rules = CodeRules(all_lengths(has_check_digit=True), type2=Type2Layout(ground.weighed_codes))
    try:
        return rules.read(" ".join(code.split())[:50]).key
    except BadCode:
        return ""


def _quantity(text: str) -> Any:
    """The Decimal that a text is; None where it is none."""
    try:
        amount = parse(text.strip().replace(",", ".")[:20])
    except NotAnAmount:
        return None
    return to_decimal(amount) if abs(amount) <= _LARGEST else None


def _moment(text: str, ground: Ground) -> datetime:
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return ground.now
    is_likely = moment.tzinfo is not None and ground.now - _OLDEST < moment <= ground.now
    return moment if is_likely else ground.now


def _writer(entries: Sequence[CountEntry], ground: Ground) -> Callable[[Folder], None]:
    """What writes the entries as a CSV file into the folder of the batch."""
    zone = ZoneInfo(ground.time_zone)

    def write(folder: Folder) -> None:
        stream = write_beside(folder, folder.file_name)
        rows: Any = csv.writer(stream)
        rows.writerow(_HEADINGS)
        for one in entries:
            quantity = text_of(int(one.quantity * SCALE), least_decimals=0)
            at = one.entered_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            rows.writerow((one.code, quantity, one.section, at, one.description))
        finish_beside(stream, folder, folder.file_name)

    return write


def stores_of_counts(codes: frozenset[str] | None) -> list[Store]:
    """The stores that are open and whose codes these are; None: all of them."""
    stores = Store.objects.filter(is_active=True).order_by("code")
    return list(stores if codes is None else stores.filter(code__in=sorted(codes)))
