"""The dirt of whole files that the trade sends as tables; the number is that of the list of 25 kinds."""

import codecs
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import CatalogLine, Problem
from rattail.features.batches.reading.source import look_at, open_text
from tests.features.batches.reading.kit import catalog, of, problem, read, remarks, source_of, workbook

TABLE = "UPC,Item,Description,Case Cost\n074305001321,0204578,Käse,34.68\n"


def test_dirt_01_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, codecs.BOM_UTF8 + TABLE.encode())

    assert (line.code, line.row) == ("074305001321", 2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "cp1252", "latin-1"])
def test_dirt_02_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    (line,) = catalog(tmp_path, TABLE.encode(encoding))

    assert line.description == "Käse"


def test_dirt_02_letters_of_central_europe_are_cp1250(tmp_path: Path) -> None:
    text = TABLE.replace("Käse", "Šunka, sušená žemľa čerstvá".replace(",", ""))

    (line,) = catalog(tmp_path, text.encode("cp1250"))

    assert line.description == "Šunka sušená žemľa čerstvá"


def test_dirt_02_a_byte_in_another_encoding_far_below_the_head_is_found(tmp_path: Path) -> None:
    rows = "".join(f"{74305000000 + number:012d},{number},Plain,1.50\n" for number in range(9000))

    lines = catalog(tmp_path, (TABLE.splitlines()[0] + "\n" + rows).encode() + "1,9001,Café,1.50\n".encode("cp1252"))

    assert lines[-1].description == "Café"


def test_dirt_02_a_mixture_of_encodings_is_read_and_said(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, TABLE.encode() + "1,2,Café,1.50\n".encode("cp1252")))

    assert of(CatalogLine, events)[1].description == "Café"
    assert "mixes UTF-8 with cp1252" in remarks(events)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~", "^", "\u00a6"])
def test_dirt_03_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    (line,) = catalog(tmp_path, TABLE.replace(",", delimiter))

    assert (line.vendor_code, line.case_cost) == ("0204578", 346800)


def test_dirt_03_a_semicolon_file_with_decimal_commas_needs_no_mapping(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "EAN;Artikelnummer;Bezeichnung;Case Cost\n4006381333931;7;Käse, jung;1.234,50\n")

    assert (line.description, line.case_cost) == ("Käse, jung", 12345000)


def test_dirt_04_rows_above_the_names_are_passed_over(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, 'Prices from 11/01/2026\n"subject, to change"\n\n' + TABLE)

    assert line.row == 5


def test_dirt_05_a_blank_name_shifts_no_column(tmp_path: Path) -> None:
    source = workbook(tmp_path, {"A": [["UPC", None, "Case Cost", "Unit Cost"], ["074305001321", "x", 34.68, 2.89]]})

    (line,) = of(CatalogLine, read(source))

    assert (line.case_cost, line.unit_cost) == (346800, 28900)


def test_dirt_05_a_table_that_begins_in_the_second_column_keeps_its_places(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], [None, "UPC", None, "Case Cost"], [None, "074305001321", None, 34.68]]

    (line,) = of(CatalogLine, read(workbook(tmp_path, {"A": rows})))

    assert (line.row, line.code, line.case_cost) == (3, "074305001321", 346800)


