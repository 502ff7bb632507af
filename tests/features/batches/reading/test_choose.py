"""Which format a file has, why, and what is said where none has it or two have."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rattail.errors import InputRejected, NoSuchThing
from rattail.features.batches.reading.choose import all_formats, choose_format
from rattail.features.batches.reading.format import Format
from rattail.features.batches.reading.source import Source
from tests.features.batches.reading.kit import GENERIC, source_of, workbook

CATALOG = "UPC,Item,Case Cost\n074305001321,0204578,34.68\n"


def special(name: str, why: str, kind: str = "vendor_catalog") -> Format:
    recognise: Callable[[Source], str] = lambda _: why  # noqa: E731
    return Format(name=name, title=name, kind=kind, recognise=recognise, read=lambda *_: iter(()))


def test_every_module_of_formats_is_found_and_has_a_name_of_its_own() -> None:
    names = [found.name for found in all_formats()]

    assert {"generic_catalog", "generic_invoice", "generic_count"} <= set(names)
    assert len(names) == len(set(names))


def test_the_one_specific_format_goes_before_the_generic_one(tmp_path: Path) -> None:
    formats = [GENERIC["vendor_catalog"], special("theirs", "it says so"), special("other", "")]

    chosen = choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", formats=formats)

    assert (chosen.format.name, chosen.reason) == ("theirs", "it says so")


def test_the_generic_format_says_which_names_it_knew(tmp_path: Path) -> None:
    chosen = choose_format(source_of(tmp_path, CATALOG), "vendor_catalog")

    assert (chosen.format.name, chosen.reason) == ("generic_catalog", "its row 1 names UPC, Item, Case Cost")


def test_two_formats_that_fit_are_asked_about(tmp_path: Path) -> None:
    formats = [special("one", "it has A"), special("two", "it has B")]

    with pytest.raises(InputRejected) as caught:
        choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", formats=formats)

    assert "fits 2 formats: one (it has A); two (it has B)" in caught.value.message
    assert "--format one or --format two" in caught.value.hint


def test_a_format_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    formats = [special("one", ""), special("two", "it has B")]

    assert (
        choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", wanted="one", formats=formats).format.name
        == "one"
    )


def test_a_format_that_does_not_exist_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NoSuchThing, match="Did you mean 'generic_catalog'"):
        choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", wanted="generic_catalogue")


def test_a_format_of_another_kind_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="is for a count, not for a catalog"):
        choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", wanted="generic_count")


def test_a_file_of_another_kind_is_said_to_be_one(tmp_path: Path) -> None:
    formats = [special("x12", "its first segment is ISA", "vendor_invoice"), GENERIC["vendor_catalog"]]

    with pytest.raises(
        InputRejected, match=r"looks like an invoice \(x12: its first segment is ISA\), not like a catalog"
    ):
        choose_format(source_of(tmp_path, CATALOG), "vendor_catalog", formats=formats)


def test_the_line_that_reads_a_file_as_what_it_is_keeps_what_was_given(tmp_path: Path) -> None:
    catalog, count = source_of(tmp_path, CATALOG), source_of(tmp_path, "UPC,Count\n074305001321,5\n", name="b.csv")

    hints = []
    for source, kind, vendor, store in (
        (catalog, "vendor_invoice", "unfi", "2"),
        (catalog, "inventory", "", "2"),
        (count, "vendor_catalog", "unfi", ""),
    ):
        with pytest.raises(InputRejected) as caught:
            choose_format(source, kind, vendor=vendor, store=store)
        hints.append(caught.value.hint)

    assert hints == [
        f"rattail make-batch vendor_catalog {catalog.path} --vendor unfi --store 2",
        f"rattail make-batch vendor_catalog {catalog.path} --vendor VENDOR --store 2",
        f"rattail make-batch inventory {count.path} --vendor unfi --mode replace",
    ]


def test_a_table_without_known_columns_leads_to_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(InputRejected) as caught:
        choose_format(source_of(tmp_path, "Foo;Bar\n1;2\n"), "vendor_catalog")

    assert "it begins with 'Foo;Bar'" in caught.value.message
    assert "make-vendor-mapping" in caught.value.hint


def test_a_table_that_lacks_a_column_says_which(tmp_path: Path) -> None:
    source = workbook(tmp_path, {"A": [["UPC", "Brand"], ["074305001321", "Bragg"]]})

    with pytest.raises(InputRejected, match="no column is known as case cost or unit cost or cost"):
        choose_format(source, "vendor_catalog")


def test_the_vendors_mapping_goes_before_known_names(tmp_path: Path) -> None:
    chosen = choose_format(
        source_of(tmp_path, "Foo;Bar\n1;2\n"), "vendor_catalog", mapping={"columns": {"code": "Foo"}}
    )

    assert (chosen.format.name, chosen.reason) == ("generic_catalog", "the vendor's mapping names its columns")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<?xml version='1.0'?><Order/>", "this is an XML file whose outermost element is Order; expected a count."),
        ("ISA*00*bytes", "this is an X12 file without a transaction set that can be read; expected a count."),
        ("UNB+UNOA:1+A+B+260101:1200+1'UNH+1+ORDERS:D:96A:UN'", "this is an EDIFACT ORDERS (purchase order); expected"),
        ("STX=ANA:1+501:A+502:B+260101:120000+1++ORDHDR'\nMHD=1+ORDHDR:9'\n", "this is a TRADACOMS file"),
    ],
    ids=["xml", "x12", "edifact", "tradacoms"],
)
def test_a_message_that_is_not_read_is_named_for_what_it_is(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputRejected) as caught:
        choose_format(source_of(tmp_path, content), "inventory")

    assert said in caught.value.message
    assert caught.value.hint == "ask the sender for a count; what can be read: rattail list-formats inventory"


def test_the_hint_for_an_unknown_table_can_be_pasted(tmp_path: Path) -> None:
    source = source_of(tmp_path, "Foo;Bar\n1;2\n", name="new prices.csv")

    with pytest.raises(InputRejected) as caught:
        choose_format(source, "vendor_catalog", vendor="UNFI")

    pasted = f"rattail make-vendor-mapping UNFI '{tmp_path}/new prices.csv' --kind vendor_catalog"
    assert caught.value.hint.endswith(f": {pasted}")
