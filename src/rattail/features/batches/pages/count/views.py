"""The counts that go on; one of them, into which people type; its entries; its end."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from rattail.errors import InputRejected, NotAllowed, RattailError
from rattail.features.batches.models import Batch, Count, CountEntry
from rattail.features.batches.pages.access import CREATE, DELETE, OF_KIND, ground_for, may, require
from rattail.features.batches.pages.count.entries import new_id, sent_as_json, typed_in_form
from rattail.features.batches.pages.frame import plain, subject_of
from rattail.features.batches.pages.new.form import DUPLICATES, MODES
from rattail.features.batches.service.counting import (
    Taken,
    Typed,
    find_count,
    finish_count,
    give_up_count,
    last_entries,
    mend,
    start_count,
    stores_of_counts,
    take,
    taken_before,
    to_be_mended,
)
from rattail.features.batches.service.find import job_key
from rattail.jobs.queue import enqueue
from rattail.retail.models import Store
from rattail.web.access import Request, signed_in
from rattail.web.flash import say

KIND = "inventory"
ENTRIES_SHOWN = 20
_MOST_OPEN = 100
_MOST_UNKNOWN = 200
_MOST_TO_MEND = 50
_MODULES = tuple(f"batches/count/{name}.js" for name in ("kept", "mending", "rows", "sound", "store"))


def counts(request: Request) -> HttpResponse:
    """The counts that go on, and a new one."""
    person = signed_in(request)
    if request.method == "POST":
        store = request.POST.get("store", "").replace("\0", "")[:20]
        require(person, CREATE, kind=KIND, store=store)
        count = start_count(store, ground=ground_for(request))
        return redirect(_address(count, request.POST.get("section", "")))
    stores = _stores(request)
    open_counts = Count.objects.select_related("store").filter(finished_at=None, store__in=stores)
    shown = [
        (count, CountEntry.objects.filter(count=count, removed_at=None).count())
        for count in open_counts.order_by("-started_at")[:_MOST_OPEN]
    ]
    values = {
        "title": "Count",
        "counts": shown,
        "stores": stores,
        "may_see_batches": person.may("batches.view"),
    }
    return render(request, "batches/counts.html", values)


def count_page(request: Request, number: int) -> HttpResponse:
    """The page that one types into."""
    count = _count_for(request, number)
    if count.finished_at:
        return render(request, "batches/count_over.html", {"title": f"Count {count.pk} is finished", "count": count})
    return _page(request, count, section=request.GET.get("section", ""), preset=request.GET.get("preset", ""))


def entries(request: Request, number: int) -> HttpResponse:
    """Take entries: JSON from the page's script, which asks again until it is told; or a plain form."""
    count = _count_for(request, number)
    if request.content_type == "application/json":
        return _taken_as_json(request, count)
    typed, replaces = typed_in_form(request.POST), request.POST.get("replaces", "").replace("\0", "")
    section = request.POST.get("section", "")
    if replaces and not typed.is_removal:
        taken = mend(count, typed, replaces=replaces, ground=ground_for(request))
    else:
        taken = take(count, [typed], ground=ground_for(request))[0]
    if taken.state == "refused":
        return _page(request, count, section=section, refused=typed, fault=taken.text)
    said = {
        "removed": "The entry counts no more.",
        "known": f"{taken.text}: {typed.quantity}",
        "unknown": f"{typed.code}: {taken.text}. It is kept.",
    }
    say(request, said[taken.state], tone="warning" if taken.state == "unknown" else "good")
    return redirect(_address(count, section))


def finish(request: Request, number: int) -> HttpResponse:
    """Say what the count comes to; or make a batch of it that is read in the background."""
    count = _count_for(request, number)
    if count.finished_at:
        return redirect("batches.count", count.pk)
    fault = ""
    if request.method == "POST":
        try:
            batch = _finished(request, count)
        except RattailError as error:
            fault = plain(error)
        else:
            say(request, f"The count is finished: it became batch {batch}.")
            return redirect("batches.show", batch.number)
    entries = CountEntry.objects.filter(count=count, removed_at=None)
    unknown = entries.filter(product_id=None).order_by("id")[:_MOST_UNKNOWN]
    values = {
        "title": f"Finish count {count.pk}?",
        "count": count,
        "entry_count": entries.count(),
        "product_count": entries.exclude(product_id=None).values("product_id").distinct().count(),
        "unknown": list(unknown),
        "modes": MODES,
        "duplicates": DUPLICATES,
        "said": {name: request.POST.get(name, "") for name in ("mode", "duplicates", "reason")},
        "fault": fault,
        "can_give_up": _may_give_up(request, count),
    }
    return render(request, "batches/count_finish.html", values, status=422 if fault else 200)


