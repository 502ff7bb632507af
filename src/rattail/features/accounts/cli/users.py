"""`rattail make-user`, `set-password`, `disable-user`, `enable-user`, `list-users`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.accounts.cli.typed import Typed, password_options, typed_password

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
    from rattail.features.accounts import service

    typed = typed_password(session, is_stdin=is_stdin, is_generated=is_generated)
    user = service.make_user(
        name=name,
        password=typed.password,
        roles=roles,
        store=store,
        display_name=display_name,
        email=email,
        must_change=not is_kept,
        rules=service.Rules.of(session.settings),
        actor=session.actor,
        now=datetime.now(UTC),
    )
    given = f", {', '.join(roles)}" if roles else ", without a role so far"
    where = f" in store {store}" if store and roles else ""
    return _password_outcome(user, typed, [f"Made user {user.name}{given}{where}."])


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
