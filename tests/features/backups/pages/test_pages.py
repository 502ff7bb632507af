"""The pages of backups: who sees what, and that no name of a request reaches the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rattail.features.backups.shelf.state import Known, Look, write_known
from tests.features.backups.shelf.on_shelf import put
from tests.kit.web import Web, web_test

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


@pytest.fixture
def web_env(web_env: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    return {**web_env, "RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf")}


def _shelf(web: Web) -> str:
    """Backups on the shelf of the site: one that is proven, one that is damaged; returns the name of the latter."""
    from rattail.features.backups.at_site import app_at, shelf_at

    target, app = Path(shelf_at(web.site)), app_at(web.site)
    good, bad = Look(NOW), Look(NOW, "a byte is another one")
    put(target, NOW, app=app, known=Known("d", read_back=good, proved=good))
    return put(target, NOW.replace(day=21), app=app, known=Known("d", read_back=bad)).name


@web_test()
def test_a_manager_sees_makes_and_takes_backups_and_nobody_else(web: Web) -> None:
    name = _shelf(web)
    manager, bob = web.client_of("alice", "manager"), web.client_of("bob", "viewer", "buyer")

    page = manager.get("/backups/").content.decode()
    assert "✓ proven" in page
    assert "✗ damaged" in page
    assert "a byte is another one" in manager.get(f"/backups/{name}/").content.decode()
    taken = manager.get(f"/backups/{name}/download/")
    assert b"".join(taken.streaming_content)  # type: ignore[attr-defined]
    assert taken["Content-Disposition"] == f'attachment; filename="{name}"'
    for path in ("", f"{name}/", f"{name}/download/", "prune/"):
        assert bob.get(f"/backups/{path}").status_code == 403
    assert bob.post("/backups/make/").status_code == 403


@web_test()
def test_only_what_lies_on_the_shelf_can_be_taken(web: Web) -> None:
    from rattail.features.backups.at_site import app_at, shelf_at

    _shelf(web)
    manager = web.client_of("alice", "manager")
    secret = web.scratch / "secret"
    secret.write_text("secret")
    linked = f"{app_at(web.site)}-20200101T000000Z.tar"
    os.symlink(secret, f"{shelf_at(web.site)}/{linked}")
    other = put(Path(shelf_at(web.site)), NOW, app="another").name

    for name in (linked, other, "secret", "..%2Fsecret", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd", "x.tar", "%00.tar"):
        answer = manager.get(f"/backups/{name}/download/")
        assert answer.status_code == 404, name


@web_test()
def test_a_press_asks_for_one_job_however_often(web: Web) -> None:
    from rattail.jobs.models import Job

    name = _shelf(web)
    manager = web.client_of("alice", "manager")
    for _ in range(2):
        assert manager.post("/backups/make/").status_code == 302
        assert manager.post(f"/backups/{name}/prove/").status_code == 302
        assert manager.post("/backups/prune/").status_code == 302
    kinds = Job.objects.order_by("kind").values_list("kind", "actor")
    assert list(kinds) == [(f"backups.{verb}", "alice") for verb in ("make", "prove", "prune")]
    assert manager.get("/backups/make/").status_code == 405
    assert manager.get("/backups/prune/").status_code == 200


@web_test()
def test_a_proof_that_ends_while_the_page_is_put_together_is_on_it(web: Web) -> None:
    from django.db import connection

    from rattail.features.backups.at_site import app_at, shelf_at

    manager, target, app = web.client_of("alice", "manager"), Path(shelf_at(web.site)), app_at(web.site)
    read = Known("d", read_back=Look(NOW))
    path, proved = put(target, NOW, app=app, known=read), []

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "backups.%" in (params or ()) and "jobs_job" in sql:
            write_known(str(path), read._replace(proved=Look(NOW)))
            proved.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        page = manager.get(f"/backups/{path.name}/").content.decode()

    assert "✓ proven" in page
    assert proved
