from __future__ import annotations

from pathlib import Path

import pytest
from pydifact.segmentcollection import Interchange

from rattail.errors import InputRejected
from rattail.features.batches.formats.edifact_invoic import FORMAT, codes
from rattail.features.batches.reading.edifact import Segment, message_segments
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Problem,
)
from tests.features.batches.formats.edi_files import adds_up, edifact, events_of, message, only, remarks, source_of

HEAD = (
    "BGM+380+4711+9'DTM+137:20261119:102'RFF+ON:PO9'NAD+SU+5412345000013::9++Groene Vallei'NAD+BY+8798765432106::9'"
    "CUX+2:EUR:4'"
)
LINES = (
    "LIN+1++5410000123459:EN'PIA+1+A7:SA'IMD+F++:::Sam?'s oats 50?:50 a?+b ???: 35 %'QTY+47:36:PCE'MOA+203:104.04'"
    "PRI+AAA:2.89'LIN+2++5410000123466:SRV'QTY+47:2.5:KGM'MOA+203:10.00'PRI+AAA:4.00:::1:KGM'"
)
BODY = HEAD + LINES + "UNS+S'CNT+2:2'MOA+86:114.04'MOA+79:114.04'"


def read(folder: Path, body: str) -> list[Event]:
    return events_of(FORMAT, folder, edifact(message("INVOIC", body)))


def line_of(folder: Path, segments: str) -> InvoiceLine:
    return only(read(folder, f"{HEAD}LIN+1++5410000123459:EN'{segments}UNS+S'"), InvoiceLine)[0]


