"""Two pages for machines: is it alive, and can it do its work? They say what is wrong, never where this is."""

from __future__ import annotations

import os

from django.db import Error, connection
from django.http import HttpResponse, JsonResponse

from rattail.jobs.alive import workers_alive
from rattail.site import Site
from rattail.web.access import Request

_WRITTEN = (".", "data", "data/uploads", "log", "sessions/data", "sessions/lock", "work/user-files")
_NOT_READY = 503
_UNSEEN = "whether a worker is there cannot be seen without the database"
_PATIENCE_S = 2  # who asks wants an answer now: a stopped process can hold the whole of SQLite's database for ever


def alive(_request: Request) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def ready(request: Request) -> HttpResponse:
    """The database answers, the folders can be written, a worker takes jobs, the disk has room.

    `wrong` has a sentence for each that does not hold.
    """
    said = {"database": _database(), "folder": _folder(request.site)}
    said["worker"] = _UNSEEN if said["database"] else _worker(request.site)
    said["disk"] = _disk(request.site)
    wrong = {name: text for name, text in said.items() if text}
    found = {name: not text for name, text in said.items()}
    status = _NOT_READY if wrong else 200
    answer = {"ready": not wrong, **found, "wrong": wrong}
    response = JsonResponse(answer, status=status, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined] # an answer, and no error that somebody has to hear of
    return response


def _database() -> str:
    asked = connection.copy()
    if asked.vendor == "sqlite":
        asked.settings_dict["OPTIONS"]["timeout"] = _PATIENCE_S
    try:
        with asked.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            return "" if cursor.fetchone() is not None else "the database has no tables"
    except Error:
        return "the database does not answer"
    finally:
        asked.close()


def _folder(site: Site) -> str:
    wrong = []
    for path in _WRITTEN:
        place = site.folders[path]
        if not os.path.isdir(place):
            wrong.append(f"{_shown(path)} is missing")
        elif not os.access(place, os.W_OK | os.X_OK):
            wrong.append(f"{_shown(path)} cannot be written")
    return "; ".join(wrong)


def _worker(site: Site) -> str:
    try:
        there = workers_alive(site.now())
    except Error:
        return _UNSEEN
    if not there:
        return "no worker is there, or none that answers"
    return "" if any(worker.is_claiming for worker in there) else "the worker that is there takes no jobs"


def _disk(site: Site) -> str:
    """Where the records and the folders lie there is as much room as check-appdir wants; missing ones have no disk."""
    least_bytes = site.settings.integer("check.min_free_mb") * 1_000_000
    wrong: dict[int, str] = {}
    for path in _WRITTEN:
        try:
            room = os.statvfs(site.folders[path])
        except FileNotFoundError:
            continue
        except OSError:
            wrong.setdefault(-1, f"the disk of {_shown(path)} does not answer")
            continue
        if room.f_bavail * room.f_frsize < least_bytes:
            wrong.setdefault(room.f_fsid, f"the disk of {_shown(path)} has less room left than check.min_free_mb")
    return "; ".join(wrong.values())


def _shown(path: str) -> str:
    return "the app folder" if path == "." else f"'{path}'"
