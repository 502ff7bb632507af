from __future__ import annotations

from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.x12_810 import FORMAT, codes
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import InvoiceCharge, InvoiceHead, InvoiceLine, InvoiceTotal, Problem
from tests.features.batches.formats.edi_files import (
    ISA,
    adds_up,
    events_of,
    interchange,
    only,
    remarks,
    source_of,
    transaction,
)

HEAD = "BIG*20261119*4711*20261117*PO9~CUR*SE*USD~N1*SE*Green Valley*9*006543210~"
#: 2 cases at 10.00, 3 pounds at 1.115, an allowance of 1.00 on the first line, freight of 2.50: 24.85.
BODY = (
    HEAD + "IT1*1*2*CA*10.00**VN*A-7*UP*036000291452~PID*F****Oats~PID*F*TRN***Mill~PO4*12*16*OZ~SAC*A*C310***-100~"
    "IT1**3*LB*1.115**UP*036000291469~TDS*2485~SAC*C*D240***250**********FREIGHT~CTT*2~"
)


def read(folder: Path, body: str) -> list[object]:
    return list(events_of(FORMAT, folder, interchange(transaction("810", body))))


def first_line(folder: Path, it1: str) -> InvoiceLine:
    return only(events_of(FORMAT, folder, interchange(transaction("810", f"{HEAD}{it1}~"))), InvoiceLine)[0]


def first_problem(folder: Path, it1: str) -> Problem:
    return only(events_of(FORMAT, folder, interchange(transaction("810", f"{HEAD}{it1}~"))), Problem)[0]