def test_dirt_05_of_two_equal_names_the_first_counts_and_it_is_said(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Case Cost,Case Cost\n074305001321,1.00,2.00\n"))

    assert of(CatalogLine, events)[0].case_cost == 10000
    assert "two columns are called 'Case Cost': the first was taken" in remarks(events)


def test_dirt_05_names_over_two_rows_are_joined(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "UPC,Case,,Unit,\n,Cost,Pack,Cost,Size\n074305001321,34.68,12,2.89,32 OZ\n")

    assert (line.row, line.case_cost, line.case_size, line.unit_cost) == (3, 346800, 120000, 28900)


def test_dirt_05_a_misspelt_name_is_understood_and_said(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Desciption,Case Cost\n074305001321,Vinegar,1.00\n"))

    assert of(CatalogLine, events)[0].description == "Vinegar"
    assert "'Desciption' was taken for a misspelt name of the description" in remarks(events)


def test_dirt_23_a_line_break_a_doubled_quote_and_a_comma_in_a_name(tmp_path: Path) -> None:
    text = 'UPC,Description,Case Cost\n1234567,"Bragg ""ACV"",\nraw",1.00\n7654321,B,2.00\n'

    first, second = catalog(tmp_path, text)

    assert (first.description, first.row) == ('Bragg "ACV", raw', 2)
    assert (second.description, second.row) == ("B", 3)


def test_dirt_23_a_bare_line_feed_inside_a_file_of_crlf_is_part_of_its_cell(tmp_path: Path) -> None:
    text = "UPC;Description;Case Cost\r\n1234567;Red\nwine;1,50\r\n7654321;White;2,50\r\n"

    first, second = catalog(tmp_path, text.encode())

    assert (first.description, first.case_cost) == ("Red wine", 15000)
    assert (second.code, second.row) == ("7654321", 3)


def test_dirt_23_a_quote_that_is_never_closed_takes_one_problem_and_not_the_file(tmp_path: Path) -> None:
    rows = "".join(f"12345{number:02d},Thing,1.00\n" for number in range(40))

    events = read(source_of(tmp_path, f'UPC,Description,Case Cost\n1111111,A,1.00\n2222222,"6 in,1.00\n{rows}'))

    assert [line.code for line in of(CatalogLine, events)] == ["1111111"]
    assert "a quotation mark is never closed" in of(Problem, events)[0].reason


def test_dirt_25_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"from-vendor\.csv is empty"):
        source_of(tmp_path, b"")


def test_dirt_25_a_file_of_white_space_is_said_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="only white space"):
        source_of(tmp_path, codecs.BOM_UTF8 + b" \r\n\t" * 100_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"UPC,Cost"), "compressed with gzip: unpack it first"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"<html><table><tr><td>UPC", "is a web page"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (bytes(range(1, 9)) * 500, "nothing in it looks like rows"),
        (b"PK\x03\x04 cut off", "damaged or incomplete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "Office file without a workbook"),
    ],
    ids=["gzip", "pdf", "web page", "picture", "binary", "damaged zip", "other document"],
)
def test_dirt_25_what_is_no_table_gets_one_clear_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(InputRejected) as caught:
        source_of(tmp_path, content, name="prices.xls")

    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_dirt_25_a_text_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Description,Unit Cost\n1234567,A,1.50\n7654321,B,2.50\n1111111,C"))

    assert "its last row has 2 cells instead of 3" in remarks(events)


@pytest.mark.parametrize(("count", "said"), [(1, "a zip with one file, '0.csv'"), (3, "a zip with 3 files")])
def test_dirt_25_a_zip_is_to_be_unpacked(tmp_path: Path, count: int, said: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.csv", TABLE)

    with pytest.raises(InputRejected, match=f"{said}: unpack it first"):
        source_of(tmp_path, packed.getvalue())


def test_dirt_25_an_xlsx_that_would_unpack_to_gigabytes_is_not_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as member:
            for _ in range(64):
                member.write(bytes(1 << 20))

    with pytest.raises(InputRejected, match="would unpack to 64 MB"):
        look_at(str(tmp_path / "bomb.xlsx"))


def test_dirt_25_an_encrypted_workbook_is_said_to_be_encrypted(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="is encrypted"):
        source_of(tmp_path, ole2_with("EncryptedPackage"))


def test_dirt_25_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_text(TABLE)

    with pytest.raises(InputRejected, match="at most"):
        look_at(str(tmp_path / "large.csv"), largest_bytes=10)


def test_dirt_25_a_folder_and_a_device_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="is a folder; expected a plain file"):
        look_at(str(tmp_path))
    with pytest.raises(InputRejected, match="is a device; expected a plain file"):
        look_at("/dev/zero")


@pytest.mark.parametrize("name", ["prices.csv", "prices.xls", "prices.txt"])
def test_dirt_25_an_xlsx_under_another_name_is_read(tmp_path: Path, name: str) -> None:
    source = workbook(tmp_path, {"A": [["UPC", "Case Cost"], ["074305001321", 34.68]]}, name=name)

    assert of(CatalogLine, read(source))[0].case_cost == 346800


