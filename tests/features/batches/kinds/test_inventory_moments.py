"""When something was counted, and what moved since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rattail.errors import InputRejected
from tests.conftest import Run
from tests.features.batches.kinds.counting import APPLES, BANANAS, CHEESE, COUNTED_AT, HOUR, LEMONS, Market
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]
LABEL_WITHOUT_VALUE = "201234000006"


def test_what_was_undone_before_or_after_a_count_does_not_move_it(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from tests.features.batches.kinds.invoice_kit import BEANS, head, line, on_hand, read, stock_up

        stock_up(shop)
        first = shop.ground.now
        received = read(shop, head(), line(BEANS, "72")).number
        shop.execute(received)
        full = on_hand(shop)[BEANS]
        shop.ground = shop.ground._replace(now=first + 2 * HOUR)
        shop.undo(received)
        settings = {"mode": "replace", "counted_at": (first + HOUR).isoformat()}
        batch = shop.batch("inventory", f"upc,cases,units\n{BEANS},0,2\n", settings=settings, check_digits={12: True})
        return full, shop.rows(batch)[0]["note"], shop.execute(batch.number).done.updated, on_hand(shop)[BEANS]

    assert in_shop(emptied_env, act) == ["82", "", 1, "2"]


def test_what_would_be_below_zero_is_held(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        produce = shop.make("Department", code="produce", name="Produce")
        for code in (BANANAS, APPLES, LEMONS):
            market.move(market.product(code, on_hand=10, department_id=produce), -4, at=COUNTED_AT + HOUR)
        batch = market.count(f"{BANANAS},0,2.5", f"{APPLES},0,9", mode="zero")
        first = market.told(batch)
        market.again(batch)
        again = market.told(batch)
        corrected = _change(shop, batch.number, 1, units="7.5")
        return first, again, corrected, market.told(batch), [change[0] for change in market.changes(batch)]

    first, again, corrected, told, changes = in_shop(emptied_env, act)
    note = "this product would be -1.5, as it moved after it was counted: -4"
    assert first["1"] == ["None > None", "suspicious negative", note]
    assert first["2"] == ["6.00 > 5.00", "quantity_change", "this product moved after it was counted: -4"]
    assert first["3"] == ["6.00 > None", "suspicious negative", "this product was not counted"]
    assert again == first
    assert corrected == ["quantity_change", "edited"]
    assert told["1"] == ["6.00 > 3.50", "quantity_change edited", "this product moved after it was counted: -4"]
    assert changes == [1, 2]


def test_what_moved_later_is_said_with_the_batch_it_came_with(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.product(BANANAS, on_hand=10)
        market.product(APPLES, on_hand=10)
        market.product(LEMONS, on_hand=10)
        late = COUNTED_AT + HOUR
        came = market.count(f"{BANANAS},0,72", f"{APPLES},0,1", mode="adjust", at=late).number
        shop.execute(came)
        batch = market.count(f"{BANANAS},0,5", f"{BANANAS},0,1", f"{APPLES},0,9", f"{LEMONS},0,9", duplicates="add")
        first = batch.remarks
        _change(shop, batch.number, 4, units="8")
        batch.refresh_from_db()
        return came, market.told(batch), first, batch.remarks

    came, told, first, remarks = in_shop(emptied_env, act)
    assert told["1"][2] == "this product is added up in row 2"
    moved = f"moved after it was counted: +72 (batch {came:08d})"
    assert told["2"] == ["82.00 > 78.00", "quantity_change", f"this product is in 2 rows, which add up, and {moved}"]
    assert told["3"][2] == f"this product moved after it was counted: +1 (batch {came:08d})"
    assert told["4"][2] == ""
    (remark,) = first
    assert remark.startswith("products that moved after they were counted: 2;")
    assert remarks == first


def test_labels_without_a_value_do_not_add_up(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        market.price(market.product(CHEESE, on_hand=1, unit="pound", is_weighed=True), "6.00")
        lines = (f"{LABEL_WITHOUT_VALUE},0,5", f"{LABEL_WITHOUT_VALUE},0,7")
        last = market.told(market.count(*lines, duplicates="last"))
        labels = market.told(market.count(f"{CHEESE},0,1", f"{CHEESE},0,1", duplicates="last"))
        with pytest.raises(InputRejected) as caught:
            market.count(*lines)
        return last["2"][0], labels["2"][0], caught.value.message

    last, labels, refused = in_shop(emptied_env, act)
    assert last == "1.00 > 7.00"
    assert labels == "1.00 > 1.00"
    assert "counted in more than one row" in refused


def test_the_newest_scan_tells_when_it_was_counted_where_nobody_did(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        market = Market(shop)
        bananas = market.product(BANANAS, on_hand=10)
        market.move(bananas, 72, at=COUNTED_AT)
        day = COUNTED_AT.date()
        text = f"upc,units,counted at\n{BANANAS},8,{day} 14:00:00\n4999,1,{day} 13:00:00\n"
        shop.ground = shop.ground._replace(now=COUNTED_AT + HOUR)
        batch = _scanned(shop, text)
        (row, _) = shop.rows(batch)
        _change(shop, batch.number, 1, units="9")
        batch.refresh_from_db()
        return row["after"], batch.settings["counted_at"], batch.remarks[1], shop.rows(batch)[0]["after"]

    after, counted_at, remark, corrected = in_shop(emptied_env, act)
    assert after == "80.00"
    assert counted_at == "2026-01-10T14:00:00+00:00"
    assert remark.startswith("counted at 2026-01-10 14:00, the time of the newest scan")
    assert corrected == "81.00"


@pytest.mark.parametrize(
    ("oldest", "newest", "said"),
    [
        ("2026-01-08 08:00:00", "2026-01-10 09:00:00", "more than a day"),
        ("2026-01-08", "2026-01-08", "not at what time"),
        ("2026-01-10 08:00:00", "2026-02-10 08:00:00", "in the future"),
    ],
)
def test_scans_that_do_not_tell_one_moment_are_asked_about(
    emptied_env: Env, oldest: str, newest: str, said: str
) -> None:
    def act(shop: Shop) -> Any:
        Market(shop).product(BANANAS, on_hand=10)
        shop.ground = shop.ground._replace(now=COUNTED_AT + HOUR)
        _scanned(shop, f"upc,units,counted at\n{BANANAS},8,{oldest}\n4999,1,{newest}\n")

    with pytest.raises(InputRejected, match=said) as caught:
        in_shop(emptied_env, act)
    assert "--counted-at '2026-01-" in caught.value.hint


def test_a_day_of_today_says_no_more_than_now(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Market(shop).product(BANANAS, on_hand=10)
        shop.ground = shop.ground._replace(now=COUNTED_AT + HOUR)
        batch = _scanned(shop, f"upc,units,counted at\n{BANANAS},8,{COUNTED_AT.date()}\n")
        return batch.settings["counted_at"], batch.remarks

    assert in_shop(emptied_env, act) == [COUNTED_AT.isoformat(), []]


def test_the_moment_of_a_count_may_have_a_zone_and_is_shown(emptied_env: Env, run: Run) -> None:
    def prepare(shop: Shop) -> str:
        Market(shop).product(BANANAS, on_hand=10)
        path = shop.folder / "count.csv"
        path.write_text(f"upc,units\n{BANANAS},8\n")
        return str(path)

    words = ("make-batch", "inventory", in_shop(emptied_env, prepare), "--mode", "replace", "--json", "--force")
    for text, hour in (("2026-01-10T10:00Z", 10), ("2026-01-10 10:00+05:00", 5), ("2026-01-10 10:00", 10)):
        made = run(*words, "--counted-at", text, "--reason", "leap", env=emptied_env).data
        assert made["settings"]["counted_at"] == f"2026-01-10T{hour:02d}:00:00+00:00"
    shown = run("show-batch", made["id"], env=emptied_env).out
    assert "  mode replace, counted 2026-01-10 10:00 UTC, reason leap\n" in shown
    for text in ("2026-01-10", "20260110", "noon", "0001-01-01 00:00+05:00"):
        refused = run(*words, "--counted-at", text, env=emptied_env)
        assert refused.code == 57
        assert "expected a date and a time such as" in refused.out + refused.err


def _scanned(shop: Shop, text: str) -> Any:
    settings = {"mode": "replace", "counted_at": COUNTED_AT.isoformat(), "takes_scan_times": True}
    return shop.batch("inventory", text, settings=settings)


def _change(shop: Shop, number: int, sequence: int, **said: str) -> list[str]:
    from rattail.features.batches.service.correct import change_row
    from rattail.features.batches.statuses import names

    return names(change_row(number, sequence, said=said, ground=shop.ground).row.statuses)
