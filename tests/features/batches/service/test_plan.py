"""Deciding how a file is read, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected, NoSuchThing, RattailError
from rattail.features.batches.reading import lines
from tests.features.batches.kinds.catalogs import BEANS, RICE, Shelf
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]
_CATALOG = f"upc,item,case size,case cost\n{BEANS},B-1,12,13\n{RICE},R-1,6,13\n"


def _code(number: int) -> str:
    """Every other one ends in its check digit, which no file of either habit has."""
    digits = f"{number:010d}"
    check = -sum(int(one) * (3 if at % 2 else 1) for at, one in enumerate(digits)) % 10
    return f"{digits}{(check + number % 2) % 10}"


def _refused(shop: Shop, **request: Any) -> RattailError:
    asked = {"vendor": "acme", "check_digits": {12: True}, **request}
    with pytest.raises(RattailError) as refused:
        shop.batch(asked.pop("kind", "vendor_catalog"), asked.pop("content", _CATALOG), **asked)
    return refused.value


def test_what_is_missing_or_unknown_is_asked_for_and_nothing_is_written(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Shelf(shop)
        half = "upc,item,case cost\n" + "".join(
            f"{_code(number)},N-{number},1\n" for number in range(7_430_512_345, 7_430_512_405)
        )
        refused = {
            "kind": _refused(shop, kind="catalogue"),
            "no vendor": _refused(shop, vendor=None),
            "vendor": _refused(shop, vendor="acne"),
            "format": _refused(shop, format="unfy"),
            "empty": _refused(shop, content=""),
            "digits": _refused(shop, content=half, check_digits={}),
        }
        left = os.listdir(shop.ground.folders["data/batches/vendor_catalog"])
        return {name: [type(one).__name__, one.message, one.hint] for name, one in refused.items()}, left

    refused, left = in_shop(emptied_env, act)

    assert refused["kind"][0] == NoSuchThing.__name__
    assert refused["no vendor"] == [
        InputRejected.__name__,
        "a vendor catalog belongs to a vendor, and none is named.",
        "say which: --vendor CODE",
    ]
    assert "Did you mean 'acme'?" in refused["vendor"][1]
    assert refused["format"][0] == NoSuchThing.__name__
    assert refused["empty"][0] == InputRejected.__name__
    assert refused["digits"][0] == InputRejected.__name__
    assert "--check-digits 11=yes" in refused["digits"][2]
    assert all("Traceback" not in one[1] for one in refused.values())
    assert left == []


def test_the_format_that_was_chosen_is_said_with_its_reason(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Shelf(shop)
        batch = shop.batch("vendor_catalog", _CATALOG, vendor="acme", check_digits={12: True})
        return batch.format, batch.answers

    name, answers = in_shop(emptied_env, act)

    assert name == answers["format"] == "generic_catalog"
    assert answers["reason"]
    assert answers["check_digits"]["12"] is True


def test_what_a_file_says_is_shown_in_sentences_before_anything_is_made(emptied_env: Env) -> None:
    def act(_: Shop) -> list[str]:
        from rattail.features.batches.service.shown import event_text, shown_line

        events: list[lines.Event] = [
            lines.InvoiceHead(4, 1, "4457781", date="2025-11-19", currency="USD"),
            lines.InvoiceHead(4, 2, "12", is_credit=True),
            lines.InvoiceLine(5, 1, description="Vinegar", shipped=20_000, cost=346_800),
            lines.InvoiceCharge(6, 1, "freight", 50_000),
            lines.InvoiceTotal(7, 1, amount=743_600),
            lines.CatalogLine(4, code="074305001321", case_cost=346_800, organic=False),
            lines.Problem(9, "Case Cost", "cheap", "is no amount"),
            lines.Remark(0, "the last row was cut off"),
        ]
        return [event_text(one, shown_line(one)) for one in events]

    assert in_shop(emptied_env, act) == [
        "invoice 4457781 of 2025-11-19: currency USD",
        "credit note 12",
        "row 5: description Vinegar, shipped 2.00, unit each, cost 34.68",
        "row 6: charge: label freight, amount 5.00",
        "the invoice in all: amount 74.36",
        "row 4: code 074305001321, case_cost 34.68",
        "row 9: set aside: column 'Case Cost': \"cheap\" is no amount",
        "note: the last row was cut off",
    ]