def give_up(request: Request, number: int) -> HttpResponse:
    """Delete a count of which no batch was made."""
    count = _count_for(request, number)
    if not _may_give_up(request, count):
        raise NotAllowed("there are entries in this count.", hint="ask somebody who may delete batches")
    name = count.pk
    give_up_count(count, ground=ground_for(request))
    say(request, f"Count {name} is gone.")
    return redirect("batches.counts")


def _page(
    request: Request, count: Count, *, section: str, preset: str = "", refused: Typed | None = None, fault: str = ""
) -> HttpResponse:
    """The page that one types into; with `refused` typed already, and why it was."""
    unknown = to_be_mended(count, of=signed_in(request).name, limit=_MOST_TO_MEND)
    values = {
        "title": f"Count {count.pk}, store {count.store.code}",
        "count": count,
        "section": section.replace("\0", "")[:50],
        "entries": last_entries(count, limit=ENTRIES_SHOWN),
        "unknown": [(entry, new_id()) for entry in unknown],
        "new_id": new_id(),
        "preset": preset[:10],
        "refused": refused,
        "fault": fault,
        "modules": _MODULES,
    }
    return render(request, "batches/count.html", values, status=422 if fault else 200)


def _taken_as_json(request: Request, count: Count) -> HttpResponse:
    try:
        person, typed = sent_as_json(request.body)
    except InputRejected as error:
        return JsonResponse({"error": plain(error)}, status=422)
    if person and person != signed_in(request).name:
        return JsonResponse({"error": "somebody else is logged in now."}, status=403)
    try:
        taken = take(count, typed, ground=ground_for(request))
    except NotAllowed as error:  # it is finished: what it has already need not wait any longer
        known = [_shown(one) for one in taken_before(count, typed)]
        return JsonResponse({"error": plain(error), "taken": known}, status=409)
    return JsonResponse({"taken": [_shown(one) for one in taken]})


def _shown(one: Taken) -> dict[str, str]:
    return {"id": one.client_id, "state": one.state, "text": one.text}


def _finished(request: Request, count: Count) -> Batch:
    person = signed_in(request)
    settings = {name: request.POST.get(name, "").replace("\0", "") for name in ("mode", "duplicates", "reason")}

    def have_read(batch: Batch) -> None:
        enqueue(
            request.site.registry.jobs["batches.read"],
            arguments={"number": batch.number},
            actor=person.name,
            now=request.site.now(),
            subject=subject_of(batch),
            unique_key=job_key(batch.number),
        )

    if not settings["mode"]:
        raise InputRejected("say what the count does to the stock.")
    return finish_count(count, settings=settings, within=have_read, ground=ground_for(request))


def _count_for(request: Request, number: int) -> Count:
    """The count of this number, if whoever asks counts in its store.

    Raises:
        NoSuchThing, NotAllowed: there is none, or they do not.
    """
    count = find_count(number)
    require(signed_in(request), CREATE, kind=KIND, store=count.store.code)
    return count


def _may_give_up(request: Request, count: Count) -> bool:
    person = signed_in(request)
    if may(person, DELETE, kind=KIND, store=count.store.code):
        return True
    return not CountEntry.objects.filter(count=count, removed_at=None).exclude(entered_by=person.name).exists()


def _stores(request: Request) -> list[Store]:
    """The stores in which somebody may count."""
    person = signed_in(request)
    found = stores_of_counts(person.stores(CREATE))
    return [store for store in found if person.may(OF_KIND[KIND], store=store.code)]


def _address(count: Count, section: str) -> str:
    section = section.replace("\0", "").strip()[:50]
    query = f"?{urlencode({'section': section})}" if section else ""
    return f"{reverse('batches.count', args=[count.pk])}{query}"
