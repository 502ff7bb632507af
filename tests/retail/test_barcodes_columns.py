"""A column of codes decides, length by length, whether they end in check digits."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from rattail.retail.barcodes import (
    BadCode,
    CodeFault,
    CodeKind,
    CodeSurvey,
    Type2Layout,
    check_digit,
    read_code,
)


def surveyed(texts: Iterable[str]) -> CodeSurvey:
    survey = CodeSurvey()
    for text in texts:
        survey.add(text)
    return survey


def codes(length: int, *, valid: int, of: int, first: str = "7") -> list[str]:
    """Codes of one length, some of which end in a valid check digit."""
    numbers = random.Random(f"{length} {valid} {of}")
    made = []
    for n in range(of):
        body = first + "".join(numbers.choices("123456789", k=length - 1 - len(first)))
        last = int(check_digit(body))
        made.append(body + str(last if n < valid else (last + 1 + n % 9) % 10))
    return made


@pytest.mark.parametrize("length", range(9, 15))
@pytest.mark.parametrize(
    ("valid", "of", "decided"),
    [
        (100, 100, True),
        (90, 100, True),
        (899, 1000, None),
        (201, 1000, None),
        (20, 100, False),
        (0, 100, False),
        (9, 10, True),
        (8, 10, None),
        (3, 10, None),
        (2, 10, False),
        (5, 5, True),
        (1, 5, False),
        (2, 5, None),
        (4, 5, None),
    ],
)
def test_nine_tenths_have_check_digits_one_fifth_lacks_them_and_between_nothing_is_decided(
    length: int, valid: int, of: int, decided: bool | None
) -> None:
    rules = surveyed(codes(length, valid=valid, of=of)).rules()

    assert rules.decided == ({} if decided is None else {length: decided})
    assert [(one.length, one.tally) for one in rules.undecided] == ([(length, (of, valid))] if decided is None else [])
    assert rules.questions == rules.undecided


def test_each_length_of_a_column_decides_for_itself() -> None:
    column = codes(12, valid=100, of=100) + codes(11, valid=99, of=100) + codes(10, valid=18, of=100)

    rules = surveyed(column).rules()

    assert rules.decided == {12: True, 11: True, 10: False}
    assert rules.read("74305001321").repairs == ("leading zeros restored",)
    assert rules.read("7430500132").repairs == ("leading zeros restored", "check digit added")
    assert rules.read("074305001321").key == rules.read("74305001321").key == rules.read("7430500132").key
    with pytest.raises(BadCode, match="wrong check digit"):
        rules.read("74305001322")


def test_an_undecided_length_is_refused_code_by_code_and_says_why() -> None:
    rules = surveyed(codes(11, valid=50, of=100) + codes(12, valid=100, of=100)).rules()

    with pytest.raises(BadCode, match=r"50 of 100 codes of 11 digits end in a valid check digit \(50 %\)") as caught:
        rules.read("74305001321")

    assert caught.value.fault == CodeFault.UNDECIDED
    assert rules.read("074305001321").repairs == ()
    assert rules.read("00000004011")[:2] == (CodeKind.PLU, "0000000004011")
    with pytest.raises(BadCode) as placeholder:
        rules.read("00000000000")
    assert placeholder.value.is_absent


def test_a_person_decides_for_all_lengths_or_for_one() -> None:
    survey = surveyed(codes(11, valid=50, of=100) + codes(12, valid=100, of=100))

    assert survey.rules(given={11: False}).decided == {11: False, 12: True}
    assert survey.rules(given={11: False}).undecided == ()
    assert set(survey.rules(has_check_digit=True).decided.values()) == {True}
    assert survey.rules(has_check_digit=False, given={12: True}).decided[12] is True
    assert survey.rules(has_check_digit=False).read("07430500132").key == "0007430500132"
    assert survey.rules(given={12: False}).decided[12] is False


def test_what_was_decided_can_be_kept_and_reads_the_same_later() -> None:
    rules = surveyed(codes(11, valid=0, of=100) + codes(13, valid=100, of=100)).rules()

    again = CodeSurvey().rules(given=rules.decided)

    for text in ("07430500132", "5410000123459", "4011"):
        assert again.read(text) == rules.read(text)


@pytest.mark.parametrize(
    "column",
    [
        ["074305001321"],
        ["074305001321", "5410000123459", "10074305001328"],
        ["74305001321", "074305001321", "4011"],
        ["4252614", "074305001321", "96385074"],
    ],
)
def test_a_sample_of_a_few_rows_is_read_when_all_its_codes_are_valid(column: list[str]) -> None:
    rules = surveyed(column).rules()

    assert rules.undecided == ()
    assert {len(text): rules.read(text).key for text in column}


def test_a_few_rows_of_which_some_are_invalid_are_asked_about() -> None:
    rules = surveyed(["074305001321", "074305001322", "074305001321"]).rules()

    assert [(one.length, one.tally, one.too_few) for one in rules.questions] == [(12, (3, 2), True)]
    assert str(rules.questions[0]) == (
        "2 of 3 codes of 12 digits end in a valid check digit: too few to tell whether they have one"
    )


def test_four_codes_are_too_few_to_say_that_they_have_no_check_digit_and_five_are_enough() -> None:
    four = surveyed(codes(11, valid=0, of=4)).rules()
    five = surveyed(codes(11, valid=0, of=5)).rules()

    assert (four.decided, [one.too_few for one in four.questions]) == ({}, [True])
    assert five.decided == {11: False}


def test_few_codes_of_a_length_go_with_the_column_as_a_whole() -> None:
    with_digits = surveyed(codes(12, valid=100, of=100) + codes(11, valid=1, of=2)).rules()
    without = surveyed(codes(11, valid=10, of=100) + codes(10, valid=1, of=3)).rules()

    assert with_digits.decided == {12: True, 11: True}
    assert without.decided == {11: False, 10: False}


def test_one_valid_code_among_many_without_check_digit_may_be_chance_and_is_not_worth_a_question() -> None:
    column = codes(11, valid=10, of=100)

    one = surveyed(column + codes(12, valid=1, of=1)).rules()
    three = surveyed(column + codes(12, valid=3, of=3)).rules()

    assert (one.decided, [each.length for each in one.undecided], one.questions) == ({11: False}, [12], ())
    assert three.decided == {11: False, 12: True}


def test_a_handful_of_unclear_codes_beside_a_clear_column_is_not_worth_a_question() -> None:
    rules = surveyed([*codes(12, valid=3, of=3), *codes(11, valid=0, of=1)]).rules()

    assert [one.length for one in rules.undecided] == [11]
    assert rules.questions == ()


@pytest.mark.parametrize(
    "text",
    [
        *("201234602996", "0201234602996", "00201234602996", "2112345602992", "02112345602992", "2-01234-60299-6"),
        *("4011", "94011", "000000040112", "0000000004011", "00000004011", "00004011", "040112"),
        *("000000000000", "0000000000000", "99999999999", "999999999999", "9999", "99999", "000000-000000", "NA"),
        *("", "7.43E+10", "07430500132X", "\u0660" * 12, "074305001321074305001321", "2020-11-23", "743050.5"),
        *("(01)00074305001322", "]C10100074305001321", "0743050013 2\x00"),
    ],
)
def test_weighed_codes_plus_placeholders_and_what_is_no_code_do_not_vote(text: str) -> None:
    assert surveyed([text] * 50).tallies() == {}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        *((" 074305001321 ", 12), ("0-74305-00132-1", 12), ("74305001321.0", 11), ("'074305001321", 12)),
        *(("UPC 0074305001321", 13), ("\ufeff10074305001328", 14), ("04252614", 8), ("4252614", 7), ("96385074", 8)),
    ],
)
def test_codes_vote_as_they_are_after_cleaning(text: str, length: int) -> None:
    assert surveyed([text]).tallies() == {length: (1, 1)}


def test_a_column_of_nothing_but_weighed_codes_and_plus_needs_no_decision() -> None:
    rules = surveyed(["201234602996", "4011", "000000040112"]).rules()

    assert rules.questions == ()
    assert rules.read("201234602996") == read_code("201234602996")
    assert rules.read("000000040112").key == rules.read("4011").key
    assert rules.describe() == "no code has a length that needs a decision"


def test_a_column_describes_itself_to_people() -> None:
    column = codes(12, valid=100, of=100) + codes(11, valid=1992, of=2000) + codes(10, valid=18, of=100)
    column += codes(13, valid=5, of=10)

    described = surveyed(column).rules().describe()

    assert described.split("; ") == [
        "12 digits: with check digit (100 % of 100)",
        "11 digits: with check digit, leading zeros lost (99.6 % of 2,000)",
        "10 digits: without check digit, leading zeros lost (18 % of 100)",
        "5 of 10 codes of 13 digits end in a valid check digit (50 %): "
        "90 % or more would say that they have one, 20 % or less that they lack it",
    ]


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    almost = surveyed(codes(12, valid=9_999, of=10_000)).rules()
    hardly = surveyed(codes(12, valid=1, of=10_000)).rules()

    assert almost.describe() == "12 digits: with check digit (99.9 % of 10,000)"
    assert hardly.describe() == "12 digits: without check digit (0.1 % of 10,000)"


def test_the_layout_of_weighed_codes_belongs_to_the_column() -> None:
    survey = surveyed(["201234002994"])

    assert survey.rules(type2=Type2Layout.PRICE_5).read("201234002994").embedded == 2_9900
    assert survey.rules(type2=Type2Layout.WEIGHT_5, weight_decimals=3).read("201234002994").embedded == 2990
    with pytest.raises(BadCode, match="price"):
        survey.rules().read("201234002994")


def test_one_column_may_hold_every_form_at_once() -> None:
    others = ["04252614", "96385074", "4011", "94011", "10074305001328", "201234602996"]
    column = codes(12, valid=30, of=30) + others
    rules = surveyed(column).rules()

    keys = [rules.read(text).key for text in others]

    assert keys == [
        *("0004210000526", "0000009638507", "0000000004011", "0000000094011"),
        *("1007430500132", "0020123400000"),
    ]
