"""`rattail migrate-db`."""

import click

from rattail.appdir.lock import lock_appdir
from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session


@command("migrate-db")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
def migrate_db(session: Session, dry_run: bool) -> Outcome:
    """Make the tables of the records, or bring them up to date.

    The records are kept in SQLite, in the folder data, or where the option database.url says. Tables of
    another program are never touched.
    """
    session.open_database(may_create=not dry_run)
    from rattail.database.migrate import migrate, pending_migrations
    from rattail.database.setup import configured

    where = configured().shown
    if dry_run:
        pending = pending_migrations()
    else:
        with lock_appdir(session.root, command=session.verb):
            pending = migrate(progress=lambda name: session.console.say(f"applying {name}"))
    data = {
        "database": where,
        "is_dry_run": dry_run,
        "is_new": pending.is_new,
        "migrations": list(pending.applied),
    }
    lines = [f"  {name}" for name in pending.applied] if dry_run or session.console.is_verbose else []
    if not pending.applied:
        lines.append("The tables are up to date.")
    elif dry_run:
        lines.append(f"Would apply {len(pending.applied)} migrations to {where} (nothing was done).")
    else:
        lines.append(f"Applied {len(pending.applied)} migrations; the records are in {where}.")
    return Outcome(data, lines)
