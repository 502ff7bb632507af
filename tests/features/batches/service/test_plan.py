"""Deciding how a file is read, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected, NoSuchThing, RattailError
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
