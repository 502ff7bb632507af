"""The sample shop: believable, valid, the same for the same seed, and read by every reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum import ean

from rattail.features.batches.reading.choose import all_formats
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, CountLine, InvoiceLine
from rattail.features.batches.reading.source import look_at
from rattail.features.sample.files.catalogs import catalog_files
from rattail.features.sample.files.counts import count_files
from rattail.features.sample.files.invoices import invoice_files
from rattail.features.sample.files.picked import SampleFile, Stage
from rattail.features.sample.shop import make_up
from rattail.retail.barcodes import CodeKind, printed, read_code
from tests.conftest import Run
from tests.kit.records import write_migrated_file
from tests.kit.shop import Shop, in_shop

STAGE = Stage(make_up(products=600, seed=3), 3, date(2026, 11, 22), "USD", "1")
FILES = (*catalog_files(STAGE), *invoice_files(STAGE), *count_files(STAGE))


def test_every_code_is_valid_and_no_two_products_have_the_same() -> None:
    goods = make_up(products=2_000, seed=1).goods

    codes = {(good.kind, good.key) for good in goods}
    assert len(codes) == len(goods) == 2_000
    assert {kind for kind, _ in codes} == {"gtin", "plu", "weighed"}
    for kind, key in codes:
        text = printed(key, CodeKind(kind))
        assert (read_code(text).kind, read_code(text).key) == (kind, key)
        assert len(text) < 6 or ean.is_valid(text)


def test_every_product_costs_less_than_it_is_sold_for_and_has_one_preferred_vendor() -> None:
    shop = STAGE.shop

    preferred = [offer.good for offer in shop.offers if offer.is_preferred]
    assert sorted(preferred) == list(range(600))
    assert all(0 < offer.unit_cost < shop.goods[offer.good].price for offer in shop.offers)


def test_the_same_seed_makes_the_same_shop_and_another_one_another() -> None:
    assert make_up(products=300, seed=5) == make_up(products=300, seed=5) != make_up(products=300, seed=6)


def test_there_is_a_sample_file_for_every_format_that_is_read(tmp_path: Path) -> None:
    recognised = {one.name for file in FILES for one in formats_of(file, tmp_path)}

    assert {one.name for one in all_formats()} - recognised <= {"generic_invoice"}


def formats_of(file: SampleFile, folder: Path) -> list[Format]:
    path = folder / file.name
    path.write_bytes(file.content)
    return [one for one in all_formats() if one.recognise(look_at(str(path)))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_sample_file_is_read_by_a_reader_of_its_kind_and_tells_of_the_shop(file: SampleFile, tmp_path: Path) -> None:
    path = tmp_path / file.name
    path.write_bytes(file.content)
    source = look_at(str(path))
    fitting = [one for one in all_formats() if one.kind == file.words[0] and one.recognise(source)]
    chosen = next((one for one in fitting if not one.is_generic), *fitting[:1])

    events = list(chosen.read(source, Reading()))

    lines = [one for one in events if isinstance(one, CatalogLine | InvoiceLine | CountLine)]
    assert len([one for one in fitting if not one.is_generic]) <= 1
    assert len(lines) > 1
    assert [type(one).__name__ for one in events].count("Problem") == (1 if file.name == "unfi-catalog.tsv" else 0)


def test_the_shop_fills_an_empty_store_and_no_other(run: Run, migrated_env: Mapping[str, str], tmp_path: Path) -> None:
    output = tmp_path / "files"
    words = ("make-sample", "--products", "300", "--json")

    planned = run(*words, "--dry-run", env=migrated_env)
    made = run(*words, "--output", output, env=migrated_env)
    again = run(*words, env=migrated_env)

    assert (planned.code, made.code, again.code) == (0, 0, 55), made.out
    assert planned.data["records"] == {}
    assert made.data["records"]["products"] == 300
    assert {file["name"] for file in made.data["files"]} == {file.name for file in output.iterdir()}

    def counted(_: Shop) -> list[int]:
        from rattail.retail.models import Price, Product, Stock, StockMovement, VendorCost

        return [model.objects.count() for model in (Product, Price, VendorCost, Stock, StockMovement)]

    records = made.data["records"]
    assert in_shop(migrated_env, counted) == [
        records[name] for name in ("products", "prices", "vendor_costs", "stock", "stock_movements")
    ]


def test_the_printed_commands_read_the_files(run: Run, appdir: Path) -> None:
    write_migrated_file(appdir)
    env = {"RATTAIL_APPDIR": str(appdir)}
    made = run("make-sample", "--products", "300", "--json", env=env)
    by_name = {file["name"]: file["command"].split() for file in made.data["files"]}

    catalog = by_name["unfi-catalog.tsv"]
    done = run(*catalog[catalog.index("make-batch") :], "--json", env=env)

    assert done.code == 0, done.out
    assert done.data["statuses"]["new_item"] == 10
    assert done.data["statuses"]["suspicious"] == done.data["statuses"]["bad_row"] == 1
    assert done.data["statuses"]["no_change"] > done.data["statuses"]["cost_change"] > 1


def test_every_sample_file_becomes_a_batch_in_its_shop(appdir: Path) -> None:
    write_migrated_file(appdir)

    def act(shop: Shop) -> dict[str, dict[str, int]]:
        from rattail.features.sample.service import Order, make_sample

        order = Order(products=600, seed=3, folder=str(shop.folder / "files"), is_ours=False, currency="USD")
        made = make_sample(order, actor="alice", now=shop.ground.now, progress=lambda _: None)
        counts = {}
        for file in made.files:
            said = dict(zip(file.words[2::2], file.words[3::2], strict=True))
            asked: dict[str, Any] = {"vendor": said.get("--vendor"), "store": said.get("--store")}
            asked["options"] = dict([said["--set"].split("=")]) if "--set" in said else {}
            counted_at = shop.ground.now.isoformat()
            asked["settings"] = {"mode": said["--mode"], "counted_at": counted_at} if "--mode" in said else {}
            if file.words[0] == "vendor_catalog":
                asked["settings"] = {"hold_above_percent": 50}
            counts[file.name] = shop.batch(file.words[0], file.content, name=file.name, **asked).counts
        return counts

    counts = in_shop({"RATTAIL_APPDIR": str(appdir)}, act)

    assert list(counts) == [file.name for file in FILES]
    known = {name for statuses in counts.values() for name in statuses}
    assert known >= {"no_change", "cost_change", "new_item", "suspicious", "bad_row", "received", "quantity_change"}
    assert [name for name, statuses in counts.items() if statuses.get("bad_row")] == ["unfi-catalog.tsv"]
    assert [name for name, statuses in counts.items() if set(statuses) <= {"product_not_found", "bad_row"}] == []
