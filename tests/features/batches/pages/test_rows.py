"""The rows of a batch: found by index at any depth, corrected, removed and added in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.features.batches.pages.goods import (
    catalog,
    catalog_batch,
    count_batch,
    next_address,
    rows_in,
    shop_of,
    text_of,
)
from tests.kit.shop import Shop, in_shop
from tests.kit.web import Web, web_test

HTMX = {"HX-Request": "true"}


def many_rows(count: int) -> Any:
    """A batch with so many rows of a catalog: every tenth is new, every hundredth is bad."""
    from django.db import transaction

    from rattail.database.bulk import insert_rows
    from rattail.features.batches.models import Batch, CatalogRow
    from rattail.features.batches.statuses import Status

    batch = Batch.objects.create(
        number=1, kind="vendor_catalog", state="ready", file_name="f", created_at="2026-11-22T00:00:00Z", created_by="x"
    )
    names = ["batch_id", "sequence", "source_row", "statuses", "code", "key", "description", "note"]
    names += ["vendor_code", "brand", "size"]

    def statuses(n: int) -> int:
        if n % 100 == 0:
            return int(Status.BAD_ROW)
        return int(Status.NEW_ITEM | Status.COST_CHANGE) if n % 10 == 0 else int(Status.NO_CHANGE)

    rows = ((batch.pk, n, n, statuses(n), f"c{n}", "", f"Thing {n}", "", f"v{n}", "", "") for n in range(1, count + 1))
    with transaction.atomic():
        insert_rows(CatalogRow, names, rows)
    return batch


def test_rows_are_found_by_their_index_on_both_databases_however_deep(emptied_env: Mapping[str, str]) -> None:
    def act(_: Shop) -> list[Any]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from rattail.database.bulk import fetch_rows
        from rattail.database.dialect import is_sqlite
        from rattail.features.batches.models import CatalogRow
        from rattail.features.batches.pages.listings.rows import bits_of
        from rattail.features.batches.pages.listings.seeking import Sought, seek_rows
        from rattail.features.batches.service.read import tell_planner

        batch = many_rows(20_000)
        tell_planner()
        if not is_sqlite():
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE batches_catalogrow")
        found = []
        for status in ("", "new_item", "bad_row,new_item"):
            for after in (0, 19_000):
                with CaptureQueriesContext(
                    connection,
                ) as queries:
                    rows = seek_rows(batch, CatalogRow, ["sequence"], Sought(after, bits_of(status)), limit=50)
                plans = []
                for one in queries.captured_queries:
                    explain = "EXPLAIN QUERY PLAN" if is_sqlite() else "EXPLAIN"
                    plans += [str(line) for line in fetch_rows(f"{explain} {one['sql']}")]
                found.append(([row[0] for row in rows][:3], len(rows), "\n".join(plans)))
        return found

    told = in_shop(emptied_env, act)

    assert [rows for rows, _, _ in told] == [
        *([1, 2, 3], [19_001, 19_002, 19_003]),
        *([10, 20, 30], [19_010, 19_020, 19_030]),
        *([10, 20, 30], [19_010, 19_020, 19_030]),
    ]
    assert [count for _, count, _ in told] == [50] * 6
    for _, _, plan in told:
        assert "Seq Scan" not in plan
        assert not re.search(r"SCAN batches_", plan), plan


@web_test()
def test_rows_go_on_to_the_end_each_once_whatever_the_filter(web: Web) -> None:
    many_rows(950)
    alice = web.client_of("alice", "manager")

    def walk(query: str) -> list[int]:
        seen, address = [], f"/batches/1/rows/?{query}"
        while address:
            answer = alice.get(address)
            seen += [int(row[0].replace(",", "")) for row in rows_in(answer)]
            address = next_address(answer)
        return seen

    assert walk("") == list(range(1, 951))
    assert walk("status=bad_row") == list(range(100, 951, 100))
    assert walk("status=bad_row,new_item") == list(range(10, 951, 10))
    assert walk("status=held") == list(range(100, 951, 100))
    assert walk("from=900") == list(range(900, 951))
    assert walk("text=thing 94") == [94, *range(940, 950)]
    assert walk("text=v7_") == []
    assert walk("status=received") == walk("status=nonsense") == []


@web_test()
def test_the_rows_of_a_status_are_counted_without_counting(web: Web) -> None:
    catalog_batch(web, "2.10", "2.00", "2.20")

    page = text_of(web.client_of("alice", "manager").get("/batches/1/rows/?status=cost_change"))

    assert "2 rows fit the filter" in page


@web_test()
def test_a_row_shows_before_beside_after_and_explains_its_status(web: Web) -> None:
    catalog_batch(web, "2.10")
    alice = web.client_of("alice", "manager")

    whole, part = alice.get("/batches/1/rows/1/"), alice.get("/batches/1/rows/1/", headers=HTMX)

    assert "cost change The cost is not the one we know." in text_of(whole)
    assert "cost of a unit 2.00 2.10" in text_of(whole)
    assert part.content.decode().startswith('<tr class="row-detail">')
    assert alice.get("/batches/1/rows/2/").status_code == 404


@web_test()
def test_a_row_is_corrected_in_its_place_and_the_line_above_it_is_renewed(web: Web) -> None:
    from rattail.features.batches.models import CatalogRow

    catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")

    said = {"unit_cost": "2.25", "code": CatalogRow.objects.get().code}
    answer = bea.post("/batches/1/rows/1/correct/", said, headers=HTMX)

    assert 'id="row-1" hx-swap-oob="true"' in answer.content.decode()
    assert "Corrected, and judged again." in text_of(answer)
    assert str(CatalogRow.objects.get().unit_cost) == "2.2500"
    assert "cost of a unit: 2.10 became 2.25" in text_of(bea.get("/batches/1/history/"))


@web_test()
def test_what_cannot_be_read_is_said_where_it_was_typed_and_nothing_is_changed(web: Web) -> None:
    from rattail.features.batches.models import CatalogRow

    catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")

    for typed in ("two", "1e5", "9" * 40, "-", "<b>"):
        answer = bea.post("/batches/1/rows/1/correct/", {"unit_cost": typed, "vendor_code": "A1"})
        assert answer.status_code in (302, 422), typed
    assert str(CatalogRow.objects.get().unit_cost) == "2.1000"
    answer = bea.post("/batches/1/rows/1/correct/", {"unit_cost": "two"})
    assert 'value="two"' in answer.content.decode()
    assert "is no amount" in text_of(answer)


@web_test()
def test_a_row_that_is_held_can_be_accepted_removed_and_put_back(web: Web) -> None:
    catalog_batch(web, "9.00")
    bea = web.client_of("bea", "buyer")

    def status() -> str:
        return rows_in(bea.get("/batches/1/rows/"))[0][-2]

    assert status() == "cost change, suspicious jump, held back"
    bea.post("/batches/1/rows/1/remove/")
    assert "removed by a person" in status()
    bea.post("/batches/1/rows/1/restore/")
    assert "removed" not in status()
    bea.post("/batches/1/rows/1/correct/", {"accept": "yes"})
    assert status() == "cost change, changed by a person"


@web_test()
def test_a_row_that_the_file_does_not_have_is_added(web: Web) -> None:
    from tests.features.batches.pages.goods import code

    count_batch(web, "4")
    cora = web.client_of("cora", "counter", store="1")

    refused = cora.post("/batches/1/rows/add/", {"code": code(2)})
    added = cora.post("/batches/1/rows/add/", {"code": code(2), "units": "7"})

    assert (refused.status_code, "counts nothing" in text_of(refused)) == (422, True)
    assert added["Location"] == "/batches/1/rows/2/"
    assert rows_in(cora.get("/batches/1/rows/"))[1][2:5] == ["Product 2", "", "7"]


@web_test()
def test_the_changes_show_before_and_after_and_begin_at_any_row(web: Web) -> None:
    catalog_batch(web, "2.10", "2.00", "2.20")
    alice = web.client_of("alice", "manager")

    rows = rows_in(alice.get("/batches/1/changes/"))
    later = rows_in(alice.get("/batches/1/changes/?from=2"))

    assert [row[:3] for row in rows] == [["1", "Product 1", "cost added"], ["3", "Product 3", "cost added"]]
    assert "cost of a unit 2.00" in rows[0][3]
    assert "cost of a unit 2.10" in rows[0][4]
    assert [row[0] for row in later] == ["3"]


@web_test()
def test_of_what_is_added_every_value_is_shown(web: Web) -> None:
    shop = shop_of(web)
    shop.batch("vendor_catalog", catalog("7.77", first=6), vendor="acme")
    alice = web.client_of("alice", "manager")

    changes = {row[2]: row[4] for row in rows_in(alice.get("/batches/1/changes/"))}
    row = text_of(alice.get("/batches/1/rows/1/"))

    assert "description Product 6" in changes["product added"]
    assert "item number A6" in changes["item of the vendor added"]
    assert "cost of a unit 7.77" in changes["cost added"]
    assert "cost of a unit nothing 7.77" in row
    assert not any(" id " in text for text in (*changes.values(), row))


@web_test()
def test_a_filter_whose_rows_nobody_counted_shows_no_count_and_stands_in_the_address(web: Web) -> None:
    catalog_batch(web, "2.10", "2.20")
    bea = web.client_of("bea", "buyer")

    whole = text_of(bea.get("/batches/1/rows/"))
    answer = bea.get("/batches/1/rows/?text=nothing like it&part=table", headers={"HX-Request": "true"})

    assert "2 rows" in whole
    assert "2 rows" not in text_of(answer), text_of(answer)
    assert answer["HX-Replace-Url"] == "/batches/1/rows/?text=nothing+like+it"
