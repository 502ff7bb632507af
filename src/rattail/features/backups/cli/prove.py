"""`rattail prove-backup`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.appdir.refusal import refusal
from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.database.setup import whereabouts
from rattail.errors import BackupUnproven, RattailError
from rattail.features.backups.cli.ground import app_of, draw_progress, shelf_of
from rattail.features.backups.proving.prove import Proof, ProveRequest, prove
from rattail.features.backups.shelf.shelf import find_backup

if TYPE_CHECKING:
    from pyrage import x25519

_LIMIT_BYTES = 1 << 20


@command("prove-backup")
@click.argument("name", metavar="[FILE|newest]", default="newest")
@click.option("--identity", metavar="FILE", type=click.Path(), help="The secret age key of an encrypted backup.")
def prove_backup(session: Session, name: str, identity: str | None) -> Outcome:
    """Prove a backup: restore it into a scratch place and start the application there.

    The environment is rebuilt where its packages are in the backup, the rows are counted, check-appdir looks, and the
    application has to say that it is ready: in quarantine, where its worker takes no jobs and nothing is sent. The
    scratch place lies beside the backups and is removed. list-backups shows the result.
    """
    settings = session.settings.require_sound()
    target = os.path.realpath(os.path.dirname(name)) if "/" in name else shelf_of(session)
    backup = find_backup(target, os.path.basename(name), app=app_of(session) if name == "newest" else "")
    folders = {place.path: place.location for place in session.places}
    request = ProveRequest(
        backup=backup,
        registry=session.registry,
        where=whereabouts(
            data_folder=folders["data"], url=settings.text("database.url"), password=settings.text("database.password")
        ),
        now=datetime.now(UTC),
        identities=_identities(identity),
    )
    try:
        proof = prove(request, progress=draw_progress(session.console))
    except BackupUnproven as error:
        warning = _written(session, backup.file_name, error, request.now)
        session.console.say(warning, level="warning") if warning else None
        raise
    return _outcome(proof, _written(session, backup.file_name, proof, request.now))


def _outcome(proof: Proof, warning: str) -> Outcome:
    rows = sum(proof.rows.values())
    data = {
        "path": proof.path,
        "state": "proven",
        "rows": rows,
        "has_built_environment": proof.has_built_environment,
        "steps": [{"step": step, "seconds": seconds} for step, seconds in proof.steps],
        "seconds": round(proof.seconds, 3),
    }
    lines = [f"  {seconds:6.1f} s  {step}" for step, seconds in proof.steps]
    lines.append(
        f"{os.path.basename(proof.path)} is proven: the application ran from it with {counted(rows, 'row')}, "
        f"{proof.seconds:.1f} s."
    )
    return Outcome(data, lines, (Message("warning", warning),) if warning else ())


def _written(session: Session, name: str, ended: Proof | BackupUnproven, now: datetime) -> str:
    """Write the proof, or its failure, into the trail where the records can be reached; says why not, else nothing."""
    try:
        session.open_records()
        from django.db import transaction

        from rattail.features.backups.proving.deed import write_failure, write_proof

        with transaction.atomic():
            if isinstance(ended, Proof):
                write_proof(name, ended.seconds, actor=session.actor, now=now)
            else:
                write_failure(name, ended.message, actor=session.actor, now=now)
    except RattailError as error:
        return f"the home page and the mail will not know of it: {error.message}"
    except Exception as error:
        told = session.refused_by_database(error)
        if told is None:
            raise
        return f"the home page and the mail will not know of it: {told.message}"
    return ""


def _identities(path: str | None) -> list[x25519.Identity]:
    if path is None:
        return []
    from rattail.features.backups.keys.keys import read_identities

    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read(_LIMIT_BYTES)
    except OSError as error:
        raise refusal("read", path, error) from error
    return read_identities(text, source=path)
