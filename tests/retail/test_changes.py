"""Carrying changes out and putting them back, for every kind of record, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import RecordsMoved
from tests.kit.shop import Shop, in_shop
from tests.retail.changing import EDITS, Journal, carried_out, contents, new_values, put_back, whole_shop

Env = Mapping[str, str]


def test_every_kind_of_record_is_updated_and_put_back(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.records import RECORDS

        ids = whole_shop(shop)
        assert set(EDITS) == set(RECORDS) == set(ids)
        before = contents()
        journal = Journal(1)
        for record, (field, was, will_be) in EDITS.items():
            journal.update(record, ids[record], field, was, will_be)
        done = carried_out(1)
        after = contents(but=["stock_movement"])
        changed = [name for name in after if after[name] != before[name]]
        return done, changed, put_back(1), _but(before, contents())

    done, changed, undone, differing = in_shop(emptied_env, act)

    assert done == [0, len(EDITS), 0]
    assert undone == [0, len(EDITS), 0]
    assert sorted(changed) == sorted(set(EDITS) - {"stock_movement"})
    assert differing == ["stock_movement"]  # which keeps the lines of both


def _but(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


def test_every_kind_of_record_is_inserted_and_taken_away_again(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.records import RECORDS

        ids = whole_shop(shop)
        del_stock(ids["stock"])
        before = contents()
        journal = Journal(1)
        cost = {"vendor_item_id": ids["vendor_item"], "effective": "2026-01-01"}
        in_force = {"vendor_cost": {**cost, "case_size": 120_000, "case_cost": 346_800, "unit_cost": 28_900}}
        made = {
            record: journal.insert(record, values, before=in_force.get(record))
            for record, values in new_values(ids).items()
        }
        done = carried_out(1)
        found = {}
        for record, record_id in made.items():
            fields = RECORDS[record].fields
            row = RECORDS[record].model._default_manager.values_list(*fields).get(pk=record_id)
            found[record] = dict(zip(fields, map(as_stored, row), strict=True))
        put_back(1)
        wanted = {
            record: {name: values.get(name) for name in RECORDS[record].fields}
            for record, values in new_values(ids).items()
        }
        return done, found, wanted, _but(before, contents())

    done, found, wanted, differing = in_shop(emptied_env, act)

    assert done == [12, 0, 0]
    assert found == wanted
    assert differing == ["stock_movement"]


def del_stock(stock_id: int) -> None:
    from rattail.retail.models import Stock

    Stock.objects.get(pk=stock_id).delete()


def as_stored(value: Any) -> Any:
    """A value of a model as the journal writes it."""
    from datetime import date
    from decimal import Decimal

    from rattail.retail.changes.journal import stored

    if isinstance(value, Decimal):
        return int(value * 10_000)
    return stored(value) if isinstance(value, date) else value


def test_what_a_batch_made_with_all_that_belongs_to_it_goes_without_a_trace(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        ids = whole_shop(shop)
        before = contents()
        journal = Journal(1)
        values = new_values(ids)
        store = journal.insert("store", values["store"])
        product = journal.insert("product", values["product"])
        journal.insert("product_code", {**values["product_code"], "product_id": product})
        item = journal.insert("vendor_item", {**values["vendor_item"], "product_id": product})
        journal.insert("vendor_cost", {**values["vendor_cost"], "vendor_item_id": item})
        journal.insert("stock", {"store_id": store, "product_id": product, "on_hand": 10_000})
        own = {"store_id": store, "product_id": product}
        journal.insert("stock_movement", {**values["stock_movement"], **own})
        carried_out(1)
        lines = len(contents()["stock_movement"]) - len(before["stock_movement"])
        put_back(1)
        return lines, _but(before, contents())

    lines, differing = in_shop(emptied_env, act)

    assert lines == 2  # the line of the stock, and the one that was written down as a record
    assert differing == []


def test_a_record_that_moved_is_named_with_what_was_expected_and_found(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.records import RECORDS

        ids = whole_shop(shop)
        told = {}
        for number, (record, (field, was, will_be)) in enumerate(EDITS.items(), 1):
            Journal(number).update(record, ids[record], field, will_be, was)
            with pytest.raises(RecordsMoved) as refused:
                carried_out(number)
            told[record] = refused.value.message
            where = f"row 1: {RECORDS[record].model._meta.verbose_name} {ids[record]}: {field} is "
            assert where in refused.value.message
        return told

    told = in_shop(emptied_env, act)

    for record, (_field, was, will_be) in EDITS.items():
        assert told[record].endswith(f"is {_said(was)}, expected {_said(will_be)}. Nothing was changed.")


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    texts = {346_800: "34.68", 360_000: "36.00", 47_900: "4.79", 49_900: "4.99", 120_000: "12.00", -5_000: "-0.50"}
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else texts.get(value, repr(value))


def test_dates_and_amounts_that_moved_are_told_as_people_write_them_on_both_databases(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.changes.compare import moved_since_reading

        ids = whole_shop(shop)
        journal = Journal(1)
        journal.update("invoice", ids["invoice"], "date", "2026-11-19", "2026-11-21")
        journal.update("stock", ids["stock"], "on_hand", 110_000, 0)
        count, moved = moved_since_reading(1)
        return count, [(one.sequence, one.record, one.expected, one.found) for one in moved]

    count, moved = in_shop(emptied_env, act)

    assert count == 2
    assert moved == [
        [1, "invoice", {"date": "2026-11-19"}, {"date": "2026-11-20"}],
        [2, "stock", {"on_hand": 110_000}, {"on_hand": 120_000}],
    ]


def test_a_record_that_was_only_seen_is_compared_and_left(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        ids = whole_shop(shop)
        before = contents()
        journal = Journal(1)
        journal.seen("stock", ids["stock"], "on_hand", 120_000)
        done = carried_out(1), put_back(1)
        Journal(2).seen("stock", ids["stock"], "on_hand", 130_000)
        with pytest.raises(RecordsMoved, match=r"on_hand is 12.00, expected 13.00"):
            carried_out(2)
        return done, _but(before, contents())

    done, differing = in_shop(emptied_env, act)

    assert done == [[0, 0, 0], [0, 0, 0]]
    assert differing == []


def test_what_somebody_made_meanwhile_is_not_made_twice(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        ids = whole_shop(shop)
        journal = Journal(1)
        journal.insert("vendor_item", {**new_values(ids)["vendor_item"], "code": "0204578", "is_preferred": False})
        before = contents()
        with pytest.raises(RecordsMoved, match=r"row 1: vendor item .*: somebody made it meanwhile"):
            carried_out(1)
        return _but(before, contents())

    assert in_shop(emptied_env, act) == []


def test_a_second_preferred_item_is_refused_by_its_row(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.changes.compare import moved_since_reading

        ids = whole_shop(shop)
        for number, code in ((1, "x"), (2, "y")):
            Journal(number).insert("vendor_item", {**new_values(ids)["vendor_item"], "code": code})
        carried_out(1)
        count, moved = moved_since_reading(2, is_thorough=True)
        return count, [(one.sequence, one.record, one.reason) for one in moved]

    count, moved = in_shop(emptied_env, act)

    assert count == 1
    assert moved == [[1, "vendor_item", "another one is the preferred one of its product since"]]


def test_what_belongs_to_a_record_that_is_gone_is_refused_by_its_row(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.changes.compare import moved_since_reading

        ids = whole_shop(shop)
        journal = Journal(1)
        made = journal.insert("vendor_item", new_values(ids)["vendor_item"])
        journal.insert("vendor_cost", {**new_values(ids)["vendor_cost"], "vendor_item_id": made})
        journal.insert("vendor_item", {**new_values(ids)["vendor_item"], "product_id": 12_345, "is_preferred": False})
        count, moved = moved_since_reading(1, is_thorough=True)
        return count, [(one.sequence, one.record, one.reason) for one in moved]

    count, moved = in_shop(emptied_env, act)

    assert moved == [[3, "vendor_item", "the product that it belongs to is gone"]]
    assert count == 1


def test_a_record_that_fails_in_two_ways_is_told_once(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.changes.compare import moved_since_execution
        from rattail.retail.models import Product

        ids = whole_shop(shop)
        product = Journal(1).insert("product", new_values(ids)["product"])
        carried_out(1)
        Product.objects.filter(pk=product).update(size="64 oz")
        shop.make("ProductCode", product_id=product, kind="gtin", key="0000000000017")
        shop.make("Price", product_id=product, kind="regular", starts="2026-01-01", amount="4.79")
        count, moved = moved_since_execution(1)
        return count, len(moved), {one.record for one in moved} == {"product"}

    assert in_shop(emptied_env, act) == [1, 1, True]