def test_dirt_25_values_of_formulas_are_said_to_be_those_last_saved(tmp_path: Path) -> None:
    source = workbook(tmp_path, {"A": [["UPC", "Case Cost"], ["074305001321", "=3+4"]]})

    events = read(source)

    assert of(CatalogLine, events)[0].case_cost == 70000
    assert "1 cell holds a formula" in remarks(events)


def test_dirt_25_an_error_of_a_formula_sets_its_row_aside(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["UPC", "Case Cost"])
        sheet.write_row(1, 0, ["074305001321", 1])
        sheet.write(2, 0, "042563000219")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")

    events = read(look_at(str(tmp_path / "a.xlsx")))

    (found,) = of(Problem, events)
    assert (found.row, found.column, found.value) == (3, "Case Cost", "#DIV/0!")
    assert len(of(CatalogLine, events)) == 1


def test_dirt_25_hidden_sheets_are_not_read_and_that_is_said(tmp_path: Path) -> None:
    names: list[object] = ["UPC", "Case Cost"]
    source = workbook(
        tmp_path, {"Notes": [["nothing"]], "Old": [names, ["1234567", 1]], "New": [names, ["7654321", 2]]}, hidden="Old"
    )

    events = read(source)

    assert [line.code for line in of(CatalogLine, events)] == ["7654321"]
    assert "hidden sheets were not read: 'Old'" in remarks(events)
    assert "sheet 'New' was read, these were not: 'Notes'" in remarks(events)


def test_dirt_25_a_sheet_that_is_asked_for_is_read_even_if_hidden(tmp_path: Path) -> None:
    names: list[object] = ["UPC", "Case Cost"]
    source = workbook(tmp_path, {"Old": [names, ["1234567", 1]], "New": [names, ["7654321", 2]]}, hidden="Old")

    assert [line.code for line in of(CatalogLine, read(source, sheet="Old"))] == ["1234567"]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    source = workbook(tmp_path, {"Prices": [["UPC", "Case Cost"], ["1234567", 1]]})

    with pytest.raises(InputRejected, match="has no sheet 'Price'; it has 'Prices'"):
        read(source, sheet="Price")


def test_nul_characters_are_left_out_and_said(tmp_path: Path) -> None:
    source = source_of(tmp_path, TABLE.replace("Item", "Item\0").encode().replace(b"34.68", b"34\0.68"))

    events = read(source)

    assert of(CatalogLine, events)[0].case_cost == 346800
    assert "NUL" in remarks(events)
    with open_text(source) as stream:
        assert "\0" not in stream.read()


def test_a_row_of_too_few_cells_has_empty_ones(tmp_path: Path) -> None:
    first, second = catalog(tmp_path, "UPC,Case Cost,Brand\n1234567,1.00,A\n7654321,2.00\n")

    assert (first.brand, second.brand) == ("A", "")


def test_a_bad_cell_sets_its_row_aside_with_row_column_value_and_reason(tmp_path: Path) -> None:
    found = problem(tmp_path, 'UPC,Description,Case Cost\n1234567,A,1.00\n7654321,B,"$1,2x4.00"\n')

    assert found == Problem(3, "Case Cost", "$1,2x4.00", "is not an amount of money", "7654321", "", "B")


def ole2_with(name: str) -> bytes:
    """The smallest OLE2 file that has a stream of this name in its directory."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    header[48:52] = (1).to_bytes(4, "little")  # the directory is in sector 1
    header[76:80] = (0).to_bytes(4, "little")  # the table of sectors in sector 0
    header[80:512] = b"\xff" * 432
    table = bytearray(b"\xff" * 512)
    table[4:8] = (0xFFFFFFFE).to_bytes(4, "little")
    directory = bytearray(512)
    encoded = name.encode("utf-16-le")
    directory[: len(encoded)] = encoded
    directory[64:66] = (len(encoded) + 2).to_bytes(2, "little")
    return bytes(header + table + directory)
