"""The saved column mapping of a vendor: written, read back, checked as a whole."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rattail.errors import ConfigInvalid, InputRejected
from rattail.features.batches.reading.column_names import NAMES
from rattail.features.batches.reading.guess import guess_mapping
from rattail.features.batches.reading.layout import Layout
from rattail.features.batches.reading.lines import CatalogLine
from rattail.features.batches.reading.mapping import (
    as_document,
    layout_of,
    load_mapping,
    mapping_path,
    parse_mapping,
    render_mapping,
    save_mapping,
)
from tests.features.batches.reading.kit import of, read, source_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMED = TEXTS.filter(lambda text: text.strip() != "")
DELIMITERS = st.sampled_from(["", ",", ";", "\t", "|", "\x1f", "\u00a6", "'", "\\"])


@st.composite
def layouts(draw: st.DrawFn, kind: str) -> Layout:
    fields = st.sampled_from(sorted(NAMES[kind]))
    names_row = draw(st.none() | st.integers(0, 60))
    positions = st.integers(1, 500) if names_row == 0 else st.integers(1, 500) | NAMED
    return Layout(
        columns=draw(st.dictionaries(fields, positions, max_size=5)),
        names_row=names_row,
        delimiter=draw(DELIMITERS),
        encoding=draw(st.sampled_from(["", "utf-8", "cp1250"])),
        sheet=draw(TEXTS),
        decimals=draw(st.sampled_from(["", "point", "comma", "either"])),
        money=draw(st.sampled_from(["", "dollars", "cents"])),
        cost_is=draw(st.sampled_from(["", "case", "unit"])),
        dates=draw(st.sampled_from(["", "month", "day"])),
        quantity_is=draw(st.sampled_from(["", "case", "unit"])),
        weight_is_case_size=draw(st.booleans()),
        skip=draw(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3).map(tuple), max_size=3)),
        has_check_digit=draw(st.dictionaries(st.integers(1, 20).map(str), st.booleans(), max_size=3)),
        defaults=draw(st.dictionaries(fields, TEXTS, max_size=3)),
    )


@given(
    st.sampled_from(sorted(NAMES)).flatmap(lambda kind: layouts(kind).map(lambda layout: {kind: layout})), TEXTS, NAMED
)
def test_any_mapping_comes_back_from_its_file(mapping: dict[str, Layout], vendor: str, reason: str) -> None:
    why = dict.fromkeys(("delimiter", "code"), reason)

    text = render_mapping(mapping, vendor=vendor, why=why)

    assert parse_mapping(text, name="a.toml") == mapping
    for kind, layout in mapping.items():
        assert layout_of(kind, as_document(layout)) == layout


def test_all_faults_of_a_mapping_come_at_once_with_their_lines() -> None:
    text = (
        "[vendor_catalogue]\n[vendor_catalog]\nnames_row = 'a'\ndelimeter = ';'\ndates = 'mont'\nmoney = 3\n"
        "[vendor_catalog.columns]\ncase_costs = 'x'\ncode = 0\n[inventory]\nskip = 3\nencoding = 'hex'\n"
    )

    with pytest.raises(ConfigInvalid) as caught:
        parse_mapping(text, name="unfi.toml")

    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        f"unfi.toml line {line}" for line in (1, 3, 4, 5, 6, 8, 9, 11, 12)
    ]
    assert "Did you mean 'vendor_catalog'?" in caught.value.faults[0]
    assert "Did you mean 'delimiter'?" in caught.value.faults[2]
    assert 'expected "month" or "day"; found "mont"' in caught.value.faults[3]
    assert "Did you mean 'case_cost'?" in caught.value.faults[5]


def test_a_mapping_that_is_no_toml_says_its_line(tmp_path: Path) -> None:
    (tmp_path / "unfi.toml").write_text("[vendor_catalog]\ncost_is = case\n")

    with pytest.raises(ConfigInvalid, match=r"unfi\.toml.* line 2"):
        load_mapping(str(tmp_path), "UNFI")


def test_places_are_needed_where_there_is_no_row_of_names() -> None:
    with pytest.raises(ConfigInvalid, match=r"line 4: .*its place is expected"):
        parse_mapping("[inventory]\nnames_row = 0\n[inventory.columns]\ncode = 'UPC'\n", name="a.toml")


def test_a_mapping_is_saved_and_found_by_the_name_of_the_vendor(tmp_path: Path) -> None:
    folder = str(tmp_path / "vendor_files")
    mapping = {"vendor_catalog": Layout(columns={"code": "EAN"})}

    path = save_mapping(folder, "Bäckerei / Söhne & Co.", mapping)

    assert Path(path).parent == tmp_path / "vendor_files"
    assert load_mapping(folder, "Bäckerei / Söhne & Co.") == mapping
    assert load_mapping(folder, "Other") is None


@given(TEXTS)
def test_no_name_of_a_vendor_leads_out_of_the_folder(vendor: str) -> None:
    try:
        path = mapping_path("/folder", vendor)
    except InputRejected:
        return

    assert path.startswith("/folder/")
    assert path.endswith(".toml")
    assert "/" not in path.removeprefix("/folder/")
    assert not path.removeprefix("/folder/").startswith(".")


GERMAN = "Preisliste\n;;\nArtikelnummer;EAN;Bezeichnung;VPE;Preis\n1001;4006381333931;Käse;12;10,48\nSumme;;;;10,48\n"


def test_a_guess_says_why_and_asks_what_remains(tmp_path: Path) -> None:
    guess = guess_mapping(source_of(tmp_path, GERMAN.encode("cp1252")), "vendor_catalog")

    assert guess.layout.columns == {
        "vendor_code": "Artikelnummer",
        "code": "EAN",
        "description": "Bezeichnung",
        "case_size": "VPE",
        "cost": "Preis",
    }
    assert guess.layout.decimals == "comma"
    assert guess.why["cost"] == "by its name, 'Preis'"
    assert [question.option for question in guess.questions] == ["--set cost_is=case or --set cost_is=unit"]


def test_a_new_vendors_file_takes_one_mapping_and_the_second_file_none(tmp_path: Path) -> None:
    guess = guess_mapping(source_of(tmp_path, GERMAN), "vendor_catalog", answers={"cost_is": "case"})
    assert not guess.questions
    save_mapping(str(tmp_path / "v"), "Neu", {"vendor_catalog": guess.layout}, why=guess.why)
    mapping = load_mapping(str(tmp_path / "v"), "Neu")
    assert mapping is not None

    second = source_of(tmp_path, "\n" + GERMAN.replace(";", "\t").replace("10,48", "11,20"), name="second.txt")
    (line,) = of(CatalogLine, read(second, mapping=as_document(mapping["vendor_catalog"])))

    assert (line.code, line.case_cost, line.case_size, line.row) == ("4006381333931", 112_000, 120_000, 5)


def test_columns_with_unknown_names_can_be_answered(tmp_path: Path) -> None:
    source = source_of(tmp_path, "Foo;Bar;Baz\n0204578;7430500132;3,48\n")

    guess = guess_mapping(source, "vendor_catalog", answers={"code": "Bar", "vendor_code": "Foo", "unit_cost": "Baz"})

    (line,) = of(CatalogLine, read(source, mapping=as_document(guess.layout)))
    assert (line.vendor_code, line.code, line.unit_cost) == ("0204578", "7430500132", 34_800)


def test_a_column_of_barcodes_is_told_by_its_digits(tmp_path: Path) -> None:
    guess = guess_mapping(
        source_of(tmp_path, "x;Item;Price\n074305001321;1;1,50\n042563000219;2;2,50\n"), "vendor_catalog"
    )

    assert guess.layout.columns["code"] == "x"
    assert "as many digits as a barcode" in guess.why["code"]


def test_a_mapping_by_places_reads_a_file_without_names(tmp_path: Path) -> None:
    document = {"columns": {"code": 2, "case_cost": 4}, "names_row": 0, "skip": {"1": ["X"]}}

    events = read(source_of(tmp_path, "a,1234567,b,1.50\nX,7654321,b,9.99\n"), mapping=document)

    (line,) = of(CatalogLine, events)
    assert (line.row, line.code, line.case_cost) == (1, "1234567", 15_000)


def test_a_column_that_the_mapping_names_and_the_file_lacks_is_named(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Case Cost\n1234567,1.50\n")

    with pytest.raises(
        InputRejected, match=r"has no column 'EAN', .* for the barcode\. Its columns: 'UPC', 'Case Cost'"
    ):
        read(source, mapping={"columns": {"code": "EAN", "case_cost": "Case Cost"}, "names_row": 1})


def test_rows_are_skipped_and_empty_cells_have_defaults_as_the_mapping_says(tmp_path: Path) -> None:
    document = {
        "columns": {"code": "UPC", "unit_cost": "Cost", "brand": "Brand"},
        "skip": {"Dept": ["Promo"]},
        "defaults": {"brand": "Own"},
    }
    text = "UPC,Dept,Brand,Cost\n1234567,Promo,A,1.50\n7654321,Food,,2.50\n"

    (line,) = of(CatalogLine, read(source_of(tmp_path, text), mapping=document))

    assert (line.code, line.brand) == ("7654321", "Own")


def test_a_default_that_cannot_be_read_is_the_mappings_fault(tmp_path: Path) -> None:
    document = {"columns": {"code": "UPC", "unit_cost": "Cost"}, "defaults": {"unit_cost": "x"}}

    with pytest.raises(InputRejected, match="default that cannot be read: 'x'"):
        read(source_of(tmp_path, "UPC,Cost\n1234567,1.50\n"), mapping=document)


def test_an_answer_that_is_no_choice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="--set dates=mont: expected month or day"):
        read(source_of(tmp_path, "UPC,Unit Cost\n1234567,1.50\n"), dates="mont")


def test_a_place_beyond_the_table_is_refused_with_its_width(tmp_path: Path) -> None:
    source = source_of(tmp_path, "Foo,UPC,Unit Cost\n1,1234567,1.50\n")

    with pytest.raises(InputRejected, match=r"has no column 44, .* for the barcode: it has 3 columns"):
        read(source, mapping={"columns": {"code": 44, "unit_cost": "Unit Cost"}})
    with pytest.raises(InputRejected, match=r"there is no column 44: the file has 3 columns"):
        guess_mapping(source, "vendor_catalog", answers={"code": "44"})


@pytest.mark.parametrize("column", [3, "unit  cost"])
def test_one_column_is_not_two_fields(tmp_path: Path, column: str | int) -> None:
    source = source_of(tmp_path, "Foo,UPC,Unit Cost\n1,1234567,1.50\n")

    with pytest.raises(InputRejected, match=r"gives 'Unit Cost' of .* to two fields: unit_cost and case_cost"):
        read(source, mapping={"columns": {"code": "UPC", "unit_cost": "Unit Cost", "case_cost": column}})


def test_a_column_that_is_answered_is_taken_from_the_field_that_its_name_says(tmp_path: Path) -> None:
    source = source_of(tmp_path, "Foo,UPC,Unit Cost\nx,1234567,1.50\n")

    guess = guess_mapping(source, "vendor_catalog", answers={"case_cost": "Unit Cost"})

    assert guess.layout.columns == {"code": "UPC", "case_cost": "Unit Cost"}
    assert guess.not_used == ["Foo"]
