"""Which backups are kept: a pure decision, with a reason for each.

Days, weeks, months and years are those of the shop's own time zone. In each of them the newest good backup is kept,
for as many as the rules say, counted from the newest backup backwards and not by the calendar: a shop that was
closed for a month loses nothing by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.shelf.state import State


class Rules(NamedTuple):
    """How many to keep: of the newest, and one for each of so many days, weeks, months and years."""

    last: int
    daily: int
    weekly: int
    monthly: int
    yearly: int


class Decision(NamedTuple):
    """What happens to one backup, and why, as a phrase."""

    backup: Backup
    is_kept: bool
    reason: str


_PERIODS: tuple[tuple[str, Callable[[datetime], str]], ...] = (
    ("day", lambda at: f"{at:%Y-%m-%d}"),
    ("week", lambda at: f"{at:%G-W%V}"),
    ("month", lambda at: f"{at:%Y-%m}"),
    ("year", lambda at: f"{at:%Y}"),
)


def decide(backups: Sequence[Backup], rules: Rules, *, zone: ZoneInfo) -> tuple[Decision, ...]:
    """Say for each backup of one app, the newest first, whether it is kept.

    Only backups that were read back, and whose keys were proved, count for a rule. One that nobody looked at counts for
    none and is kept until somebody does: a whole shelf that was moved to another disk looks like that. The newest good
    one is kept whatever the rules say, and where there is no good one, all are kept.
    """
    newest_first = sorted(backups, key=lambda one: (one.made_at, one.path), reverse=True)
    good = [one for one in newest_first if one.state.is_good]
    if not good:
        return tuple(
            Decision(one, True, f"no backup counts as good, and this one is {one.state}") for one in newest_first
        )
    reasons = _reasons(good, rules, zone)
    return tuple(_decision(one, reasons.get(one.path, []), newest_good=good[0]) for one in newest_first)


def _reasons(good: Sequence[Backup], rules: Rules, zone: ZoneInfo) -> dict[str, list[str]]:
    """By path, the rules that keep a good backup."""
    kept: dict[str, list[str]] = {one.path: [f"one of the newest {rules.last}"] for one in good[: rules.last]}
    for (unit, period), most in zip(_PERIODS, rules[1:], strict=True):
        seen: set[str] = set()
        for one in good:
            name = period(one.made_at.astimezone(zone))
            if name not in seen and len(seen) < most:
                kept.setdefault(one.path, []).append(f"the newest of {unit} {name}")
            seen.add(name)
    return kept


def _decision(one: Backup, reasons: Sequence[str], *, newest_good: Backup) -> Decision:
    if one is newest_good:
        return Decision(one, True, "the newest good one" + "".join(f", {reason}" for reason in reasons))
    if reasons:
        return Decision(one, True, ", ".join(reasons))
    if one.state.is_good:
        return Decision(one, False, "no rule keeps it")
    if one.state is State.UNPROVEN:
        return Decision(one, True, one.problem or "nobody read it back: prove-backup does")
    if one.made_at >= newest_good.made_at:
        return Decision(one, True, "it is damaged and newer than the newest good one: look at it first")
    return Decision(one, False, f"it is damaged, and {newest_good.file_name} is newer and good")
