"""Tables that are taken out of a copy of the records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven, NoSuchThing, WouldOverwrite
from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.tables import export_tables
from tests.features.backups.records.places import copied, place_of
from tests.features.products import tables
from tests.features.products.made_up_shops import MadeUp, shops
from tests.kit.records import write_migrated_file
from tests.kit.shop import Shop, in_shop

EXAMPLES = 5
OLD = """
--
-- PostgreSQL database dump
--

CREATE TABLE public.retail_store (
    id bigint NOT NULL,
    code character varying(20) NOT NULL,
    "opened at" timestamp with time zone,
    is_open boolean DEFAULT true NOT NULL
);

COPY public.retail_store (id, code, "opened at", is_open) FROM stdin;
1\ta\\tb\\\\c\t2026-11-22 14:00:00.5+02\tt
2\t=1+1\t\\N\tf
\\.

--
-- PostgreSQL database dump complete
--
"""


def test_whatever_the_records_hold_a_copy_gives_the_tables_that_export_csv_gives(
    migrated_env: Mapping[str, str], tmp_path: Path
) -> None:
    where = place_of(migrated_env)

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
        def comes_out_the_same(made_up: MadeUp) -> None:
            nonlocal tried
            tried += 1
            tables.empty()
            tables.fill(made_up)
            live = tables.export(shop.folder / "live")
            copy = copied(where, tmp_path / "copy")
            out = shop.folder / f"out{tried}"
            export_tables(copy.path, copy.kind, (), str(out))
            assert {file.name: file.read_bytes() for file in out.iterdir()} == live

        comes_out_the_same()
        return tried

    assert in_shop(migrated_env, act) >= EXAMPLES


def test_only_the_tables_that_are_named_are_written_and_the_copy_stays_as_it_was(
    migrated_env: Mapping[str, str], tmp_path: Path
) -> None:
    copy = copied(place_of(migrated_env), tmp_path / "copy")
    before = Path(copy.path).read_bytes()
    assert check_copy(copy.path, copy.kind).counts == copy.counts

    done = export_tables(copy.path, copy.kind, ("vendors", "django_migrations"), str(tmp_path / "out"))

    names = [(file.table, file.name, file.rows) for file in done.files]
    assert names == [
        ("vendors", "vendors.csv", 0),
        ("django_migrations", "django_migrations.csv", copy.counts["django_migrations"]),
    ]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["django_migrations.csv", "vendors.csv"]
    assert (tmp_path / "out" / "vendors.csv").read_text() == "vendor,name,identifier,is_active\n"
    assert (tmp_path / "out" / "django_migrations.csv").read_text().startswith("id,app,name,applied\n1,")
    assert Path(copy.path).read_bytes() == before
    assert sorted(file.name for file in (tmp_path / "copy").iterdir()) == sorted(["records.json", Path(copy.path).name])


def test_a_table_that_is_not_there_is_refused_with_all_that_are(
    migrated_env: Mapping[str, str], tmp_path: Path
) -> None:
    copy = copied(place_of(migrated_env), tmp_path / "copy")

    with pytest.raises(NoSuchThing) as refused:
        export_tables(copy.path, copy.kind, ("vendors", "prodcuts"), str(tmp_path / "out"))

    assert refused.value.message == "there is no table 'prodcuts' in the copy. Did you mean 'products'?"
    assert refused.value.hint.startswith(
        "the tables are stores, departments, vendors, products, product_codes, prices,"
    )
    assert "batches_batch" in refused.value.hint
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_there_is_never_replaced(appdir: Path, tmp_path: Path) -> None:
    copy = copied(Whereabouts(path=str(write_migrated_file(appdir))), tmp_path / "copy")
    (tmp_path / "vendors.csv").write_text("mine")

    with pytest.raises(WouldOverwrite):
        export_tables(copy.path, copy.kind, ("stores", "vendors"), str(tmp_path))

    assert (tmp_path / "vendors.csv").read_text() == "mine"
    assert not (tmp_path / "stores.csv").exists()


def test_an_older_dump_has_the_columns_it_has_and_its_texts_and_moments_are_read_rightly(tmp_path: Path) -> None:
    dump = tmp_path / "old.sql"
    dump.write_text(OLD)

    export_tables(str(dump), "postgresql", ("stores", "retail_store"), str(tmp_path))

    assert (tmp_path / "stores.csv").read_text() == "store\na\tb\\c\n'=1+1\n"
    assert (tmp_path / "retail_store.csv").read_text() == (
        "id,code,opened at,is_open\n1,a\tb\\c,2026-11-22T12:00:00.5Z,true\n2,'=1+1,,false\n"
    )


@pytest.mark.parametrize("content", [OLD[: OLD.index("\\.")], OLD.replace("1\ta", "1\tone too many\ta"), "", "no dump"])
def test_a_dump_that_is_not_good_gives_an_error_and_no_table(content: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump.sql"
    dump.write_text(content)

    with pytest.raises(BackupUnproven):
        export_tables(str(dump), "postgresql", ("stores",), str(tmp_path))

    assert list(tmp_path.iterdir()) == [dump]


def test_neither_copies_nor_tables_need_django(tmp_path: Path) -> None:
    modules = "check copy load tables"
    code = "import sys\n" + "".join(f"import rattail.features.backups.records.{name}\n" for name in modules.split())

    done = subprocess.run(
        [sys.executable, "-c", f"{code}print('django' in sys.modules)"], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


def test_the_tables_of_the_sheets_are_those_of_the_models(migrated_env: Mapping[str, str]) -> None:
    def act(_: Shop) -> list[str]:
        from rattail.retail.sheets.columns import SHEETS

        return [sheet.name for sheet in SHEETS if sheet.table != sheet.record.table]

    assert in_shop(migrated_env, act) == []
