"""The page of mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect, render

from rattail.errors import ConfigInvalid
from rattail.features.mail.configured import faults_of
from rattail.features.mail.posting import values_now
from rattail.jobs.models import FAILED, UNFINISHED, Job
from rattail.jobs.queue import enqueue
from rattail.notices.models import Letter
from rattail.notices.read import count_waiting, recent, waiting
from rattail.web.access import Request, signed_in
from rattail.web.flash import say

_MOST = 50
_TEST = "mail.test"
_SHOWN = (
    ("host", "Mail server"),
    ("port", "Port"),
    ("tls", "Protection"),
    ("ca_file", "Trusted certificate"),
    ("user", "User"),
    ("from", "From"),
    ("to", "To"),
    ("fold_minutes", "Counted only, for minutes"),
    ("digest_at", "Daily digest at"),
    ("warn_no_backup_days", "Backup too old after days"),
)


class Setting(NamedTuple):
    title: str
    value: str


class Tested(NamedTuple):
    """The last test mail: `job_id` while it is under way, else what came of it."""

    job_id: int | None
    tone: str
    message: str
    hint: str


def overview(request: Request) -> HttpResponse:
    values = values_now(request.site)
    stuck = Letter.objects.filter(next_try_at__isnull=False).exclude(failure="", call_failure="").order_by("-sealed_at")
    page = {
        "title": "Mail",
        "settings": _settings(values),
        "faults": faults_of(values),
        "has_server": bool(values["mail.host"]),
        "waiting": waiting(_MOST),
        "waiting_count": count_waiting(),
        "stuck": stuck[:_MOST],
        "recent": recent(_MOST),
        "tested": _tested(),
    }
    return render(request, "mail/overview.html", page)


def test_mail(request: Request) -> HttpResponse:
    values = values_now(request.site)
    if not values["mail.host"]:
        raise ConfigInvalid(["mail.host is empty, so no mail is sent."], hint="it is set in rattail.toml, table [mail]")
    enqueue(
        request.site.registry.jobs[_TEST],
        arguments={},
        actor=signed_in(request).name,
        now=request.site.now(),
        unique_key=_TEST,
    )
    say(request, "A test mail is being sent.")
    return redirect("mail.overview")


def _settings(values: Mapping[str, object]) -> list[Setting]:
    """What is configured; of secrets only whether they are."""
    shown = [Setting(title, _text(values[f"mail.{key}"])) for key, title in _SHOWN]
    shown.insert(5, Setting("Password", "set" if values["mail.password"] else "not set"))
    ways = (("command", "a program"), ("url", "an address"))
    called = " and ".join(words for key, words in ways if values[f"mail.on_failure_{key}"])
    return [*shown, Setting("Called on failure", called or "nobody")]


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _tested() -> Tested | None:
    job = Job.objects.filter(kind=_TEST).order_by("-id").first()
    if job is None:
        return None
    if job.state in UNFINISHED:
        return Tested(job.pk, "", "", "")
    result = job.result or {}
    if job.state == FAILED or "message" not in result:
        return Tested(None, "bad", job.reason or "the job was cancelled", "")
    return Tested(None, "good" if result["is_sent"] else "bad", str(result["message"]), str(result["hint"]))
