"""`rattail clean-appdir`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import click

from rattail.appdir.cleaning.aged import Spared
from rattail.appdir.cleaning.clean import Cleaned, CleanPlan, apply_clean, plan_clean
from rattail.appdir.cleaning.planned import Entries
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
    messages = tuple(Message("warning", text) for text in plan.warnings)
    data = _data(session, plan, cleaned, spared) if session.console.is_json else {}
    lines = _lines(plan, cleaned, spared, is_verbose=session.console.is_verbose)
    return Outcome(data, lines, messages, is_answer=cleaned is None)


def _data(
    session: Session, plan: CleanPlan, cleaned: Cleaned | None, spared: tuple[Spared, ...]
) -> Mapping[str, object]:
    return {
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


def _lines(plan: CleanPlan, cleaned: Cleaned | None, spared: tuple[Spared, ...], *, is_verbose: bool) -> Iterator[str]:
    """One after the other: with --verbose there may be a million."""
    yield from _plan_lines(plan.planned, is_verbose=is_verbose)
    yield from _spared_lines(spared, is_verbose=is_verbose)
    yield _summary(plan, cleaned)


def _plan_lines(planned: Entries, *, is_verbose: bool) -> Iterator[str]:
    for place, reason, ones in planned.by_rule():
        yield (
            f"  {place}: {len(ones):,} to remove, {size_text(ones.size_bytes)}, {reason}; "
            f"the oldest is {ones.oldest_days:,} days old"
        )
        if is_verbose:
            for one in ones:
                yield f"    {_plain(one.path)}  {size_text(one.look.size_bytes)}, {one.age_days:,} days"


def _spared_lines(spared: tuple[Spared, ...], *, is_verbose: bool) -> Iterator[str]:
    shown_ones = spared if is_verbose else spared[:_LISTED_SPARED]
    for one in shown_ones:
        yield f"  spared: {_plain(one.path)}: {one.reason}"
    if len(spared) > len(shown_ones):
        yield f"  spared: {len(spared) - len(shown_ones):,} more (--verbose lists them)"


def _summary(plan: CleanPlan, cleaned: Cleaned | None) -> str:
    if not plan.planned:
        return "Nothing is old enough to be removed."
    if cleaned is None:
        return f"Would remove {len(plan.planned):,}, {size_text(plan.planned.size_bytes)} (nothing was done)."
    return f"Removed {len(cleaned.removed):,} of {len(plan.planned):,}, {size_text(cleaned.freed_bytes)} freed."


def _plain(path: str) -> str:
    return path if path.isprintable() else shown(path)
