"""Workbooks that stream by: the same texts as another library finds, and what only XML by hand shows."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Problem, Remark
from rattail.features.batches.reading.sheet_values import value_text
from rattail.features.batches.reading.sheets import Sheet, open_sheet
from rattail.features.batches.reading.source import look_at

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;d&quot;0.00"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="46"/></cellXfs></styleSheet>'
)


def book_of(
    folder: Path,
    rows: str,
    *,
    strings: str = "",
    book: str = "",
    target: str = "worksheets/sheet1.xml",
    sheet: str | bytes = "",
    kind: str = f"{RELATIONS}/worksheet",
) -> Path:
    """A workbook of one sheet, written by hand; `rows` is what stands in `sheetData`."""
    path = folder / "by-hand.xlsx"
    parts = {
        "xl/workbook.xml": book
        or f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="A" r:id="x"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="x" Type="{kind}" Target="{target}"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet
        or f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>'
        "<pageSetup/><headerFooter><oddHeader>no cell</oddHeader></headerFooter></worksheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/styles.xml": STYLES,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def opened(path: Path, troubles: list[Problem | Remark] | None = None) -> Sheet:
    return open_sheet(look_at(str(path)), sheet="", is_better=len, troubles=troubles)


def rows_by_hand(folder: Path, rows: str, **parts: Any) -> list[list[str]]:
    return list(opened(book_of(folder, rows, **parts)).rows)


def cut(rows: Iterable[list[str]]) -> list[list[str]]:
    """Rows without the empty cells at their ends, and without empty rows at the end."""
    found = []
    for row in rows:
        while row and not row[-1]:
            row.pop()
        found.append(row)
    while found and not found[-1]:
        found.pop()
    return found


def by_calamine(path: Path) -> list[list[str]]:
    sheet = python_calamine.load_workbook(str(path)).get_sheet_by_index(0)
    before = [""] * (sheet.start[1] if sheet.start else 0)
    return cut(before + [value_text(cell) for cell in row] for row in sheet.iter_rows())


def written(path: Path, cells: Mapping[tuple[int, int], Any], **options: Any) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, **options}) as book:
        sheet = book.add_worksheet()
        as_date, as_moment = book.add_format({"num_format": "d-mmm-yy"}), book.add_format({"num_format": 22})
        for (row, column), value in sorted(cells.items()):
            if isinstance(value, datetime | time):
                sheet.write_datetime(row, column, value, as_moment)
            elif isinstance(value, date):
                sheet.write_datetime(row, column, value, as_date)
            elif isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write(row, column, value)
    return path


values = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.decimals(-(10**6), 10**6, places=4).map(float),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from([" a ", "_x0041_", "a\nb", "<&>]]>", "&amp;lt;", "007", "1e3"]),
    st.dates(date(1900, 3, 1), date(9999, 12, 31)),
    st.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1)).map(lambda when: when.replace(microsecond=0)),  # noqa: DTZ001
    st.times().map(lambda when: when.replace(microsecond=0)),
)
places = st.tuples(st.integers(0, 400), st.integers(0, 30))


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}], ids=["shared", "inline"])
def test_random_cells_have_the_texts_that_another_library_finds(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, bool]
) -> None:
    folder = tmp_path_factory.mktemp("random")

    @settings(max_examples=120, deadline=None)
    @given(st.dictionaries(places, values, max_size=30))
    def holds(cells: dict[tuple[int, int], Any]) -> None:
        path = written(folder / "a.xlsx", cells, **options)
        assert cut(opened(path).rows) == by_calamine(path)

    holds()


def test_every_format_that_is_a_date_elsewhere_is_one_here(tmp_path: Path) -> None:
    path = tmp_path / "formats.xlsx"
    own = [
        "yyyy-mm-dd",
        "[h]:mm",
        "[Red]0.00",
        '"d"0.00',
        "\\d0",
        "_d0",
        "[$-409]d-mmm-yy",
        "mm:ss.0",
        "# ?/?",
        "AM/PM",
    ]
    own += ["General", "0.00E+00", "@", "dd/mm/yyyy;@", "[ss]", "[$-F800]dddd", '0.0" years"', "*d0", "[Color 5]0"]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for row, code in enumerate([*own, *range(1, 59)]):
            shown = book.add_format({"num_format": code})
            for column, value in enumerate([0, 0.25, 1, 1.5, 59, 61, 45000, 45000.75, 2958465, 2958466]):
                sheet.write_number(row, column, value, shown)

    assert cut(opened(path).rows) == by_calamine(path)


def test_a_workbook_that_counts_days_from_1904(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", {(0, 0): date(2026, 11, 1), (0, 1): datetime(2026, 11, 1, 6)}, date_1904=True)  # noqa: DTZ001

    assert cut(opened(path).rows) == [["2026-11-01", "2026-11-01 06:00:00"]] == by_calamine(path)


def test_numbers_are_written_out_and_inexact_ones_are_seen(tmp_path: Path) -> None:
    cells = ["74305001321.0", "7.4305001321E10", "12345678.12", "104.03999999999999", "-0", "1E-7", "0.10"]
    cells += ["1234567890123456", "012", " 5 ", "none"]
    (row,) = rows_by_hand(tmp_path, "<row>" + "".join(f"<c><v>{one}</v></c>" for one in cells) + "</row>")

    assert row[:7] == ["74305001321", "74305001321", "12345678.12", "104.04", "0", "0.0000001", "0.1"]
    assert row[7:] == ["1.23456789012346E+15", "12", "5", "none"]


def test_cells_and_rows_stand_where_their_references_say(tmp_path: Path) -> None:
    rows = '<row r="2"><c r="B2"><v>1</v></c><c r="AA2"><v>2</v></c></row><row r="5"><c r="A5"><v>3</v></c></row>'

    found = rows_by_hand(tmp_path, rows)

    assert [len(row) for row in found] == [0, 27, 0, 0, 1]
    assert (found[1][1], found[1][26], found[4]) == ("1", "2", ["3"])


def test_cells_and_rows_without_references_follow_each_other(tmp_path: Path) -> None:
    rows = '<row><c><v>1</v></c><c><v>2</v></c></row><row/><row><c r="B4"><v>3</v></c><c><v>4</v></c></row>'

    assert rows_by_hand(tmp_path, rows) == [["1", "2"], [], [], ["", "3", "4"]]


def test_every_type_of_cell(tmp_path: Path) -> None:
    cells = (
        '<c t="s"><v>1</v></c><c t="inlineStr"><is><r><t>in </t></r> <r><t>line</t></r><rPh><t>no</t></rPh></is></c>'
    )
    cells += (
        '<c t="str"><f>A1</f>\n<v> text </v>\n</c><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c>'
    )
    cells += (
        '<c t="n"><v>5</v></c><c t="d"><v>2026-11-01T00:00:00</v></c><c s="1"><v>46000</v></c><c s="2"><v>7</v></c>'
    )
    strings = (
        "<si><t>no</t></si>\n<si> <r><rPr><b/></rPr><t>ri</t></r>\n<r><t>ch_x000D_</t></r><rPh><t>no</t></rPh></si>"
    )

    (row,) = rows_by_hand(tmp_path, f"<row>{cells}</row>", strings=strings)

    assert row[:6] == ["rich\r", "in line", " text ", "TRUE", "FALSE", "#N/A"]
    assert row[6:] == ["5", "2026-11-01T00:00:00", "2025-12-09", "7"]


def test_white_space_between_elements_is_no_part_of_a_value(tmp_path: Path) -> None:
    rows = "\n <row>\n <c>\n <v>12</v>\n </c>\n <c t='s'>\n <v>0</v>\n </c>\n </row>\n "

    assert rows_by_hand(tmp_path, rows, strings="<si>\n <t>a b</t>\n </si>\n") == [["12", "a b"]]


@pytest.mark.parametrize("namespace", [MAIN, STRICT])
def test_prefixes_and_the_strict_namespace_are_understood(tmp_path: Path, namespace: str) -> None:
    sheet = f'<x:worksheet xmlns:x="{namespace}"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>a</x:t>'
    sheet += '</x:is></x:c><x:c r="B1"><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    kind = "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet"

    assert rows_by_hand(tmp_path, "", sheet=sheet, kind=kind) == [["a", "2"]]


@pytest.mark.parametrize(
    "target", ["/xl/worksheets/sheet1.xml", "./worksheets/sheet1.xml", "../xl/worksheets/sheet1.xml"]
)
def test_the_place_of_a_sheet_may_be_written_in_any_way(tmp_path: Path, target: str) -> None:
    assert rows_by_hand(tmp_path, "<row><c><v>1</v></c></row>", target=target) == [["1"]]


def test_formulas_are_counted_wherever_they_stand(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><f>1+1</f><v>2</v></c></row>' for row in range(1, 1000))
    troubles: list[Problem | Remark] = []

    found = list(opened(book_of(tmp_path, rows + '<row r="1000"><c r="A1000"><f>1/</f></c></row>'), troubles).rows)

    assert found == [["2"]] * 999
    said = [one.text for one in troubles if isinstance(one, Remark)]
    assert "1,000 cells hold formulas" in said[0]
    assert "1 formula has no saved value and counts as empty" in said[1]


@pytest.mark.parametrize(
    "odd",
    [
        '<row r="900"><c r="A900" t="inlineStr"><is><t>a&#38;b</t></is></c></row>',
        '<row r="900"><c r="A900" t="inlineStr"><is><t>a&amp;b</t></is></c></row>',
        '<row r="900"><c r="A900" t="inlineStr"><is><t><![CDATA[a&b]]></t></is></c></row><!-- </row> -->',
        '<row r="900"><!-- <c r="A1"/></row> --><c r="A900" t="str"><f>B1</f><v>a&#38;b</v></c></row>',
        ' <row r="900"> <c t="inlineStr" r="A900"><is><r><t>a&amp;</t></r><r><t>b</t></r></is></c></row>',
    ],
    ids=["number", "entity", "cdata", "comment", "other order"],
)
def test_rows_that_are_written_in_another_way_stand_between_plain_ones(tmp_path: Path, odd: str) -> None:
    plain = [f'<row r="{row}" spans="1:1"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, 3001)]
    plain[899] = odd

    found = rows_by_hand(tmp_path, "".join(plain))

    assert found == [["a&b"] if row == 900 else [str(row)] for row in range(1, 3001)]


def test_the_beginning_of_the_rows_is_not_looked_for_in_comments(tmp_path: Path) -> None:
    row = '<row r="1"><c r="A1"><v>{}</v></c></row>'
    sheet = f'<worksheet xmlns="{MAIN}"><!-- <sheetData>{row.format(1)} --><sheetData>{row.format(2)}</sheetData>'
    sheet += "</worksheet>"

    assert rows_by_hand(tmp_path, "", sheet=sheet) == [["2"]]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8-sig"])
def test_sheets_in_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Käse</t></is></c></row>'
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{sheet}</sheetData></worksheet>'
    content = declared.encode(encoding)

    assert rows_by_hand(tmp_path, "", sheet=content) == [["Käse"]]


def test_rows_that_are_only_formatted_are_no_rows(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="1"/></row><row r="1048576"><c r="A1048576" s="1"/></row>'

    assert rows_by_hand(tmp_path, rows) == [["1"]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("<row><c>", "its XML is broken"),
        ('<row r="1048577"/>', "a row 1,048,577"),
        ('<row r="5"/><row r="5"/>', "row 5 follows row 5"),
        ('<row r="x"/>', "a row has the number 'x'"),
        ('<row r="1"><c r="ZZZ1"><v>1</v></c></row>', "column 'ZZZ'"),
        ('<row r="1"><c r="a1"><v>1</v></c></row>', "column 'a'"),
        ('<row><c t="s"><v>9</v></c></row>', "text number 9"),
        ('<row><c t="s"><v>-1</v></c></row>', "text number -1"),
        ("<row><c><v>&x;</v></c></row>", "its XML is broken"),
        (f'<row><c t="inlineStr"><is><t>{"a" * 5_000_000}</t></is></c></row>', "millions of letters"),
        (f"<row><c><v>{'1' * 9_000_000}</v></c></row>", "millions of letters"),
    ],
    ids=["cut off", "row", "twice", "no number", "column", "small", "text", "negative", "entity", "long", "digits"],
)
def test_damage_is_one_sentence(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(InputRejected) as caught:
        rows_by_hand(tmp_path, rows)

    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_document_type_is_refused_in_every_part(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE a [<!ENTITY a "aaaa">]>'
    sheet = f'{doctype}<worksheet xmlns="{MAIN}"><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>'
    book = f'{doctype}<workbook xmlns="{MAIN}"/>'

    for parts in ({"sheet": sheet}, {"book": book}):
        with pytest.raises(InputRejected, match="declares a document type"):
            rows_by_hand(tmp_path, "", **parts)


def test_a_sheet_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"no item named 'xl/worksheets/sheet9\.xml'"):
        rows_by_hand(tmp_path, "", target="worksheets/sheet9.xml")


def test_a_byte_that_was_changed_far_below_the_first_rows_is_noticed(tmp_path: Path) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for row in range(5000):
            sheet.write_row(row, 0, [row * 7, f"text {row}"])
    damaged = bytearray(content.getvalue())
    with zipfile.ZipFile(content) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    damaged[entry.header_offset + entry.compress_size // 2] ^= 0xFF
    (tmp_path / "a.xlsx").write_bytes(damaged)

    with pytest.raises(InputRejected, match="damaged or incomplete"):
        list(opened(tmp_path / "a.xlsx").rows)
