"""A new batch: what is asked, mending the columns, and the job that reads it."""

from __future__ import annotations

import re
from typing import Any

from tests.features.batches.pages.goods import (
    catalog,
    catalog_batch,
    code,
    shop_of,
    state_of,
    text_of,
    upload,
    work_off,
)
from tests.kit.web import Web, web_test

STRANGE = "Ding,Menge,Preis\n{},12,2.50\n{},6,1.75\n"
UNFI = (
    "UPRD\tUPCC\tBRND\tDESC\tSIZE\tPACK\tCAVD\n"
    "12345\t{}\tACME\tOATS\t16 OZ\t12\t1234\n"
    "12346\t{}\tACME\tNUTS\t16 OZ\t6\tdear\n"
)
HOSTILE = ("../../etc/passwd", "%2e%2e", "x" * 32, "..%2f" * 6, "\x00" * 3, "a" * 4000)


def chosen(answer: Any) -> dict[str, str]:
    """What each column of the preview is taken for."""
    selects = re.findall(r'<select name="col_(\d+)".*?</select>', answer.content.decode(), re.DOTALL)
    return {place: (re.search(r'value="(\w+)" selected', _select(answer, place)) or ["", ""])[1] for place in selects}


def _select(answer: Any, place: str) -> str:
    found = re.search(rf'<select name="col_{place}".*?</select>', answer.content.decode(), re.DOTALL)
    assert found is not None
    return found[0]


@web_test()
def test_a_file_is_looked_at_then_read_by_a_job_and_the_upload_is_gone(web: Web) -> None:
    from rattail.features.batches.models import Batch

    shop_of(web)
    bea = web.client_of("bea", "buyer")
    token = upload(web, catalog("2.10", "2.00"), by="bea", name="Acme Herbst.csv")

    first = bea.get(f"/batches/new/?upload={token}")
    asked = bea.get(first["Location"])
    looked = bea.post(first["Location"], {"vendor": "acme"})
    answer = bea.post(first["Location"], {"vendor": "acme", "read": "yes"})
    batch = Batch.objects.get()
    before = state_of(batch)
    work_off(web.site)

    assert "Choose whose catalog it is." in text_of(asked)
    assert chosen(asked) == {"0": "code", "1": "vendor_code", "2": "description", "3": "case_size", "4": "unit_cost"}
    assert "Recognised: a table of items and costs" in text_of(asked)
    assert b"disabled" in asked.content
    assert b"disabled" not in looked.content
    assert answer["Location"] == "/batches/1/"
    assert (before, state_of(batch)) == ("new", "ready")
    assert (batch.created_by, batch.file_name, batch.row_count, batch.change_count) == ("bea", "Acme Herbst.csv", 2, 1)
    assert [path.name for path in (web.root / "data/uploads").iterdir() if len(path.name) == 32] == []
    assert bea.get(f"/batches/new/{token}/").status_code == 404


@web_test()
def test_a_layout_that_is_known_is_named_and_its_rows_are_a_table_before_a_vendor_is_chosen(web: Web) -> None:
    shop_of(web)
    bea = web.client_of("bea", "buyer")
    token = upload(web, UNFI.format(code(1), code(2)), by="bea", name="unfi.tsv")

    page = bea.get(f"/batches/new/{token}/")
    rows = re.findall(r"<tr.*?</tr>", page.content.decode().split('<section class="understood">')[1], re.DOTALL)
    cells = [re.findall(r">([^<]*)</t[hd]>", row) for row in rows]

    assert "Recognised: UNFI catalog" in text_of(page)
    assert "Choose whose catalog it is." in text_of(page)
    assert cells[0][:5] == ["Row", "Barcode", "Item number", "Brand", "Description"]
    assert "Cost of a case" in cells[0]
    assert cells[1][:3] == ["2", code(1), "0012345"]
    assert cells[2][-1].startswith("set aside: ")


@web_test()
def test_a_batch_that_waits_to_be_read_is_left_alone_by_whoever_looks(web: Web) -> None:
    shop_of(web)
    bea = web.client_of("bea", "buyer")
    token = upload(web, catalog("2.10"), by="bea")
    bea.post(f"/batches/new/{token}/", {"vendor": "acme", "read": "yes"})

    assert "waiting to be read" in text_of(bea.get("/batches/1/"))
    assert "waiting to be read" in text_of(bea.get("/batches/"))


