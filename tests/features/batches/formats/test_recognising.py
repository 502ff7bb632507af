"""Every named layout claims its own files, and no other does."""

import importlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rattail.errors import InputRejected
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CountLine
from rattail.features.batches.reading.source import look_at
from tests.features.batches.formats.examples import ALL

NAMES = (*dict.fromkeys(name for name, _ in ALL.values()), "kehe_catalog")
FORMATS: dict[str, Format] = {
    name: importlib.import_module(f"rattail.features.batches.formats.{name}").FORMAT for name in NAMES
}
OTHERS = {
    "codes and quantities": "code,quantity\r\n088412000011,3\r\n088412000028,4\r\n",
    "codes, quantities and prices": "088412000011,3,4.79\r\n088412000028,1,2.49\r\n",
    "codes only": "088412000011\r\n088412000028\r\n088412000035\r\n",
    "sales": "store_id,product_id,quantity,value,at\r\n1,940996,1.0,3.86,2026-01-28 19:06:53\r\n",
    "a pricebook": "Dept\tBrand\tProduct#\tSize\tText\tEach\tCase\tUPC\r\nG\tB\t1\t1/2\tX\t1\t2\t0-88412-00001-1\r\n",
    "pipes": "FHEAD|1004|5531\r\nFDETL|20260313071300|A12|088412000011|14\r\nFTAIL|1\r\n",
    "a letter": "Dear store,\r\n\r\nhere are our prices: 2.49 for lentils.\r\n",
    "XML": "<?xml version='1.0'?><Invoice><ID>1</ID></Invoice>",
}


def workbooks() -> dict[str, bytes]:
    """A KeHE catalog of one item in both kinds of workbook."""
    rows: tuple[list[object], ...] = (
        ["Item", "Brand", "Description", "Size", "UOM", "UPC", "Case Pack", "Un of Sls", "Unit Cost", "SRP"],
        [21007, "HILLTOP", "LENTILS", 16, "OZ", 88412000011.0, 12, 1, 2.49, 3.99],
    )
    old, new = BytesIO(), BytesIO()
    xls, xlsx = xlwt.Workbook(), xlsxwriter.Workbook(new)
    xls_sheet, xlsx_sheet = xls.add_sheet("Catalog"), xlsx.add_worksheet()
    for number, row in enumerate(rows):
        xlsx_sheet.write_row(number, 0, row)
        for column, cell in enumerate(row):
            xls_sheet.write(number, column, cell)
    xls.save(old)
    xlsx.close()
    return {"xls": old.getvalue(), "xlsx": new.getvalue()}


WORKBOOKS = workbooks()


def bytes_of(content: str | bytes) -> bytes:
    return content.encode("latin-1") if isinstance(content, str) else content


@pytest.mark.parametrize("case", ALL)
def test_a_layout_is_recognised_by_its_content_and_by_one_format_only(case: str, tmp_path: Path) -> None:
    name, content = ALL[case]
    path = tmp_path / "upload.dat"
    path.write_bytes(bytes_of(content))
    source = look_at(str(path))

    assert [one for one in NAMES if FORMATS[one].recognise(source)] == [name]


@pytest.mark.parametrize("case", OTHERS)
def test_a_file_of_another_layout_is_claimed_by_none(case: str, tmp_path: Path) -> None:
    path = tmp_path / "upload.dat"
    path.write_text(OTHERS[case])
    source = look_at(str(path))

    assert [one for one in NAMES if FORMATS[one].recognise(source)] == []


def test_a_spreadsheet_with_other_columns_is_claimed_by_none(tmp_path: Path) -> None:
    path = tmp_path / "catalog.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write_row(0, 0, ["UPC", "Case Pack", "Case Cost", "Description"])
    book.close()
    source = look_at(str(path))

    assert [one for one in NAMES if FORMATS[one].recognise(source)] == []


@pytest.mark.parametrize("case", ALL)
def test_a_byte_order_mark_changes_nothing(case: str, tmp_path: Path) -> None:
    name, content = ALL[case]
    if b"\0" in bytes_of(content):
        pytest.skip("a handheld's own bytes have no mark")
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    text = bytes_of(content).decode("latin-1")
    plain.write_bytes(text.encode())
    marked.write_bytes(b"\xef\xbb\xbf" + text.encode())

    with_mark, without = (list(FORMATS[name].read(look_at(str(path)), Reading())) for path in (marked, plain))

    assert FORMATS[name].recognise(look_at(str(marked)))
    assert with_mark == without


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_layout_is_refused_in_a_sentence_when_the_format_is_forced(name: str, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text(OTHERS["a letter"])

    with pytest.raises(InputRejected) as refused:
        list(FORMATS[name].read(look_at(str(path)), Reading()))

    assert "letter.txt" in refused.value.message


@pytest.mark.parametrize("case", [case for case in ALL if case.endswith("_count") or "_count " in case])
def test_one_damaged_line_of_two_costs_one_count(case: str, tmp_path: Path) -> None:
    name, content = ALL[case]
    path = tmp_path / "count"
    path.write_bytes(bytes_of(content).replace(b"8841200002", b"88412?0002").replace(b"088412000028", b""))

    events = list(FORMATS[name].read(look_at(str(path)), Reading()))

    assert len([event for event in events if isinstance(event, CountLine)]) >= 1


@pytest.mark.parametrize("content", ["xls", "xlsx"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_workbook_gives_events_or_one_refusal(content: str, tmp_path: Path, data: st.DataObject) -> None:
    damaged = bytearray(WORKBOOKS[content])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(damaged) - 1))
        damaged[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(damaged))

    with suppress(InputRejected):
        source = look_at(str(path))
        assert isinstance(FORMATS["kehe_catalog"].recognise(source), str)
        assert all(event.row >= 0 for event in FORMATS["kehe_catalog"].read(source, Reading()))


@pytest.mark.parametrize("case", ALL)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_gives_events_or_one_refusal_and_never_another_error(
    case: str, tmp_path: Path, data: st.DataObject
) -> None:
    name, content = ALL[case]
    damaged = bytearray(bytes_of(content))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
        end = start + data.draw(st.integers(0, 12))
        damaged[start:end] = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"", b"\t", b",", b'"', b"\n", b"\r", b"\0", b"-", b"1e5", b"\xa0", b"\xd9\xa3", b"$"]
                ),
            )
        )
    path = tmp_path / "damaged"
    path.write_bytes(bytes(damaged))

    with suppress(InputRejected):
        source = look_at(str(path))
        for layout in FORMATS.values():
            assert isinstance(layout.recognise(source), str)
        assert all(event.row >= 0 for event in FORMATS[name].read(source, Reading()))
        if list_codes := FORMATS[name].codes:
            assert all(isinstance(code, str) for code in list_codes(source, Reading()))
