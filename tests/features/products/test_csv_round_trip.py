"""Whatever the records hold goes out as CSV and comes back as it was."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings

from tests.conftest import Run
from tests.features.products import tables
from tests.features.products.made_up_shops import MadeUp, shops
from tests.kit.shop import Shop, in_shop

EXAMPLES = 10


def test_an_export_read_into_empty_records_gives_the_same_export(migrated_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> int:
        tried = 0

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(made_up=shops())
        def goes_out_and_comes_back(made_up: MadeUp) -> None:
            nonlocal tried
            tried += 1
            tables.empty()
            tables.fill(made_up)
            before = tables.export(shop.folder / "before")
            same = tables.import_(shop, shop.folder / "before")
            assert set(same.counts) <= {"no_change"}, shop.rows(same)
            assert same.change_count == 0
            tables.empty()

            batch = tables.import_(shop, shop.folder / "before")
            assert batch.problem_count == 0, shop.rows(batch)
            shop.execute(batch.number)
            assert tables.export(shop.folder / "after") == before

            shop.undo(batch.number)
            assert all(text.count(b"\n") == 1 for text in tables.export(shop.folder / "after").values())

        goes_out_and_comes_back()
        return tried

    assert in_shop(migrated_env, act) >= EXAMPLES


def test_the_sample_shop_moves_to_another_database_and_says_no_change_at_home(
    run: Run, migrated_env: Mapping[str, str]
) -> None:
    made = run("make-sample", "--products", "200", "--json", env=migrated_env)
    out = run("export-csv", "--json", env=migrated_env)
    again = run("import-csv", out.data["folder"], "--json", env=migrated_env)

    assert made.code == out.code == again.code == 0, again.out
    assert out.data["rows"] > 1500
    assert again.data["statuses"] == {"no_change": out.data["rows"]}
    assert again.data["changes"] == 0

    def moved(shop: Shop) -> bool:
        from pathlib import Path

        folder = Path(out.data["folder"])
        before = {file.name: file.read_bytes() for file in folder.iterdir()}
        tables.empty()
        shop.execute(tables.import_(shop, folder).number)
        return tables.export(shop.folder / "after") == before

    assert in_shop(migrated_env, moved)