@web_test()
def test_columns_are_mended_by_choosing_and_remembered_for_the_vendor(web: Web) -> None:
    from rattail.features.batches.models import Batch, CatalogRow

    shop_of(web)
    bea = web.client_of("bea", "buyer")
    address = f"/batches/new/{upload(web, STRANGE.format(code(1), code(2)), by='bea')}/"
    said = {"kind": "vendor_catalog", "vendor": "acme", "mapped": "yes", "changed": "2"}
    columns = {"col_0": "code", "col_1": "case_size", "col_2": "unit_cost"}

    guessed = bea.get(address)
    mended = bea.post(address, {**said, **columns}, headers={"HX-Request": "true"})
    bea.post(address, {**said, **columns, "remember": "yes", "read": "yes"})
    work_off(web.site)
    later = bea.post(
        f"/batches/new/{upload(web, STRANGE.format(code(3), code(4)), by='bea')}/",
        {"kind": "vendor_catalog", "vendor": "acme"},
    )

    assert chosen(guessed)["0"] == "code"
    assert "most cells of" in text_of(guessed)
    assert chosen(mended) == {"0": "code", "1": "case_size", "2": "unit_cost"}
    assert mended.content.startswith(b'<div id="preview"')
    assert state_of(Batch.objects.get()) == "ready"
    assert [str(row.unit_cost) for row in CatalogRow.objects.order_by("sequence")] == ["2.5000", "1.7500"]
    assert chosen(later) == {"0": "code", "1": "case_size", "2": "unit_cost"}
    assert b"disabled" not in later.content


@web_test()
def test_of_two_columns_of_one_field_the_one_chosen_last_has_it(web: Web) -> None:
    shop_of(web)
    bea = web.client_of("bea", "buyer")
    address = f"/batches/new/{upload(web, catalog('2.10'), by='bea')}/"
    columns = {"col_0": "code", "col_2": "description", "col_3": "unit_cost", "col_4": "unit_cost"}

    answer = bea.post(address, {"vendor": "acme", "mapped": "yes", "changed": "3", **columns})

    assert chosen(answer) == {"0": "code", "1": "", "2": "description", "3": "unit_cost", "4": ""}


@web_test()
def test_what_the_file_does_not_tell_is_asked_in_the_form(web: Web) -> None:
    shop_of(web)
    bea = web.client_of("bea", "buyer")
    lines = [f"{code(number)};A{number};1.234" for number in (1, 2, 3)]
    address = f"/batches/new/{upload(web, chr(10).join(['UPC;Item #;Unit Cost', *lines, '']), by='bea')}/"

    open_ = bea.post(address, {"vendor": "acme"})
    told = bea.post(address, {"vendor": "acme", "set_decimals": "point"})
    early = bea.post(address, {"vendor": "acme", "read": "yes"})

    assert "whether decimals stand after a point or a comma" in text_of(open_)
    assert re.search(r'class="asked">Decimals stand after', open_.content.decode())
    assert "--set" not in text_of(open_)
    assert b"disabled" not in told.content
    assert early.status_code == 422


@web_test()
def test_a_file_that_a_batch_has_already_is_read_again_only_if_one_says_so(web: Web) -> None:
    from rattail.features.batches.models import Batch

    catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")
    address = f"/batches/new/{upload(web, catalog('2.10'), by='bea')}/"

    refused = bea.post(address, {"vendor": "acme", "read": "yes"})
    bea.post(address, {"vendor": "acme", "read": "yes", "force": "yes"})

    assert "batch 00000001 has this very file already" in text_of(refused)
    assert Batch.objects.count() == 2


@web_test()
def test_what_only_reading_shows_is_told_by_the_batch_and_answered_there(web: Web) -> None:
    from rattail.features.batches.models import Batch

    shop_of(web)
    alice = web.client_of("alice", "manager")
    address = f"/batches/new/{upload(web, f'UPC,Qty{chr(10)}{code(1)},2{chr(10)}{code(1)},3{chr(10)}', by='alice')}/"
    said = {"kind": "inventory", "store": "1", "mode": "replace", "read": "yes"}

    alice.post(address, said)
    worked = work_off(web.site)
    batch = Batch.objects.get()
    failed, page = state_of(batch), text_of(alice.get("/batches/1/"))
    form = alice.get("/batches/1/again/").content.decode()
    alice.post("/batches/1/again/", {**said, "duplicates": "add"})
    work_off(web.site)

    assert (worked["failed"], failed) == (1, "failed")
    assert "counted in several rows" in page or "counted" in page
    assert re.search(r'class="asked">Where a product is counted twice', form)
    assert (state_of(batch), batch.settings["duplicates"]) == ("ready", "add")


