"""Properties, with python-stdnum and biip as witnesses that know nothing of us."""

from __future__ import annotations

import pytest
from biip import EncodeError, ParseConfig, ParseError
from biip.checksums import gs1_price_weight_check_digit
from biip.gtin import Gtin
from biip.rcn import Rcn, RcnRegion
from biip.upc import Upc
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from stdnum import ean

from rattail.retail.barcodes import (
    REPAIRS,
    BadCode,
    Code,
    CodeKind,
    CodeRules,
    CodeSurvey,
    Type2Layout,
    base_item_key,
    check_digit,
    gtin14,
    printed,
    read_code,
)
from rattail.retail.barcodes.check_digits import price_digit

TRADE_PLUS = (3, 4, 83, 84, 93, 94)  # thousands
AS_THEY_ARE = Type2Layout.NONE


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


#: Texts on both sides of every border: zeros in front, nines, number system 2, PLU ranges, cut off or completed.
FRONTS = st.sampled_from(
    ("", "0", "00", "002", "02", "2", "20", "000000", "00000000", "999", "99999", "000003", "84", "94")
)
MIDDLES = st.one_of(digits(0, 13), st.sampled_from(("4011", "94011", "9999", "00000", "000000")))
PLAIN = st.builds(lambda front, middle, fix: _fixed(front + middle, fix), FRONTS, MIDDLES, st.booleans())
HYPHENS = st.sets(st.integers(0, 14), max_size=4)
TEXTS = st.one_of(PLAIN, st.builds(lambda text, places: _hyphenated(text, places), PLAIN, HYPHENS))
NEARLY_DIGITS = st.text("0123456789-. '\u00a0\u0660\u00b2E+()]C\x1d=\"/:", max_size=18)
RULES = st.builds(
    CodeRules,
    st.dictionaries(st.integers(7, 14), st.booleans()),
    type2=st.sampled_from(Type2Layout),
)


def _fixed(text: str, fix: bool) -> str:
    return text[:13] + check_digit(text[:13]) if fix and text else text[:16]


def _hyphenated(text: str, places: set[int]) -> str:
    return "".join("-" + digit if place in places else digit for place, digit in enumerate(text))


def outcome(read: object, text: str) -> Code | str:
    assert callable(read)
    try:
        code = read(text)
    except BadCode as bad:
        return f"{bad.fault}: {bad}"
    assert isinstance(code, Code)
    return code


@given(digits(1, 13))
def test_check_digits_are_those_of_stdnum(text: str) -> None:
    assert check_digit(text) == ean.calc_check_digit(text)


