"""A list taken along as a file: asked for, made by a job, downloaded, deleted, forgotten."""

from __future__ import annotations

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rattail.errors import NotAllowed
from tests.kit.killing import killed_at
from tests.kit.web import Web, web_test

if TYPE_CHECKING:
    from rattail.features.work.models import WorkFile
    from rattail.jobs.models import Job


def take(web: Web) -> Job:
    """The next waiting job, as a worker takes it."""
    from rattail.jobs.models import READY, RUNNING, Job

    job = Job.objects.filter(state=READY).order_by("pk")[0]
    job.state, job.token = RUNNING, job.token + 1
    job.save()
    return job


def run(web: Web, job: Job) -> None:
    """Run the function of a job in this process."""
    from rattail.features.work import jobs
    from rattail.jobs.running import Running

    jobs.write_list(Running(web.site, job), **job.arguments)


def ask(web: Web, client: Any, **fields: str) -> Job:
    answer = client.post("/my-files/make/", {"list": "products.vendors", "format": "csv", **fields})
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/my-files/")
    return take(web)


def vendors(*names: str) -> None:
    from rattail.retail.models import Vendor

    for number, name in enumerate(names):
        Vendor.objects.create(code=f"v{number}", name=name)


def only_file() -> WorkFile:
    from rattail.features.work.models import WorkFile

    return WorkFile.objects.get()


def place(web: Web, file: WorkFile) -> Path:
    return web.root / "work" / "user-files" / file.folder / file.stored_name


@web_test()
def test_a_list_becomes_a_file_of_ones_own(web: Web) -> None:
    vendors("Acme", "=cmd|calc")
    bea = web.client_of("bea", "buyer")
    run(web, ask(web, bea))
    file = only_file()

    answer = bea.get(f"/my-files/{file.pk}/")
    content = b"".join(answer)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    assert len(rows) == 3 == file.rows + 1
    assert "'=cmd|calc" in rows[2]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{file.file_name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(content) == file.size_bytes
    assert place(web, file).stat().st_mode & 0o777 == 0o600
    assert file.file_name in bea.get("/my-files/").content.decode()


@web_test()
def test_nobody_else_can_have_it(web: Web) -> None:
    run(web, ask(web, web.client_of("bea", "buyer")))
    file = only_file()

    for other in (web.client_of("mallory", "buyer"), web.client_of("alice", "manager")):
        assert other.get(f"/my-files/{file.pk}/").status_code == 404
        assert other.post(f"/my-files/{file.pk}/delete/").status_code == 404
        assert file.file_name not in other.get("/my-files/").content.decode()
    assert place(web, file).exists()


@web_test()
def test_what_one_may_not_see_one_may_not_take_along(web: Web) -> None:
    from rattail.jobs.models import Job

    bob = web.client_of("bob", "viewer")

    answers = [
        bob.post("/my-files/make/", fields).status_code
        for fields in (
            {"list": "accounts.users", "format": "csv"},
            {"list": "no.such", "format": "csv"},
            {"list": "../../etc", "format": "csv"},
            {"list": "products.vendors", "format": "exe"},
            {"list": "products.vendors"},
            {},
        )
    ]

    assert answers == [403, 404, 404, 422, 422, 404]
    assert Job.objects.count() == 0


@web_test()
def test_a_permission_that_was_lost_meanwhile_counts(web: Web) -> None:
    from rattail.features.accounts.models import User

    job = ask(web, web.client_of("bea", "buyer"))
    User.objects.get(name="bea").assignments.all().delete()

    with pytest.raises(NotAllowed):
        run(web, job)
    User.objects.filter(name="bea").update(is_active=False)
    with pytest.raises(NotAllowed, match="no account 'bea'"):
        run(web, job)
    assert list((web.root / "work" / "user-files").glob("*/*")) == []


@web_test()
def test_asking_twice_makes_one_job(web: Web) -> None:
    from rattail.jobs.models import Job

    bea, rico = web.client_of("bea", "buyer"), web.client_of("rico", "buyer")
    for client in (bea, bea, rico):
        client.post("/my-files/make/", {"list": "products.vendors", "format": "csv"})
    bea.post("/my-files/make/", {"list": "products.vendors", "format": "xlsx"})

    assert [job.actor for job in Job.objects.order_by("pk")] == ["bea", "rico", "bea"]
    assert bea.get("/my-files/").content.decode().count("<progress") == 2


@web_test()
def test_the_page_loads_anew_when_a_file_is_done(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    job = ask(web, bea)

    before = bea.get("/my-files/?part=making&were=1")
    run(web, job)
    after = bea.get("/my-files/?part=making&were=1")

    assert "HX-Refresh" not in before.headers
    assert after.headers["HX-Refresh"] == "true"


@web_test()
def test_a_job_killed_at_any_touch_of_the_disk_makes_one_file_in_the_end(web: Web) -> None:
    from django.db import connection

    from rattail.features.work.models import WorkFile

    vendors("Acme")
    bea = web.client_of("bea", "buyer")
    moment, was_killed = 1, True
    while was_killed:
        job = ask(web, bea)
        connection.close()
        was_killed = killed_at(moment, lambda job=job: run(web, job))  # type: ignore[misc]
        job.refresh_from_db()
        if job.state == "running":
            run(web, job)
        file = WorkFile.objects.get(job=job.pk)
        assert place(web, file).stat().st_size == file.size_bytes
        place(web, file).unlink()
        moment += 7

    assert moment > 15
    left = [path.name for path in (web.root / "work" / "user-files" / "bea").iterdir()]
    assert all(name.startswith(".tmp-") for name in left)


@web_test()
def test_deleting_takes_the_row_and_the_file(web: Web) -> None:
    from rattail.features.work.models import WorkFile

    bea = web.client_of("bea", "buyer")
    run(web, ask(web, bea))
    file = only_file()

    bea.post(f"/my-files/{file.pk}/delete/")

    assert not place(web, file).exists()
    assert not WorkFile.objects.exists()
    assert bea.get(f"/my-files/{file.pk}/").status_code == 404


@web_test()
def test_a_file_that_grew_old_is_shown_as_gone_and_forgotten_later(web: Web) -> None:
    from rattail.features.work.models import WorkFile
    from rattail.features.work.service.own import forget_gone_files

    bea = web.client_of("bea", "buyer")
    for file_format in ("csv", "xlsx"):
        run(web, ask(web, bea, format=file_format))
    gone, kept = WorkFile.objects.order_by("pk")
    os.unlink(place(web, gone))
    now = web.site.now()

    page = bea.get("/my-files/").content.decode()

    assert page.count("gone, grown old") == 1
    assert bea.get(f"/my-files/{gone.pk}/").status_code == 404
    assert forget_gone_files(site=web.site, now=now) == 0
    assert forget_gone_files(site=web.site, now=now + timedelta(days=15)) == 1
    assert WorkFile.objects.get() == kept
