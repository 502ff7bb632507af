"""Two pages for machines: is it alive, and can it do its work? They say yes or no, never where or what."""

from __future__ import annotations

import os
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse

from rattail.jobs.alive import workers_alive
from rattail.site import Site
from rattail.web.access import Request

_WRITTEN = (".", "data", "data/uploads", "log", "sessions/data", "sessions/lock", "work/user-files")
_NOT_READY = 503


def alive(_request: Request) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def ready(request: Request) -> HttpResponse:
    """The database answers, the folders can be written, a worker takes jobs, the disk has room."""
    found = {name: _holds(question, request.site) for name, question in _QUESTIONS.items()}
    is_ready = all(found.values())
    status = 200 if is_ready else _NOT_READY
    response = JsonResponse({"ready": is_ready, **found}, status=status, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined] # an answer, and no error that somebody has to hear of
    return response


def _holds(question: Callable[[Site], bool], site: Site) -> bool:
    try:
        return question(site)
    except (DatabaseError, OSError):
        return False


def _database(_site: Site) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
        return cursor.fetchone() is not None


def _folder(site: Site) -> bool:
    return all(os.access(site.folders[path], os.W_OK | os.X_OK) for path in _WRITTEN)


def _worker(site: Site) -> bool:
    return any(worker.is_claiming for worker in workers_alive(site.now()))


def _disk(site: Site) -> bool:
    """Where the records and the folders lie there is as much room as check-appdir wants."""
    least_bytes = site.settings.integer("check.min_free_mb") * 1_000_000
    for place in {site.folders[path] for path in _WRITTEN}:
        room = os.statvfs(place)
        if room.f_bavail * room.f_frsize < least_bytes:
            return False
    return True


_QUESTIONS: dict[str, Callable[[Site], bool]] = {
    "database": _database,
    "folder": _folder,
    "worker": _worker,
    "disk": _disk,
}
