"""The files of one person: asking for one, finding, deleting, forgetting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import BinaryIO, NamedTuple

from django.db import transaction

from rattail.audit.trail import record
from rattail.errors import InputRejected, NoSuchThing
from rattail.feature import PUBLIC, SIGNED_IN
from rattail.features.work.models import WorkFile
from rattail.features.work.places import FOLDER, is_there, open_file, remove_file
from rattail.features.work.service.write import FORMATS
from rattail.jobs.models import FAILED, UNFINISHED, Job
from rattail.jobs.queue import enqueue
from rattail.site import Site
from rattail.web.access import Person
from rattail.web.listing import Asked, listing_of

KIND = "work.write_list"
MOST_UNFINISHED = 20
_LONGEST_FILTER = 500
_FAILURES_SHOWN = timedelta(days=1)
_LOOKED_AT_ONCE = 500


class Own(NamedTuple):
    """A file and whether it is still there."""

    file: WorkFile
    is_there: bool


def ask_for_file(
    name: str, *, given: Mapping[str, str], file_format: str, site: Site, person: Person, now: datetime
) -> Job:
    """Have the list `name` written into a file for `person`, narrowed by what of `given` are its filters.

    Asking twice for the same while it is being made gives the same job.

    Raises:
        NoSuchThing: there is no such list.
        NotAllowed: the person may not see it.
        InputRejected: the format is none, a filter is far too long, or very many files are being made already.
    """
    listing = listing_of(site.registry, name)
    require_seen(name, site=site, person=person)
    if file_format not in FORMATS:
        raise InputRejected(f"{file_format[:20]!r} is no format of files: expected {' or '.join(FORMATS)}.")
    filters = listing.wanted(given)
    if any(len(text) > _LONGEST_FILTER for text in filters.values()):
        raise InputRejected(f"a filter is longer than {_LONGEST_FILTER} letters.")
    listing.select(Asked(site, person, filters, limit=1))  # whether they may see this one, too
    arguments = {"list": name, "filters": filters, "format": file_format}
    mark = sha256(json.dumps([person.name, arguments], sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        if Job.objects.filter(kind=KIND, actor=person.name, state__in=UNFINISHED).count() >= MOST_UNFINISHED:
            raise InputRejected(
                f"{MOST_UNFINISHED} files are being made for you already.", hint="wait until some of them are done"
            )
        return enqueue(
            site.registry.jobs[KIND],
            arguments=arguments,
            actor=person.name,
            now=now,
            subject=f"list {name}",
            unique_key=f"{KIND}:{mark}",
        )


def own_files(owner: str, *, site: Site, limit: int) -> list[Own]:
    """The newest files of somebody."""
    below = site.folders[FOLDER]
    files = WorkFile.objects.filter(owner=owner).order_by("-id")[:limit]
    return [Own(file, is_there(below, file.folder, file.stored_name)) for file in files]


def in_the_making(owner: str, *, now: datetime) -> list[Job]:
    """The jobs that make files for somebody, and those that failed lately, the newest first."""
    own = Job.objects.filter(kind=KIND, actor=owner)
    lately = own.filter(state=FAILED, ended_at__gt=now - _FAILURES_SHOWN)
    return list((own.filter(state__in=UNFINISHED) | lately).order_by("-id")[:MOST_UNFINISHED])


def find_own_file(file_id: int, *, owner: str) -> WorkFile:
    """A file of somebody by its id.

    Raises:
        NoSuchThing: there is none, or it is another person's.
    """
    file = WorkFile.objects.filter(pk=file_id, owner=owner).first() if file_id < 1 << 63 else None
    if file is None:
        raise NoSuchThing("there is no such file among yours.", hint="see what there is under 'My files'")
    return file


def open_own_file(file: WorkFile, *, site: Site) -> BinaryIO:
    """Its content, to be read and closed.

    Raises:
        NoSuchThing: the file is gone.
    """
    return open_file(site.folders[FOLDER], file.folder, file.stored_name)


def delete_own_file(file: WorkFile, *, site: Site, now: datetime) -> None:
    """Delete a file: the row first, then what is on the disk, which would grow old by itself."""
    with transaction.atomic():
        record("delete file", f"file {file.pk}", actor=file.owner, now=now, details={"name": file.file_name})
        WorkFile.objects.filter(pk=file.pk).delete()
    remove_file(site.folders[FOLDER], file.folder, file.stored_name)


def forget_gone_files(*, site: Site, now: datetime) -> int:
    """Forget the files that are older than files are kept, and gone. Returns how many that were."""
    below = site.folders[FOLDER]
    before = now - timedelta(days=site.settings.integer("work.keep_user_files_days"))
    forgotten, after = 0, 0
    while True:
        old = list(WorkFile.objects.filter(made_at__lt=before, pk__gt=after).order_by("pk")[:_LOOKED_AT_ONCE])
        gone = [file.pk for file in old if not is_there(below, file.folder, file.stored_name)]
        forgotten += WorkFile.objects.filter(pk__in=gone).delete()[0]
        if len(old) < _LOOKED_AT_ONCE:
            return forgotten
        after = old[-1].pk


def require_seen(name: str, *, site: Site, person: Person) -> None:
    """Go on only if the person may see that list.

    Raises:
        NotAllowed: they may not.
    """
    needs = site.registry.lists[name].needs
    if needs not in (PUBLIC, SIGNED_IN):
        person.require(needs)
