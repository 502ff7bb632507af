"""Where a new batch begins: a file is dropped."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from rattail.errors import NotAllowed
from rattail.features.batches.pages.access import kinds_for
from rattail.features.uploads.service import all_uploads
from rattail.features.uploads.service import ground_of as ground_of_uploads
from rattail.features.uploads.upload import is_token
from rattail.web.access import Request, signed_in

_PURPOSE = "batch"
_MOST_SHOWN = 20


def new(request: Request) -> HttpResponse:
    """Drop a file, or choose one that was uploaded before; with `?upload=TOKEN` go on to what is in it."""
    person = signed_in(request)
    token = request.GET.get("upload", "")
    if is_token(token):
        return redirect("batches.preview", token)
    kinds = kinds_for(person)
    if not kinds:
        raise NotAllowed(f"{person.name} may make no batch of any kind.", hint="ask whoever manages the accounts")
    waiting = []
    if person.may("uploads.create"):
        uploads = all_uploads(ground_of_uploads(request.site, actor=person.name))
        waiting = sorted(
            (one for one in uploads if one.is_whole and not one.claimed_by),
            key=lambda one: one.started_at,
            reverse=True,
        )
    values = {
        "title": "New batch",
        "kinds": kinds,
        "waiting": waiting[:_MOST_SHOWN],
        "can_upload": person.may("uploads.create"),
    }
    return render(request, "batches/new.html", values)
