"""`rattail make-units`, `rattail note-failure`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import click

from rattail.appdir.owner import owner_of
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session


@command("make-units", acts_as_owner=False)
@click.option("--output", metavar="DIR", required=True, type=click.Path(), help="The folder to write the files into.")
def make_units(session: Session, output: str) -> Outcome:
    """Write systemd units and timers, and what tmpfiles.d, logrotate, nginx and Caddy need, into a folder.

    Nothing else is written; the commands that install them are printed. The units run as the owner of the app
    folder, may write there, in its relocated parts and where backups go, and nowhere else.
    """
    from rattail.features.serve.units import service

    owner = owner_of(session.root)
    assert owner is not None, "a folder without marker was refused"
    ground = service.Ground(
        root=session.root,
        name=session.marker.name,
        program=_program(),
        owner=owner,
        places=session.places,
        settings=session.settings.require_sound(),
        registry=session.registry,
    )
    made = service.make_units(ground, folder=os.path.abspath(output))
    data = {"folder": made.folder, "unit": made.unit, "files": list(made.files), "install": list(made.install)}
    lines = [f"Wrote to {shown(made.folder)}:", *(f"  {name}" for name in made.files), "To install them:"]
    lines += [f"  {line}" for line in made.install]
    proxies = [name for name in made.files if name.endswith((".nginx.conf", ".Caddyfile"))]
    lines.append(f"Then put one proxy's part into its configuration: {', '.join(proxies)}.")
    return Outcome(data, lines, tuple(Message("warning", text) for text in made.warnings))


@command("note-failure")
@click.argument("unit")
def note_failure(session: Session, unit: str) -> Outcome:
    """Have people told that a systemd unit failed: what OnFailure= of the units from make-units calls.

    While the database does not answer, it is kept in a file of the folder data; the next round of mail takes it in.
    """
    from rattail.features.serve.failures import note_failed_unit
    from rattail.notices.kept import FOLDER

    folders = {place.path: place.location for place in session.places}
    name = unit[:100]
    why_kept = note_failed_unit(
        name,
        folder=folders[FOLDER],
        host=os.uname().nodename,
        now=datetime.now(UTC),
        open_records=session.open_records,
        refused=session.refused_by_database,
    )
    if why_kept is None:
        return Outcome({"unit": name, "kept": False}, [f"Noted that {name} failed."])
    said = f"{why_kept.message} It is kept in the folder data, and told once the records can be reached."
    return Outcome({"unit": name, "kept": True}, [f"Kept that {name} failed."], (Message("warning", said),))


def _program() -> str:
    """The program `rattail` of this environment."""
    beside = f"{os.path.dirname(sys.executable)}/rattail"
    return beside if os.access(beside, os.X_OK) else os.path.abspath(sys.argv[0])
