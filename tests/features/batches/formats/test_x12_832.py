from __future__ import annotations

from pathlib import Path

import pytest

from rattail.features.batches.formats.x12_832 import FORMAT
from rattail.features.batches.reading.lines import CatalogLine, Problem
from tests.features.batches.formats.edi_files import events_of, interchange, only, remarks, transaction

OATS = "LIN*1*UP*036000291452*VN*A7~PID*F*08***Rolled oats~PID*F*TRN***Mill~PO4*12*16*OZ~"
PRICES = "CTP*WS*LPR*24.00*1*CA~CTP*RS*MSR*3.49*1*EA~"


def read(folder: Path, body: str) -> CatalogLine:
    return only(events_of(FORMAT, folder, interchange(transaction("832", f"BCT*PC*F26~{body}"))), CatalogLine)[0]


def test_an_item_is_read_with_its_pack_its_cost_and_its_retail_price(tmp_path: Path) -> None:
    line = read(tmp_path, OATS + PRICES)

    assert line == CatalogLine(
        row=5,
        code="036000291452",
        vendor_code="A7",
        brand="Mill",
        description="Rolled oats",
        size="16 OZ",
        case_size=120_000,
        case_cost=240_000,
        suggested_retail=34_900,
    )


def test_a_price_of_one_is_a_unit_cost(tmp_path: Path) -> None:
    line = read(tmp_path, OATS + "CTP*WS*UCP*2.00*1*EA~")

    assert (line.unit_cost, line.case_cost) == (20_000, None)


def test_a_retail_price_for_several_is_divided_and_a_price_break_is_not_the_cost(tmp_path: Path) -> None:
    line = read(tmp_path, OATS + "CTP*WS*LPR*22*10*CA~CTP*WS*LPR*24*1*CA~CTP*RS*MSR*5.00*2*EA~")

    assert (line.case_cost, line.suggested_retail) == (240_000, 25_000)


@pytest.mark.parametrize(
    "dates",
    [
        "DTM*196*20261201~DTM*197*20261231~",
        "DTM*015*20261201~DTM*016*20261231~",
        "DTM*193****RD8*20261201-20261231~",
    ],
)
def test_a_promotion_is_a_discount_of_one_unit_on_its_days(tmp_path: Path, dates: str) -> None:
    line = read(tmp_path, OATS + dates + PRICES + "CTP*WS*PRO*21.00*1*CA~")

    assert line.discount_amount == 2_500
    assert (line.discount_starts, line.discount_ends) == ("2026-12-01", "2026-12-31")
    assert line.effective is None


def test_allowances_are_discounts(tmp_path: Path) -> None:
    assert read(tmp_path, OATS + PRICES + "SAC*A*F800***120~").discount_amount == 1_000
    assert read(tmp_path, OATS + PRICES + "SAC*A*F800*****5.5~").discount_percent == 55_000
    assert read(tmp_path, OATS + PRICES + "SAC*A*F800******0.25*EA~").discount_amount == 2_500


def test_the_date_of_the_catalog_holds_for_items_without_their_own(tmp_path: Path) -> None:
    body = f"DTM*007****RD8*20261201-20261231~{OATS}DTM*152*20261215~{PRICES}LIN*2*UP*036000291469~CTP*WS*LPR*1*1*EA~"
    events = events_of(FORMAT, tmp_path, interchange(transaction("832", f"BCT*PC*F26~{body}")))

    assert [line.effective for line in only(events, CatalogLine)] == ["2026-12-15", "2026-12-01"]


def test_a_bad_price_sets_its_item_aside_and_a_wrong_count_is_remarked(tmp_path: Path) -> None:
    body = f"{OATS}CTP*WS*LPR*24,00*1*CA~LIN*2~PID*F*08***Nameless~{OATS}{PRICES}CTT*7~"
    events = events_of(FORMAT, tmp_path, interchange(transaction("832", f"BCT*PC*F26~{body}")))

    assert [(one.column, one.value, one.description) for one in only(events, Problem)] == [
        ("CTP03", "24,00", "Rolled oats"),
        ("LIN", "", "Nameless"),
    ]
    assert len(only(events, CatalogLine)) == 1
    assert remarks(events) == ["segment 18: CTT counts 7 lines; there are 3"]
