"""`rattail restore-backup`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import click

from rattail.appdir.hints import pasted_line
from rattail.appdir.refusal import refusal, shown
from rattail.cli.command import command
from rattail.cli.console import Console, counted, size_text
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import FindingsFound, InputRejected, Interrupted, WrongUsage
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.format import RESTORE_TEXT
from rattail.features.backups.restoring.plan import COMMAND, Planned, RestoreRequest, plan_restore
from rattail.features.backups.restoring.restore import Restored, recover_only, restore

_LARGEST_KEY_FILE_BYTES = 1 << 20
_MOST_MISSING = 100
_HOURS_AS_DAYS = 48


@command(COMMAND, acts_as_owner=False)
@click.argument("backup", metavar="[BACKUP]", required=False, type=click.Path(readable=False))
@click.option("--into", metavar="ENV", type=click.Path(readable=False), help="The environment to restore into.")
@click.option("--identity", metavar="FILE", type=click.Path(readable=False), help="The file with the secret age key.")
@click.option("--dry-run", is_flag=True, help="Print the difference file by file, and do nothing.")
@click.option("--only", metavar="PATH", multiple=True, help="Restore this part of the app folder alone.")
@click.option("--tables", metavar="NAMES", help="Take these tables out as CSV, such as 'products,vendor_items'.")
@click.option("--to", metavar="DIR", type=click.Path(readable=False), help="Where the tables are written.")
@click.option("--python", metavar="FILE", default=sys.executable, help="The Python of an environment that is built.")
@click.option("--replace-other-app", is_flag=True, help="Put it in the place of another app.")
@click.option("--replace-records", is_flag=True, help="Replace a database that no folder here uses, too.")
def restore_backup(
    session: Session,
    backup: str | None,
    into: str | None,
    identity: str | None,
    dry_run: bool,
    only: tuple[str, ...],
    tables: str | None,
    to: str | None,
    python: str,
    replace_other_app: bool,
    replace_records: bool,
) -> Outcome:
    """Bring back a backup: all of it, a part, or chosen records.

    BACKUP is a file that make-backup made, or a plain copy of an app folder. The environment ENV is built, without
    a network, where it is not there. All is prepared beside; what was there is put aside, and comes back by itself if
    the restored folder is not sound. Without BACKUP a restore that was killed is finished, or taken back.
    """
    if (tables is None) is not (to is None):
        raise WrongUsage("--tables and --to go together: which tables, and the folder for their files.")
    if tables is not None and to is not None:
        if backup is None:
            raise WrongUsage("name the backup to take tables out of.")
        return _take_tables(session, backup, tables, to, identity)
    if into is None:
        raise WrongUsage("say where to: --into ENV, the environment to restore into.")
    if backup is None:
        return _recovered(session, into)
    request = RestoreRequest(
        backup=os.path.abspath(backup),
        environment=os.path.abspath(into),
        registry=session.registry,
        now=datetime.now(UTC),
        identities=_identities(identity),
        only=only,
        may_be_other=replace_other_app,
        may_replace_records=replace_records,
        python=python,
    )
    progress = _progress(session.console)
    try:
        if dry_run:
            return _planned(plan_restore(request, progress=progress))
        return _restored(session, restore(request, progress=progress))
    except Damaged as error:
        if not _begins_like_ours(request.backup):
            error.hint = "if a tool such as tar packed an app folder into it: unpack it, and restore that folder"
        raise
    except KeyboardInterrupt:
        raise Interrupted("nothing was restored; what was there is as it was.") from None


def _begins_like_ours(path: str) -> bool:
    """Whether a file begins as every backup of make-backup does, however damaged it is behind that."""
    name = RESTORE_TEXT.encode()
    try:
        with open(path, "rb") as stream:
            return stream.read(len(name)) == name
    except OSError:
        return True


def _recovered(session: Session, into: str) -> Outcome:
    said = recover_only(os.path.abspath(into), registry=session.registry)
    return Outcome({"recovered": said}, [said or "There is no restore that did not come to its end."])


def _take_tables(session: Session, backup: str, tables: str, to: str, identity: str | None) -> Outcome:
    from rattail.features.backups.restoring.tables import take_tables

    names = tuple(name.strip() for name in tables.split(",") if name.strip())
    taken = take_tables(
        os.path.abspath(backup),
        names,
        os.path.abspath(to),
        layout=session.registry.layout,
        identities=_identities(identity),
        progress=_progress(session.console),
    )
    files = [one._asdict() for one in taken.files]
    lines = [f"  {one.name}  {counted(one.rows, 'row')}, {size_text(one.size_bytes)}" for one in taken.files]
    lines.append(f"The tables are in {shown(taken.folder)}; the app folder was not touched. import-csv reads them.")
    return Outcome({"folder": taken.folder, "tables": files}, lines)


def _planned(planned: Planned) -> Outcome:
    difference = planned.difference
    data = {
        "is_dry_run": True,
        "appdir": planned.root,
        "builds_environment": planned.builds_environment,
        "new": difference.new,
        "changed": difference.changed,
        "only_here": difference.only_here,
        "same": difference.same,
        "rows": sum(planned.rows.values()),
        "records_at": planned.records_at,
    }
    lines = ["An environment would be built."] if planned.builds_environment else []
    for mark, paths in (
        ("new      ", difference.new),
        ("changed  ", difference.changed),
        ("only here", difference.only_here),
    ):
        lines += [f"  {mark}  {path}" for path in paths]
    counts = (
        f"{len(difference.new):,} new, {len(difference.changed):,} changed, {len(difference.only_here):,} only here "
        f"(put aside), {difference.same:,} the same"
    )
    lines.append(f"Would restore {shown(planned.root)}: {counts} (nothing was done).")
    if planned.rows or planned.records_at:
        lines.append(_rows(planned.rows, planned.records_at))
    return Outcome(data, lines, _notes(planned.messages))


def _restored(session: Session, restored: Restored) -> Outcome:
    data = {
        "is_dry_run": False,
        "appdir": restored.root,
        "builds_environment": restored.has_built_environment,
        "files": restored.files,
        "file_bytes": restored.file_bytes,
        "rows": sum(restored.rows.values()),
        "records_at": restored.records_at,
        "missing_files": restored.missing,
        "migrations": restored.migrations,
        "kept": restored.kept,
        "kept_database": restored.kept_database,
        "errors": restored.errors,
        "seconds": restored.seconds,
    }
    lines = []
    if restored.has_built_environment:
        lines.append(f"Built the environment {shown(restored.environment)}.")
    size = size_text(restored.file_bytes)
    lines.append(
        f"Restored {shown(restored.root)}: {counted(restored.files, 'file')}, {size}, in {restored.seconds:.1f} s."
    )
    if restored.rows or restored.records_at:
        lines.append(_rows(restored.rows, restored.records_at))
    if restored.missing:
        lines += _missing(restored.missing)
    if restored.migrations:
        lines.append(f"{counted(len(restored.migrations), 'migration')} brought the records up to date.")
    if restored.kept:
        lines.append(f"What was there before is kept in {shown(restored.kept)}; when you are sure:")
        lines.append(f"    {pasted_line('rm', '-r', restored.kept)}")
    if restored.kept_database:
        lines.append(f"The database as it was is kept as {restored.kept_database!r}; when you are sure:")
        lines.append(f"    {pasted_line('dropdb', restored.kept_database)}")
    error = None
    if restored.errors:
        lines += [f"  {one}" for one in restored.errors]
        error = FindingsFound(
            f"{shown(restored.root)} was restored, and is not sound: {counted(len(restored.errors), 'error')}.",
            hint=pasted_line(*session.program, "check-appdir", "--appdir", restored.root),
        )
    return Outcome(data, lines, _notes(restored.messages), error)


def _rows(rows: Mapping[str, int], at: str) -> str:
    total = sum(rows.values())
    return f"The records: {counted(total, 'row')}, as they were at {at[:19].replace('T', ' ')} UTC{_age(at)}."


def _age(at: str) -> str:
    try:
        gone = datetime.now(UTC) - datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return ""
    hours, minutes = int(gone.total_seconds() // 3600), int(gone.total_seconds() // 60)
    if hours >= _HOURS_AS_DAYS:
        return f", {gone.days} days ago"
    return f", {counted(hours, 'hour') if hours else counted(max(minutes, 0), 'minute')} ago"


def _missing(paths: Sequence[str]) -> Iterator[str]:
    """What a plain copy of a folder lacks of what its records name, with the names."""
    yield (
        f"The records name {counted(len(paths), 'file')} that the copy does not hold, because files came and went "
        "between its records and its files:"
    )
    yield from (f"    {shown(path)}" for path in paths[:_MOST_MISSING])
    if len(paths) > _MOST_MISSING:
        yield f"    and {len(paths) - _MOST_MISSING:,} more; --json names all."


def _notes(texts: Sequence[str]) -> tuple[Message, ...]:
    return tuple(Message("warning", text) for text in texts)


def _identities(path: str | None) -> list[object]:
    if path is None:
        return []
    from rattail.features.backups.keys.keys import read_identities

    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(_LARGEST_KEY_FILE_BYTES)
    except UnicodeDecodeError:
        raise InputRejected(f"{shown(path)} is no file with a secret age key.") from None
    except OSError as error:
        raise refusal("read", path, error) from error
    return list(read_identities(text, source=path))


def _progress(console: Console) -> Callable[[str, int, int | None], None]:
    """What services tell, as changing lines on a terminal and a plain line for each step elsewhere."""
    drawing: dict[str, Callable[[int], None]] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        if what not in drawing:
            drawing[what] = console.progress(what if total is None else f"{what}, of {total:,}")
        drawing[what](done)

    return tell
