"""Products that wait for somebody: listed, approved, and then no longer the batch's to take away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import RecordsMoved
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, COLUMNS, Shelf
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]
OATS, BRAN = "078742012346", "078742012353"


def _catalog(shop: Shop) -> int:
    """A batch that made two products that nobody knew, executed; and one product that waits since long ago."""
    shelf = Shelf(shop)
    batch = shelf.read(
        f"{OATS},O-1,Mill,oats,500 g,12,24,,3.49,", f"{BRAN},O-2,Mill,bran,,6,6,,,", f"{BEANS},B-1,,,,,13,,,"
    )
    shop.execute(batch.number)
    shop.make("Product", description="old", is_pending=True)
    return batch.number


def _pending() -> list[str]:
    from rattail.retail.models import Product

    return list(Product.objects.filter(is_pending=True).order_by("id").values_list("description", flat=True))


def test_what_waits_is_listed_with_who_brought_it(migrated_env: Env, run: Run) -> None:
    number = in_shop(migrated_env, _catalog)

    listed = run("approve-products", "--json", env=migrated_env)
    lines = run("approve-products", "--vendor", "acme", "--batch", str(number), env=migrated_env)

    assert (listed.code, listed.data["pending"], listed.data["approved"]) == (0, 3, 0)
    first = next(one for one in listed.data["products"] if one["description"] == "oats")
    assert (first["code"], first["vendor"], first["vendor_code"]) == (OATS, "acme", "O-1")
    assert (first["unit_cost"], first["suggested_retail"]) == ("2.00", "3.49")
    assert first["batch"] == f"{number:08d}"
    assert first["brought_by"].startswith("os:")
    assert "2 products wait; approve all of them:" in lines.out
    assert f"approve-products --vendor acme --batch {number} --all" in lines.out
    assert in_shop(migrated_env, lambda _: sorted(_pending())) == ["bran", "oats", "old"]


def test_products_are_approved_by_code_by_batch_and_all_with_one_entry_in_the_trail(
    migrated_env: Env, run: Run
) -> None:
    number = in_shop(migrated_env, _catalog)

    dry = run("approve-products", OATS, "--dry-run", "--json", env=migrated_env)
    one = run("approve-products", OATS, "--json", env=migrated_env)
    again = run("approve-products", OATS, "--json", env=migrated_env)
    batch = run("approve-products", "--batch", str(number), "--all", "--json", env=migrated_env)
    left = in_shop(migrated_env, lambda _: _pending())
    rest = run("approve-products", "--all", "--json", env=migrated_env)
    wrong = run("approve-products", "012345678906", env=migrated_env)
    unknown = run("approve-products", "036000291469", env=migrated_env)

    assert [ran.data["approved"] for ran in (dry, one, again, batch, rest)] == [0, 1, 0, 1, 1]
    assert dry.data["pending"] == 1
    assert left == ["old"]
    assert (wrong.code, unknown.code) == (57, 56)
    trail = in_shop(migrated_env, _trail)
    assert [details["products"] for details in trail] == [1, 1, 1]
    assert trail[1]["batch"] == number


def test_undoing_the_batch_of_an_approved_product_is_refused(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.products.approve.service import Wanted, approve_products

        number = _catalog(shop)
        approve_products(Wanted(codes=[OATS]), actor="alice", now=shop.ground.now)
        with pytest.raises(RecordsMoved) as caught:
            shop.undo(number)
        done = shop.undo(number, is_partial=True).done
        content = f"{COLUMNS}\n{OATS},O-1,Mill,oats,500 g,12,24,,3.49,\n{BRAN},O-2,Mill,bran,,6,6,,,\n"
        again = shop.batch("vendor_catalog", content, vendor="acme", check_digits={12: True})
        return caught.value.message, done.held, _pending(), [row["statuses"] for row in shop.rows(again)]

    message, held, pending, statuses = in_shop(emptied_env, act)

    assert "is not as it was" in message
    assert "is_pending is no, expected yes" in message
    assert held == 4  # the product with its code, item and cost
    assert pending == ["old"]
    assert statuses == [["no_change"], ["new_item", "new_product", "product_not_found"]]  # known is known


def _trail(_: Shop) -> Any:
    from rattail.audit.models import Entry

    return list(Entry.objects.filter(action="approve products").order_by("id").values_list("details", flat=True))
