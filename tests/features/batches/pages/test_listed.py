"""The list of batches: who sees which, filters, and going on."""

from __future__ import annotations

from typing import Any

from tests.features.batches.pages.goods import catalog_batch, count_batch, next_address, rows_in, shop_of, text_of
from tests.jobs.working import work_off
from tests.kit.web import Web, web_test

HOSTILE = ("'", '"><script>%', "\\", "-1", "9" * 30, "\x00", "١٢", "x" * 3000)


@web_test()
def test_the_newest_batch_comes_first_with_its_kind_and_state_in_words(web: Web) -> None:
    catalog_batch(web, "2.10")
    count_batch(web, "4")

    rows = rows_in(web.client_of("alice", "manager").get("/batches/"))

    assert [row[:6] for row in rows] == [
        ["00000002", "Count", "ready", "", "1", "count.csv"],
        ["00000001", "Vendor catalog", "ready", "acme", "", "file.csv"],
    ]


@web_test()
def test_filters_narrow_the_list_and_can_be_put_together(web: Web) -> None:
    catalog_batch(web, "2.10", actor="bea")
    count_batch(web, "4", store="1", name="monday.csv")
    count_batch(web, "5", store="2", name="tuesday.csv")
    alice = web.client_of("alice", "manager")

    def numbers(query: str) -> list[str]:
        return [row[0][-1] for row in rows_in(alice.get(f"/batches/?{query}"))]

    assert numbers("kind=inventory") == ["3", "2"]
    assert numbers("kind=inventory&store=2") == ["3"]
    assert numbers("maker=bea") == ["1"]
    assert numbers("vendor=acme") == ["1"]
    assert numbers("text=monday") == ["2"]
    assert numbers("text=00000003") == ["3"]
    assert numbers("state=executed") == []


@web_test()
def test_somebody_of_one_store_sees_its_batches_and_those_of_no_store_and_touches_only_the_first(web: Web) -> None:
    catalog_batch(web, "2.10")
    count_batch(web, "4", store="1")
    count_batch(web, "5", store="2", name="other.csv")
    mona = web.client_of("mona", "manager", store="1")

    assert [row[0][-1] for row in rows_in(mona.get("/batches/"))] == ["2", "1"]
    assert mona.get("/batches/1/").status_code == 200
    assert "Execute ..." not in text_of(mona.get("/batches/1/"))
    assert mona.get("/batches/1/execute/").status_code == 403
    assert mona.post("/batches/1/rows/1/correct/", {"unit_cost": "9"}).status_code == 403
    assert mona.get("/batches/2/execute/").status_code == 200
    for path in ("", "rows/", "rows/1/", "changes/", "history/", "files/input/", "execute/", "delete/", "again/"):
        assert mona.get(f"/batches/3/{path}").status_code == 403, path


@web_test()
def test_a_receiver_works_on_invoices_only_and_a_viewer_on_nothing(web: Web) -> None:
    catalog_batch(web, "2.10")
    rico, bob = web.client_of("rico", "receiver"), web.client_of("bob", "viewer")

    assert rico.get("/batches/1/").status_code == 200  # who may see costs may look
    assert bob.get("/batches/1/").status_code == 403
    assert rico.get("/batches/1/execute/").status_code == bob.get("/batches/1/execute/").status_code == 403
    assert rico.post("/batches/1/rows/1/remove/").status_code == 403
    assert rico.get("/batches/new/").status_code == 200
    assert bob.get("/batches/new/").status_code == 403


@web_test()
def test_costs_that_may_be_seen_in_one_store_are_not_those_of_another(web: Web) -> None:
    from rattail.features.batches.models import Batch
    from rattail.retail.models import Store

    for store in ("1", "2"):
        catalog_batch(web, "2.10")
        place, _ = Store.objects.get_or_create(code=store, defaults={"name": store})
        Batch.objects.filter(store=None).update(store=place)
    web.client_of("bea", "buyer", store="1")
    bea = web.client_of("bea", "viewer", store="2")

    assert [bea.get(f"/batches/{number}/").status_code for number in (1, 2)] == [200, 403]
    assert [row[0][-1] for row in rows_in(bea.get("/batches/"))] == ["1"]


@web_test()
def test_the_list_of_a_batch_is_taken_along_by_whoever_may_see_it_and_refused_at_once_to_others(web: Web) -> None:
    from rattail.features.work.models import WorkFile
    from rattail.jobs.models import Job

    count_batch(web, "4", store="1")
    mona = web.client_of("mona", "manager", store="2")
    asked = {"list": "batches.count_rows", "format": "csv", "batch": "1"}

    assert mona.post("/my-files/make/", asked).status_code == 403
    assert Job.objects.count() == 0
    assert web.client_of("alice", "manager").post("/my-files/make/", asked).status_code == 302
    work_off(web.site)
    assert WorkFile.objects.get().file_name.startswith("batches-count_rows-1-")


@web_test()
def test_more_than_a_page_goes_on_where_it_left_off(web: Web) -> None:
    from rattail.features.batches.models import Batch

    shop = shop_of(web)
    Batch.objects.bulk_create(
        Batch(
            number=n, kind="inventory", state="ready", file_name=f"{n}.csv", created_at=shop.ground.now, created_by="x"
        )
        for n in range(1, 251)
    )
    alice = web.client_of("alice", "manager")

    seen, address = [], "/batches/?maker=x"
    while address:
        answer = alice.get(address)
        seen += [int(row[0]) for row in rows_in(answer)]
        address = next_address(answer)

    assert seen == list(range(250, 0, -1))


@web_test()
def test_whatever_a_filter_says_no_page_breaks(web: Web) -> None:
    catalog_batch(web, "2.10", "x")
    alice = web.client_of("alice", "manager")

    for text in HOSTILE:
        for path, names in (
            ("/batches/", ("kind", "state", "vendor", "store", "maker", "text", "after")),
            ("/batches/1/rows/", ("status", "text", "from", "after", "batch", "part")),
            ("/batches/1/changes/", ("record", "from", "after")),
        ):
            for name in names:
                assert alice.get(path, {name: text}).status_code == 200, (path, name, text)


@web_test()
def test_there_is_no_batch_of_a_number_that_is_none(web: Web) -> None:
    alice = web.client_of("alice", "manager")

    for number in ("0", "7", "99999999999", "9" * 40):
        for path in ("", "rows/", "changes/", "execute/", "rows/1/", "files/input/"):
            assert alice.get(f"/batches/{number}/{path}").status_code == 404, (number, path)


@web_test()
def test_only_the_files_of_a_batch_can_be_fetched_and_no_link_is_followed(web: Web) -> None:
    batch = catalog_batch(web, "2.10")
    folder = web.root / "data/batches/vendor_catalog" / str(batch)
    alice = web.client_of("alice", "manager")
    (folder / "problems.csv").symlink_to("/etc/passwd")

    fetched: Any = alice.get("/batches/1/files/input/")

    assert b"".join(fetched.streaming_content) == (folder / "file.csv").read_bytes()
    assert fetched["Content-Disposition"] == 'attachment; filename="file.csv"'
    assert fetched["Content-Type"] == "application/octet-stream"
    for which in ("problems", "result", "file.csv", "..", ".lease", "%2e%2e%2fx"):
        assert alice.get(f"/batches/1/files/{which}/").status_code == 404, which