@web_test()
def test_a_cancelled_reading_leaves_a_batch_that_can_be_read_again(web: Web) -> None:
    from rattail.features.batches.models import Batch
    from rattail.jobs.models import Job
    from rattail.jobs.queue import cancel

    shop_of(web)
    bea = web.client_of("bea", "buyer")
    bea.post(f"/batches/new/{upload(web, catalog('2.10'), by='bea')}/", {"vendor": "acme", "read": "yes"})

    cancel(Job.objects.get().pk, now=web.site.now())
    page = text_of(bea.get("/batches/1/"))
    bea.post("/batches/1/again/", {"vendor": "acme", "read": "yes"})
    work_off(web.site)

    assert "reading was called off after 0 rows" in page
    assert "Read again ..." in page
    assert state_of(Batch.objects.get()) == "ready"


@web_test()
def test_a_job_that_runs_again_after_it_had_read_keeps_what_people_corrected_since(web: Web) -> None:
    from rattail.features.batches.jobs import read
    from rattail.features.batches.models import CatalogRow
    from rattail.jobs.models import Job
    from rattail.jobs.running import Running

    shop_of(web)
    bea = web.client_of("bea", "buyer")
    bea.post(f"/batches/new/{upload(web, catalog('2.10'), by='bea')}/", {"vendor": "acme", "read": "yes"})
    work_off(web.site)
    bea.post("/batches/1/rows/1/correct/", {"unit_cost": "2.25"})

    job = Job.objects.get()
    said = read(Running(web.site, job), **job.arguments)

    assert said == {"batch": "00000001", "said": "it was read already"}
    assert str(CatalogRow.objects.get().unit_cost) == "2.2500"


@web_test()
def test_a_counter_makes_counts_of_her_store_only(web: Web) -> None:
    from rattail.features.batches.models import Batch

    shop_of(web)
    cora = web.client_of("cora", "counter", store="1")
    address = f"/batches/new/{upload(web, f'UPC,Qty{chr(10)}{code(1)},2{chr(10)}', by='cora')}/"
    said = {"mode": "variance", "read": "yes"}

    asked = cora.get(address).content.decode()
    elsewhere = cora.post(address, {**said, "kind": "inventory", "store": "2"})
    as_catalog = cora.post(address, {**said, "kind": "vendor_catalog", "vendor": "acme", "store": "2"})
    cora.post(address, {**said, "kind": "inventory", "store": "1"})

    assert 'value="vendor_catalog"' not in asked
    assert elsewhere.status_code == as_catalog.status_code == 422
    assert Batch.objects.get().store.code == "1"  # type: ignore[union-attr]


@web_test()
def test_no_token_reaches_the_disk_and_nobody_uses_the_upload_of_another_person(web: Web) -> None:
    shop_of(web)
    bea, bert = web.client_of("bea", "buyer"), web.client_of("bert", "buyer")
    token = upload(web, catalog("2.10"), by="bea")

    assert bert.get(f"/batches/new/{token}/").status_code == 404
    assert bert.post(f"/batches/new/{token}/", {"vendor": "acme", "read": "yes"}).status_code == 404
    for hostile in HOSTILE:
        assert bea.get("/batches/new/", {"upload": hostile}).status_code in (200, 302), hostile
        assert bea.get(f"/batches/new/{hostile}/").status_code == 404, hostile


@web_test()
def test_whatever_the_form_says_the_page_stands(web: Web) -> None:
    shop_of(web)
    alice = web.client_of("alice", "manager")
    address = f"/batches/new/{upload(web, catalog('2.10'), by='alice')}/"
    names = ["kind", "vendor", "store", "format", "mode", "counted_at", "duplicates", "reason", "effective"]
    names += ["hold_above", "set_dates", "digits_12", "col_0", "changed", "description"]

    for kind in ("vendor_catalog", "vendor_invoice", "inventory"):
        right = {"kind": kind, "vendor": "acme", "store": "1", "mode": "replace", "mapped": "yes", "col_0": "code"}
        for name in names:
            for hostile in ("\x00../'\"><", "9" * 50, "0001-01-01T00:00", "9999-12-31", "٣"):
                answer = alice.post(address, {**right, name: hostile})
                assert answer.status_code == 200, (kind, name, hostile)