def test_an_invoice_is_read_with_its_head_its_lines_and_its_total(tmp_path: Path) -> None:
    head, first, second, total = read(tmp_path, BODY)

    assert head == InvoiceHead(3, 1, "4711", "2026-11-19", False, "EUR", "PO9", "5412345000013", "Groene Vallei")
    assert first == InvoiceLine(
        row=9,
        document=1,
        number="1",
        code="5410000123459",
        vendor_code="A7",
        description="Sam's oats 50:50 a+b ?: 35 %",
        shipped=360_000,
        cost=28_900,
        amount=1_040_400,
    )
    assert isinstance(second, InvoiceLine)
    assert (second.unit, second.shipped, second.cost) == ("kilogram", 25_000, 40_000)
    assert total == InvoiceTotal(21, 1, 1_140_400, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "UNA:+.? '" + text,
        lambda text: "\ufeffUNA:+.? '\r\n" + text.replace("'U", "'\r\nU"),
        lambda text: "UNA:+,? '" + text.replace(".", ","),
        lambda text: "UNA:+,? '" + text.replace("104.04", "104,04"),
        lambda text: "\n".join(text[at : at + 41] for at in range(0, len(text), 41)),
        lambda text: text.replace("'LIN", "'\n\tLIN"),
        lambda text: text.rstrip("'"),
        lambda text: text.replace("UNZ", "\r\nUNZ") + "\r\n\x1a",
    ],
    ids=["una", "bom", "comma", "mixed", "wrapped", "indented", "no_last_mark", "trailing"],
)
def test_separators_line_ends_and_marks_change_nothing(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    plain = edifact(message("INVOIC", BODY))

    assert events_of(FORMAT, tmp_path, change(plain)) == events_of(FORMAT, tmp_path, plain)


def test_other_separators_and_no_release_character_are_taken_from_una(tmp_path: Path) -> None:
    body = HEAD + "LIN+1++5410000123459:EN'IMD+F++:::Oats?'QTY+47:1:PCE'MOA+203:1'UNS+S'MOA+86:1'"
    text = edifact(message("INVOIC", body, count=14)).translate(str.maketrans(":+'", "=*~"))

    (line,) = only(events_of(FORMAT, tmp_path, "UNA=*.  ~" + text), InvoiceLine)

    assert (line.description, line.amount) == ("Oats?", 10_000)


def test_every_interchange_has_its_own_separators(tmp_path: Path) -> None:
    one = edifact(message("INVOIC", BODY))
    two = "UNA=*,! ~" + edifact(message("INVOIC", BODY.replace("4711", "4712").replace("?", "!"))).translate(
        str.maketrans(":+'", "=*~")
    ).replace("!~", "!'").replace("!=", "!:").replace("!*", "!+")

    heads = only(events_of(FORMAT, tmp_path, one + two + one.replace("4711", "4713")), InvoiceHead)

    assert [head.number for head in heads] == ["4711", "4712", "4713"]


def test_a_weighed_line_counts_in_the_unit_of_its_price(tmp_path: Path) -> None:
    line = line_of(tmp_path, "QTY+46:5:PCE'QTY+47:12.65:KGM'MOA+203:126.50'PRI+AAA:10.00:CA::1:KGM'")
    other = line_of(tmp_path, "QTY+47:5:PCE'QTY+46:12.65:KGM'MOA+203:126.50'PRI+AAA:10.00:CA::1:KGM'")

    assert (line.shipped, line.unit, line.cost) == (126_500, "kilogram", 100_000)
    assert other == line


def test_a_price_for_another_kind_of_unit_gives_way_to_the_amount_of_the_line(tmp_path: Path) -> None:
    line = line_of(tmp_path, "QTY+47:5:PCE'MOA+203:126.50'PRI+AAA:10.00:CA::1:KGM'")

    assert (line.shipped, line.unit, line.cost) == (50_000, "each", 253_000)


@pytest.mark.parametrize(
    ("segments", "cost", "amount"),
    [
        ("QTY+47:54:PCE'PRI+AAA:3630.1724::NTP:100:C62'MOA+203:1960.29'", 363_017, 19_602_900),
        ("QTY+47:54:PCE'PRI+AAA:3630.1724::NTP:100:C62'", 363_017, 19_602_931),
        ("QTY+47:4:PCE'PRI+AAB:6'PRI+AAA:5'", 50_000, None),
        ("QTY+47:4:PCE'PRI+AAB:6'MOA+203:20'", 60_000, 200_000),
        ("QTY+47:4:PCE'MOA+203:20'", 50_000, 200_000),
        ("QTY+47:500:GRM'PRI+AAA:8:::1:KGM'", 80_000, None),
    ],
)
def test_costs_are_for_one_unit(tmp_path: Path, segments: str, cost: int, amount: int | None) -> None:
    line = line_of(tmp_path, segments)

    assert (line.cost, line.amount) == (cost, amount)


def test_consumer_units_in_the_traded_unit_make_it_a_case(tmp_path: Path) -> None:
    per_case = line_of(tmp_path, "QTY+47:3:PCE'QTY+59:12:PCE'MOA+203:90'PRI+AAA:30'")
    per_piece = line_of(tmp_path, "QTY+47:3:PCE'QTY+59:12:PCE'MOA+203:90'PRI+AAA:2.50'")

    assert (per_case.unit, per_case.case_size, per_case.shipped, per_case.cost) == ("case", 120_000, 30_000, 300_000)
    assert per_piece.cost == 300_000


def test_ordered_shipped_and_out_of_stock(tmp_path: Path) -> None:
    line = line_of(tmp_path, "QTY+21:6:PCE'QTY+47:0:PCE'PRI+AAA:5'")

    assert (line.ordered, line.shipped, line.is_out_of_stock) == (60_000, 0, True)


def test_a_credit_note_is_a_credit(tmp_path: Path) -> None:
    assert only(read(tmp_path, BODY.replace("BGM+380", "BGM+381")), InvoiceHead)[0].is_credit


@pytest.mark.parametrize(
    ("allowance_of_line", "summary", "said"),
    [
        ("ALC+A++++DI'MOA+8:4.04'", "MOA+86:114.04'", ""),
        ("ALC+A++++DI'MOA+8:4.04'", "MOA+86:110'", "with the allowances and charges of single lines on top"),
        ("", "ALC+C++++FC'MOA+23:5.96'MOA+77:120'", ""),
        ("", "ALC+A+Korting'PCD+3:10'MOA+204:14.04'MOA+86:100'", ""),
        ("", "MOA+79:114.04'MOA+125:114.04'MOA+176:6.84'MOA+77:120.88'", ""),
        ("", "MOA+77:120.88'TAX+7+VAT+++:::6+S'MOA+124:6.00'TAX+7+VAT+++:::6+S'MOA+124:0.84'", ""),
        ("", "MOA+176:6.84'MOA+86:114.04'", "without tax"),
    ],
)
def test_the_total_tells_what_is_part_of_it(tmp_path: Path, allowance_of_line: str, summary: str, said: str) -> None:
    events = read(tmp_path, f"{HEAD}{LINES}{allowance_of_line}UNS+S'{summary}")

    assert adds_up(events)
    assert [said in text for text in remarks(events)] == ([True] if said else [])


def test_allowances_of_the_head_count(tmp_path: Path) -> None:
    events = read(tmp_path, f"{HEAD}ALC+C++++FC'MOA+23:5.96'{LINES}UNS+S'MOA+77:120'")

    assert adds_up(events)
    assert [charge.label for charge in only(events, InvoiceCharge)] == ["FC"]


def test_a_bad_line_is_set_aside_and_the_others_are_read(tmp_path: Path) -> None:
    events = read(tmp_path, BODY.replace("QTY+47:36:PCE", "QTY+47:36A:PCE"))

    (problem,) = only(events, Problem)
    assert (problem.row, problem.column, problem.value, problem.code) == (9, "QTY 6060", "36A", "5410000123459")
    assert problem.vendor_code == "A7"
    assert [line.number for line in only(events, InvoiceLine)] == ["2"]


@pytest.mark.parametrize("value", ["1.234,56", "$1.18", "1e5", "", "\u0661", "9" * 20])
def test_prices_that_are_no_numbers_are_no_prices(tmp_path: Path, value: str) -> None:
    (problem,) = only(read(tmp_path, BODY.replace("PRI+AAA:2.89", f"PRI+AAA:{value}")), Problem)

    assert (problem.column, problem.value) == ("PRI 5118", value)


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("UNT+22+1", "UNT+23+1", "UNT counts 23 segments; there are 22"),
        ("UNT+22+1", "UNT+22+2", 'reference "2" of UNT is not "1" of UNH'),
        ("UNZ+1+77", "UNZ+3+77", "UNZ counts 3 messages; there are 1"),
        ("UNZ+1+77", "UNZ+1+78", 'reference "78" of UNZ is not "77" of UNB'),
        ("CNT+2:2", "CNT+2:9", "CNT counts 9 lines; there are 2"),
    ],
)
def test_wrong_counts_and_references_are_remarked_and_the_file_is_read(
    tmp_path: Path, good: str, bad: str, said: str
) -> None:
    text = edifact(message("INVOIC", BODY))
    assert good in text
    events = events_of(FORMAT, tmp_path, text.replace(good, bad))

    assert [said in text for text in remarks(events)] == [True]
    assert adds_up(events)


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    text = edifact(message("INVOIC", BODY))
    for length in range(70, text.index("UNZ") + 2):
        source = source_of(tmp_path, text[:length])
        with pytest.raises(InputRejected, match="cut off"):
            list(FORMAT.read(source, Reading()))


