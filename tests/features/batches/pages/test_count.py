"""Counting in the store: entries once each whatever the connection does, and a batch at the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from tests.features.batches.pages.goods import code, rows_in, shop_of, state_of, text_of, work_off
from tests.kit.web import Web, web_test


def begin(web: Web, client: Any, store: str = "1") -> str:
    """Begin a count; returns its address."""
    answer = client.post("/count/", {"store": store, "section": "Aisle 3"})
    return str(answer["Location"]).partition("?")[0]


def send(client: Any, address: str, *entries: dict[str, Any]) -> Any:
    return client.post(f"{address}entries/", {"entries": list(entries)}, content_type="application/json")


def entry(number: int, what: str, quantity: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": f"entry-{number:08}", "code": what, "quantity": quantity, "section": "Aisle 3", **more}


def states(answer: Any) -> list[str]:
    return [one["state"] for one in answer.json()["taken"]]


@web_test()
def test_an_entry_that_is_sent_twice_counts_once(web: Web) -> None:
    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)

    first = send(cora, address, entry(1, code(1), "3"), entry(2, "999"))
    again = send(cora, address, entry(1, code(1), "3"), entry(3, code(2), "0.5"))

    assert states(first) == ["known", "unknown"]
    assert first.json()["taken"][0]["text"] == "Product 1"
    assert states(again) == ["known", "known"]
    assert [(one.code, one.quantity) for one in CountEntry.objects.order_by("id")] == [
        (code(1), Decimal(3)),
        ("999", Decimal(1)),
        (code(2), Decimal("0.5")),
    ]


@web_test()
def test_the_same_entry_sent_by_several_at_once_counts_once(web: Web) -> None:
    from django.db import connections

    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)

    def resend(_: int) -> int:
        try:
            return int(send(cora, address, entry(1, code(1), "3")).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as senders:
        codes = list(senders.map(resend, range(8)))

    assert set(codes) <= {200, 503}
    assert CountEntry.objects.count() == 1


@web_test()
def test_one_takes_back_ones_own_entry_and_no_other_ones(web: Web) -> None:
    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora, cyra = web.client_of("cora", "counter", store="1"), web.client_of("cyra", "counter", store="1")
    address = begin(web, cora)
    send(cora, address, entry(1, code(1)), entry(2, code(2)))

    other = send(cyra, address, {"id": "entry-00000001", "remove": True})
    own = send(cora, address, {"id": "entry-00000002", "remove": True}, {"id": "never-there-1", "remove": True})
    resent = send(cora, address, entry(2, code(2)))

    assert (states(other), states(own), states(resent)) == (["refused"], ["removed", "removed"], ["removed"])
    assert [one.code for one in CountEntry.objects.filter(removed_at=None)] == [code(1)]


@web_test()
def test_a_finished_count_becomes_a_batch_that_is_read_and_executed_like_any_other(web: Web) -> None:
    from rattail.features.batches.models import Batch
    from rattail.retail.models import Stock

    shop_of(web)
    cora, alice = web.client_of("cora", "counter", store="1"), web.client_of("alice", "manager")
    address = begin(web, cora)
    send(cora, address, entry(1, code(1), "3"), entry(2, code(1), "4"), entry(3, code(2), "5"), entry(4, "4011"))
    send(cora, address, {"id": "entry-00000003", "remove": True})

    asked = text_of(cora.get(f"{address}finish/"))
    done = cora.post(f"{address}finish/", {"mode": "replace", "duplicates": "add", "reason": "month"})
    work_off(web.site)
    rows = rows_in(cora.get("/batches/1/rows/"))
    alice.post("/batches/1/execute/")
    work_off(web.site)

    assert "3 entries, 1 product." in asked
    assert "4011 : 1" in asked
    assert done["Location"] == "/batches/1/"
    assert [row[1:5] for row in rows] == [
        [code(1), "Product 1", "Aisle 3", "3"],
        [code(1), "Product 1", "Aisle 3", "4"],
        ["4011", "", "Aisle 3", ""],
    ]
    assert state_of(Batch.objects.get()) == "executed"
    assert [(one.store.code, one.on_hand) for one in Stock.objects.all()] == [("1", Decimal(7))]


@web_test()
def test_what_comes_after_the_end_is_refused_and_what_was_there_is_confirmed(web: Web) -> None:
    from rattail.features.batches.models import Batch, CountEntry

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)
    send(cora, address, entry(1, code(1)))
    cora.post(f"{address}finish/", {"mode": "replace"})

    late = send(cora, address, entry(1, code(1)), entry(2, code(2)))
    resent = send(cora, address, entry(1, code(1)))
    twice = cora.post(f"{address}finish/", {"mode": "replace"})

    assert (late.status_code, states(late)) == (409, ["known"])
    assert "this count is finished" in late.json()["error"]
    assert (resent.status_code, states(resent)) == (200, ["known"])
    assert twice["Location"] == address
    assert (CountEntry.objects.count(), Batch.objects.count()) == (1, 1)


@web_test()
def test_a_count_without_a_mode_or_without_entries_is_not_finished(web: Web) -> None:
    from rattail.features.batches.models import Batch

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)

    empty = cora.post(f"{address}finish/", {"mode": "replace"})
    send(cora, address, entry(1, code(1)))
    without = cora.post(f"{address}finish/", {"mode": ""})
    hostile = cora.post(f"{address}finish/", {"mode": "'; drop", "duplicates": "\x00"})

    assert [one.status_code for one in (empty, without, hostile)] == [422, 422, 422]
    assert "nothing was counted yet" in text_of(empty)
    assert not Batch.objects.exists()
    assert list((web.root / "data/batches/inventory").glob("0*")) == []


@web_test()
def test_one_counts_only_in_ones_own_store(web: Web) -> None:
    shop_of(web)
    alice, cora = web.client_of("alice", "manager"), web.client_of("cora", "counter", store="1")
    other = begin(web, alice, store="2")

    assert cora.post("/count/", {"store": "2"}).status_code == 403
    assert cora.get(other).status_code == 403
    assert send(cora, other, entry(1, code(1))).status_code == 403
    assert "Go on with count" not in text_of(cora.get("/count/"))
    assert web.client_of("bob", "viewer").get("/count/").status_code == 403


@web_test()
def test_without_a_script_a_form_counts_as_well(web: Web) -> None:
    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)

    cora.post(f"{address}entries/", {"id": "form-0001", "code": code(1), "quantity": "12", "section": "Aisle 3"})
    page = text_of(cora.get(address))

    assert "Product 1: 12" in page
    assert f"12 {code(1)} Product 1 Aisle 3" in page


@web_test()
def test_without_a_script_what_is_refused_stays_typed_and_an_unknown_code_is_mended(web: Web) -> None:
    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora, cyra = web.client_of("cora", "counter", store="1"), web.client_of("cyra", "counter", store="1")
    address = begin(web, cora)
    for quantity in ("abc", "-2"):
        refused = cora.post(f"{address}entries/", {"id": "form-0001", "code": "4011", "quantity": quantity})
        assert refused.status_code == 422
        assert f'value="{quantity}"' in refused.content.decode()
        assert "is no quantity" in text_of(refused)
    send(cora, address, entry(1, "99901", "2"))
    mending = {"id": "form-0002", "replaces": "entry-00000001", "code": code(1), "section": "Aisle 3"}

    assert "To be mended: 1 " in text_of(cora.get(address))
    assert cora.post(f"{address}entries/", {**mending, "quantity": "x"}).status_code == 422
    assert cyra.post(f"{address}entries/", {**mending, "quantity": "2"}).status_code == 403
    assert CountEntry.objects.get().removed_at is None
    cora.post(f"{address}entries/", {**mending, "quantity": "2"})
    assert [one.code for one in CountEntry.objects.filter(removed_at=None)] == [code(1)]
    assert "To be mended: 0 " in text_of(cora.get(address))


@web_test()
def test_entries_of_one_person_are_not_taken_from_another(web: Web) -> None:
    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora, cyra = web.client_of("cora", "counter", store="1"), web.client_of("cyra", "counter", store="1")
    address = begin(web, cora)
    body = {"person": "cora", "entries": [entry(1, code(1))]}

    sent = [one.post(f"{address}entries/", body, content_type="application/json") for one in (cyra, cora)]

    assert [one.status_code for one in sent] == [403, 200]
    assert [one.entered_by for one in CountEntry.objects.all()] == ["cora"]


@web_test()
def test_whatever_is_sent_as_an_entry_nothing_breaks(web: Web) -> None:
    from rattail.features.batches.models import CountEntry

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = begin(web, cora)

    for body in (b"{", b"[]", b"null", b'{"entries": 1}', b'{"entries": [1]}', b'{"entries": [{}]}', b"[" * 9999):
        assert cora.post(f"{address}entries/", body, content_type="application/json").status_code == 422, body
    for hostile in ("\x00", "x" * 5000, "\ud800", "1e999", "nan", "-", "9" * 400, "../..", "'\"<script>"):
        taken = send(cora, address, {"id": hostile, "code": hostile, "quantity": hostile, "section": hostile})
        assert states(taken) == ["refused"], hostile
        taken = send(cora, address, {"id": "entry-hostile", "code": "4011", "quantity": hostile, "at": hostile})
        assert states(taken) == ["refused"], hostile
    assert not CountEntry.objects.exists()
    for number in ("0", "99", "9" * 30):
        assert cora.get(f"/count/{number}/").status_code == 404


@web_test()
def test_a_count_is_given_up_by_whoever_typed_all_of_it(web: Web) -> None:
    from rattail.features.batches.models import Count

    shop_of(web)
    cora, cyra = web.client_of("cora", "counter", store="1"), web.client_of("cyra", "counter", store="1")
    address = begin(web, cora)
    send(cora, address, entry(1, code(1)))

    assert cyra.post(f"{address}delete/").status_code == 403
    assert cora.post(f"{address}delete/")["Location"] == "/count/"
    assert not Count.objects.exists()
