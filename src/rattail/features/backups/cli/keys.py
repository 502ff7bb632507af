"""`rattail make-backup-key` and `rattail prove-backup-key`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import click

from rattail.appdir.files import create_file, opened_folder
from rattail.appdir.hints import pasted
from rattail.appdir.refusal import refusal, shown
from rattail.cli.command import command
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import WouldOverwrite
from rattail.features.backups.cli.ground import shelf_of
from rattail.features.backups.keys.keys import key_file_text, make_key, read_identities
from rattail.features.backups.keys.proving import prove_keys

_LIMIT_BYTES = 1 << 20
_MODE = 0o600


@command("make-backup-key")
@click.option("--output", metavar="FILE", required=True, type=click.Path(), help="The new file for the secret key.")
def make_backup_key(session: Session, output: str) -> Outcome:
    """Make a key pair that backups can be encrypted to; the secret half is written to a file and nowhere else.

    Backups that are encrypted to the public half cannot be read on this machine once that file is away.
    """
    pair = make_key()
    path = os.path.abspath(output)
    text = key_file_text(pair, app=session.marker.name, now=datetime.now(UTC))
    try:
        with opened_folder(os.path.realpath(os.path.dirname(path))) as fd:
            is_new = create_file(fd, os.path.basename(path), text.encode("utf-8"), mode=_MODE)
    except OSError as error:
        raise refusal("write the secret key to", path, error) from error
    if not is_new:
        raise WouldOverwrite(f"there is a file {shown(path)} already.", hint="name a new one with --output FILE")
    keys = (*session.settings.texts("backups.encrypt_to"), pair.public)
    steps = [
        "keep the file where the backups are not (print it), and take it off this machine",
        session.hint_line("set-option", "backups.encrypt_to", ",".join(keys)),
        session.hint_line("prove-backup-key", "--identity", path) + "   (encrypted backups count from then on)",
    ]
    lines = [f"The secret key is in {shown(path)}; the public key is {pair.public}", "Next:"]
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return Outcome({"path": path, "public_key": pair.public, "next": steps}, lines, is_answer=True)


@command("prove-backup-key")
@click.option("--identity", metavar="FILE", required=True, type=click.Path(), help="The secret key; '-': from stdin.")
def prove_backup_key(session: Session, identity: str) -> Outcome:
    """Show by a trial decryption that a secret key opens what backups are encrypted to.

    The secret key is read and forgotten; only that it was there, and when, is kept. Encrypted backups do not count as
    good before that, and it is to be repeated every 90 days.
    """
    identities = read_identities(_read(identity), source="stdin" if identity == "-" else identity)
    target = shelf_of(session)
    encrypt_to = session.settings.require_sound().texts("backups.encrypt_to")
    proved = prove_keys(target, encrypt_to, identities, now=datetime.now(UTC))
    lines = [f"The secret key opens what is encrypted to {key}." for key in proved.proved]
    messages = tuple(
        Message("warning", f"nobody proved the key {key} yet: rattail prove-backup-key --identity FILE")
        for key in proved.missing
    )
    data = {"target": target, "proved": list(proved.proved), "not_proved": list(proved.missing)}
    return Outcome(data, lines, messages)


def _read(identity: str) -> str:
    if identity == "-":
        return sys.stdin.read(_LIMIT_BYTES)
    try:
        with open(identity, encoding="utf-8", errors="replace") as stream:
            return stream.read(_LIMIT_BYTES)
    except PermissionError as error:
        told = refusal("read the secret key", identity, error)
        told.hint = f"rattail prove-backup-key --identity - < {pasted(identity)}"
        raise told from error
    except OSError as error:
        raise refusal("read the secret key", identity, error) from error
