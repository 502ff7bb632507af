"""Executing, undoing and deleting in the browser, by jobs that really run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from rattail.appdir.still import files_held_still
from tests.features.batches.pages.goods import catalog_batch, cost_of, count_batch, shop_of, state_of, text_of, work_off
from tests.kit.web import Web, web_test


@web_test()
def test_executing_says_what_will_happen_then_a_job_does_it_and_another_undoes_it(web: Web) -> None:
    from rattail.jobs.models import Job

    batch = catalog_batch(web, "2.10", "2.00", "2.20")
    bea = web.client_of("bea", "buyer")

    asked = text_of(bea.get("/batches/1/execute/"))
    bea.post("/batches/1/execute/")
    waiting = text_of(bea.get("/batches/1/"))
    worked = work_off(web.site)
    told = Job.objects.get().message

    assert told == "2 of 2 changes carried out"
    assert "2 costs are added" in asked
    assert "Cancel the job" in waiting
    assert "2 changes are carried out in one go" in waiting
    assert worked["done"] == 1
    assert (state_of(batch), batch.executed_by, cost_of(1)) == ("executed", "bea", Decimal("2.1"))
    assert "costs that were added go: 2" in text_of(bea.get("/batches/1/undo/"))
    bea.post("/batches/1/undo/")
    work_off(web.site)
    assert (state_of(batch), cost_of(1)) == ("undone", Decimal(2))
    audit = text_of(web.client_of("alice", "manager").get("/audit/?subject=batch+00000001"))
    assert "undo batch batch 00000001 taken away: 2; put back: 0; left: 0" in audit


@pytest.mark.parametrize("tab", ["", "rows/", "changes/", "history/"])
@web_test()
def test_a_job_that_ends_while_a_page_is_put_together_leaves_no_old_state_on_it(web: Web, tab: str) -> None:
    from django.db import connection

    batch = catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")
    bea.post("/batches/1/execute/")

    with connection.execute_wrapper(_Meanwhile(web)):
        page = text_of(bea.get(f"/batches/1/{tab}"))

    assert state_of(batch) == "executed"
    assert "Cancel the job" in page or "executed Vendor catalog" in page


class _Meanwhile:
    """Before a page looks for the newest job of a batch, that job is done and ends, on another connection."""

    def __init__(self, web: Web) -> None:
        self._web, self._is_done = web, False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self._is_done and "batch 00000001" in (params or ()) and sql.startswith("SELECT"):
            self._is_done = True
            with ThreadPoolExecutor(1) as other:
                other.submit(self._work).result()
        return execute(sql, params, many, context)

    def _work(self) -> None:
        from django.db import connection

        from rattail.features.batches.jobs import execute
        from rattail.jobs.models import Job
        from rattail.jobs.running import Running

        job = Job.objects.get()
        Job.objects.update(state="running", token=1, tries=1, started_at=self._web.site.now())
        execute(Running(self._web.site, job), **job.arguments)
        Job.objects.update(state="done", ended_at=self._web.site.now())
        connection.close()


@web_test()
def test_pressing_twice_makes_one_job_and_a_job_that_runs_again_does_nothing_more(web: Web) -> None:
    from rattail.features.batches.jobs import execute
    from rattail.jobs.models import Job
    from rattail.jobs.running import Running
    from rattail.retail.models import VendorCost

    batch = catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")

    bea.post("/batches/1/execute/")
    bea.post("/batches/1/execute/")
    job = Job.objects.get()
    work_off(web.site)
    said = execute(Running(web.site, job), **job.arguments)

    assert said == {"batch": "00000001", "said": "it was executed already"}
    assert state_of(batch) == "executed"
    assert VendorCost.objects.filter(batch=1).count() == 1


@web_test()
def test_records_that_moved_are_named_and_the_file_can_be_read_again(web: Web) -> None:
    from rattail.retail.models import VendorCost

    batch = catalog_batch(web, "2.10")
    VendorCost.objects.update(unit_cost=Decimal("1.90"))
    bea = web.client_of("bea", "buyer")

    page = text_of(bea.get("/batches/1/execute/"))
    bea.post("/batches/1/execute/")
    work_off(web.site)
    failed = text_of(bea.get("/batches/1/"))
    bea.post("/batches/1/again/", {"vendor": "acme", "read": "yes"})
    work_off(web.site)
    bea.post("/batches/1/execute/")
    work_off(web.site)

    assert "row 1: " in page
    assert "Execute it" not in page
    assert "The last job did not get through" in failed
    assert state_of(batch) == "executed"


@web_test()
def test_of_a_large_batch_the_first_rows_are_compared_and_the_counts_are_those_of_the_rows_as_they_are(
    web: Web,
) -> None:
    from rattail.features.batches.models import Batch
    from rattail.features.batches.pages.planned import totals_of
    from rattail.features.batches.service.correct import remove_rows
    from rattail.features.batches.service.read import count_changes
    from rattail.features.batches.service.show import check_batch
    from rattail.features.batches.service.spans import Span
    from rattail.retail.models import VendorCost

    batch = catalog_batch(web, "2.10", "2.20", "2.30")
    before = [(one.added, one.changed) for one in totals_of(Batch.objects.get())]
    remove_rows(batch.number, [Span(1, 1)], ground=shop_of(web).ground)
    VendorCost.objects.filter(vendor_item__code="A3").update(unit_cost=Decimal("1.90"))
    after = Batch.objects.get()
    checked = [check_batch(after, at_most=most) for most in (2, 3)]

    assert before == [(3, 0)]
    assert [(one.added, one.changed) for one in totals_of(after)] == [(2, 0)]
    assert after.totals == count_changes(batch.number) == {"vendor_cost": {"insert": 2}}
    assert [(one.moved_count, one.looked_at) for one in checked] == [(0, 2), (1, None)]


@web_test()
def test_what_was_changed_since_is_left_when_the_rest_is_undone(web: Web) -> None:
    from rattail.retail.models import VendorCost

    batch = catalog_batch(web, "2.10", "2.20")
    bea = web.client_of("bea", "buyer")
    bea.post("/batches/1/execute/")
    work_off(web.site)
    VendorCost.objects.filter(batch=1, vendor_item__code="A1").update(unit_cost=7)

    asked = text_of(bea.get("/batches/1/undo/"))
    bea.post("/batches/1/undo/", {"partial": "yes"})
    work_off(web.site)

    assert "1 record was changed since" in asked
    assert (state_of(batch), cost_of(1), cost_of(2)) == ("undone", Decimal(7), Decimal(2))
    assert "undone only in part" in text_of(bea.get("/batches/1/execute/"))


@web_test(options={"batches.four_eyes": "true"})
def test_with_four_eyes_nobody_executes_a_batch_of_their_own(web: Web) -> None:
    batch = catalog_batch(web, "2.10", actor="bea")
    bea, bert = web.client_of("bea", "buyer"), web.client_of("bert", "buyer")

    assert "a colleague executes it" in text_of(bea.get("/batches/1/"))
    assert bea.post("/batches/1/execute/").status_code == 403
    bert.post("/batches/1/execute/")
    work_off(web.site)
    assert state_of(batch) == "executed"


@web_test()
def test_without_that_rule_the_one_who_made_a_batch_may_execute_it(web: Web) -> None:
    batch = catalog_batch(web, "2.10", actor="bea")

    web.client_of("bea", "buyer").post("/batches/1/execute/")
    work_off(web.site)

    assert state_of(batch) == "executed"


@web_test()
def test_a_batch_that_is_not_executed_is_deleted_after_it_was_asked(web: Web) -> None:
    from rattail.features.batches.models import Batch, CatalogRow

    batch = catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")

    asked = text_of(bea.get("/batches/1/delete/"))
    answer = bea.post("/batches/1/delete/")

    assert "its 1 rows and its 1 files go" in asked
    assert answer["Location"] == "/batches/"
    assert not Batch.objects.exists()
    assert not CatalogRow.objects.exists()
    assert not (web.root / "data/batches/vendor_catalog" / str(batch)).exists()


@web_test()
def test_while_a_backup_is_made_the_page_says_so_and_nothing_is_deleted(web: Web) -> None:
    batch = catalog_batch(web, "2.10")
    alice = web.client_of("alice", "manager")

    with files_held_still(web.site.root):
        alice.post("/batches/1/delete/")

    assert "is being made" in text_of(alice.get("/batches/1/"))
    assert state_of(batch) == "ready"


@web_test()
def test_an_executed_batch_is_not_deleted(web: Web) -> None:
    batch = count_batch(web, "4")
    shop_of(web).execute(batch.number)
    alice = web.client_of("alice", "manager")

    answer = alice.post("/batches/1/delete/")

    assert answer["Location"] == "/batches/1/"
    assert "could not be put back any more" in text_of(alice.get("/batches/1/"))
    assert state_of(batch) == "executed"


@web_test()
def test_changes_are_made_by_post_and_with_the_token_of_the_page_only(web: Web) -> None:
    catalog_batch(web, "2.10")
    strict = web.client_of("alice", "manager", is_strict=True)

    for path in ("execute/", "undo/", "delete/", "rows/1/correct/", "rows/1/remove/", "rows/add/", "again/"):
        assert strict.post(f"/batches/1/{path}").status_code == 403, path
    for path in ("rows/1/correct/", "rows/1/remove/", "rows/1/restore/"):
        assert strict.get(f"/batches/1/{path}").status_code == 405, path


@web_test()
def test_a_job_that_waits_asks_again_whether_whoever_asked_for_it_still_may(web: Web) -> None:
    from rattail.features.accounts.service import withdraw_role
    from rattail.jobs.models import Job

    batch = catalog_batch(web, "2.10")
    bea = web.client_of("bea", "buyer")

    bea.post("/batches/1/execute/")
    web.user("alice", "manager")
    withdraw_role(name="bea", role="buyer", store="", actor="os:test", now=web.site.now())
    worked = work_off(web.site)
    retried = bea.post(f"/jobs/{Job.objects.get(kind='batches.execute').pk}/retry/")
    again = work_off(web.site)

    assert (worked["failed"], again["failed"], retried.status_code) == (1, 1, 302)
    assert state_of(batch) == "ready"


@web_test(options={"batches.four_eyes": "true"})
def test_nobody_gets_round_four_eyes_by_having_a_colleagues_job_run_again(web: Web) -> None:
    from rattail.jobs.models import Job

    batch = catalog_batch(web, "2.10")
    type(batch).objects.update(created_by="alice")
    web.client_of("bea", "buyer").post("/batches/1/execute/")
    alice = web.client_of("alice", "manager")

    number = Job.objects.get(kind="batches.execute").pk
    alice.post(f"/jobs/{number}/cancel/")
    alice.post(f"/jobs/{number}/retry/")
    work_off(web.site)
    job = Job.objects.get(pk=number)

    assert (job.state, job.actor, state_of(batch)) == ("failed", "alice", "ready")


@web_test()
def test_who_may_not_see_costs_does_not_see_them_in_batches(web: Web) -> None:
    catalog_batch(web, "2.10")
    bob = web.client_of("bob", "viewer")
    addresses = [f"/batches/1/{part}" for part in ("", "rows/", "changes/", "history/", "files/input/", "rows/1/")]

    answers = {address: bob.get(address).status_code for address in addresses}

    assert answers == dict.fromkeys(addresses, 403)
    assert "/batches/1/" not in text_of(bob.get("/batches/"))
    assert web.client_of("bea", "buyer").get("/batches/1/rows/").status_code == 200
