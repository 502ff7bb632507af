"""Several invoices in a file: their numbers, their totals, and those that come twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected, RecordsMoved, WouldOverwrite
from rattail.features.batches.reading.lines import Event, InvoiceCharge, Problem
from tests.features.batches.kinds.invoice_kit import (
    BEANS,
    RICE,
    counts,
    head,
    line,
    read,
    statuses,
    stock_up,
    total,
)
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_every_invoice_of_a_file_is_recorded_with_its_own_lines(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.retail.models import Invoice

        stock_up(shop)
        batch = read(
            shop,
            head(1, "A", order_number="PO-7", currency="USD"),
            head(2, "A", is_credit=True, date=None),
            line(BEANS, "2", document=1, amount="2", number="10"),
            line(RICE, "1", document=2, amount="2"),
            line(RICE, "1", document=1, amount="2"),
            InvoiceCharge(5, 1, "freight", 15_000),
            InvoiceCharge(6, 1, "pallet", 5_000),
            total("6", document=1, line_count=2),
            total(None, document=2),
        )
        shop.execute(batch.number)
        found: list[Any] = [batch.remarks]
        for one in Invoice.objects.order_by("is_credit"):
            lines = [
                (two.position, two.code, str(two.units), str(two.amount)) for two in one.lines.order_by("position")
            ]
            head_ = (one.number, str(one.date), one.currency, one.order_number, one.store_id, one.batch)
            found.append([*head_[:-1], one.batch == batch.number, str(one.total), str(one.charges), lines])
        return found

    remarks, invoice, credit = in_shop(migrated_env, act)

    assert remarks == []
    lines = [[1, BEANS, "2.0000", "2.0000"], [2, RICE, "1.0000", "2.0000"]]
    assert invoice == ["A", "2026-11-20", "USD", "PO-7", 1, True, "6.0000", "2.0000", lines]
    assert credit == ["A", "None", "USD", "", 1, True, "None", "0.0000", [[1, RICE, "1.0000", "2.0000"]]]


def test_an_invoice_that_does_not_add_up_is_remarked_with_both_sums(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        batch = read(
            shop,
            *(head(1, "RIGHT"), line(document=1, amount="1"), line(document=1, cost="2"), total("3.01", 1, 2)),
            *(head(2, "WRONG"), line(document=2, amount="1"), InvoiceCharge(4, 2, "freight", 20_000)),
            total("3.02", 2, 3),
            *(head(3, "SILENT"), line(document=3, amount="1"), total("99", 3, is_checked_by_lines=False)),
            *(head(4, "SHORT"), line(document=4, amount="1"), Problem(7, "Qty", "x", "is no number"), total("2", 4)),
        )
        kept = [
            (one.number, str(one.total), str(one.lines_total), str(one.charges), one.line_count)
            for one in batch.documents.order_by("document")
        ]
        shop.execute(batch.number)
        return [batch.remarks, kept, batch.problem_count]

    remarks, kept, problems = in_shop(migrated_env, act)

    assert remarks == [
        "invoice WRONG: its total is 3.02, but lines of 1.00 and charges of 2.00 make 3.00: 0.02 of difference",
        "invoice WRONG: it says that it has 3 lines, 1 were read",
        "invoice SHORT: its total is 2.00, but lines of 1.00 make 1.00: 1.00 of difference",
    ]
    assert kept[1] == ["WRONG", "3.0200", "1.0000", "2.0000", 1]
    assert problems == 1


def test_bad_rows_are_set_aside_in_their_place_and_the_others_go_on(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        bad = Problem(7, "Qty", "x", "is no number", code=BEANS, vendor_code="B-1", description="Beans")
        batch = read(shop, head(), line(amount="1"), bad, line(RICE, amount="2"))
        shop.execute(batch.number)
        return [shop.rows(batch), counts(shop)]

    rows, made = in_shop(migrated_env, act)

    assert [row["statuses"] for row in rows] == [["received"], ["bad_row"], ["received"]]
    assert (rows[1]["source_row"], rows[1]["code"], rows[1]["description"]) == (7, BEANS, "Beans")
    assert rows[1]["note"] == "column 'Qty': \"x\" is no number"
    assert made["InvoiceLine"] == 2


def test_an_invoice_without_a_number_is_refused(migrated_env: Env) -> None:
    def act(shop: Shop) -> None:
        stock_up(shop)
        read(shop, head(), line(amount="1"), head(2, " "), line(document=2, amount="1"))

    with pytest.raises(InputRejected, match=r"invoice 2 of the file, from row 1 on, has no number"):
        in_shop(migrated_env, act)


def test_the_number_of_the_only_invoice_may_be_said_where_the_file_has_none(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[str]:
        stock_up(shop)
        content = (
            "UPCPLU,ItemNumber,BrandName,MV,PkgSize,UOMAbbr,PkgCount,ShipQty,CasePrice,EachPrice,Invoice Date\n"
            f"{BEANS},B-1,Acme,Beans,12,EA,12,2,12.00,1.00,11/20/2026\n"
        )
        asked: dict[str, Any] = {
            "vendor": "acme",
            "format": "alberts_invoice",
            "check_digits": {12: True},
            "is_forced": False,
        }
        with pytest.raises(InputRejected) as refused:
            shop.batch("vendor_invoice", content, **asked)
        batch = shop.batch("vendor_invoice", content, options={"number": "F-7"}, **asked)
        return [refused.value.hint, *(one.number for one in batch.documents.all()), *statuses(shop, batch)]

    hint, number, found = in_shop(migrated_env, act)

    assert "--set number=NUMBER" in hint
    assert (number, found) == ("F-7", "received")


def test_an_invoice_of_another_batch_is_refused_unless_that_failed_or_was_undone(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        shop.make("Vendor", code="other", name="Other")
        first = read(shop, head(number="A-1"), line(amount="1"))
        of_another_vendor = read(shop, head(number="A-1"), line(amount="1"), vendor="other")
        credit = read(shop, head(number="A-1", is_credit=True), line(amount="1"))
        said = [_refusal(shop), of_another_vendor.remarks, credit.remarks]
        shop.execute(first.number)
        said.append(_refusal(shop))
        shop.undo(first.number)
        again = read(shop, head(number="A-1"), line(amount="1"))
        return [first.number, *said, again.remarks]

    number, ready, other, credit, executed, again = in_shop(migrated_env, act)

    assert ready[0] == f"invoice A-1 of vendor acme is in batch {number:08d} already (ready)."
    assert f"rattail show-batch {number}" in ready[1]
    assert "--force" in ready[1]
    assert executed[0] == f"invoice A-1 of vendor acme was recorded by batch {number:08d} already."
    assert other == credit == again == []


def _refusal(shop: Shop) -> tuple[str, str]:
    with pytest.raises(WouldOverwrite) as refused:
        read(shop, head(number="A-1"), line(amount="1"))
    return refused.value.message, refused.value.hint


def test_a_forced_second_batch_of_an_invoice_says_so_and_only_one_can_be_executed(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        first = read(shop, head(number="A-1"), line(amount="1"))
        second = read(shop, head(number="A-1"), line(amount="1"), is_forced=True)
        shop.execute(first.number)
        third = read(shop, head(number="A-1"), line(amount="1"), is_forced=True)
        before = counts(shop)
        refusals = []
        for batch in (second, third):
            with pytest.raises(RecordsMoved) as refused:
                shop.execute(batch.number)
            refusals.append(refused.value.message)
        return [first.number, second.remarks, third.remarks, refusals, before == counts(shop)]

    number, second, third, refusals, is_untouched = in_shop(migrated_env, act)

    assert second == [
        f"invoice A-1 of vendor acme is in batch {number:08d} already (ready): "
        "only one of the two batches can be executed"
    ]
    assert "this batch cannot be executed while it is there" in third[0]
    assert f"rattail undo-batch {number}" in third[0]
    assert all("somebody made it meanwhile" in one and "'A-1'" in one for one in refusals)
    assert is_untouched


def test_an_invoice_twice_in_a_file_is_refused(migrated_env: Env) -> None:
    def act(shop: Shop) -> None:
        stock_up(shop)
        read(shop, head(1), line(amount="1"), head(2), line(document=2, amount="1"))

    with pytest.raises(
        InputRejected, match=r"invoice INV-1 is in this file twice: as invoice 1 of the file"
    ) as refused:
        in_shop(migrated_env, act)
    assert "--force" in refused.value.hint


def test_a_forced_file_sets_an_invoice_aside_that_comes_twice_word_for_word(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        events: list[Event] = []
        for n in (1, 2):
            events += [head(n), line(document=n, amount="1"), line(RICE, document=n, amount="2"), total("3", n)]
        batch = read(shop, *events, is_forced=True)
        found = [statuses(shop, batch), shop.rows(batch)[2]["note"], batch.remarks]
        shop.execute(batch.number)
        return [*found, counts(shop)["Invoice"], counts(shop)["InvoiceLine"]]

    found, note, remarks, invoices, lines = in_shop(migrated_env, act)

    assert found == ["received", "received", "duplicate", "duplicate"]
    assert note == "invoice INV-1 is in this file twice; invoice 1 of the file counts, this one is set aside"
    assert remarks == [note]
    assert (invoices, lines) == (1, 2)


def test_a_forced_file_with_two_different_invoices_of_one_number_is_refused(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[str]:
        stock_up(shop)
        same, freight = line(document=2, amount="1"), InvoiceCharge(3, 2, "freight", 1)
        others: tuple[list[Event], ...] = (
            [head(2), line(document=2, amount="2")],
            [head(2), same, freight],
            [head(2, date="2026-11-19"), same],
        )
        said = []
        for second in others:
            with pytest.raises(InputRejected) as refused:
                read(shop, head(1), line(amount="1"), *second, is_forced=True)
            said.append(refused.value.message)
        return said

    (said,) = set(in_shop(migrated_env, act))

    assert said == "invoice INV-1 is in this file twice, as its invoices 1 and 2, and they differ."


def test_invoices_whose_lines_stand_apart_are_put_together_in_pieces(migrated_env: Env) -> None:
    """More events than are read at once, so that the invoices are looked up again."""

    def act(shop: Shop) -> list[Any]:
        from rattail.database.bulk import fetch_rows

        stock_up(shop)
        events: list[Any] = [head(n, f"N{n}") for n in range(1, 41)]
        for _ in range(150):
            events += [line(BEANS, document=n, amount="1") for n in range(1, 41)]
        events += [InvoiceCharge(9, n, "freight", 10_000) for n in range(1, 41)]
        events += [total("151", n, 150) for n in range(1, 41)]
        batch = read(shop, *events)
        shop.execute(batch.number)
        shape = fetch_rows(
            "SELECT count(*), min(l.lines), max(l.lines), min(l.last), max(l.last), min(i.charges), min(i.total) "
            "FROM retail_invoice i JOIN (SELECT invoice_id, count(*) AS lines, max(position) AS last "
            "FROM retail_invoiceline GROUP BY invoice_id) l ON l.invoice_id = i.id"
        )
        return [batch.remarks, [int(one) for one in shape[0]]]

    remarks, shape = in_shop(migrated_env, act)

    assert remarks == []
    assert shape == [40, 150, 150, 150, 150, 10_000, 1_510_000]
