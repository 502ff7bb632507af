"""`rattail clean-appdir`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import click

from rattail.appdir.cleaning.aged import Planned, Spared
from rattail.appdir.cleaning.clean import Cleaned, CleanPlan, apply_clean, plan_clean
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import size_text
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session

_LISTED_SPARED = 10


@command("clean-appdir")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
def clean_appdir(session: Session, dry_run: bool) -> Outcome:
    """Remove scratch and history files that are too old, and what crashes left behind.

    How old a file may get is an option of its folder (see show-config: keep_days). What is essential,
    what you added, and what is in use is never touched; links are never followed.
    """
    places, settings, app_id = session.places, session.settings, session.marker.app_id
    options = {place.path: place.folder.age_option for place in places if place.folder.age_option}
    plan = plan_clean(
        places,
        root=session.root,
        app_id=app_id,
        keep_days={path: settings.integer(option) for path, option in options.items()},
        now=datetime.now(UTC),
        progress=session.console.progress("looking"),
    )
    cleaned = None
    if not dry_run:
        cleaned = apply_clean(
            plan,
            places,
            root=session.root,
            app_id=app_id,
            command=session.verb,
            progress=session.console.progress("removing"),
        )
    return _outcome(session, plan, cleaned)


def _outcome(session: Session, plan: CleanPlan, cleaned: Cleaned | None) -> Outcome:
    spared = (*plan.spared, *(cleaned.spared if cleaned else ()))
    data: Mapping[str, object] = {
        "appdir": session.root,
        "reason": session.located.reason,
        "is_dry_run": cleaned is None,
        "planned": [
            {"path": one.path, "size_bytes": one.look.size_bytes, "age_days": one.age_days, "reason": one.reason}
            for one in plan.planned
        ],
        "removed": len(cleaned.removed) if cleaned else 0,
        "spared": [{"path": one.path, "reason": one.reason} for one in spared],
        "freed_bytes": cleaned.freed_bytes if cleaned else 0,
    }
    is_verbose = session.console.is_verbose
    lines = [*_plan_lines(plan.planned, is_verbose=is_verbose), *_spared_lines(spared, is_verbose=is_verbose)]
    messages = tuple(Message("warning", text) for text in plan.warnings)
    return Outcome(data, [*lines, _summary(plan, cleaned)], messages, is_answer=cleaned is None)


def _plan_lines(planned: Iterable[Planned], *, is_verbose: bool) -> list[str]:
    by_rule: dict[tuple[str, str], list[Planned]] = {}
    for one in planned:
        by_rule.setdefault((one.place, one.reason), []).append(one)
    lines = []
    for (place, reason), ones in by_rule.items():
        size = size_text(sum(one.look.size_bytes for one in ones))
        oldest = max(one.age_days for one in ones)
        lines.append(f"  {place}: {len(ones):,} to remove, {size}, {reason}; the oldest is {oldest:,} days old")
        if is_verbose:
            lines.extend(
                f"    {_plain(one.path)}  {size_text(one.look.size_bytes)}, {one.age_days:,} days" for one in ones
            )
    return lines


def _spared_lines(spared: tuple[Spared, ...], *, is_verbose: bool) -> list[str]:
    shown_ones = spared if is_verbose else spared[:_LISTED_SPARED]
    lines = [f"  spared: {_plain(one.path)}: {one.reason}" for one in shown_ones]
    if len(spared) > len(shown_ones):
        lines.append(f"  spared: {len(spared) - len(shown_ones):,} more (--verbose lists them)")
    return lines


def _summary(plan: CleanPlan, cleaned: Cleaned | None) -> str:
    if not plan.planned:
        return "Nothing is old enough to be removed."
    if cleaned is None:
        return f"Would remove {len(plan.planned):,}, {size_text(plan.size_bytes)} (nothing was done)."
    return f"Removed {len(cleaned.removed):,} of {len(plan.planned):,}, {size_text(cleaned.freed_bytes)} freed."


def _plain(path: str) -> str:
    return path if path.isprintable() else shown(path)