def test_several_messages_are_read_others_left_out_and_doubles_named(tmp_path: Path) -> None:
    order = message("ORDERS", "BGM+220+1+9'LIN+1++5410000123459:EN'", reference="2")
    events = events_of(FORMAT, tmp_path, edifact(message("INVOIC", BODY), order, message("INVOIC", BODY)))

    assert [head.document for head in only(events, InvoiceHead)] == [1, 2]
    assert remarks(events) == [
        "invoice 4711 is in this file more than once: as invoice 1 (segment 3) and as invoice 2 (segment 29)",
        "messages ORDERS (purchase order) were left out, the first at segment 24",
    ]


@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
def test_segments_are_those_that_pydifact_finds(tmp_path: Path) -> None:
    text = "UNA:+.? '" + edifact(message("INVOIC", BODY))

    ours = [one for one in message_segments(source_of(tmp_path, text), "INVOIC") if isinstance(one, Segment)]

    theirs = [one for one in Interchange.from_str(text).segments if one.tag not in ("UNA", "UNB", "UNZ")]
    assert [one.tag for one in ours] == [one.tag for one in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert our.elements == [one if isinstance(one, list) else [one] for one in their.elements]


def test_an_object_beside_the_messages_is_left_out(tmp_path: Path) -> None:
    text = edifact(message("INVOIC", BODY))
    packed = text.replace("UNZ+1", "UNO+1++++12'%PDF ' x+y:z? q'zUNP+12+1'UNZ+2")
    events = events_of(FORMAT, tmp_path, packed)

    assert remarks(events) == ["segment 24: an object (UNO), such as a picture of the document, was left out"]
    assert adds_up(events)


def test_codes_are_those_of_the_lines(tmp_path: Path) -> None:
    source = source_of(tmp_path, edifact(message("INVOIC", BODY)))

    assert list(codes(source, Reading())) == ["5410000123459", "5410000123466"]


def test_a_segment_without_end_and_separators_that_never_stay_are_refused(tmp_path: Path) -> None:
    text = edifact(message("INVOIC", BODY))
    other = "UNA:|.? '" + text.replace("?+", "").replace("+", "|")
    for content in (text + "X" * 9_000_000 + text, (text + other) * 600):
        source = source_of(tmp_path, content)
        with pytest.raises(InputRejected, match="changes its separators more than 1,000 times"):
            list(FORMAT.read(source, Reading()))
