"""Whatever happens to a file on its way, it is read or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rattail.errors import InputRejected
from rattail.features.batches.formats import (
    edifact_invoic,
    edifact_pricat,
    ubl_invoice,
    x12_810,
    x12_832,
    x12_846,
)
from rattail.features.batches.reading.describe import what_it_is
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.source import look_at
from tests.features.batches.formats import (
    test_edifact_invoic,
    test_edifact_pricat,
    test_ubl_invoice,
    test_x12_810,
    test_x12_832,
    test_x12_846,
)
from tests.features.batches.formats.edi_files import edifact, interchange, message, transaction, ubl

PRICAT = test_edifact_pricat
FILES: dict[str, tuple[Format, str]] = {
    "810": (x12_810.FORMAT, interchange(transaction("810", test_x12_810.BODY))),
    "832": (x12_832.FORMAT, interchange(transaction("832", test_x12_832.OATS + test_x12_832.PRICES))),
    "846": (
        x12_846.FORMAT,
        interchange(transaction("846", test_x12_846.HEAD + "LIN*1*UP*036000291452~QTY*17*14*EA~")),
    ),
    "INVOIC": (edifact_invoic.FORMAT, "UNA:+.? '" + edifact(message("INVOIC", test_edifact_invoic.BODY))),
    "PRICAT": (
        edifact_pricat.FORMAT,
        edifact(message("PRICAT", PRICAT.HEAD + PRICAT.UNIT + PRICAT.CASE + PRICAT.PART)),
    ),
    "UBL": (
        ubl_invoice.FORMAT,
        ubl(test_ubl_invoice.HEAD + test_ubl_invoice.total("6.00") + test_ubl_invoice.line()),
    ),
}
SNIPPETS = (
    *(
        b"",
        b"~",
        b"*",
        b"'",
        b"+",
        b":",
        b"?",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\xff",
        b"ISA*",
        b"UNA:+.? '",
        b"<",
        b"</",
        b">",
    ),
    *(
        b"-",
        b"0",
        b"999999999999999999",
        b"1e99",
        b"NaN",
        b"\xd9\xa1",
        b"\xef\xbb\xbf",
        b"IEA*1*1~",
        b"UNZ+1+1'",
        b"SE*1*1~",
    ),
    *(b"IT1*", b"LIN*", b"LIN+1'", b"&a;", b"<!DOCTYPE a>", b"<![CDATA["),
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Format, bytes]:
    """One of the files with up to four places replaced, left out or doubled, and perhaps cut off."""
    layout, text = FILES[draw(st.sampled_from(sorted(FILES)))]
    content = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 12)))
        new = draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=3), st.just(content[begin:end] * 2)))
        content = content[:begin] + new + content[end:]
    if draw(st.booleans()):
        content = content[: draw(st.integers(0, len(content)))]
    return layout, content


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=damaged())
def test_a_damaged_file_gives_events_or_is_rejected(tmp_path: Path, file: tuple[Format, bytes]) -> None:
    layout, content = file
    path = tmp_path / "damaged.dat"
    path.write_bytes(content)

    refusal = ""
    try:
        source = look_at(str(path))
        assert isinstance(layout.recognise(source), str)
        assert isinstance(what_it_is(source), str)
        for event in layout.read(source, Reading()):
            assert event
    except InputRejected as rejected:
        refusal = rejected.message

    assert refusal == "" or refusal.endswith(".")


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_whole_file_is_recognised_by_its_own_format_only(tmp_path: Path, name: str) -> None:
    path = tmp_path / "whole.dat"
    path.write_text(FILES[name][1])
    source = look_at(str(path))

    assert [other for other, (layout, _) in FILES.items() if layout.recognise(source)] == [name]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (interchange(transaction("850", "BEG*00~")), "an X12 850 (purchase order)"),
        (interchange(transaction("880", "G01*1~")), "an X12 880 (grocery invoice)"),
        (interchange(transaction("856", ""), transaction("123", "")), "an X12 856 (ship notice) and 123"),
        (interchange(), "an X12 file without a transaction set that can be read"),
        (edifact(message("ORDERS", "BGM+220'")), "an EDIFACT ORDERS (purchase order)"),
        ("STX=ANA:1+:SHOP+:MAKER+261120+REF'MHD=1+ORDHDR:9'", "a TRADACOMS file, of British trade before EDIFACT"),
        (ubl("", kind="InventoryReport"), "a UBL inventory report"),
        ("<?xml version='1.0'?><Orders/>", "an XML file whose outermost element is Orders"),
        ("<?xml version='1.0'?><!DOCTYPE a []><a/>", "an XML file with a document type declaration"),
        ("upc,quantity\n036000291452,3\n", ""),
    ],
)
def test_a_file_that_no_format_reads_is_described(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "other.dat"
    path.write_text(content)
    source = look_at(str(path))

    assert what_it_is(source).startswith(said)
    assert bool(what_it_is(source)) == bool(said)
    assert not any(layout.recognise(source) for layout, _ in FILES.values())


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_holds_something_else_is_refused_where_its_format_is_insisted_on(tmp_path: Path, name: str) -> None:
    path = tmp_path / "other.dat"
    path.write_text(
        ubl("", kind="Order")
        if name == "UBL"
        else interchange(transaction("850", "BEG*00~"))
        if name.isdigit()
        else edifact(message("ORDERS", "BGM+220'"))
    )

    with pytest.raises(InputRejected, match="holds no"):
        list(FILES[name][0].read(look_at(str(path)), Reading()))
