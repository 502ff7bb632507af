"""The pages "my files": what was made, what is being made, taking along, deleting."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from rattail.features.work.service.own import (
    ask_for_file,
    delete_own_file,
    find_own_file,
    in_the_making,
    open_own_file,
    own_files,
)
from rattail.jobs.models import FAILED
from rattail.web.access import Request, signed_in
from rattail.web.flash import say
from rattail.web.listing import listing_of

MOST_SHOWN = 200
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def files(request: Request) -> HttpResponse:
    """The files of who asks; with `part=making` only what is being made, and all anew once that is done."""
    person = signed_in(request)
    jobs = in_the_making(person.name, now=request.site.now())
    making = [(_title(job.arguments, request), job) for job in jobs if job.state != FAILED]
    values = {
        "title": "My files",
        "making": making,
        "failed": [(_title(job.arguments, request), job) for job in jobs if job.state == FAILED],
        "keep_days": request.site.settings.integer("work.keep_user_files_days"),
    }
    if request.GET.get("part") == "making":
        response = render(request, "work/making.html", values)
        if len(making) < _number(request.GET.get("were", "")):
            response["HX-Refresh"] = "true"
        return response
    return render(
        request, "work/files.html", {**values, "files": own_files(person.name, site=request.site, limit=MOST_SHOWN)}
    )


def make(request: Request) -> HttpResponse:
    """Have a list made into a file."""
    ask_for_file(
        request.POST.get("list", ""),
        given={name: value for name, value in request.POST.items() if isinstance(value, str)},
        file_format=request.POST.get("format", ""),
        site=request.site,
        person=signed_in(request),
        now=request.site.now(),
    )
    return redirect("work.files")


def download(request: Request, file_id: int) -> HttpResponseBase:
    """A file of who asks, by its number in the records; nothing of the address reaches the disk."""
    file = find_own_file(file_id, owner=signed_in(request).name)
    stream = open_own_file(file, site=request.site)
    kind = _TYPES.get(file.stored_name.rpartition(".")[2], "application/octet-stream")
    response = FileResponse(stream, as_attachment=True, filename=file.file_name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def delete(request: Request, file_id: int) -> HttpResponse:
    """Delete a file of who asks."""
    file = find_own_file(file_id, owner=signed_in(request).name)
    delete_own_file(file, site=request.site, now=request.site.now())
    say(request, f"{file.file_name} is deleted.")
    return redirect("work.files")


def _title(arguments: dict[str, object], request: Request) -> str:
    name, kind = str(arguments.get("list", "")), str(arguments.get("format", ""))
    title = listing_of(request.site.registry, name).title if name in request.site.registry.lists else name
    return f"{title} ({'CSV' if kind == 'csv' else 'spreadsheet'})"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
