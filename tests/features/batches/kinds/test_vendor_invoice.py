"""Lines of invoices: matched, counted in units of the product, compared with the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected
from tests.features.batches.kinds.invoice_kit import (
    APPLES,
    BEANS,
    COFFEE,
    RICE,
    TEA,
    head,
    line,
    read,
    statuses,
    stock_up,
)
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def judged(env: Env, *events: Any, **settings: Any) -> list[dict[str, Any]]:
    """The rows of one batch of these events in a stocked shop."""

    def act(shop: Shop) -> list[dict[str, Any]]:
        stock_up(shop)
        return shop.rows(read(shop, head(), *events, **settings))

    return in_shop(env, act)


def test_a_line_is_matched_by_its_code_and_else_by_the_vendors_own(migrated_env: Env) -> None:
    by_code, by_vendor_code, bad_code, unknown, neither, bad = judged(
        migrated_env,
        line(BEANS, vendor_code="X-9", amount="1"),
        line("", vendor_code="R-1", amount="2"),
        line("036000291459", vendor_code="R-1", amount="2"),
        line("071000000000", vendor_code="X-9", amount="5"),
        line("", amount="5"),
        line("036000291459", amount="5"),
    )

    assert (by_code["key"], by_code["statuses"]) == ("0001234567890", ["received"])
    assert by_vendor_code["product_id"] == bad_code["product_id"] is not None
    assert bad_code["statuses"] == ["received"]
    assert "check digit" in bad_code["note"]
    assert (unknown["product_id"], unknown["statuses"]) == (None, ["product_not_found"])
    assert (neither["statuses"], neither["note"]) == (
        ["product_not_found"],
        "the line has neither a code nor a vendor code",
    )
    assert (bad["statuses"], bad["shipped"]) == (["bad_row"], "1.00")


def test_a_code_and_a_vendor_code_of_two_products_are_a_question(migrated_env: Env) -> None:
    (row,) = judged(migrated_env, line(BEANS, vendor_code="R-1", amount="1"))

    assert row["statuses"] == ["product_change", "question"]
    assert "vendor code R-1 is product" in row["note"]
    assert row["known_unit_cost"] == "1.00"


def test_cases_are_counted_in_units_by_the_files_case_size_else_the_catalogs(migrated_env: Env) -> None:
    by_file, by_catalog, unknown, not_found = judged(
        migrated_env,
        line(BEANS, "2", unit="case", case_size="6", amount="12"),
        line(RICE, "2", unit="case", amount="48"),
        line(TEA, "2", unit="case", amount="48"),
        line("071000000000", "2", unit="case", amount="48"),
    )

    assert (by_file["units"], by_file["unit_cost"], by_file["case_size"]) == ("12.00", "1.00", "6.00")
    assert by_file["note"] == "the invoice's case has 6 units, the catalog's 12"
    assert (by_catalog["units"], by_catalog["unit_cost"], by_catalog["case_size"]) == ("24.00", "2.00", "12.00")
    assert (unknown["units"], unknown["unit_cost"]) == (None, None)
    assert unknown["statuses"] == ["cost_not_known", "question", "case_size_not_known"]
    assert not_found["statuses"] == ["product_not_found"]


def test_weights_are_converted_and_pieces_are_no_weight(migrated_env: Env) -> None:
    pounds, as_pounds, as_kilograms, pieces, weight = judged(
        migrated_env,
        line(APPLES, "10", unit="pound", amount="8"),
        line(APPLES, "1", unit="kilogram", cost="2"),
        line(COFFEE, "10", unit="pound", amount="40"),
        line(APPLES, "10", unit="each", amount="8"),
        line(BEANS, "10", unit="pound", amount="8"),
    )

    assert (pounds["units"], pounds["unit_cost"]) == ("10.00", "0.80")
    assert (as_pounds["units"], as_pounds["unit_cost"]) == ("2.2046", "0.9072")
    assert (as_kilograms["units"], as_kilograms["unit_cost"]) == ("4.5359", "8.8185")
    assert pieces["statuses"] == weight["statuses"] == ["question"]
    assert pieces["note"] == "the invoice counts in pieces, the product is sold by the pound"
    assert weight["note"] == "the invoice counts in pounds, the product is sold by the each"


def test_the_unit_cost_comes_from_the_amount_which_carries_the_discounts(migrated_env: Env) -> None:
    from_amount, from_cost, free, costless = judged(
        migrated_env,
        line(BEANS, "2", unit="case", case_size="12", cost="12.60", amount="24"),
        line(BEANS, "2", unit="case", case_size="12", cost="12.60"),
        line(BEANS, "2", amount="0"),
        line(BEANS, "2"),
    )

    assert (from_amount["unit_cost"], from_amount["amount"]) == ("1.00", "24.00")
    assert (from_cost["unit_cost"], from_cost["amount"]) == ("1.05", "25.20")
    assert (free["unit_cost"], free["statuses"]) == ("0.00", ["cost_differs", "received"])
    assert (costless["unit_cost"], costless["amount"], costless["statuses"]) == (None, None, ["received"])


def test_costs_are_compared_with_the_catalog_on_the_date_of_the_invoice(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[dict[str, Any]]:
        from decimal import Decimal

        from rattail.retail.models import VendorItem

        stock_up(shop)
        beans = VendorItem.objects.get(code="B-1").pk
        for effective, cost, discount in (("2026-06-01", "3", None), ("2026-07-01", "3", Decimal(10))):
            shop.make(
                "VendorCost",
                vendor_item_id=beans,
                effective=effective,
                unit_cost=Decimal(cost),
                discount_percent=discount,
                recorded_at=shop.ground.now,
                recorded_by="alice",
            )
        batch = read(
            shop,
            head(1, "MAY", date="2026-05-31"),
            line(BEANS, document=1, amount="1"),
            line(BEANS, document=1, amount="1.0049"),
            line(BEANS, document=1, amount="1.005"),
            head(2, "JUNE", date="2026-06-01"),
            line(BEANS, document=2, amount="1"),
            head(3, "JULY", date="2026-07-01"),
            line(BEANS, document=3, amount="2.7"),
            line(TEA, document=3, amount="1"),
        )
        return shop.rows(batch)

    rows = in_shop(migrated_env, act)

    assert [row["statuses"][:1] for row in rows] == [
        ["received"],
        ["received"],
        ["cost_differs"],
        ["cost_differs"],
        ["received"],
        ["cost_not_known"],
    ]
    assert [row["known_unit_cost"] for row in rows] == ["1.00", "1.00", "1.00", "3.00", "3.00", None]


def test_lines_that_were_out_of_stock_are_kept_and_not_received(migrated_env: Env) -> None:
    nothing, contradicting = judged(
        migrated_env,
        line(BEANS, "0", ordered="3", cost="1", is_out_of_stock=True),
        line(BEANS, "3", amount="3", is_out_of_stock=True),
    )

    assert (nothing["statuses"], nothing["ordered"]) == (["out_of_stock"], "3.00")
    assert contradicting["statuses"] == ["question", "out_of_stock"]
    assert contradicting["note"] == "it says out of stock, and charges 3.00"


def test_what_is_in_doubt_is_a_question_with_its_reason(migrated_env: Env) -> None:
    uncounted, torn, large = judged(
        migrated_env,
        line(BEANS, None, amount="3"),
        line(BEANS, "2", amount="-2"),
        line(BEANS, "9999999999", unit="case", case_size="9999999999", amount="1"),
    )

    assert [row["statuses"][-1] for row in (uncounted, torn, large)] == ["question"] * 3
    assert uncounted["note"] == "the file does not say how many were shipped"
    assert torn["note"] == "the quantity is 2 and the amount -2.00: did it come or go back?"
    assert large["note"] == "the line is too large to be true"


def test_an_invoice_that_is_only_recorded_receives_nothing(migrated_env: Env) -> None:
    plain, different = judged(migrated_env, line(BEANS, amount="1"), line(BEANS, amount="2"), receive=False)

    assert plain["statuses"] == ["new_record"]
    assert different["statuses"] == ["cost_differs"]


def test_a_foreign_currency_is_never_compared_and_said_once(migrated_env: Env) -> None:
    def act(shop: Shop) -> tuple[list[str], list[str], list[int]]:
        stock_up(shop)
        batch = read(
            shop,
            head(1, currency="EUR"),
            line(BEANS, amount="9"),
            head(2, "INV-2", currency="EUR"),
            line(BEANS, amount="9", document=2),
            take_costs=True,
        )
        return statuses(shop, batch), batch.remarks, [batch.change_count]

    found, remarks, (changes,) = in_shop(migrated_env, act)

    assert found == ["received", "received"]
    assert len(remarks) == 1
    assert "INV-1 is in EUR, the shop's currency is USD" in remarks[0]
    assert changes == 2 + 2 + 1  # invoices, lines, stock: no cost


def test_everything_wrong_with_the_settings_is_said_at_once(migrated_env: Env) -> None:
    def act(shop: Shop) -> None:
        stock_up(shop)
        read(shop, head(), receive="no", take_costs=1, reason="r" * 81, mode="replace")

    with pytest.raises(InputRejected) as refused:
        in_shop(migrated_env, act)

    said = refused.value.message
    assert "receive is 'no'" in said
    assert "take_costs is 1" in said
    assert "the reason has 81 characters" in said
    assert "no setting mode" in said
    assert refused.value.hint == "type --no-receive --take-costs --reason TEXT"


def test_a_cost_that_jumps_is_not_taken_over_before_somebody_looked(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.features.batches.service.correct import change_row

        stock_up(shop)
        batch = read(
            shop,
            head(),
            line(BEANS, "1", unit="case", case_size="2", amount="12"),
            line(RICE, "1", amount="3.01"),
            line(RICE, "1", amount="3"),
            take_costs=True,
            hold_above_percent=50,
        )
        found = [statuses(shop, batch), [row["note"] for row in shop.rows(batch)]]
        for row in (1, 2):
            change_row(batch.number, row, said={}, ground=shop.ground, is_accepted=True)
        return [*found, statuses(shop, batch)]

    found, notes, accepted = in_shop(migrated_env, act)

    assert found == ["cost_differs question", "cost_differs suspicious", "cost_change cost_differs received"]
    assert notes[:2] == [
        "the invoice's case has 2 units, the catalog's 12, and the unit cost goes from 1.00 to 6.00, 500 %",
        "the unit cost goes from 2.00 to 3.01, 50.5 %",
    ]
    assert accepted[0] == "cost_change cost_differs edited received"
    assert "received" in accepted[1]


def test_a_cost_that_jumps_is_received_where_costs_are_not_taken_over(migrated_env: Env) -> None:
    def act(shop: Shop) -> list[Any]:
        stock_up(shop)
        lines = line(RICE, "1", amount="4"), line(BEANS, "1", unit="case", case_size="2", amount="12")
        return statuses(shop, read(shop, head(), *lines, hold_above_percent=50))

    assert in_shop(migrated_env, act) == ["cost_differs received", "cost_differs question"]
