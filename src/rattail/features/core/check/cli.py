"""`rattail check-appdir`."""

import os
from datetime import UTC, datetime

import click

from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import FindingsFound
from rattail.features.core.check.service import Checked, check


@command("check-appdir", acts_as_owner=False)
@click.option("--fix", is_flag=True, help="Repair what is safe to repair, then look again.")
@click.option("--deep", is_flag=True, help="Also compare every installed file with its recorded hash.")
def check_appdir(session: Session, fix: bool, deep: bool) -> Outcome:
    """Look for everything that is wrong with the app folder, and say what to do about it.

    Errors and warnings end with exit code 61; infos alone with 0. What is meant to be can be silenced:
    [check] accept in rattail.toml takes ids, or ID:PATH for one place; --fix then leaves it, too.
    --fix deletes only temporary files that a crash left in the app's own folders, and writes only what
    make-appdir writes. Of what you made, it only closes copies of settings and secrets to others.
    """
    registry, located, now = session.registry, session.located, datetime.now(UTC)
    fixed: list[dict[str, str]] = []
    messages: list[Message] = []
    if fix:
        from rattail.features.core.check.fixing import give_back, repair

        given = give_back(registry, located, environ=os.environ, now=now) if os.geteuid() == 0 else None
        session.act_as_owner()
        repaired = repair(registry, located, environ=os.environ, now=now)
        for done in (given, repaired):
            if done is not None:
                fixed.extend({"path": one.path, "sentence": one.sentence} for one in done.fixed)
                messages.extend(Message("warning", text) for text in done.refused)
    else:
        session.act_as_owner()
    program = tuple(session.program)
    checked = check(registry, located, environ=os.environ, now=now, is_deep=deep, program=program)
    return _outcome(session, checked, fixed, tuple(messages), was_asked_to_fix=fix)


def _outcome(
    session: Session,
    checked: Checked,
    fixed: list[dict[str, str]],
    messages: tuple[Message, ...],
    *,
    was_asked_to_fix: bool,
) -> Outcome:
    counts = {level: checked.count(level) for level in ("error", "warning", "info")}
    data = {
        "appdir": session.root,
        "reason": session.located.reason,
        "findings": [one._asdict() for one in checked.findings],
        "counts": counts,
        "accepted": len(checked.accepted),
        "fixed": fixed,
        "folders": checked.folders,
        "files": checked.files,
    }
    is_sound = not counts["error"] and not counts["warning"]
    lines = [f"repaired: {one['sentence']}" for one in fixed]
    lines.extend(_lines(checked.findings))
    if session.console.is_verbose and checked.accepted:
        lines.append(f"accepted: {', '.join(sorted(checked.accepted))}")
    looked = f"{_counted(checked.folders, 'folder')}, {_counted(checked.files, 'file')} looked at"
    if is_sound:
        noted = f"; {_counted(counts['info'], 'info')}" if counts["info"] else ""
        lines.append(f"App folder {shown(session.root)} is sound: {looked}{noted}.")
        return Outcome(data, lines, messages)
    numbers = ", ".join(_counted(number, level) for level, number in counts.items() if number)
    lines.append(f"{numbers}; {looked}.")
    error = FindingsFound(f"app folder {shown(session.root)} is not sound: {numbers}.")
    fixable = sum(1 for one in checked.findings if one.can_be_fixed)
    if fixable and not was_asked_to_fix:
        error.hint = f"{fixable} of them can be repaired: " + _fix_line(session)
    return Outcome(data, lines, messages, error)


def _lines(findings: tuple[Finding, ...]) -> list[str]:
    lines: list[str] = []
    level = ""
    for one in findings:
        if one.level != level:
            level = one.level
            lines.append({"error": "Errors", "warning": "Warnings", "info": "Infos"}[level])
        lines.append(f"  {one.id}  {one.sentence}")
        if one.hint:
            lines.append(f"      {one.hint}")
    return lines


def _fix_line(session: Session) -> str:
    return pasted_line(*session.program, "check-appdir", "--fix", *session.appdir_words)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
