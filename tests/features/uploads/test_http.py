"""Uploads as a browser sends them: in pieces, and by a plain form; and everything that is refused on the way."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.features.uploads.conftest import ROWS
from tests.kit.web import Web, web_test


def start(client: Any, **asked: object) -> Any:
    return client.post("/uploads/", {"name": "a.csv", "size": len(ROWS), **asked}, content_type="application/json")


def send(client: Any, token: str, piece: bytes, offset: object) -> Any:
    headers = {"Upload-Offset": str(offset)}
    return client.patch(f"/uploads/{token}/", piece, content_type="application/octet-stream", headers=headers)


def there(web: Web) -> list[str]:
    """The names of all files that are among the uploads."""
    folder = web.root / "data" / "uploads"
    return sorted(path.name for path in folder.glob("*/*") if path.name != "upload.json")


@web_test()
def test_a_file_comes_in_pieces(web: Web) -> None:
    bea = web.client_of("bea", "buyer")

    started = start(bea, purpose="batch", type="text/csv")
    token = started.json()["token"]
    first = send(bea, token, ROWS[:100], 0)
    between = bea.head(started.headers["Location"])
    last = send(bea, token, ROWS[100:], 100)
    after = send(bea, token, b"", len(ROWS))

    assert (started.status_code, started.json()["chunk_bytes"]) == (201, 8 << 20)
    assert (first.json()["offset"], first.json()["whole"]) == (100, False)
    assert (between.headers["Upload-Offset"], between.headers["Upload-Whole"]) == ("100", "no")
    assert (last.json()["whole"], last.json()["kind"], last.json()["name"]) == (True, "text", "a.csv")
    assert after.json() == last.json()
    assert there(web) == ["a.csv"]
    assert "a.csv" in bea.get("/uploads/").content.decode()


@web_test()
def test_what_is_wrong_is_said_with_a_status(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    token = start(bea).json()["token"]
    refused = {
        "elsewhere": send(bea, token, ROWS, 7),
        "no offset": send(bea, token, ROWS, "x"),
        "a piece that is too large": send(bea, token, bytes((8 << 20) + 1), 0),
        "more than announced": send(bea, token, ROWS + b"x", 0),
        "5 GB": start(bea, size=5_000_000_000),
        "a program": start(bea, name="a.exe"),
        "empty": start(bea, size=0),
        "no such purpose": start(bea, purpose="x"),
        "no token": send(bea, "x" * 32, ROWS, 0),
    }
    elf = start(bea, size=4).json()["token"]
    refused["renamed"] = send(bea, elf, b"\x7fELF", 0)

    statuses = {what: answer.status_code for what, answer in refused.items()}

    assert statuses == {
        "elsewhere": 409,
        "no offset": 422,
        "a piece that is too large": 413,
        "more than announced": 413,
        "5 GB": 413,
        "a program": 415,
        "empty": 415,
        "no such purpose": 404,
        "no token": 404,
        "renamed": 415,
    }
    assert all(answer.json()["error"] for answer in refused.values())
    assert refused["elsewhere"].headers["Upload-Offset"] == "0"


@web_test()
def test_a_start_that_makes_no_sense_is_refused_and_no_fault(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    wrong = [
        "",
        "[]",
        "{",
        "null",
        '{"name": 1, "size": 1}',
        '{"name": "a", "size": -1}',
        '{"name": "a", "size": true}',
    ]
    wrong += ['{"name": "a", "size": 1e300}', "[" * 10_000, '{"name": "a", "size": 1, "type": {}}']

    answers = [bea.post("/uploads/", text, content_type="application/json").status_code for text in wrong]

    assert answers == [422] * len(wrong)
    assert there(web) == []


@web_test()
def test_uploads_are_their_owners_and_need_the_permission(web: Web) -> None:
    bea, mallory, bob = (web.client_of(*who) for who in (("bea", "buyer"), ("mallory", "buyer"), ("bob", "viewer")))
    token = start(bea).json()["token"]

    answers = {
        client: [
            client.head(f"/uploads/{token}/").status_code,
            send(client, token, ROWS, 0).status_code,
            client.delete(f"/uploads/{token}/").status_code,
            client.post(f"/uploads/{token}/delete/").status_code,
        ]
        for client in (mallory, bob, web.client())
    }

    assert list(answers.values()) == [[404] * 4, [403] * 4, [302] * 4]
    assert bea.head(f"/uploads/{token}/").headers["Upload-Offset"] == "0"
    assert bea.delete(f"/uploads/{token}/").status_code == 204
    assert there(web) == []


@web_test()
def test_a_change_needs_the_token_of_the_page(web: Web) -> None:
    bea = web.client_of("bea", "buyer", is_strict=True)
    token = start(web.client_of("bea")).json()["token"]

    form = {"files": SimpleUploadedFile("p.csv", ROWS, "text/csv")}
    answers = [
        start(bea),
        send(bea, token, ROWS, 0),
        bea.delete(f"/uploads/{token}/"),
        bea.post("/uploads/form/", form),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert [name for name in there(web) if not name.startswith(".tmp-")] == []


@web_test()
def test_a_plain_form_does_the_same_without_a_script(web: Web) -> None:
    bea = web.client_of("bea", "buyer")
    files = [
        SimpleUploadedFile("../../p.csv", ROWS, "text/csv"),
        SimpleUploadedFile("x.exe", b"MZ", ""),
        SimpleUploadedFile("lying.csv", ROWS, "image/png"),
        SimpleUploadedFile("bomb.csv", b"\x1f\x8b" + bytes(1000), "text/csv"),
    ]

    answer = bea.post("/uploads/form/?purpose=batch", {"files": files, "go": "batches.new"})
    page = bea.get("/uploads/").content.decode()

    assert (answer.status_code, answer.headers["Location"]) == (302, "/uploads/")
    assert there(web) == ["p.csv"]
    assert "p.csv is uploaded." in page
    for said in ("program by its name", "something is mixed up", "compressed with gzip"):
        assert said in page


@web_test()
def test_a_plain_form_leads_on_to_where_the_file_is_needed_and_nowhere_else(web: Web) -> None:
    bea = web.client_of("bea", "buyer")

    goals = []
    for go in ("batches.new", "https://evil.example", "//evil.example", "uploads.one", ""):
        answer = bea.post("/uploads/form/", {"files": SimpleUploadedFile("p.csv", ROWS, "text/csv"), "go": go})
        goals.append(answer.headers["Location"].partition("?upload=")[0])

    assert goals == ["/batches/new/", *["/uploads/"] * 4]


@web_test(options={"uploads.max_mb": "1"})
def test_a_form_that_is_too_large_is_refused_and_leaves_nothing(web: Web) -> None:
    bea = web.client_of("bea", "buyer")

    bea.post("/uploads/form/", {"files": SimpleUploadedFile("p.csv", ROWS * 2000, "text/csv")})

    assert there(web) == []
    assert "has more than 1 MB" in bea.get("/uploads/").content.decode()


@pytest.mark.parametrize("path", ["/login/", "/my-files/make/", "/uploads/form/"])
def test_files_sent_to_any_other_page_or_by_nobody_go_nowhere(web_env: Any, path: str) -> None:
    from tests.kit.web import run_in_web

    def act(web: Web) -> None:
        small, large = (SimpleUploadedFile("p.csv", ROWS * times, "text/csv") for times in (1, 3000))

        assert web.client().post(path, {"files": small}).status_code in (302, 422)
        assert web.client().post(path, {"files": large}).status_code == 413
        assert there(web) == []
        assert [name for name in os.listdir("/tmp") if name.endswith(".upload")] == []

    run_in_web(web_env, act)


@web_test()
def test_an_upload_that_is_in_use_says_so_and_cannot_be_deleted(web: Web) -> None:
    from rattail.features.uploads.service import claim, ground_of

    bea = web.client_of("bea", "buyer")
    token = start(bea, size=len(ROWS)).json()["token"]
    send(bea, token, ROWS, 0)
    claim(token, by="batch 00000012", ground=ground_of(web.site, actor="bea"))

    answer = bea.delete(f"/uploads/{token}/")

    assert (answer.status_code, json.loads(answer.content)["error"]) == (409, "a.csv is in use by batch 00000012.")
    assert "in use by batch 00000012" in bea.get("/uploads/").content.decode()
