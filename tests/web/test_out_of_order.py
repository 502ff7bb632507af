"""What is answered where something is out of order, and to whom nothing is answered."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from rattail.database.setup import DATABASE_FILE
from rattail.web.patience import with_patience
from tests.kit.web import Web, web_test


@web_test()
def test_a_request_for_another_host_is_refused_before_anything_else(web: Web) -> None:
    client = web.client_of("alice", "manager")

    answers = [
        client.get("/login/", headers={"host": "evil.example"}),
        client.post("/accounts/roles/new/", {"name": "stolen"}, headers={"host": "evil.example"}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "Content-Security-Policy" in answers[0].headers


@web_test()
def test_where_the_database_is_gone_a_page_says_so_and_no_empty_one_is_made(web: Web) -> None:
    from django.db import connections

    client = web.client_of("alice", "manager")
    connections.close_all()
    file = Path(web.root, "data", DATABASE_FILE)
    for each in file.parent.glob(f"{DATABASE_FILE}*"):
        each.rename(each.with_name(f"away-{each.name}"))
    try:
        answer = client.get("/products/")

        assert answer.status_code == 503
        assert "out of order" in answer.content.decode()
        assert str(web.root) not in answer.content.decode()
        assert not file.exists()
    finally:
        for each in file.parent.glob("away-*"):
            each.rename(each.with_name(each.name.removeprefix("away-")))


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    got: list[bytes] = []

    def application(environ: dict[str, Any], _start_response: object) -> list[bytes]:
        got.append(environ["wsgi.input"].read(10))
        return []

    environ = {"gunicorn.socket": ours, "CONTENT_LENGTH": "10", "wsgi.input": ours.makefile("rb")}
    theirs.sendall(b"abc")
    thread = threading.Thread(target=with_patience(application, first_s=0.05), args=(environ, None))
    thread.start()
    thread.join(30)

    assert got == [b"abc"]
    ours.close()
    theirs.close()


@web_test()
def test_static_files_are_closed_to_other_hosts_as_well(web: Web) -> None:
    from rattail.web.static import address, with_static_files

    seen: dict[str, str] = {}

    def start(_status: str, headers: list[tuple[str, str]]) -> None:
        seen.update(headers)

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": address("web/site.css")}
    list(with_static_files(lambda *_: [])(environ, start))

    assert {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"} <= seen.keys()
