"""`rattail setup`: the whole first hour, joined from what the features do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import click

from rattail.appdir.hints import pasted, pasted_line
from rattail.appdir.lock import lock_appdir
from rattail.appdir.owner import Owner, act_as, check_can_act_as, check_links, owner_named, owner_of
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import AppDirNotFound, InputRejected, LayoutOutdated
from rattail.features.core.make.giving import give_appdir
from rattail.features.core.make.service import Request, found_appdir, make, plan_appdir

_STORE_CODE = "1"
_SAMPLE_PRODUCTS = 5_000
_ROLE = "manager"
_LARGEST_BYTES = 4096


class Wanted(NamedTuple):
    """What the person asked for; an empty name means that there is to be none."""

    user: str | None
    group: str | None
    store: str
    admin: str
    password: str
    has_sample: bool


class Missing(NamedTuple):
    """What the records lack, and what they have already: names of stores and, where it is there, of the account that
    was asked for; and whether the products are those of the made-up shop."""

    migrations: int = 0
    stores: tuple[str, ...] = ()
    has_products: bool = False
    has_sample: bool = False
    has_people: bool = False
    has_admin: bool = False


class Step(NamedTuple):
    """One thing that setup does. `name` is for machines."""

    name: str
    plan: str
    done: str


@command("setup", acts_as_owner=False)
@click.option("--user", metavar="NAME", help="Give the app folder to this user, and go on as this user (as root).")
@click.option("--group", metavar="NAME", help="Give it to this group; default: the user's own.")
@click.option("--store", metavar="NAME", help="What the first store is called.")
@click.option("--admin", metavar="NAME", help="The name with which the first person, a manager, logs in.")
@click.option("--password-stdin", is_flag=True, help="Read that person's first password instead of making one up.")
@click.option("--sample", is_flag=True, help="Fill the empty store with a made-up shop, to try everything at once.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
def setup(
    session: Session,
    user: str | None,
    group: str | None,
    store: str | None,
    admin: str | None,
    password_stdin: bool,
    sample: bool,
    dry_run: bool,
) -> Outcome:
    """Make everything that a shop needs to begin: the app folder, its tables, a store, a person who may log in.

    Run again, it does what is missing, and says what it left as it is. It asks for names that are not given on a
    terminal only. The first password is made up and printed once; it has to be changed at the first login.
    """
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not (dry_run or session.console.is_json)
    wanted = Wanted(user, group, store or "", admin or "", _first_line() if password_stdin else "", sample)
    folder_steps = _make_folder(session, wanted, is_dry_run=dry_run)
    missing = _look(session, wanted.admin, is_dry_run=dry_run)
    if asks:
        wanted = _asked(wanted, missing)
    steps = [*folder_steps, *_steps(wanted, missing)]
    if dry_run:
        lines = [f"  {step.plan}" for step in steps]
        head = "Would do this (nothing was done):" if lines else "Everything is there: nothing to do."
        return Outcome(_data(session, steps, is_dry_run=True), [head, *lines], is_answer=True)
    password = _do(session, wanted, steps)
    data = {**_data(session, steps, is_dry_run=False), "password": password or None}
    return Outcome(
        data, _lines(session, wanted, steps, password), _left_out(session, wanted, missing), is_answer=bool(password)
    )


def _make_folder(session: Session, wanted: Wanted, *, is_dry_run: bool) -> list[Step]:
    """Make the app folder as make-appdir does; afterwards this process is its owner."""
    request = Request(located=session.located, now=datetime.now(UTC))
    present = owner_of(session.root) or (owner_of(os.path.dirname(session.root)) if os.geteuid() == 0 else None)
    named = owner_named(wanted.user, wanted.group, present=present)
    owner = named or present
    if named is not None and os.geteuid() == 0:
        check_links(session.located.given, root=session.root)
    if owner is not None:
        check_can_act_as(owner, root=session.root, command_line=session.command_line)
    if named is None and owner is not None:
        act_as(owner, root=session.root, command_line=session.command_line)
    _check(session, wanted)
    plan = plan_appdir(session.registry, request, environ=os.environ)
    is_given = named is not None and named.uid != (owner_of(session.root) or Owner(-1, -1)).uid
    if not is_dry_run:
        if named is not None:
            found_appdir(plan)
            give_appdir(session.registry, session.root, named, environ=os.environ)
            act_as(named, root=session.root, command_line=session.command_line)
        make(session.registry, request, environ=os.environ)
    steps = []
    if plan.steps:
        what = f"the app folder {shown(session.root)}"
        steps.append(Step("make-appdir", f"make {what}, or what is missing in it", f"made {what}"))
    if is_given:
        steps.append(Step("give-appdir", f"give it to {named}", f"gave it to {named}"))
    return steps


def _check(session: Session, wanted: Wanted) -> None:
    """Refuse names and a password that would be refused later, while nothing is made yet."""
    from rattail.features.accounts.names import checked_name

    if wanted.store:
        _store_name(wanted.store)
    name = checked_name(wanted.admin) if wanted.admin else ""
    if wanted.password:
        from rattail.features.accounts.passwords import Rules

        Rules.of(session.settings.require_sound()).check(wanted.password, name=name)


def _store_name(name: str) -> str:
    from rattail.features.products.names import checked_name

    return checked_name(name, what="store")


def _look(session: Session, admin: str, *, is_dry_run: bool) -> Missing:
    """What the records lack; makes the empty SQLite file where that is to be made anyway."""
    try:
        session.open_database(may_create=not is_dry_run)
    except (LayoutOutdated, AppDirNotFound):
        return Missing(migrations=-1)
    from django.db import connection

    from rattail.audit.models import Entry
    from rattail.database.migrate import pending_migrations
    from rattail.features.accounts.models import User
    from rattail.features.accounts.names import plain_name
    from rattail.features.sample.service import SAMPLE_MADE
    from rattail.retail.models import Product, Store

    pending = len(pending_migrations().applied)
    tables = set(connection.introspection.table_names())
    if not {model._meta.db_table for model in (Store, Product, User, Entry)} <= tables:
        return Missing(pending)
    people = User.objects.all()
    return Missing(
        pending,
        stores=tuple(Store.objects.order_by("id").values_list("name", flat=True)),
        has_products=Product.objects.exists(),
        has_sample=Entry.objects.filter(action=SAMPLE_MADE).exists(),
        has_people=people.exists(),
        has_admin=people.filter(name=plain_name(admin)).exists(),
    )


def _asked(wanted: Wanted, missing: Missing) -> Wanted:
    if not (wanted.store or missing.stores or wanted.has_sample):
        store = click.prompt("What is the first store called?", value_proc=_asking_again(_store_name), err=True)
        wanted = wanted._replace(store=store)
    if not (wanted.admin or missing.has_people):
        from rattail.features.accounts.names import checked_name

        asked = _asking_again(checked_name)
        admin = click.prompt("With which name do you log in?", default="admin", value_proc=asked, err=True)
        wanted = wanted._replace(admin=admin)
    return wanted


def _asking_again(checked: Callable[[str], str]) -> Callable[[str], str]:
    """A check for a question: what is refused is said, and asked again."""

    def check(typed: str) -> str:
        try:
            return checked(typed)
        except InputRejected as error:
            raise click.UsageError(str(error)) from None

    return check


def _steps(wanted: Wanted, missing: Missing) -> Iterator[Step]:
    """What is to be done to the records, in its order. The account comes last: with it the first hour is over."""
    if missing.migrations:
        yield Step("migrate-db", "make the tables of the records", "made the tables of the records")
    if wanted.store and not missing.stores:
        what = f"store {_STORE_CODE}, {wanted.store}"
        yield Step("make-store", f"make {what}", f"made {what}")
    if wanted.has_sample and not missing.has_products and not missing.has_people:
        what = f"a made-up shop of {counted(_SAMPLE_PRODUCTS, 'product')}"
        yield Step("make-sample", f"load {what}", f"loaded {what}")
    if wanted.admin and not missing.has_people:
        what = f"the account {wanted.admin}, a {_ROLE}"
        yield Step("make-user", f"make {what}", f"made {what}")


def _do(session: Session, wanted: Wanted, steps: list[Step]) -> str:
    """Do the steps in the records; returns the password that was made up, if one was."""
    names = {step.name for step in steps}
    from rattail.database.migrate import migrate
    from rattail.features.accounts import passwords
    from rattail.features.accounts import service as accounts
    from rattail.features.products.service import make_store

    now = datetime.now(UTC)
    if "migrate-db" in names:
        with lock_appdir(session.root, command=session.verb):
            migrate(progress=lambda _name: None)
    if "make-store" in names:
        make_store(code=_STORE_CODE, name=wanted.store, actor=session.actor, now=now)
    if "make-sample" in names:
        _make_sample(session, now)
    if "make-user" not in names:
        return ""
    rules = passwords.Rules.of(session.settings)
    password = wanted.password or passwords.generated(rules.least_length)
    accounts.make_user(
        name=wanted.admin,
        password=password,
        roles=(_ROLE,),
        rules=rules,
        actor=session.actor,
        now=now,
    )
    return "" if wanted.password else password


def _make_sample(session: Session, now: datetime) -> None:
    from rattail.features.sample.service import Order, make_sample

    folder = next(place.location for place in session.places if place.path == "work/csv")
    order = Order(
        products=_SAMPLE_PRODUCTS,
        seed=1,
        folder=f"{folder}/samples",
        is_ours=True,
        currency=session.settings.text("app.currency"),
    )
    make_sample(order, actor=session.actor, now=now, progress=session.console.progress("saving"))


def _data(session: Session, steps: list[Step], *, is_dry_run: bool) -> dict[str, object]:
    return {
        "appdir": session.root,
        "is_dry_run": is_dry_run,
        "steps": [{"name": step.name, "text": step.plan if is_dry_run else step.done} for step in steps],
        "next": [] if is_dry_run else [line for _, line in _next_steps(session)],
    }


def _lines(session: Session, wanted: Wanted, steps: list[Step], password: str) -> list[str]:
    lines = [f"{step.done[0].upper()}{step.done[1:]}." for step in steps] or ["Everything is there: nothing to do."]
    if password:
        lines.append(f"Log in as {wanted.admin} with this password, which is not shown again: {password}")
    if steps:
        lines.append("What to do next:")
        lines += [f"  {number}. {text}: {line}" for number, (text, line) in enumerate(_next_steps(session), 1)]
    return lines


def _next_steps(session: Session) -> list[tuple[str, str]]:
    def line(verb: str, *words: str) -> str:
        return pasted_line(*session.program, verb, *session.appdir_words, *words)

    steps = [
        ("start it", line("serve")),
        ("let it start with this machine", line("make-units", "--output", "units")),
        ("let others in", line("make-user", "alice", "--role", "buyer", "--generate")),
        ("see every setting", line("show-config")),
    ]
    title = session.settings.by_key["app.title"]
    if title.source == "default":
        steps.insert(0, ("name the app", line("set-option", "app.title", "Our Shop")))
    return steps


def _left_out(session: Session, wanted: Wanted, missing: Missing) -> tuple[Message, ...]:
    """What the person asked for and did not get, or has to get yet."""
    said = []
    if not (missing.has_people or wanted.admin):
        said.append("nobody can log in yet; --admin NAME makes the first account")
    if not (missing.stores or wanted.store or wanted.has_sample):
        said.append("there is no store yet; --store NAME makes the first one")
    said += _left_as_it_is(session, wanted, missing)
    return tuple(Message("note", text) for text in said)


def _left_as_it_is(session: Session, wanted: Wanted, missing: Missing) -> Iterator[str]:
    """What was asked for and is there already, in another way: what to type for it."""
    line = session.hint_line
    if wanted.store and missing.stores and wanted.store.strip() not in missing.stores:
        yield (
            f"there is a store already, {missing.stores[0]}: --store {pasted(wanted.store)} is not used. For a further "
            f"store: {line('make-store', 'CODE', wanted.store)}; to give this one another name, change it in the file "
            f"that {line('export-csv', 'stores')} writes, and read that with import-csv"
        )
    if wanted.has_sample and missing.has_sample:
        pass  # it is there
    elif wanted.has_sample and missing.has_products:
        yield (
            "there are products already: --sample is not used. A made-up shop goes into an app folder of its own: "
            f"{pasted_line(*session.program, 'setup', '--appdir', 'DIR', '--sample')}"
        )
    elif wanted.has_sample and missing.has_people:
        yield f"there are accounts already: --sample is not used. To load a made-up shop here: {line('make-sample')}"
    if wanted.admin and missing.has_people and not missing.has_admin:
        yield (
            f"there are accounts already: --admin {wanted.admin} is not used. For a further one: "
            f"{line('make-user', wanted.admin, '--role', _ROLE)}"
        )
    if wanted.password and missing.has_people:
        again = line("set-password", wanted.admin) if missing.has_admin else line("set-password", "NAME")
        yield f"there are accounts already: the password that was given is not used. To change one: {again}"


def _first_line() -> str:
    """The password on the standard input, without its line's end."""
    try:
        lines = sys.stdin.buffer.read(_LARGEST_BYTES).decode().splitlines()
    except UnicodeDecodeError:
        raise InputRejected("the standard input is not UTF-8 text.") from None
    if len(lines) != 1 or not lines[0]:
        raise InputRejected(f"the standard input has {counted(len(lines), 'line')}: expected one, the password.")
    return lines[0]
