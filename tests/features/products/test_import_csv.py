"""Tables that come in as CSV: what is new, what changes, what is wrong, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected, WouldOverwrite
from tests.features.products import tables
from tests.kit.shop import Shop, in_shop

STORES = "store,name\n1,Main Street\n2,Riverside\n"
VENDORS = "vendor,name\nunfi,United\nkehe,KeHE\n"
PRODUCTS = (
    "product,brand,description,size,unit\n"
    "074305001321,Bragg,Cider Vinegar,32 oz,each\n"
    "4011,,Bananas,per lb,pound\n"
    "201234000006,Clover,Cheddar,per lb,pound\n"
)
ITEMS = (
    "vendor,vendor_code,product,is_preferred\n"
    "unfi,0204578,074305001321,true\n"
    "kehe,0012345,074305001321,false\n"
    "kehe,0099887,4011,true\n"
)
SHOP = {"stores": STORES, "vendors": VENDORS, "products": PRODUCTS, "vendor_items": ITEMS}


def opened(shop: Shop) -> None:
    """The small shop of these tests, imported and executed."""
    shop.execute(tables.import_text(shop, **SHOP).number)


def test_a_shop_starts_from_its_spreadsheets_and_takes_it_all_back(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> list[Any]:
        batch = tables.import_text(shop, **SHOP)
        nothing_yet = tables.export(shop.folder / "yet")["products.csv"].count(b"\n")
        shop.execute(batch.number)
        there = tables.export(shop.folder / "there")["product_codes.csv"].decode().split("\r\n")
        shop.undo(batch.number)
        left = tables.export(shop.folder / "left")["products.csv"].count(b"\n")
        return [batch.counts, nothing_yet, there, left]

    counts, nothing_yet, there, left = in_shop(migrated_env, act)

    assert counts == {"new_record": 10}
    assert nothing_yet == left == 1
    assert there == [
        "product,code,kind,is_primary",
        "074305001321,074305001321,gtin,true",
        "4011,4011,plu,true",
        "201234000006,201234000006,weighed,true",
        "",
    ]


def test_a_file_with_few_columns_changes_only_those_and_shows_before_and_after(
    migrated_env: Mapping[str, str],
) -> None:
    def act(shop: Shop) -> list[Any]:
        opened(shop)
        before = tables.export(shop.folder / "before")["products.csv"]
        text = "product;size;brand\n74305001321;16 oz;Bragg\n4011;per lb;Chiquita\n"
        batch = tables.import_text(shop, products=text)
        changes = tables.change_list(batch)
        shop.execute(batch.number)
        after = tables.export(shop.folder / "after")["products.csv"]
        shop.undo(batch.number)
        return [changes, batch.counts, before != after, before == tables.export(shop.folder / "x")["products.csv"]]

    changes, counts, is_other, is_back = in_shop(migrated_env, act)

    assert changes == [
        ["product", "update", {"size": "32 oz"}, {"size": "16 oz"}],
        ["product", "update", {"brand": ""}, {"brand": "Chiquita"}],
    ]
    assert counts == {"record_change": 2}
    assert (is_other, is_back) == (True, True)


def test_what_is_wrong_is_named_by_row_and_column_and_the_rest_is_read(migrated_env: Mapping[str, str]) -> None:
    prices = (
        "product,store,kind,starts,amount\n"
        "074305001321,,regular,2026-01-01,4.79\n"
        "074305001321,9,regular,2026-01-01,4.79\n"
        "074305001322,,regular,2026-01-01,4.79\n"
        "036000291452,,regular,2026-01-01,4.79\n"
        "4011,1,regular,01/02/2026,0.69\n"
        "4011,1,regular,2026-01-01,cheap\n"
        "4011,1,weekly,2026-01-01,\n"
        "4011,1\n"
        "074305001321,,regular,2026-01-01,4.89\n"
        "7.43E+10,,regular,2026-01-01,4.89\n"
        '4011,1,sale,2026-02-01,"1,000.00"\n'
        ",,,,\n"
    )

    def act(shop: Shop) -> list[Any]:
        opened(shop)
        batch = tables.import_text(shop, prices=prices)
        said = [(row["source_row"], row["note"]) for row in shop.rows(batch) if row["note"]]
        return [batch.counts, said, batch.problem_count]

    counts, said, problems = in_shop(migrated_env, act)

    assert counts == {"new_record": 1, "bad_row": 9, "duplicate": 1}
    assert problems == 11
    assert said == [
        [3, "column 'prices.store': \"9\" is no store that there is"],
        [
            4,
            "column 'prices.product': \"074305001322\" has the wrong check digit 2, expected 1",
        ],
        [5, "column 'prices.product': \"036000291452\" is no product that there is"],
        [6, "column 'prices.starts': \"01/02/2026\" is not a date, year first, such as 2026-11-22"],
        [7, "column 'prices.amount': \"cheap\" is not a plain number, such as 12.50"],
        [8, "column 'prices.kind': \"weekly\" is none of regular, sale; column 'prices.amount': is empty"],
        [9, "column 'prices': \"4011 | 1\" has 2 cells; expected 5, as many as the first row has names"],
        [10, "column 'prices': row 1 of this batch names the same record"],
        [11, said[8][1]],
        [12, "column 'prices.amount': \"1,000.00\" is not a plain number, such as 12.50"],
    ]


def test_another_preferred_item_takes_its_place_and_gives_it_back(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> list[Any]:
        opened(shop)
        before = tables.export(shop.folder / "before")["vendor_items.csv"]
        batch = tables.import_text(shop, vendor_items="vendor,vendor_code,is_preferred\nkehe,0012345,true\n")
        shop.execute(batch.number)
        after = tables.export(shop.folder / "after")["vendor_items.csv"].decode().split("\r\n")
        shop.undo(batch.number)
        return [after, before == tables.export(shop.folder / "back")["vendor_items.csv"]]

    after, is_back = in_shop(migrated_env, act)

    assert after[1:3] == ["unfi,0204578,074305001321,false,true", "kehe,0012345,074305001321,true,true"]
    assert is_back


def test_the_primary_code_changes_in_two_steps_and_codes_never_change_hands(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> list[Any]:
        opened(shop)
        words = "product,code,is_primary\n"
        both = tables.import_text(shop, product_codes=f"{words}4011,036000291452,true\n4011,074305001321,false\n")
        first = tables.import_text(shop, product_codes="product,code\n4011,036000291452\n")
        shop.execute(first.number)
        then = tables.import_text(shop, product_codes=f"{words}4011,036000291452,true\n4011,4011,false\n")
        shop.execute(then.number)
        codes = tables.export(shop.folder / "after")["product_codes.csv"].decode().split("\r\n")
        return [[row["note"] for row in shop.rows(both)], codes[2:4]]

    notes, codes = in_shop(migrated_env, act)

    assert "the product has a primary code already" in notes[0]
    assert "is a code of another product" in notes[1]
    assert codes == ["036000291452,036000291452,gtin,true", "036000291452,4011,plu,false"]


def test_new_stock_leaves_a_line_in_the_ledger_unless_the_ledger_comes_with_it(
    migrated_env: Mapping[str, str],
) -> None:
    stock = "store,product,on_hand\n1,4011,12.5\n"
    ledger = (
        "store,product,before,after,reason,at,recorded_at,recorded_by\n"
        "1,4011,0,12.5,count,2026-01-01T08:00:00Z,2026-01-01T09:00:00+01:00,bob\n"
    )

    def act(shop: Shop) -> list[Any]:
        opened(shop)
        found: list[Any] = []
        for given in ({"stock": stock}, {"stock": stock, "stock_movements": ledger}):
            batch = tables.import_text(shop, **given)
            shop.execute(batch.number)
            found.append(tables.export(shop.folder / "now")["stock_movements.csv"].decode().split("\r\n")[1:-1])
            shop.undo(batch.number)
            tables.empty()
            opened(shop)
        return found

    alone, together = in_shop(migrated_env, act)

    assert [line.split(",")[:4] for line in alone] == [["1", "4011", "0", "12.5"]]
    assert together == ["1,4011,0,12.5,count,,2026-01-01T08:00:00Z,2026-01-01T08:00:00Z,bob"]


def test_a_cost_of_another_day_is_refused_when_somebody_changed_the_one_in_force(
    migrated_env: Mapping[str, str],
) -> None:
    def act(shop: Shop) -> list[Any]:
        from rattail.errors import RecordsMoved

        opened(shop)
        words = "vendor,vendor_code,effective,case_size,case_cost\n"
        first = tables.import_text(shop, vendor_costs=f"{words}unfi,0204578,2026-01-01,12,34.68\n")
        shop.execute(first.number)
        late = tables.import_text(shop, vendor_costs=f"{words}unfi,0204578,2026-06-01,12,36\n")
        shop.execute(tables.import_text(shop, vendor_costs=f"{words}unfi,0204578,2026-01-01,12,35\n").number)
        try:
            shop.execute(late.number)
        except RecordsMoved:
            return [tables.export(shop.folder / "now")["vendor_costs.csv"].decode().split("\r\n")[1:-1]]
        return ["executed"]

    assert in_shop(migrated_env, act) == [["unfi,0204578,2026-01-01,12,35.00,,,,,,"]]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "product,brnad\n4011,x\n", "the table products has no column 'brnad'. Did you mean 'brand'?"),
        ("b.csv", "fruit,color\napple,red\n", "its first row names no column of any table"),
        ("c.csv", "product,product\n1,2\n", "the column 'product' is there twice"),
        ("d.csv", "brand,size\nx,y\n", "the table products needs the column 'product'"),
        ("e.csv", "product\n4011\n", "it names records of"),
        ("f.csv", "", "f.csv is empty"),
        ("g.csv", "store,,name\n1,x,Main\n", "g.csv: column 2 has no name."),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(
    migrated_sqlite_env: Mapping[str, str], name: str, text: str, said: str
) -> None:
    def act(shop: Shop) -> None:
        path = shop.folder / name
        path.write_text(text)
        tables.import_(shop, path)

    with pytest.raises(InputRejected) as refused:
        in_shop(migrated_sqlite_env, act)

    assert said in refused.value.message


def test_the_same_files_twice_are_refused_by_the_number_of_the_batch(migrated_sqlite_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> None:
        from rattail.features.batches.csv_in.make import make_import, plan_import

        path = shop.folder / "stores.csv"
        path.write_text(STORES)
        for _ in range(2):
            planned = plan_import([str(path)], ground=shop.ground, progress=tables.silently)
            make_import(planned, ground=shop.ground, progress=tables.silently)

    with pytest.raises(WouldOverwrite, match="batch 00000001 has this very file already"):
        in_shop(migrated_sqlite_env, act)


def test_a_cost_of_a_vendor_that_nobody_knows_is_set_aside_beside_others(
    migrated_sqlite_env: Mapping[str, str],
) -> None:
    costs = (
        "vendor,vendor_code,effective,case_cost\n"
        "unfy,0204578,2026-01-01,34.68\n"
        "unfi,9999999,2026-01-01,34.68\n"
        "unfi,0204578,2026-01-01,34.68\n"
    )

    def act(shop: Shop) -> list[Any]:
        opened(shop)
        return [(row["note"], row["statuses"]) for row in shop.rows(tables.import_text(shop, vendor_costs=costs))]

    assert in_shop(migrated_sqlite_env, act) == [
        ["column 'vendor_costs.vendor': \"unfy\" is no vendor that there is", ["bad_row"]],
        ["column 'vendor_costs.vendor_code': \"9999999\" is no item of this vendor", ["bad_row"]],
        ["", ["new_record"]],
    ]


def test_what_cannot_be_in_a_shop_is_named_by_row_and_column(migrated_env: Mapping[str, str]) -> None:
    prices = (
        "product,kind,starts,ends,amount,,\n"
        "4011,regular,2026-01-01,,0,,\n"
        "4011,sale,2026-02-01,2026-02-01,0.49,,\n"
        "4011,sale,2026-03-02,2026-03-01,0.49,,\n"
        "4011,regular,2026-04-01,,-0.69,,\n"
        "4011,regular,2026-05-01,,0.69,,cheap\n"
        "4011,,,,,,,,x\n"
    )

    def act(shop: Shop) -> list[Any]:
        opened(shop)
        some = {"stores": "store,name\n3, \n", "departments": "department,name\n10,\n", "vendors": "vendor,name\nx,\n"}
        batch = tables.import_text(shop, **some, prices=prices)
        return [[row["source_row"], row["note"]] for row in shop.rows(batch) if row["note"]]

    assert in_shop(migrated_env, act) == [
        [2, "column 'stores.name': \" \" is empty"],
        [2, "column 'departments.name': is empty"],
        [2, "column 'vendors.name': is empty"],
        [4, "column 'prices.ends': \"2026-03-01\" is before it starts: 2026-03-02"],
        [5, "column 'prices.amount': \"-0.69\" is below 0"],
        [6, "column 'prices': \"cheap\" column 7 has no name, so what it holds cannot be read"],
        [7, f"column 'prices': \"4011{' | ' * 8}x\" has 9 cells; expected 5, as many as the first row has names"],
    ]


def test_a_change_is_said_in_the_units_of_the_shop(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> list[str]:
        opened(shop)
        shop.execute(tables.import_text(shop, stock="store,product,on_hand\n1,4011,2\n").number)
        batch = tables.import_text(shop, stock="store,product,on_hand\n1,4011,50\n")
        return [row["note"] for row in shop.rows(batch)]

    assert in_shop(migrated_env, act) == ["on_hand 2.00 -> 50.00"]
