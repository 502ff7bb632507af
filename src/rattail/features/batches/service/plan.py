"""Deciding how a file is read, before anything is written: format, mapping, codes, vendor, store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from rattail.errors import InputRejected, WouldOverwrite
from rattail.features.batches.folders import fingerprint
from rattail.features.batches.kinds.kind import Kind
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.reading.choose import choose_format
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, CountLine, Event, InvoiceLine
from rattail.features.batches.reading.mapping import VENDOR_FILES, layout_of, load_mapping
from rattail.features.batches.reading.source import Source, look_at
from rattail.features.batches.service.find import find_batch
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.states import State
from rattail.retail.barcodes import CodeRules, CodeSurvey, Type2Layout
from rattail.retail.find import store_named, vendor_named
from rattail.retail.models import Store, Vendor
from rattail.retail.numbers import number_text

_SAID_EVERY = 5000
_WITHOUT_FORCE = (State.FAILED, State.UNDONE)


class Request(NamedTuple):
    """What the operator asked for. `settings` are the kind's own: mode, reason, counted_at, effective, ...

    `check_digits` says of codes of a length whether they have a check digit, where the column does not tell.
    """

    kind: str
    path: str
    name: str = ""  # what the file was called by whoever sent it; default: as on the disk
    vendor: str | None = None
    store: str | None = None
    format: str = "auto"
    settings: Mapping[str, Any] = {}
    options: Mapping[str, str] = {}
    check_digits: Mapping[int, bool] = {}
    description: str = ""
    is_forced: bool = False
    mapping: Mapping[str, object] | None = None  # which column is what, for this file; default: the vendor's
    mark: str = ""  # who reads it, kept with the batch


class Plan(NamedTuple):
    """How the file will be read, and why."""

    request: Request
    kind: Kind
    source: Source
    format: Format
    reason: str
    reading: Reading
    rules: CodeRules
    row_count: int
    vendor: Vendor | None
    store: Store | None
    sha256: str


def plan_batch(request: Request, *, ground: Ground, progress: Callable[[int], None]) -> Plan:
    """Look at the file and decide everything that reading it needs. Writes nothing.

    Raises:
        InputRejected: the file cannot be read, or something has to be decided by a person; the hint is the option
            that decides it.
        WouldOverwrite: another batch has the same file.
        NoSuchThing: there is no such kind, vendor, store or format.
    """
    kind = kind_named(request.kind)
    request = request._replace(settings=kind.check_settings(request.settings))
    vendor = vendor_named(request.vendor) if request.vendor else None
    store = store_named(request.store) if kind.needs_store or request.store else None
    if kind.needs_vendor and vendor is None:
        raise InputRejected(f"a {kind.title} belongs to a vendor, and none is named.", hint="say which: --vendor CODE")
    source = look_at(request.path, name=request.name or os.path.basename(request.path))
    sha256 = fingerprint(request.path)
    if not request.is_forced:
        refuse_known_file(sha256, kind, ground=ground)
    folder = f"{ground.folders['data/templates']}/{VENDOR_FILES}"
    saved = (load_mapping(folder, vendor.code) or {}).get(kind.name) if vendor and request.mapping is None else None
    layout = saved if request.mapping is None else layout_of(kind.name, request.mapping)
    code, where = vendor.code if vendor else "", store.code if store and request.store else ""
    chosen = choose_format(source, kind.name, wanted=request.format, mapping=layout, vendor=code, store=where)
    reading = Reading(mapping=layout, options=request.options, currency=ground.currency)
    rules, row_count = survey(chosen.format, source, reading, request, ground, progress)
    return Plan(request, kind, source, chosen.format, chosen.reason, reading, rules, row_count, vendor, store, sha256)


def refuse_known_file(sha256: str, kind: Kind, *, ground: Ground) -> None:
    """Refuse a file that a batch of this kind has already, unless that batch failed or was undone.

    Raises:
        WouldOverwrite: names that batch.
    """
    same = Batch.objects.filter(file_sha256=sha256, kind=kind.name).order_by("number")
    for number in same.exclude(state__in=_WITHOUT_FORCE).values_list("number", flat=True):
        known = find_batch(number, ground=ground)  # which sees that its reading was interrupted
        if known.state in _WITHOUT_FORCE:
            continue
        raise WouldOverwrite(
            f"batch {number_text(known.number)} has this very file already: {known.file_name!r}, {known.state}, "
            f"made {known.created_at:%Y-%m-%d %H:%M} UTC by {known.created_by}.",
            hint=f"look at that one: rattail show-batch {known.number}; to read the file again all the same: --force",
        )


def survey(
    chosen: Format,
    source: Source,
    reading: Reading,
    request: Request,
    ground: Ground,
    progress: Callable[[int], None],
) -> tuple[CodeRules, int]:
    """Go over all codes once, to decide how they are to be read; returns that, and how many there are."""
    tally = CodeSurvey()
    count = 0
    for count, code in enumerate(_codes(chosen, source, reading), 1):
        if code:
            tally.add(code)
        if count % _SAID_EVERY == 0:
            progress(count)
    saved = layout_of(chosen.kind, reading.mapping).has_check_digit
    given = {**{int(length): has for length, has in saved.items()}, **request.check_digits}
    rules = tally.rules(given=given, has_check_digit=chosen.has_check_digit, type2=_type2(chosen, ground))
    questions = rules.questions
    if questions:
        said = "; ".join(str(one) for one in questions)
        lengths = " ".join(f"--check-digits {one.length}=yes" for one in questions)
        raise InputRejected(
            f"{source.name}: whether the codes end in a check digit is not clear: {said}.",
            hint=f"decide it (yes: they have one, no: they lack it): {lengths}",
        )
    return rules, count


def _type2(chosen: Format, ground: Ground) -> Type2Layout:
    """What weighed codes carry. Only a count needs it: elsewhere only the item in such a code matters."""
    return Type2Layout(ground.weighed_codes) if chosen.kind == "inventory" else Type2Layout.PRICE_5


def preview(plan: Plan, count: int) -> list[Event]:
    """The first events of the file, as they were understood."""
    return list(islice(plan.format.read(plan.source, plan.reading), count))


def _codes(chosen: Format, source: Source, reading: Reading) -> Iterator[str]:
    if chosen.codes is not None:
        return chosen.codes(source, reading)
    events = chosen.read(source, reading)
    return (one.code for one in events if isinstance(one, CatalogLine | InvoiceLine | CountLine))