def test_an_invoice_is_read_with_its_head_its_lines_and_its_total(tmp_path: Path) -> None:
    head, first, second, allowance, freight, total = read(tmp_path, BODY)

    assert head == InvoiceHead(4, 1, "4711", "2026-11-19", False, "USD", "PO9", "006543210", "Green Valley")
    assert first == InvoiceLine(
        row=7,
        document=1,
        number="1",
        code="036000291452",
        vendor_code="A-7",
        brand="Mill",
        description="Oats",
        size="16 OZ",
        shipped=20_000,
        unit="case",
        case_size=120_000,
        cost=100_000,
    )
    assert isinstance(second, InvoiceLine)
    assert (second.number, second.unit, second.shipped, second.cost) == ("", "pound", 30_000, 11_150)
    assert allowance == InvoiceCharge(11, 1, "C310", -10_000)
    assert freight == InvoiceCharge(14, 1, "D240 FREIGHT", 25_000)
    assert total == InvoiceTotal(13, 1, 248_500, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("~", "~\r\n"),
        lambda text: text.replace("~", "~\n\t  "),
        lambda text: text.replace("~", "\n"),
        lambda text: text.replace("~", "\r\n").replace("P*>", "P*>"),
        lambda text: text.replace("~", "\x1c").replace("*", "^").replace(">", "|"),
        lambda text: "\ufeff" + text,
        lambda text: "\n".join(text[at : at + 80] for at in range(0, len(text), 80)),
        lambda text: text.replace("          ", " ").replace("0065432109000  ", "006 "),
        lambda text: text.replace("*P*>~", "*P*~"),
        lambda text: text.encode("utf-16"),
    ],
    ids=[
        "crlf",
        "indented",
        "newline_ends",
        "crlf_ends",
        "odd_marks",
        "bom",
        "wrapped",
        "narrow_isa",
        "no_isa16",
        "utf16",
    ],
)
def test_separators_line_ends_and_marks_change_nothing(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    plain = interchange(transaction("810", BODY))

    assert events_of(FORMAT, tmp_path, change(plain)) == events_of(FORMAT, tmp_path, plain)


def test_quantity_zero_is_out_of_stock(tmp_path: Path) -> None:
    line = first_line(tmp_path, "IT1*1*0*CA*21.50**UP*036000291452")

    assert line.is_out_of_stock
    assert line.shipped == 0


def test_codes_without_check_digit_get_the_one_that_their_qualifier_leaves_out(tmp_path: Path) -> None:
    assert first_line(tmp_path, "IT1**1*EA*1**UI*03600029145").code == "036000291452"
    assert first_line(tmp_path, "IT1**1*CA*1**UA*002840022222").code == "0028400222228"


@pytest.mark.parametrize(
    ("pairs", "code", "vendor_code"),
    [
        ("VN*A7*UP*036000291452", "036000291452", "A7"),
        ("UK*10036000291459*UP*036000291452", "036000291452", ""),
        ("CB*99*EN*5410000123459*VC*B8", "5410000123459", "B8"),
        ("UK*10036000291459*IN*77", "10036000291459", ""),
        ("PL*4011*VN*9", "4011", "9"),
        ("PL*94011", "94011", ""),
        ("PL*0007*VN*9", "", "9"),
        ("VP*ID001", "", "ID001"),
        ("UP*", "", ""),
    ],
)
def test_pairs_of_qualifier_and_number_come_in_any_order(
    tmp_path: Path, pairs: str, code: str, vendor_code: str
) -> None:
    line = first_line(tmp_path, f"IT1*1*1*EA*1**{pairs}")

    assert (line.code, line.vendor_code) == (code, vendor_code)


@pytest.mark.parametrize(
    ("fields", "unit", "shipped", "cost", "case_size"),
    [
        ("2*CS*6", "case", 20_000, 60_000, None),
        ("2*EA*6", "each", 20_000, 60_000, None),
        ("2.5*KG*6", "kilogram", 25_000, 60_000, None),
        ("32*OZ*0.25", "pound", 20_000, 40_000, None),
        ("2*DZ*6", "case", 20_000, 60_000, 120_000),
        ("-2*CA*6", "case", -20_000, 60_000, None),
        ("2*EA*650*HP", "each", 20_000, 65_000, None),
        ("2*EA*", "each", 20_000, None, None),
    ],
)
def test_units_and_bases_of_prices(
    tmp_path: Path, fields: str, unit: str, shipped: int, cost: int | None, case_size: int | None
) -> None:
    line = first_line(tmp_path, f"IT1*1*{fields}")

    assert (line.unit, line.shipped, line.cost, line.case_size) == (unit, shipped, cost, case_size)


def test_an_unknown_unit_is_remarked_once(tmp_path: Path) -> None:
    events = events_of(FORMAT, tmp_path, interchange(transaction("810", HEAD + "IT1*1*1*ZZ*1~IT1*2*1*ZZ*1~")))

    assert [text for text in remarks(events) if "ZZ" in text] == [
        "unit 'ZZ' (IT103) is not known; quantities in it are taken as each"
    ]


def test_a_price_that_has_more_than_four_decimals_keeps_the_exact_amount_of_the_line(tmp_path: Path) -> None:
    line = first_line(tmp_path, "IT1*1*3000*EA*0.123456")

    assert line.cost == 1_235
    assert line.amount == 3_703_680


@pytest.mark.parametrize(
    ("it1", "column", "value"),
    [
        ("IT1*1*x*CA*1**UP*036000291452", "IT102", "x"),
        ("IT1*1**CA*1**UP*036000291452", "IT102", ""),
        ("IT1*1*1*CA*1,50**UP*036000291452", "IT104", "1,50"),
        ("IT1*1*1*CA*1e5**UP*036000291452", "IT104", "1e5"),
        ("IT1*1*99999999999*CA*99999999999**UP*036000291452", "IT104", "99999999999"),
        ("IT1*1*2*CA*4.19*PP*UP*036000291452", "IT105", "PP"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(tmp_path: Path, it1: str, column: str, value: str) -> None:
    body = f"{HEAD}{it1}~PID*F****Oats~IT1*2*1*EA*1~TDS*100~"
    events = events_of(FORMAT, tmp_path, interchange(transaction("810", body)))
    (problem,) = only(events, Problem)

    assert (problem.row, problem.column, problem.value, problem.code) == (7, column, value, "036000291452")
    assert problem.description == "Oats"
    assert [line.number for line in only(events, InvoiceLine)] == ["2"]


def test_a_credit_memo_is_a_credit(tmp_path: Path) -> None:
    body = "BIG*20261119*C1*****CR~IT1*1*2*EA*5~TDS*-1000~"
    head, line, *_, total = read(tmp_path, body)

    assert isinstance(head, InvoiceHead)
    assert isinstance(line, InvoiceLine)
    assert isinstance(total, InvoiceTotal)
    assert (head.is_credit, line.shipped, total.amount) == (True, 20_000, 100_000)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("SAC*C*G830***300~TDS*2300~", ""),
        ("SAC*C*G830***300~TDS*2300~SAC*C*G830***300~", "without the allowances and charges of single lines"),
        ("SAC*C*G830***300~TXI*ST*3.00~TDS*2300~", "without the tax segments (TXI)"),
        ("TDS*2000~SAC*C*D240***250~", "without the allowances and charges after the lines"),
        ("TDS*2300~SAC*A*C310***200~SAC*C*D240***300~", "its allowances not deducted"),
        ("SAC*N*B840***9900~TDS*2000~", ""),
        ("TDS*2250~SAC*C*D240***2.50~", ""),
        ("TDS*2250~SAC*C*D240******1.25**2~", ""),
    ],
)
def test_the_total_tells_which_allowances_and_charges_count(tmp_path: Path, rest: str, said: str) -> None:
    events = events_of(FORMAT, tmp_path, interchange(transaction("810", f"{HEAD}IT1*1*2*CA*10~{rest}")))

    assert adds_up(events)
    assert [said in text for text in remarks(events)] == ([True] if said else [])


def test_a_total_that_no_way_of_counting_explains_is_left_as_it_is(tmp_path: Path) -> None:
    events = events_of(
        FORMAT, tmp_path, interchange(transaction("810", f"{HEAD}IT1*1*2*CA*10~SAC*C*D240***250~TDS*9999~"))
    )

    assert not adds_up(events)
    assert only(events, InvoiceTotal)[0].amount == 999_900
    assert len(only(events, InvoiceCharge)) == 1


def test_several_invoices_in_several_groups_and_interchanges_are_read_and_other_sets_left_out(tmp_path: Path) -> None:
    one = transaction("810", "BIG*20261119*1~IT1*1*1*EA*1~TDS*100~")
    two = transaction("810", "BIG*20261119*2~IT1*1*1*EA*2~TDS*200~", control="0002")
    order = transaction("850", "BEG*00*NE*7~PO1*1*1*EA*5~", control="0003")
    other = interchange(one.replace("*1~IT1", "*3~IT1")).replace("~", "\n").replace("*", "|")
    events = events_of(FORMAT, tmp_path, interchange(one, order, two) + "\n" + other)

    heads = [(head.document, head.number) for head in only(events, InvoiceHead)]
    assert heads == [(1, "1"), (2, "2"), (3, "3")]
    assert remarks(events) == ["transaction sets 850 (purchase order) were left out, the first at segment 8"]


def test_the_same_invoice_number_twice_is_named(tmp_path: Path) -> None:
    one = transaction("810", "BIG*20261119*1~IT1*1*1*EA*1~TDS*100~")
    events = events_of(FORMAT, tmp_path, interchange(one, one))

    assert "invoice 1 is in this file more than once: as invoice 1 (segment 4) and as invoice 2 (segment 9)" in remarks(
        events
    )


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("SE*14", "SE*914", "SE counts 914 segments; there are 14"),
        ("CTT*2", "CTT*5", "CTT counts 5 lines; there are 2"),
        ("GE*1*7", "GE*2*7", "GE counts 2 transaction sets; there are 1"),
        ("GE*1*7", "GE*1*8", 'control number "8" of GE is not "7" of GS'),
        ("IEA*1*", "IEA*3*", "IEA counts 3 groups; there are 1"),
        ("IEA*1*000000101", "IEA*1*000000102", 'control number "000000102" of IEA is not "000000101" of ISA'),
        ("*0001~GE", "*0002~GE", 'control number "0002" of SE is not "0001" of ST'),
    ],
)
def test_wrong_counts_and_control_numbers_are_remarked_and_the_file_is_read(
    tmp_path: Path, good: str, bad: str, said: str
) -> None:
    text = interchange(transaction("810", BODY))
    assert good in text
    events = events_of(FORMAT, tmp_path, text.replace(good, bad))

    assert [said in text for text in remarks(events)] == [True]
    assert adds_up(events)


