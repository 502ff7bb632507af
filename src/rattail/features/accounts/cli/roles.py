"""`rattail list-roles`, `give-role`, `take-role`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session

_STORE = click.option("--store", default="", metavar="CODE", help="In this store only, instead of in all.")


@command("list-roles")
def list_roles(session: Session) -> Outcome:
    """List the ready roles and those of the shop, with the permissions of each."""
    session.open_records()
    from rattail.features.accounts.listed import role_names
    from rattail.features.accounts.roles import READY_ROLES
    from rattail.features.accounts.standing import find_role

    installed = session.registry.permissions
    roles = []
    lines = []
    for name in role_names():
        may = sorted(find_role(name).permissions(installed))
        explained = READY_ROLES.get(name, "a role of this shop")
        roles.append({"name": name, "is_ready": name in READY_ROLES, "permissions": may})
        lines.append(f"{name}: {explained}")
        lines += [f"    {each:<24}  {installed[each].title if each in installed else 'not installed'}" for each in may]
    return Outcome({"roles": roles}, lines, is_answer=True)


@command("give-role")
@click.argument("name")
@click.argument("role")
@_STORE
def give_role(session: Session, name: str, role: str, store: str) -> Outcome:
    """Give somebody a role, in one store or in all; it holds from their next request on."""
    session.open_records()
    from rattail.features.accounts import service

    is_new = service.assign_role(name=name, role=role, store=store, actor=session.actor, now=datetime.now(UTC))
    said = f"is {role} in {_where(store)} now" if is_new else f"was {role} in {_where(store)} already: nothing to do"
    return Outcome({"name": name, "role": role, "store": store, "is_changed": is_new}, [f"{name} {said}."])


@command("take-role")
@click.argument("name")
@click.argument("role")
@_STORE
def take_role(session: Session, name: str, role: str, store: str) -> Outcome:
    """Take a role from somebody, as it was given: in one store, or in all; at once."""
    session.open_records()
    from rattail.features.accounts import service

    is_new = service.withdraw_role(name=name, role=role, store=store, actor=session.actor, now=datetime.now(UTC))
    said = f"is not {role} in {_where(store)} any more" if is_new else f"was not {role} in {_where(store)}"
    return Outcome({"name": name, "role": role, "store": store, "is_changed": is_new}, [f"{name} {said}."])


def _where(store: str) -> str:
    return f"store {store}" if store else "all stores"
