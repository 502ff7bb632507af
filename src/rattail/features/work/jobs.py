"""What is done in the background: writing a list into a file, and forgetting files that are gone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.urls import set_urlconf

from rattail.errors import InputRejected, NotAllowed
from rattail.features.work.models import WorkFile
from rattail.features.work.places import folder_name
from rattail.features.work.service.own import forget_gone_files, require_seen
from rattail.features.work.service.write import FORMATS, Wanted
from rattail.features.work.service.write import write_list as write
from rattail.jobs.running import Running
from rattail.web.access import Person, person_named
from rattail.web.listing import Asked, Listing, listing_of


def write_list(job: Running, *, list: str, filters: dict[str, str], format: str) -> None:
    """Write a list into a file of the person who asked, if they may still see it; then put it on record.

    The file lands before the row. A job that starts again replaces the file it had written.
    """
    person = person_named(job.actor)
    if person is None:
        raise NotAllowed(f"there is no account '{job.actor}' any more that could have a file.")
    require_seen(list, site=job.site, person=person)
    if format not in FORMATS:
        raise InputRejected(f"{format[:20]!r} is no format of files.")
    listing = listing_of(job.site.registry, list)
    now = job.now().astimezone(ZoneInfo(job.site.time_zone))
    of = "".join(f"-{text}" for name in listing.fixed if (text := filters.get(name, "")).isdigit())
    file_name = f"{list.replace('.', '-')}{of[:20]}-{now:%Y%m%d-%H%M}.{format}"
    wanted = Wanted(listing, filters, format, f"{list.replace('.', '-')}-{job.id}.{format}")
    set_urlconf("rattail.web.routes")  # a worker answers no requests; cells have addresses all the same
    total = _count(listing, filters, job, person)
    job.progress(0, total, "writing rows")
    written = write(wanted, site=job.site, person=person, progress=lambda done: job.progress(done, total))
    job.result = {"rows": written.rows, "size_bytes": written.size_bytes}
    with job.effect():
        WorkFile.objects.create(
            owner=person.name,
            folder=folder_name(person.name),
            stored_name=wanted.stored_name,
            file_name=file_name,
            title=listing.title[:200],
            size_bytes=written.size_bytes,
            rows=written.rows,
            made_at=job.now(),
            job=job.id,
        )


def forget_files(job: Running) -> dict[str, object]:
    """Forget files that grew old and are gone."""
    return {"forgotten": forget_gone_files(site=job.site, now=job.now())}


def _count(listing: Listing, filters: dict[str, str], job: Running, person: Person) -> int | None:
    if listing.counted is None:
        return None
    return listing.counted(Asked(job.site, person, listing.wanted(filters)))
