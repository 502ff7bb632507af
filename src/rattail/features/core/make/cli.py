"""`rattail make-appdir`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.appdir.hints import pasted_line
from rattail.appdir.make import Step
from rattail.appdir.owner import Owner, act_as, check_can_act_as, check_links, owner_named, owner_of
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import WrongUsage
from rattail.features.core.make.giving import Gift, give_appdir, plan_gift
from rattail.features.core.make.service import Request, found_appdir, make, plan_appdir

if TYPE_CHECKING:
    from rattail.features.core.adopt.cli import Adopting

_IN_PLACE = "\0"  # no word of a command line can be this


@command("make-appdir", acts_as_owner=False)
@click.option("--path", metavar="PATH", help="Make it there instead of in the environment.")
@click.option("--user", metavar="NAME", help="Give the folder and everything in it to this user (as root).")
@click.option("--group", metavar="NAME", help="Give it to this group; default: the user's own.")
@click.option("--claim", metavar="FOLDER", multiple=True, help="Trust what lies in this relocated folder.")
@click.option(
    "--adopt",
    metavar="[FROM]",
    is_flag=False,
    flag_value=_IN_PLACE,
    help="Copy the folder FROM of upstream Rattail into a new one; without FROM: take a folder that lost its marker.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
def make_appdir(
    session: Session,
    path: str | None,
    user: str | None,
    group: str | None,
    claim: tuple[str, ...],
    adopt: str | None,
    dry_run: bool,
) -> Outcome:
    """Make the app folder, or bring it up to date.

    What is missing is made, wrong modes are mended, and what you changed is left alone: a new edition
    of a file you edited is put beside it as NAME.new. Run it as often as you like.
    """
    if path is not None:
        if session.given_appdir is not None and session.given_appdir != path:
            raise WrongUsage("--path and --appdir name two different folders; give one of them.")
        session.given_appdir, session.flag = path, "--path"
    request = Request(located=session.located, now=datetime.now(UTC), claimed=frozenset(claim))
    present = owner_of(session.root) or _owner_to_be(session.root)
    named = owner_named(user, group, present=present)
    owner = named or present
    if named is not None and os.geteuid() == 0:
        check_links(session.located.given, root=session.root)
    if owner is not None:
        check_can_act_as(owner, root=session.root, command_line=session.command_line)
    if named is None and owner is not None:
        act_as(owner, root=session.root, command_line=session.command_line)
    adopting = None
    if adopt is not None:
        from rattail.features.core.adopt.cli import Adopting  # only here: reading INI files costs time to import

        adopting = Adopting(session, request, None if adopt == _IN_PLACE else adopt, reader=named)
        request = adopting.request
    plan = plan_appdir(session.registry, request, environ=os.environ)
    if dry_run:
        gift = plan_gift(session.registry, session.root, named, environ=os.environ) if named else None
        return _outcome(session, plan.steps, gift, adopting, is_dry_run=True)
    steps: list[Step] = []
    gift = None
    if named is not None:
        steps.extend(found_appdir(plan))
        gift = give_appdir(session.registry, session.root, named, environ=os.environ)
        act_as(named, root=session.root, command_line=session.command_line)
    steps.extend(make(session.registry, request, environ=os.environ))
    if adopting is not None:
        adopting.run()
    return _outcome(session, steps, gift, adopting, is_dry_run=False)


def _outcome(
    session: Session, steps: Sequence[Step], gift: Gift | None, adopting: Adopting | None, *, is_dry_run: bool
) -> Outcome:
    root = session.root
    data = {
        "appdir": root,
        "reason": session.located.reason,
        "is_dry_run": is_dry_run,
        "steps": [{"action": step.action, "path": step.path, "mode": f"{step.mode:04o}"} for step in steps],
        "given_to": None if gift is None else str(gift.owner),
        "given_entries": 0 if gift is None else gift.entries,
        "next": [] if is_dry_run else [line for _, line in _next_steps(session)],
    }
    lines = [*(f"  {step.sentence}" for step in steps)]
    verb = "would be given" if is_dry_run else "given"
    if gift is not None and gift.entries:
        lines.append(f"  {gift.entries:,} entries {verb} to {gift.owner}")
    left = gift.left if gift is not None else ()
    messages = tuple(Message("warning", f"not given away: {one}") for one in left)
    if is_dry_run:
        head = f"App folder {shown(root)}, {session.located.reason}: would do this (nothing was done):"
        lines = [head, *lines] if lines else [f"App folder {shown(root)} is whole: nothing to do."]
    elif not lines:
        lines = [f"App folder {shown(root)} is whole: nothing to do."]
    else:
        lines = [f"App folder {shown(root)}, {session.located.reason}:", *lines, *_next_lines(session)]
    outcome = Outcome(data, lines, messages, is_answer=is_dry_run)
    return outcome if adopting is None else adopting.added_to(outcome)


def _owner_to_be(root: str) -> Owner | None:
    """Whom root makes a new folder for: the owner of the folder around it. Others make their own."""
    return owner_of(os.path.dirname(root)) if os.geteuid() == 0 else None


def _next_lines(session: Session) -> list[str]:
    steps = [f"  {number}. {text}: {line}" for number, (text, line) in enumerate(_next_steps(session), 1)]
    return ["It is ready. What to do next:", *steps]


def _next_steps(session: Session) -> list[tuple[str, str]]:

    def line(verb: str, *words: str) -> str:
        return pasted_line(*session.program, verb, *session.appdir_words, *words)

    title = session.settings.by_key["app.title"]
    naming = [("name the app", line("set-option", "app.title", "Our Shop"))] if title.source == "default" else []
    return [
        *naming,
        ("make the tables of the records", line("migrate-db")),
        ("see every setting", line("show-config")),
        ("see what was made", line("show-appdir")),
        ("check it, today and every night", line("check-appdir")),
    ]
