"""Whatever people do to the rows of a catalog: it is as if the file had said so, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rattail.errors import InputRejected
from tests.features.batches.kinds.catalogs import BEANS, RICE, SALT, TEA, Shelf
from tests.features.batches.kinds.invoice_kit import everything
from tests.features.batches.service.test_correct import OATS, Hand
from tests.kit.shop import Shop, in_shop

FILE = (
    f"{BEANS},B-1,,beans,,12,13.00,,2.00,",
    f"{BEANS},B-1,,beans,,12,14.00,,2.00,",
    f"{BEANS},,,beans,,12,12.00,,2.50,",
    f"{TEA},T-1,,tea,,6,60.00,,,",
    f"{TEA},T-2,,tea,,12,12.00,,,",
    f"{OATS},O-1,,oats,,10,20.00,,,",
    f"{OATS},O-2,,oats,,1,2.10,,,",
    f"{OATS},,,oats,,1,2.20,,,",
    f"{RICE},B-9,,rice,,6,120.00,,,",
    f"{TEA},R-1,,rice or tea,,6,12.60,,,",
    ",S-1,,salt,,1,9.00,,,",
    "012345678906,Z-9,,wrong check digit,,6,12,,,",
    f"{RICE},R-7,,rice,,six,12,,,",
)
CODES = (BEANS, RICE, SALT, TEA, OATS, "")
VENDOR_CODES = ("B-1", "R-1", "S-1", "T-1", "O-1", "N-1", "")
AMOUNTS = ("1.00", "12.00", "13.50", "99.00", "")

said = st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from(CODES),
        "vendor_code": st.sampled_from(VENDOR_CODES),
        "case_size": st.sampled_from(("1", "6", "12", "")),
        "case_cost": st.sampled_from(AMOUNTS),
        "unit_cost": st.sampled_from(AMOUNTS),
    },
)
row = st.integers(1, len(FILE) + 2)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("change"), row, said, st.booleans()),
        st.tuples(st.just("add"), row, said, st.just(False)),
        st.tuples(st.just("remove"), row, st.just({}), st.just(False)),
        st.tuples(st.just("restore"), row, st.just({}), st.just(False)),
    ),
    min_size=1,
    max_size=6,
)


def test_any_deeds_are_as_if_the_file_had_said_so_and_undoing_leaves_the_records(
    emptied_env: Mapping[str, str],
) -> None:
    def act(shop: Shop) -> Any:
        shelf = Shelf(shop)
        seen: dict[str, int] = {"done": 0, "refused": 0}

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(deeds)
        def check(some: list[tuple[str, int, dict[str, str], bool]]) -> None:
            before = everything(shop)
            number = shelf.read(*FILE, hold_above_percent=50).number
            hand = Hand(shop, number)
            for deed in some:
                seen["done" if _do(hand, *deed) else "refused"] += 1
            found = _verdicts(hand)
            assert found == _judged_as_a_whole(shop, hand), some
            shop.execute(number)
            shop.undo(number)
            assert everything(shop) == before, some

        check()
        return seen

    seen = in_shop(emptied_env, act)

    assert seen["done"] > seen["refused"] / 2 > 0


def _do(hand: Hand, verb: str, number: int, said: dict[str, str], is_accepted: bool) -> bool:
    from rattail.errors import NoSuchThing

    try:
        if verb == "change":
            hand.change(number, accept=is_accepted, **said)
        elif verb == "add":
            hand.add(**said)
        elif verb == "remove":
            hand.remove(number)
        else:
            hand.restore(number)
    except (InputRejected, NoSuchThing):
        return False
    return True


def _verdicts(hand: Hand) -> list[Any]:
    """The statuses of each row, and what it would change; ids differ."""
    return [hand.rows, hand.changes]


def _judged_as_a_whole(shop: Shop, hand: Hand) -> Any:
    """The same when every row that stands is judged at once, as when a file is read; nothing is kept of that."""
    from rattail.features.batches.models import CatalogRow
    from rattail.features.batches.service.bench import at_bench
    from rattail.features.batches.statuses import Status

    class Enough(Exception):
        pass

    found: list[Any] = []
    try:
        with at_bench(hand.number, verb="judge all", ground=shop.ground) as bench:
            apart = Status.REMOVED | Status.BAD_ROW
            rows = [one for one in CatalogRow.objects.filter(batch_id=bench.batch.pk) if not one.statuses & apart]
            bench.judge_again(rows, {one.sequence: bench.judge.line_of(one) for one in rows})
            bench.finish()
            found = _verdicts(hand)
            raise Enough
    except Enough:
        return found
