"""One code at a time: every form, every kind of dirt, every refusal."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rattail.retail.barcodes import (
    REPAIRS,
    BadCode,
    CodeFault,
    CodeKind,
    CodeRules,
    Type2Layout,
    base_item_key,
    check_digit,
    gtin14,
    printed,
    read_code,
)
from rattail.retail.barcodes.rules import all_lengths

ACV = "0007430500132"
WITH = CodeRules(all_lengths(True))
WITHOUT = CodeRules(all_lengths(False))


def fault_of(text: str, rules: CodeRules | None = None) -> CodeFault:
    with pytest.raises(BadCode) as caught:
        (rules or CodeRules({})).read(text)
    assert caught.value.args[0]
    return caught.value.fault


@pytest.mark.parametrize(
    ("rules", "text", "repairs"),
    [
        (WITH, "074305001321", ()),
        (WITH, "74305001321", ("leading zeros restored",)),
        (WITH, "0074305001321", ()),
        (WITH, "00074305001321", ()),
        (WITHOUT, "07430500132", ("check digit added",)),
        (WITHOUT, "7430500132", ("leading zeros restored", "check digit added")),
        (WITHOUT, "007430500132", ("check digit added",)),
        (WITHOUT, "0007430500132", ("check digit added",)),
        (WITHOUT, "00007430500132", ("check digit added",)),
    ],
)
def test_files_with_and_without_check_digits_and_zeros_meet_on_one_key(
    rules: CodeRules, text: str, repairs: tuple[str, ...]
) -> None:
    code = rules.read(text)

    assert (code.kind, code.key, code.repairs) == (CodeKind.GTIN, ACV, repairs)


@pytest.mark.parametrize(
    ("text", "kind", "key", "repairs"),
    [
        ("96385074", "gtin", "0000009638507", ()),
        ("04252614", "gtin", "0004210000526", ("UPC-E expanded",)),
        ("5410000123459", "gtin", "0541000012345", ()),
        ("10074305001328", "gtin", "1007430500132", ()),
        ("4011", "plu", "0000000004011", ()),
        ("94011", "plu", "0000000094011", ()),
        ("04011", "plu", "0000000004011", ()),
        ("6012", "plu", "0000000006012", ()),
        ("000000040112", "plu", "0000000004011", ("PLU barcode read",)),
        ("000000940115", "plu", "0000000094011", ("PLU barcode read",)),
        ("0000000940115", "plu", "0000000094011", ("PLU barcode read",)),
        ("000000004011", "plu", "0000000004011", ()),
        ("00004011", "plu", "0000000004011", ()),
        ("00970747", "plu", "0000000097074", ("PLU barcode read",)),
        ("425261", "gtin", "0004210000526", ("check digit added", "UPC-E expanded")),
        ("12345670", "gtin", "0000001234567", ()),
    ],
)
def test_a_single_code_is_read_in_every_form(text: str, kind: str, key: str, repairs: tuple[str, ...]) -> None:
    code = read_code(text)

    assert (code.kind, code.key, code.repairs) == (kind, key, repairs)


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        ("0-74305-00132-1", ("hyphens removed",)),
        ("074305-001321", ("hyphens removed",)),
        ("0\u201374305\u201100132-1", ("hyphens removed",)),
        ("0 74305 00132 1", ("blanks removed",)),
        (" 074305001321\u00a0", ("blanks removed",)),
        ("\ufeff074305001321\u200b", ("blanks removed",)),
        ("0\u00a074305\u00a000132 1", ("blanks removed",)),
        ("'074305001321", ("apostrophe removed",)),
        ("\u2019074305001321", ("apostrophe removed",)),
        ('="074305001321"', ("formula text removed",)),
        ("=074305001321", ("formula text removed",)),
        ("UPC 074305001321", ("label removed",)),
        ("UPC:074305001321", ("label removed",)),
        ("upc-a #074305001321", ("label removed",)),
        ("EAN 0074305001321", ("label removed",)),
        ("EAN-13: 0074305001321", ("label removed",)),
        ("UPC 0-74305-00132-1", ("label removed", "hyphens removed")),
        ("]E00074305001321", ("symbology identifier removed",)),
        ("74305001321.0", ("decimals removed", "leading zeros restored")),
        ("74305001321.", ("decimals removed", "leading zeros restored")),
        ("74305001321,00", ("decimals removed", "leading zeros restored")),
        (" '074305001321", ("blanks removed", "apostrophe removed")),
    ],
)
def test_what_people_and_spreadsheets_put_around_a_code_is_taken_off_and_named(
    text: str, repairs: tuple[str, ...]
) -> None:
    code = WITH.read(text)

    assert (code.key, code.repairs) == (ACV, repairs)
    assert set(code.repairs) <= set(REPAIRS)


def test_a_label_does_not_swallow_the_first_digits_of_a_code_that_looks_like_its_number() -> None:
    assert read_code("EAN8712345678906") == read_code("8712345678906")._replace(repairs=("label removed",))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (" \u00a0\t", "empty"),
        ("'", "empty"),
        ("UPC ", "not only digits"),
        ("NA", "placeholder"),
        ("n/a", "placeholder"),
        ("0", "placeholder"),
        ("0000000000000", "placeholder"),
        ("000000-000000", "placeholder"),
        ("9999", "placeholder"),
        ("99999", "placeholder"),
        ("999999999999", "placeholder"),
        ("000000099990", "wrong check digit"),
        ("000000099998", "placeholder"),
        ("1900-01-01", "placeholder"),
        ("7.43E+10", "spoiled by a spreadsheet"),
        ("7,43e10", "spoiled by a spreadsheet"),
        ("7.4305001321E+10", "spoiled by a spreadsheet"),
        ("'7.43E+10", "spoiled by a spreadsheet"),
        ("07430500132X", "not only digits"),
        ("0743O5001321", "not only digits"),
        ("74305001321.5", "not only digits"),
        ("74,305,001,321", "not only digits"),
        ("-74305001321", "not only digits"),
        ("074305001321-", "not only digits"),
        ("+074305001321", "not only digits"),
        ("0743\x0005001321", "not only digits"),
        ("\u0660\u0667\u0664\u0663\u0660\u0665\u0660\u0660\u0661\u0663\u0662\u0661", "not only digits"),
        ("07430500132\u00b9", "not only digits"),
        ("\uff10\uff17\uff14\uff13\uff10\uff15\uff10\uff10\uff11\uff13\uff12\uff11", "not only digits"),
        ("7", "too short"),
        ("999", "too short"),
        ("0401", "too short"),
        ("000000000017", "too short"),
        ("000743050013210", "too long"),
        ("1" * 500, "too long"),
        ("074305001322", "wrong check digit"),
        ("5410000123450", "wrong check digit"),
        ("10074305001329", "wrong check digit"),
        ("96385075", "wrong check digit"),
        ("04252615", "wrong check digit"),
        ("7430500132", "can be read in two ways"),
        ("74305001321", "can be read in two ways"),
        ("790200123", "can be read in two ways"),
        ("4252614", "can be read in two ways"),
        ("40112", "can be read in two ways"),
        ("940115", "can be read in two ways"),
    ],
)
def test_what_is_no_code_is_refused_for_the_right_reason(text: str, fault: str) -> None:
    assert fault_of(text) == fault


def test_every_fault_tells_placeholders_from_mistakes() -> None:
    absent = {fault for fault in CodeFault if BadCode(fault, "x").is_absent}

    assert absent == {CodeFault.EMPTY, CodeFault.PLACEHOLDER}


def test_a_refusal_says_what_is_wrong_what_was_expected_and_what_to_do() -> None:
    with pytest.raises(BadCode, match=r'^"7\.43E\+10" was spoiled by a spreadsheet.*format the column as text and exp'):
        read_code("7.43E+10")
    with pytest.raises(BadCode, match=r'^"074305001322" has the wrong check digit 2, expected 1$'):
        read_code("074305001322")
    with pytest.raises(BadCode, match=r'^"0743O5001321" has the letter "O"'):
        read_code("0743O5001321")
    with pytest.raises(BadCode, match=r'^"\\x1b\[2J" has "\\x1b"'):
        read_code("\x1b[2J")
    with pytest.raises(BadCode) as long:
        read_code("1" * 10_000)
    assert len(str(long.value)) < 120


def test_eight_digits_that_start_with_0_are_a_upc_e_even_where_they_pass_as_an_ean_8() -> None:
    both = "01234565"
    assert check_digit(both[:7]) == both[7]

    code = read_code(both)

    assert (code.key, code.repairs) == ("0001234500006", ("UPC-E expanded",))


@pytest.mark.parametrize("text", ["01234101", "01234567", "0123-4567"])
def test_eight_digits_that_pass_neither_way_are_refused(text: str) -> None:
    with pytest.raises(BadCode, match="as a UPC-E and as an EAN-8 alike"):
        read_code(text)


def test_seven_digits_are_a_upc_e_without_its_zero_or_a_code_without_check_digit_as_the_column_says() -> None:
    assert WITH.read("4252614").key == "0004210000526"
    assert WITH.read("4252614").repairs == ("leading zeros restored", "UPC-E expanded")
    assert WITHOUT.read("0425261") == WITH.read("4252614")._replace(repairs=("check digit added", "UPC-E expanded"))
    assert WITHOUT.read("9638507").key == read_code("96385074").key


def test_a_14_digit_code_cannot_lack_its_check_digit() -> None:
    assert fault_of("10074305001328", WITHOUT) == CodeFault.TOO_LONG


@pytest.mark.parametrize("plu", ["4011", "3001", "94011", "83450"])
@pytest.mark.parametrize("length", [9, 11, 12, 13])
def test_a_plu_that_was_filled_up_with_zeros_is_the_plu(plu: str, length: int) -> None:
    for rules in (WITH, WITHOUT):
        assert rules.read(plu.zfill(length))[:2] == (CodeKind.PLU, plu.zfill(13))


def test_a_valid_bar_code_of_a_plu_comes_before_a_plu_that_was_filled_up() -> None:
    assert WITH.read("000000083454").key == "0000000008345"
    assert WITHOUT.read("000000083454").key == "0000000083454"


def test_the_item_inside_a_case_has_the_key_of_the_item() -> None:
    case = read_code("10042563000216")

    assert gtin14(base_item_key(case.key)) == "00042563000219"
    assert base_item_key(ACV) == ACV
    assert base_item_key("9007430500132") == "9007430500132"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("00074305001321", "074305001321"),
        ("05410000123459", "5410000123459"),
        ("10074305001328", "10074305001328"),
        ("96385074", "96385074"),
        ("04252614", "042100005264"),
        ("000000040112", "4011"),
        ("94011", "94011"),
        ("201234602996", "201234000006"),
        ("000000401128", "000000401128"),
    ],
)
def test_a_key_is_printed_as_it_stands_on_the_item(text: str, what: str) -> None:
    code = read_code(text)

    assert printed(code.key, code.kind) == what


@pytest.mark.parametrize(
    ("layout", "text", "embedded", "is_weight"),
    [
        (Type2Layout.PRICE_4, "201234602996", 2_9900, False),
        (Type2Layout.PRICE_4, "0201234602996", 2_9900, False),
        (Type2Layout.PRICE_4, "00201234602996", 2_9900, False),
        (Type2Layout.PRICE_4, "201234000006", None, False),
        (Type2Layout.PRICE_5, "201234002994", 2_9900, False),
        (Type2Layout.PRICE_5, "201234602996", 602_9900, False),
        (Type2Layout.WEIGHT_5, "201234002994", 2_9900, True),
        (Type2Layout.WEIGHT_5, "201234000006", None, False),
    ],
)
def test_the_label_of_a_weighed_piece_is_the_item_and_a_price_or_weight(
    layout: Type2Layout, text: str, embedded: int | None, is_weight: bool
) -> None:
    code = read_code(text, type2=layout)

    assert code[:2] == (CodeKind.WEIGHED, "0020123400000")
    assert (code.embedded, code.embedded_is_weight) == (embedded, is_weight)


def test_weighed_codes_without_check_digit_and_item_records_have_the_same_key() -> None:
    assert WITHOUT.read("20123460299")[:4] == (
        CodeKind.WEIGHED,
        "0020123400000",
        ("check digit added", "embedded price removed"),
        2_9900,
    )
    assert WITHOUT.read("0020123400000")[:2] == (CodeKind.WEIGHED, "0020123400000")


def test_shops_with_an_ean_prefix_of_their_own_keep_it_in_the_key() -> None:
    text = "2112345602992"[:12]
    code = read_code(text + check_digit(text), type2=Type2Layout.PRICE_5)

    assert code[:2] == (CodeKind.WEIGHED, "0211234500000")
    assert code.embedded == 602_9900


def test_the_unit_of_a_weight_is_a_setting() -> None:
    grams = read_code("201234002994", type2=Type2Layout.WEIGHT_5, weight_decimals=3)

    assert grams.embedded == 2990
    with pytest.raises(ValueError, match="expected 0 to 4"):
        read_code("201234002994", weight_decimals=5)


def test_a_price_whose_guarding_digit_is_wrong_is_refused_and_the_other_layouts_are_named() -> None:
    with pytest.raises(BadCode, match=r"the digit before the price 0299 is 0, expected 6; .* five digits"):
        read_code("201234002994")


def test_a_retailer_without_weighed_codes_can_say_so() -> None:
    code = read_code("201234002994", type2=Type2Layout.NONE)

    assert (code.kind, code.key) == (CodeKind.GTIN, "0020123400299")


@pytest.mark.parametrize(
    ("text", "embedded", "is_weight", "unit"),
    [
        ("(01)00074305001321", None, False, ""),
        ("(01) 00074305001321 (10) A-7", None, False, ""),
        ("]C10100074305001321", None, False, ""),
        ("]C1010007430500132110LOT\x1d3103001250", 1_2500, True, "kg"),
        ("\x1d0100074305001321", None, False, ""),
        ("]e001000743050013213103001250", 1_2500, True, "kg"),
        ("(01)00074305001321(3202)000450", 4_5000, True, "lb"),
        ("(01)00074305001321(3922)0299", 2_9900, False, ""),
        ("(01)00074305001321(3922)0299\u00a0", 2_9900, False, ""),
        ("(01)00074305001321(3922)0299(3103)001250", 1_2500, True, "kg"),
        ("0100074305001321320200045015210526", 4_5000, True, "lb"),
    ],
)
def test_gs1_element_strings_are_read(text: str, embedded: int | None, is_weight: bool, unit: str) -> None:
    code = read_code(text)

    assert code[:3] == (CodeKind.GTIN, ACV, ("GS1 element string read",))
    assert code[3:] == (embedded, is_weight, unit)


def test_a_plu_and_a_weighed_item_are_what_they_are_in_an_element_string_too() -> None:
    assert read_code("(01)00000000040112(3103)001250")[:2] == (CodeKind.PLU, "0000000004011")
    assert read_code("(01)00201234602996")[:2] == (CodeKind.WEIGHED, "0020123400000")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(00)106141412345678908", "bad GS1 element string"),
        ("(01)0007430500132", "bad GS1 element string"),
        ("(01)", "bad GS1 element string"),
        ("(", "bad GS1 element string"),
        ("]C1", "bad GS1 element string"),
        ("(01)\u0660\u0660\u0660743050013\u0662\u0661", "bad GS1 element string"),
        ("(3103)001250", "bad GS1 element string"),
        ("(01)00074305001321(3105)000001", "bad GS1 element string"),
        ("(01)00074305001322", "wrong check digit"),
        ("(01)00000000000000", "placeholder"),
        ("(" * 10_000, "bad GS1 element string"),
    ],
)
def test_a_bad_element_string_is_refused_for_the_right_reason(text: str, fault: str) -> None:
    assert fault_of(text) == fault


def test_the_door_needs_nothing_but_the_standard_library_until_an_element_string_comes() -> None:
    script = (
        "import sys\nbefore = set(sys.modules)\nfrom rattail.retail import barcodes\n"
        "barcodes.read_code('074305001321')\n"
        "outside = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(outside - sys.stdlib_module_names - {'rattail'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.strip() == ""
