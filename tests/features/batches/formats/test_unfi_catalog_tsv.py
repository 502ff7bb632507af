from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.unfi_catalog_tsv import FORMAT
from rattail.features.batches.reading.lines import CatalogLine
from tests.features.batches.formats.examples import UNFI_CATALOG
from tests.features.batches.formats.reading_kit import ReadFile

HEAD = "A MESSAGE\r\nUPRD\tUPCC\tBRND\tDESC\tSIZE\tPACK\tCAVD\r\n"
GOOD = "0410007\t088412000011\tHILLTOP\tLENTILS\t16 OZ\t12\t2988\r\n"


def test_an_item_has_its_case_cost_from_whole_cents(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_CATALOG)

    assert read.why == "line 2 names its columns UPRD, UPCC, PACK and CAVD"
    assert read.events[0] == CatalogLine(
        3, "088412000011", "0410007", "HILLTOP", "LENTILS,RED,OG", "16 oz", 120000, 298800
    )
    assert len(read.events) == 2


def test_latin_1_letters_and_a_lone_quotation_mark_stay_as_they_are(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, UNFI_CATALOG).all_of(CatalogLine)[1]

    assert (line.brand, line.description) == ("CAFÉ SOL", 'COFFEE 10" FILTER')


def test_codes_are_those_of_the_items(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_CATALOG)

    assert read.codes == ["088412000011", "088412000028"]
    assert read.codes == [line.code for line in read.all_of(CatalogLine)]


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("1\t2\tB\tD\tS\t12\t29.88", "CAVD", "29.88", "is not a cost in whole cents, such as 3468 for 34.68"),
        ("1\t2\tB\tD\tS\t12\t", "CAVD", "", "is empty: expected the cost of a case in whole cents"),
        ("1\t2\tB\tD\tS\t12\t-5", "CAVD", "-5", "is below zero: expected the cost of a case in whole cents"),
        ("1\t2\tB\tD\tS\t12\t1_0", "CAVD", "1_0", "is not a cost in whole cents, such as 3468 for 34.68"),
        ("1\t2\tB\tD\tS\t0\t100", "PACK", "0", "is no case size: expected more than 0"),
        ("1\t2\tB\tD\tS\tmany\t100", "PACK", "many", "is no case size"),
        ("1\t7.43E+10\tB\tD\tS\t12\t100", "UPCC", "7.43E+10", "is a number that a spreadsheet shortened"),
        ("\t000000000000\tB\tD\tS\t12\t100", "UPRD", "", "is empty, and so is UPCC: the row names no item"),
        ("1\t2\tB\tD\tS\t12", "", "1 | 2 | B | D | S | 12", "has 6 cells; expected 7, as many as line 2 has names"),
        ("TOTAL 2 ITEMS", "", "TOTAL 2 ITEMS", "has 1 cell; expected 7, as many as line 2 has names"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_read(
    tmp_path: Path, row: str, column: str, value: str, reason: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, HEAD + GOOD + row + "\r\n" + GOOD)

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (4, column, value)
    assert problem.reason.startswith(reason)
    assert [line.row for line in read.all_of(CatalogLine)] == [3, 5]


def test_a_problem_names_the_item(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, HEAD + GOOD.replace("2988", "x"))

    (problem,) = read.problems
    assert (problem.code, problem.vendor_code, problem.description) == ("088412000011", "0410007", "LENTILS")


def test_columns_in_another_order_and_further_ones_are_found_by_their_names(tmp_path: Path) -> None:
    content = (
        "CAVD\tX\tPACK\tUPCC\tUPRD\tSIZE\tDESC\tBRND\n2988\t?\t12\t088412000011\t0410007\t16 OZ\tLENTILS\tHILLTOP\n"
    )

    read = ReadFile(FORMAT, tmp_path, content)

    assert read.events == [CatalogLine(2, "088412000011", "0410007", "HILLTOP", "LENTILS", "16 oz", 120000, 298800)]
    assert read.codes == ["088412000011"]


def test_quotation_marks_of_a_spreadsheet_program_and_empty_cells_at_the_end_are_taken_off(tmp_path: Path) -> None:
    row = '410007\t"088412000011"\tHILLTOP\t"LENTILS, ""RED"""\t 16 OZ \t12\t2988\t\t\r\n'

    line = ReadFile(FORMAT, tmp_path, HEAD + row).the(CatalogLine)

    assert (line.code, line.vendor_code, line.description) == ("088412000011", "0410007", 'LENTILS, "RED"')


def test_a_quotation_mark_that_is_never_closed_swallows_no_other_row(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, HEAD + GOOD.replace("LENTILS", '"LENTILS') + GOOD)

    assert [line.description for line in read.all_of(CatalogLine)] == ['"LENTILS', "LENTILS"]


def test_an_item_without_a_upc_is_kept_by_its_product_number(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, HEAD + GOOD.replace("088412000011", "000000000000")).the(CatalogLine)

    assert (line.code, line.vendor_code) == ("", "0410007")


def test_a_upc_under_two_product_numbers_gives_two_lines(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, HEAD + GOOD + GOOD.replace("0410007", "0410008"))

    assert [line.vendor_code for line in read.all_of(CatalogLine)] == ["0410007", "0410008"]


def test_digits_of_another_script_are_no_cost(tmp_path: Path) -> None:
    content = (HEAD + GOOD.replace("2988", "٢٩٨٨")).encode()

    (problem,) = ReadFile(FORMAT, tmp_path, content).problems

    assert problem.column == "CAVD"


def test_names_that_come_again_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, HEAD + GOOD + "\r\n\t\t\t\t\t\t\r\n" + HEAD.partition("\r\n")[2] + GOOD)

    assert [type(event).__name__ for event in read.events] == ["CatalogLine", "CatalogLine"]
    assert read.events[1].row == 7


def test_a_file_without_the_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="none of its first 20 lines names the columns UPRD, UPCC"):
        ReadFile(FORMAT, tmp_path, "A MESSAGE\r\n" + GOOD)
