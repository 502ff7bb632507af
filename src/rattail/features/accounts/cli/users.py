"""`rattail make-user`, `set-password`, `disable-user`, `enable-user`, `list-users`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.cli.command import command
from rattail.cli.console import table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.accounts.cli.typed import Typed, forget_sessions, password_options, typed_password

if TYPE_CHECKING:
    from rattail.features.accounts.models import User


@command("make-user")
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role to give; may be repeated.")
@click.option("--store", default="", metavar="CODE", help="The roles hold in this store only, instead of in all.")
@click.option("--display-name", default="", help="What the person is really called.")
@click.option("--email", default="", help="The person's address.")
@password_options
def make_user(
    session: Session,
    name: str,
    roles: tuple[str, ...],
    store: str,
    display_name: str,
    email: str,
    is_stdin: bool,
    is_generated: bool,
    is_kept: bool,
) -> Outcome:
    """Make somebody who may log in; the password is asked for, and has to be changed at the first login.

    Ready roles are manager, buyer, receiver, counter and viewer; list-roles shows them and the shop's own.
    """
    session.open_records()
    from rattail.features.accounts import passwords, service

    typed = typed_password(session, is_stdin=is_stdin, is_generated=is_generated)
    user = service.make_user(
        name=name,
        password=typed.password,
        roles=roles,
        store=store,
        display_name=display_name,
        email=email,
        must_change=not is_kept,
        rules=passwords.Rules.of(session.settings),
        actor=session.actor,
        now=datetime.now(UTC),
    )
    given = f", {', '.join(roles)}" if roles else ", without a role so far"
    where = f" in store {store}" if store and roles else ""
    return _password_outcome(user, typed, [f"Made user {user.name}{given}{where}."])


@command("set-password")
@click.argument("name")
@password_options
def set_password(session: Session, name: str, is_stdin: bool, is_generated: bool, is_kept: bool) -> Outcome:
    """Give somebody a new password; every session of theirs ends, and a wait after wrong passwords as well.

    The password is asked for, and has to be changed at the next login.
    """
    session.open_records()
    from rattail.features.accounts import passwords, service

    service.find_user(name)
    typed = typed_password(session, is_stdin=is_stdin, is_generated=is_generated)
    user = service.set_password(
        name=name,
        password=typed.password,
        must_change=not is_kept,
        rules=passwords.Rules.of(session.settings),
        actor=session.actor,
        now=datetime.now(UTC),
    )
    forget_sessions(session, user.name)
    return _password_outcome(user, typed, [f"{user.name} has a new password and is logged out everywhere."])


@command("disable-user")
@click.argument("name")
def disable_user(session: Session, name: str) -> Outcome:
    """Let somebody in no more; every session of theirs ends at its next request."""
    session.open_records()
    from rattail.features.accounts import service

    is_new = service.disable_user(name=name, actor=session.actor, now=datetime.now(UTC))
    user = service.find_user(name)
    forget_sessions(session, user.name)
    said = "cannot log in any more and is logged out everywhere" if is_new else "was disabled already: nothing to do"
    return Outcome({"name": user.name, "is_changed": is_new}, [f"{user.name} {said}."])


@command("enable-user")
@click.argument("name")
def enable_user(session: Session, name: str) -> Outcome:
    """Let somebody in again who was disabled, with the password and the roles they had."""
    session.open_records()
    from rattail.features.accounts import service

    is_new = service.enable_user(name=name, actor=session.actor, now=datetime.now(UTC))
    user = service.find_user(name)
    said = "may log in again" if is_new else "may log in already: nothing to do"
    return Outcome({"name": user.name, "is_changed": is_new}, [f"{user.name} {said}."])


@command("list-users")
def list_users(session: Session) -> Outcome:
    """List the people who may log in, their roles, and when they last did."""
    session.open_records()
    from rattail.features.accounts.listed import list_users as listed

    users = listed()
    rows = [("name", "called", "roles", "state", "last login")]
    rows += [(one.user.name, one.user.display_name, one.roles_text, one.state, one.last_login) for one in users]
    lines = table(rows) if users else ["There is nobody yet; make somebody with make-user."]
    return Outcome({"users": [one.shown() for one in users]}, lines, is_answer=True)


def _password_outcome(user: User, typed: Typed, lines: list[str]) -> Outcome:
    if typed.is_generated:
        lines.append(f"The password is {typed.password}")
    if user.must_change_password:
        lines.append("It has to be changed at the first login.")
    data = {
        "name": user.name,
        "must_change_password": user.must_change_password,
        "password": typed.password if typed.is_generated else None,
    }
    return Outcome(data, lines, is_answer=typed.is_generated)
