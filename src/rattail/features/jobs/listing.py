"""The list of jobs: one's own, or everybody's for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from django.db.models import QuerySet
from django.urls import reverse

from rattail.features.jobs.shown import progress_text, state_text, title_of
from rattail.jobs.models import CANCELLED, DONE, FAILED, READY, RUNNING, STATES, Job
from rattail.site import Site
from rattail.web import show
from rattail.web.access import Person
from rattail.web.listing import Asked, Badge, Chunk, Column, Filter, Link, Listing

VIEW = "jobs.view"
CONFIGURE = "jobs.configure"
_LARGEST_ID = 2**63 - 1
_TONES: dict[str, Literal["good", "warning", "bad", "quiet", "busy"]] = {
    READY: "quiet",
    RUNNING: "busy",
    DONE: "good",
    FAILED: "bad",
    CANCELLED: "warning",
}


def seen_by(person: Person) -> QuerySet[Job]:
    """The jobs that somebody may see: all, or what they asked for."""
    sees_all = any(person.stores(permission) is None for permission in (VIEW, CONFIGURE))
    return Job.objects.all() if sees_all else Job.objects.filter(actor=person.name)


def badge(job: Job, *, site: Site) -> Badge:
    """The state of a job, with its colour."""
    return Badge(state_text(job, now=site.now()), _TONES[job.state], job.reason)


def _select(asked: Asked) -> Chunk:
    jobs = seen_by(asked.person).order_by("-pk")
    for name in ("state", "kind"):
        if name in asked.filters:
            jobs = jobs.filter(**{name: asked.filters[name]})
    if "actor" in asked.filters:
        begins = show.actor_begins(asked.filters["actor"])
        jobs = jobs.filter(actor__startswith=begins) if begins.endswith(":") else jobs.filter(actor=begins)
    if "about" in asked.filters:
        jobs = jobs.filter(subject__icontains=asked.filters["about"])
    if asked.after.isascii() and asked.after.isdigit() and int(asked.after) <= _LARGEST_ID:
        jobs = jobs.filter(pk__lt=int(asked.after))
    found = list(jobs.defer("arguments", "result", "failure")[: asked.limit + 1])
    shown = found[: asked.limit]
    rows = [_row(job, asked.site) for job in shown]
    return Chunk(rows, str(shown[-1].pk) if len(found) > len(shown) else "")


def _row(job: Job, site: Site) -> tuple[object, ...]:
    said = job.reason if job.state == FAILED else progress_text(job, now=site.now())
    return (
        Link(str(job.pk), reverse("jobs.one", args=[job.pk])),
        title_of(job, site.registry),
        job.subject,
        badge(job, site=site),
        said,
        show.who(job.actor),
        job.created_at,
        job.ended_at,
    )


def _kinds(site: Site, _person: Person) -> Sequence[tuple[str, str]]:
    return sorted(((kind.name, kind.title) for kind in site.registry.jobs.values()), key=lambda pair: pair[1])


JOBS = Listing(
    name="jobs",
    title="Jobs",
    columns=(
        Column("id", "Job", "code"),
        Column("kind", "What"),
        Column("about", "About"),
        Column("state", "State"),
        Column("progress", "How far"),
        Column("actor", "Asked for by"),
        Column("created_at", "At", "moment"),
        Column("ended_at", "Ended", "moment"),
    ),
    select=_select,
    filters=(
        Filter("state", "State", "choice", tuple((state, {READY: "waiting"}.get(state, state)) for state in STATES)),
        Filter("kind", "What", "choice", _kinds),
        Filter("about", "About"),
        Filter("actor", "Asked for by"),
    ),
    empty="There are no jobs yet. Work that takes longer, such as reading a batch, shows up here.",
)
