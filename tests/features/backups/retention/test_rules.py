"""Which backups are kept, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from rattail.features.backups.retention.rules import Rules, decide
from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.shelf.state import Known, Look

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
DETROIT = ZoneInfo("America/Detroit")
READ_BACK = Known(read_back=Look(NOW))
PROVEN = Known(read_back=Look(NOW), proved=Look(NOW))
DAMAGED = Known(read_back=Look(NOW, problem="a byte differs"))
UNPROVEN = Known()
RULES = Rules(last=3, daily=7, weekly=4, monthly=12, yearly=2)


def backup(made_at: datetime, known: Known = READ_BACK) -> Backup:
    return Backup(f"/b/shop-{made_at:%Y%m%dT%H%M%SZ}.tar", "shop", made_at, 1, known)


def daily(days: int, known: Known = READ_BACK) -> list[Backup]:
    return [backup(NOW - timedelta(days=day), known) for day in range(days)]


def test_three_years_of_daily_backups_leave_days_weeks_months_and_years() -> None:
    decisions = decide(daily(1_000), RULES, zone=DETROIT)

    kept = [one for one in decisions if one.is_kept]
    days = [(NOW - one.backup.made_at).days for one in kept]
    assert days[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert 7 + 2 + 11 <= len(kept) <= 7 + 4 + 12 + 2
    assert max(days) == 325  # the last of the year before, in Detroit
    assert kept[0].reason.startswith("the newest good one, one of the newest 3, the newest of day 2026-11-21")


def test_a_shop_that_was_closed_for_a_year_keeps_what_it_had() -> None:
    long_ago = [backup(NOW - timedelta(days=400 + day)) for day in range(5)]

    decisions = decide([backup(NOW), *long_ago], RULES, zone=DETROIT)

    assert all(one.is_kept for one in decisions)


def test_the_day_is_that_of_the_shop() -> None:
    evening, night = datetime(2026, 11, 22, 1, tzinfo=UTC), datetime(2026, 11, 22, 4, tzinfo=UTC)  # the 21st in Detroit
    rules = Rules(1, 2, 0, 0, 0)

    in_detroit = decide([backup(evening), backup(night), backup(NOW + timedelta(days=1))], rules, zone=DETROIT)

    assert [one.is_kept for one in in_detroit] == [True, True, False]


def test_one_that_is_damaged_counts_for_nothing_and_goes_once_a_newer_one_is_good() -> None:
    decisions = decide([backup(NOW), backup(NOW - timedelta(hours=1), DAMAGED)], RULES, zone=DETROIT)

    assert [one.is_kept for one in decisions] == [True, False]
    assert decisions[1].reason == "it is damaged, and shop-20261122T023000Z.tar is newer and good"


def test_where_none_is_good_all_are_kept() -> None:
    decisions = decide([*daily(3, DAMAGED), *daily(40, UNPROVEN)[3:]], Rules(1, 0, 0, 0, 0), zone=DETROIT)

    assert all(one.is_kept for one in decisions)


def test_what_nobody_looked_at_is_never_deleted() -> None:
    decisions = decide([backup(NOW), *daily(100, UNPROVEN)[1:]], Rules(1, 0, 0, 0, 0), zone=DETROIT)

    assert all(one.is_kept for one in decisions)
    assert decisions[1].reason == "nobody read it back: prove-backup does"


@given(
    some.lists(
        some.tuples(some.integers(0, 5_000), some.sampled_from([READ_BACK, PROVEN, DAMAGED, UNPROVEN])), max_size=60
    ),
    some.tuples(some.integers(1, 9), *[some.integers(0, 9)] * 4),
)
def test_the_last_good_one_is_never_deleted_and_deciding_again_deletes_nothing_more(
    made: list[tuple[int, Known]], rules: tuple[int, int, int, int, int]
) -> None:
    backups = [backup(NOW - timedelta(hours=hours), known) for hours, known in {one[0]: one for one in made}.values()]

    decisions = decide(backups, Rules(*rules), zone=DETROIT)
    kept = [one.backup for one in decisions if one.is_kept]

    good = [one for one in backups if one.state.is_good]
    assert not good or max(good, key=lambda one: one.made_at) in kept
    assert len(decisions) == len(backups)
    assert all(one.is_kept for one in decide(kept, Rules(*rules), zone=DETROIT))
    assert all(one.reason for one in decisions)
