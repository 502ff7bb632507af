"""The pages of jobs: who sees and changes which, and how progress goes on until the end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rattail.site import Site
from tests.jobs.kinds import with_kinds
from tests.jobs.open_site import in_site
from tests.jobs.working import ask, noted, state, wait_until, work_off, worker
from tests.kit.records import write_migrated_file

Env = Mapping[str, str]
VIEW = "jobs.view"
CONFIGURE = "jobs.configure"


@pytest.fixture
def env(appdir: Path, tmp_path: Path) -> Env:
    write_migrated_file(appdir)
    return with_kinds(tmp_path / "kinds", {"RATTAIL_APPDIR": str(appdir)})


class Browser:
    """Somebody with some permissions, who opens pages; past the login, with everything else that a request meets."""

    def __init__(self, site: Site, name: str, *permissions: str) -> None:
        from rattail.web.access import Person

        self.site = site
        self.person = Person(name, name, dict.fromkeys(permissions))

    def open(
        self, page: str, *arguments: object, method: str = "GET", **values: Any
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of the answer; the name of the error in place of the text where it ends with one."""
        from django.test import RequestFactory
        from django.urls import resolve, reverse

        from rattail.errors import RattailError

        address = reverse(page, args=arguments)
        request = RequestFactory().generic(method, address, QUERY_STRING=values.pop("query", ""), **values)
        request.person, request.session = self.person, {}  # type: ignore[attr-defined,assignment]
        match = resolve(address)
        try:
            answer = match.func(request, *match.args, **match.kwargs)
        except RattailError as error:
            return 0, type(error).__name__, {}
        return answer.status_code, answer.content.decode(), dict(answer.headers)


def test_a_person_sees_and_changes_own_jobs_and_others_with_the_permission(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "refuses", subject="batch 00000012")
        work_off(site)
        seen = []
        for who in (("alice",), ("bob",), ("bob", VIEW), ("bob", CONFIGURE)):
            browser = Browser(site, *who)
            listed = browser.open("jobs.list")[1]
            code, page, _ = browser.open("jobs.one", job_id)
            changed = [browser.open(f"jobs.{verb}", job_id, method="POST")[:2] for verb in ("cancel", "retry")]
            may_change = [text if code == 0 else code for code, text in changed]
            seen.append(["00000012" in listed, code, "the file is empty" in page, "Traceback" in page, may_change])
            work_off(site)
        return seen

    refused = ["NotAllowed", "NotAllowed"]
    assert in_site(env, act) == [
        [True, 200, True, False, [302, 302]],
        [False, 0, False, False, refused],
        [True, 200, True, False, refused],
        [True, 200, True, True, [302, 302]],
    ]


def test_progress_goes_on_until_the_job_ends_and_then_the_page_is_loaded_anew_once(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        alice = Browser(site, "alice")
        with worker(site):
            job_id = ask(site, "slow")
            wait_until(lambda: noted(text="begun") and "of 100,000" in alice.open("jobs.progress", job_id)[1])
            running = alice.open("jobs.progress", job_id)
            page = alice.open("jobs.one", job_id)[1]
            cancelled = alice.open("jobs.cancel", job_id, method="POST", HTTP_HX_REQUEST="true")[0]
            wait_until(lambda: state(job_id) == "cancelled")
        last = alice.open("jobs.progress", job_id, query="is_live=1")
        once_more = alice.open("jobs.progress", job_id)
        return [
            running[0],
            "<progress" in running[1],
            "is_live" in running[1],
            f"/jobs/{job_id}/progress/" in page,
            cancelled,
            last[0],
            last[2].get("HX-Refresh"),
            once_more[0],
            once_more[2].get("HX-Refresh"),
        ]

    assert in_site(env, act) == [200, True, True, True, 204, 286, "true", 286, None]


def test_the_list_is_narrowed_and_goes_on_where_it_ended(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.features.jobs.listing import JOBS
        from rattail.web.access import Person
        from rattail.web.listing import Asked, Link

        for number in range(5):
            ask(site, "nothing", subject=f"batch {number}", actor="alice" if number % 2 else "bob")
        person = Person("cora", "Cora", {VIEW: None})

        def numbers(**asked: Any) -> list[str]:
            rows = JOBS.select(Asked(site, person, **{"filters": {}, **asked})).rows
            return [cell.text for cell, *_ in rows if isinstance(cell, Link)]

        first = JOBS.select(Asked(site, person, {}, limit=2))
        return [
            numbers(),
            numbers(filters={"actor": "alice"}),
            numbers(filters={"about": "batch 3"}),
            numbers(filters={"state": "done"}),
            first.after,
            numbers(after=first.after),
            numbers(after="x' OR 1=1"),
            numbers(after="9" * 30),
        ]

    everything = ["5", "4", "3", "2", "1"]
    assert in_site(env, act) == [everything, ["4", "2"], ["4"], [], "4", ["3", "2", "1"], everything, everything]
