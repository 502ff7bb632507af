"""The pages of jobs."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.shortcuts import redirect, render

from rattail.errors import NotAllowed
from rattail.features.jobs.deeds import cancel_job, retry_job
from rattail.features.jobs.listing import CONFIGURE, JOBS, VIEW, badge
from rattail.features.jobs.shown import is_over, progress_text, state_text, title_of
from rattail.jobs.models import CANCELLED, FAILED, Job
from rattail.jobs.process import shown_identity
from rattail.jobs.queue import find_job
from rattail.web.access import Person, Request, signed_in
from rattail.web.flash import say
from rattail.web.lists import render_list

_STOP_POLLING = 286  # htmx's own status: swap this in, and do not ask again


def listed(request: Request) -> HttpResponse:
    return render_list(request, JOBS)


def one(request: Request, job_id: int) -> HttpResponse:
    job = _visible(job_id, signed_in(request))
    may_configure = signed_in(request).may(CONFIGURE)
    values = {
        **_values(request, job),
        "title": f"{title_of(job, request.site.registry)} (job {job.pk})",
        "badge": badge(job, site=request.site),
        "can_retry": job.state in (FAILED, CANCELLED) and _may_change(job, signed_in(request)),
        "can_configure": may_configure,
        "result": sorted((job.result or {}).items()),
        "arguments": json.dumps(job.arguments, sort_keys=True),
        "worker": shown_identity(job.worker),
    }
    return render(request, "jobs/one.html", values)


def progress(request: Request, job_id: int) -> HttpResponse:
    """How far a job is, for the part of a page that asks again and again; the last answer has the page loaded anew."""
    job = _visible(job_id, signed_in(request))
    response = render(request, "jobs/progress_now.html", _values(request, job))
    if is_over(job):
        response.status_code = _STOP_POLLING
        if "is_live" in request.GET:  # it was shown as running before: never again and again
            response["HX-Refresh"] = "true"
    return response


def cancel(request: Request, job_id: int) -> HttpResponse:
    person = signed_in(request)
    _require_change(_visible(job_id, person), person)
    job = cancel_job(job_id, actor=person.name, now=request.site.now())
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    if is_over(job) and job.state != CANCELLED:
        say(request, f"Job {job_id} had ended before.", tone="warning")
    else:
        say(request, f"Job {job_id} is {state_text(job, now=request.site.now())}.")
    return redirect("jobs.one", job_id)


def retry(request: Request, job_id: int) -> HttpResponse:
    person = signed_in(request)
    _require_change(_visible(job_id, person), person)
    retry_job(job_id, actor=person.name, now=request.site.now())
    say(request, f"Job {job_id} runs again.")
    return redirect("jobs.one", job_id)


def _values(request: Request, job: Job) -> dict[str, object]:
    now = request.site.now()
    return {
        "job": job,
        "job_title": title_of(job, request.site.registry),
        "state": state_text(job, now=now),
        "progress": progress_text(job, now=now),
        "is_over": is_over(job),
    }


def _visible(job_id: int, person: Person) -> Job:
    job = find_job(job_id)
    if job.actor != person.name and not _holds(person, VIEW) and not _holds(person, CONFIGURE):
        raise NotAllowed(f"job {job_id} belongs to somebody else.", hint=f"the permission '{VIEW}' shows all jobs")
    return job


def _may_change(job: Job, person: Person) -> bool:
    return job.actor == person.name or _holds(person, CONFIGURE)


def _require_change(job: Job, person: Person) -> None:
    if not _may_change(job, person):
        hint = f"the permission '{CONFIGURE}' changes all jobs"
        raise NotAllowed(f"job {job.pk} belongs to somebody else.", hint=hint)


def _holds(person: Person, permission: str) -> bool:
    """Jobs belong to no store: a role in one store is none for the jobs of others."""
    return person.stores(permission) is None