@given(st.text(max_size=14).filter(lambda text: not (text.isascii() and text.isdigit() and len(text) < 14)))
def test_no_check_digit_is_made_for_what_is_not_one_to_thirteen_digits(text: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 13 digits"):
        check_digit(text)


@given(st.sampled_from((12, 13, 14)).flatmap(lambda n: digits(n, n)), st.booleans())
def test_a_typed_code_is_good_when_stdnum_and_biip_say_so(text: str, fix: bool) -> None:
    if fix:
        text = text[:-1] + ean.calc_check_digit(text[:-1])
    assume(int(text) >= 1_000_000)

    read = outcome(lambda code: read_code(code, type2=AS_THEY_ARE), text)

    assert isinstance(read, Code) == ean.is_valid(text)
    if isinstance(read, Code):
        assert gtin14(read.key) == Gtin.parse(text).as_gtin_14() == text.zfill(14)
        assert ean.is_valid(gtin14(read.key))
    else:
        assert f"expected {ean.calc_check_digit(text[:-1])}" in read


@given(st.sampled_from("01"), digits(6, 6))
def test_upc_e_is_expanded_as_biip_does(system: str, six: str) -> None:
    upc_a = Upc.parse(system + six).as_upc_a()
    text = system + six + upc_a[-1]
    assume(int(upc_a) >= 1_000_000 and not (system == "1" and ean.is_valid(text)))
    assume(int(text) // 1000 not in TRADE_PLUS)

    assert gtin14(read_code(text).key) == upc_a.zfill(14)


@given(digits(6, 6))
def test_a_upc_e_that_lost_its_zero_is_expanded_as_biip_does(six: str) -> None:
    upc_a = Upc.parse("0" + six).as_upc_a()
    text = six + upc_a[-1]
    assume(int(upc_a) >= 1_000_000 and text.strip("9"))
    assume(int(text) // 1000 not in TRADE_PLUS)

    assert gtin14(CodeRules({7: True}).read(text).key) == upc_a.zfill(14)


@given(st.sampled_from("01"), digits(6, 6))
def test_a_upc_a_and_its_upc_e_are_one_code(system: str, six: str) -> None:
    upc_a = Upc.parse(system + six).as_upc_a()
    try:
        upc_e = Upc.parse(upc_a).as_upc_e()
    except EncodeError:
        return
    assume(int(upc_a) >= 1_000_000 and not (upc_e[0] == "1" and ean.is_valid(upc_e)))
    assume(int(upc_e) // 1000 not in TRADE_PLUS)

    assert read_code(upc_e).key == read_code(upc_a).key


@given(digits(8, 8))
def test_eight_digits_are_read_when_a_witness_knows_them_and_by_the_right_one(text: str) -> None:
    try:
        as_upc = Upc.parse(text).as_gtin_14()
    except ParseError:
        as_upc = ""
    as_ean = text.zfill(14) if ean.is_valid(text) else ""
    first, second = (as_upc, as_ean) if text[0] == "0" else (as_ean, as_upc)
    assume(int(text) // 1000 not in TRADE_PLUS and int(first or second or 1_000_000) >= 1_000_000)

    read = outcome(read_code, text)

    if isinstance(read, Code):
        assert gtin14(read.key) == (first or second)
    else:
        assert not first + second or text.strip("0") == ""


@given(digits(4, 4))
def test_the_digit_that_guards_a_price_is_that_of_biip(price: str) -> None:
    assert price_digit(price) == str(gs1_price_weight_check_digit(price))


@given(digits(5, 5), digits(4, 4))
def test_the_price_of_a_weighed_code_is_the_one_that_biip_reads_in_great_britain(item: str, price: str) -> None:
    body = "20" + item + price_digit(price) + price
    text = body + check_digit(body)
    witness = Gtin.parse(text, config=ParseConfig(rcn_region=RcnRegion.GREAT_BRITAIN))
    assert isinstance(witness, Rcn)
    assert witness.price is not None

    code = read_code(text)

    assert code.kind is CodeKind.WEIGHED
    assert code.key == f"020{item}00000"
    assert (code.embedded or 0) == int(witness.price * 10_000)
    assert gtin14(code.key) == witness.without_variable_measure().as_gtin_14()


@given(st.integers(0, 999_999), st.integers(0, 4), st.sampled_from(("310", "320")))
def test_the_weight_of_an_element_string_is_exact(weight: int, decimals: int, number: str) -> None:
    code = read_code(f"(01)00074305001321({number}{decimals}){weight:06d}")

    assert code.embedded == weight * 10 ** (4 - decimals)
    assert code.weight_unit == {"310": "kg", "320": "lb"}[number]


@given(digits(1, 11).filter(lambda body: int(body) >= 1_000_000))
def test_a_code_with_and_without_zeros_and_check_digit_has_one_key(body: str) -> None:
    bare = str(int(body))
    assume(bare.strip("9") and len(bare) > 8)
    full = bare.zfill(11) + check_digit(bare)
    assume(full.lstrip("0").strip("9"))
    having = CodeRules(dict.fromkeys(range(9, 15), True), type2=AS_THEY_ARE)
    lacking = CodeRules(dict.fromkeys(range(9, 14), False), type2=AS_THEY_ARE)

    with_digit = {having.read(text).key for text in (full, full.lstrip("0"), full.zfill(13), full.zfill(14))}
    without = {lacking.read(text).key for text in (full[:-1], bare, bare.zfill(12), bare.zfill(13))}

    assert with_digit == without == {full[:-1].zfill(13)}


@settings(max_examples=1000)
@given(RULES, st.one_of(TEXTS, NEARLY_DIGITS, st.text(max_size=20)))
@example(CodeRules({12: False}), "000000123456")
@example(CodeRules({12: False}), "999999999999")
@example(CodeRules({10: True}), "9999999999")
@example(CodeRules({13: False}), "9999900000000")
@example(CodeRules({12: True}), "0743050013-1")
@example(CodeRules({14: True}), "0-074305001321")
def test_the_shortcut_reads_what_the_thorough_way_reads(rules: CodeRules, text: str) -> None:
    assert outcome(rules.read, text) == outcome(rules.read_thoroughly, text)


@settings(max_examples=500)
@given(st.one_of(TEXTS, NEARLY_DIGITS, st.text(max_size=20)))
def test_a_vote_counts_the_same_with_and_without_the_shortcut(text: str) -> None:
    quick, thorough = CodeSurvey(), CodeSurvey()

    quick.add(text)
    thorough._add_thoroughly(text)

    assert quick.tallies() == thorough.tallies()


@settings(max_examples=500)
@given(RULES, st.one_of(TEXTS, NEARLY_DIGITS, st.text(max_size=30)))
def test_whatever_is_in_a_cell_it_is_a_sound_code_or_refused(rules: CodeRules, text: str) -> None:
    read = outcome(rules.read, text)

    if isinstance(read, Code):
        assert len(read.key) == 13
        assert read.key.isascii()
        assert read.key.isdigit()
        assert set(read.repairs) <= set(REPAIRS)
        assert (read.kind is CodeKind.PLU) == (1_000 <= int(read.key) <= 99_999)
        assert read.kind is not CodeKind.WEIGHED or (read.key[:2] in ("00", "02") and read.key.endswith("00000"))
        assert all(character in text for character in read.key.strip("0")) or read.repairs


@settings(max_examples=500)
@given(TEXTS, st.sampled_from(Type2Layout))
def test_what_is_printed_for_a_key_is_read_as_that_key(text: str, type2: Type2Layout) -> None:
    code = outcome(lambda one: read_code(one, type2=type2), text)
    assume(isinstance(code, Code))
    assert isinstance(code, Code)

    again = read_code(printed(code.key, code.kind), type2=type2)

    assert again[:2] == code[:2]


@given(st.integers(1_000, 99_998).filter(lambda number: number != 9_999))
def test_every_plu_is_read_from_what_is_printed_and_from_its_bar_code(number: int) -> None:
    key = f"{number:013d}"

    assert read_code(printed(key, CodeKind.PLU))[:2] == (CodeKind.PLU, key)
    assert read_code(gtin14(key)[2:])[:2] == (CodeKind.PLU, key)


@given(digits(13, 13))
def test_the_item_in_a_case_is_an_item_and_has_itself_inside(key: str) -> None:
    item = base_item_key(key)

    assert item[1:] == key[1:]
    assert base_item_key(item) == item
    assert item[0] in "09"
