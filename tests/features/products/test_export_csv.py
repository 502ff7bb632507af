"""Tables that go out as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import Run
from tests.features.products import tables
from tests.kit.shop import Shop, in_shop


def test_what_a_spreadsheet_would_calculate_is_escaped_and_numbers_stay_numbers(
    migrated_env: Mapping[str, str],
) -> None:
    def act(shop: Shop) -> list[str]:
        product = shop.make("Product", brand="=1+1", description="-free, @home", size="'quoted")
        store = shop.make("Store", code="+1", name="\tTab")
        shop.make("Stock", store_id=store, product_id=product, on_hand="-3.5")
        files = tables.export(shop.folder / "out")
        return [files[f"{name}.csv"].decode() for name in ("products", "stores", "stock")]

    products, stores, stock = (list(csv.reader(io.StringIO(text))) for text in in_shop(migrated_env, act))

    assert products[1][:4] == ["~=1+1|-free, @home|'quoted", "'=1+1", "'-free, @home", "''quoted"]
    assert stores[1][:2] == ["'+1", "'\tTab"]
    assert stock[1] == ["'+1", "~=1+1|-free, @home|'quoted", "-3.5", ""]


def test_products_without_a_code_are_told_apart_in_every_table(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> list[str]:
        twins = [shop.make("Product", description="Soap", size="1 ct") for _ in range(2)]
        vendor = shop.make("Vendor", code="unfi", name="United")
        for number, twin in enumerate(twins):
            shop.make("VendorItem", vendor_id=vendor, code=f"{number}", product_id=twin)
        return tables.export(shop.folder / "out")["vendor_items.csv"].decode().split("\r\n")

    lines = in_shop(migrated_env, act)

    assert lines[1:3] == ["unfi,0,~|Soap|1 ct,false,true", "unfi,1,~|Soap|1 ct (2),false,true"]


def test_an_export_replaces_nothing_unless_it_is_told_to(
    run: Run, migrated_sqlite_env: Mapping[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    words = ("export-csv", "stores", "vendors", "--output", output)

    first = run(*words, "--json", env=migrated_sqlite_env)
    again = run(*words, env=migrated_sqlite_env)
    forced = run(*words, "--force", env=migrated_sqlite_env)
    unknown = run("export-csv", "prodcuts", env=migrated_sqlite_env)

    assert first.data["files"] == [
        {"table": "stores", "name": "stores.csv", "rows": 0, "size_bytes": 22},
        {"table": "vendors", "name": "vendors.csv", "rows": 0, "size_bytes": 34},
    ]
    assert first.data["folder"] == str(output)
    assert sorted(file.name for file in output.iterdir()) == ["stores.csv", "vendors.csv"]
    assert (again.code, forced.code, unknown.code) == (55, 0, 56)
    assert "holds 2 of these files already" in again.err
    assert "Did you mean 'products'?" in unknown.err


def test_an_export_goes_to_a_folder_of_its_own_in_work_csv(
    run: Run, migrated_sqlite_env: Mapping[str, str], appdir: Path
) -> None:
    done = run("export-csv", "departments", "--json", env=migrated_sqlite_env)

    folder = Path(done.data["folder"])
    assert folder.parent == appdir / "work" / "csv"
    assert folder.name.startswith("export-20")
    assert (folder / "departments.csv").read_text() == "department,name\n"
    assert (folder / "departments.csv").stat().st_mode & 0o777 == 0o640