@pytest.mark.parametrize("trailer", ["SE*14*0001~", "GE*1*7~", "IEA*1*000000101~"])
def test_a_file_without_one_of_its_trailers_is_refused(tmp_path: Path, trailer: str) -> None:
    text = interchange(transaction("810", BODY))
    assert trailer in text

    with pytest.raises(InputRejected, match=f"cut off or damaged.*{trailer[:2]}"):
        events_of(FORMAT, tmp_path, text.replace(trailer, ""))


def test_a_file_that_is_cut_off_anywhere_is_refused_or_read_whole(tmp_path: Path) -> None:
    text = interchange(transaction("810", BODY))
    for length in range(len(ISA) + 60, len(text) - 20):
        source = source_of(tmp_path, text[:length])
        with pytest.raises(InputRejected):
            list(FORMAT.read(source, Reading()))


def test_a_file_without_isa_is_refused_with_a_sentence(tmp_path: Path) -> None:
    source = source_of(tmp_path, transaction("810", BODY))

    assert FORMAT.recognise(source) == ""
    with pytest.raises(InputRejected, match="has no ISA segment"):
        list(FORMAT.read(source, Reading()))


def test_a_forgotten_terminator_at_the_end_of_a_line_is_mended_and_said(tmp_path: Path) -> None:
    text = interchange(transaction("810", BODY)).replace("~", "~\n").replace("Oats~", "Oats")
    events = events_of(FORMAT, tmp_path, text)

    assert remarks(events) == ["the end of segment 8 is not marked; the end of its line was taken for it"]
    assert only(events, InvoiceLine)[0].case_size == 120_000


def test_an_invoice_without_number_or_date_is_a_problem(tmp_path: Path) -> None:
    events = events_of(FORMAT, tmp_path, interchange(transaction("810", "BIG*20261399~IT1*1*1*EA*1~TDS*100~")))

    assert [(problem.column, problem.value) for problem in only(events, Problem)] == [
        ("BIG02", ""),
        ("BIG01", "20261399"),
    ]


def test_codes_are_those_of_the_lines(tmp_path: Path) -> None:
    source = source_of(tmp_path, interchange(transaction("810", BODY)))

    assert list(codes(source, Reading())) == ["036000291452", "036000291469"]


def test_a_segment_without_end_and_separators_that_never_stay_are_refused(tmp_path: Path) -> None:
    text = interchange(transaction("810", BODY))
    other = text.replace("*", "|")
    for content in (text + "X" * 400_000 + text, (text + other) * 600):
        source = source_of(tmp_path, content)
        with pytest.raises(InputRejected, match="changes its separators more than 1,000 times"):
            list(FORMAT.read(source, Reading()))
