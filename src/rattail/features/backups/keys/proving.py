"""Proving the keys that backups are encrypted to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rattail.errors import KeyDoesNotFit, NoSuchThing
from rattail.features.backups.keys.keys import note_proofs, opened_by, unproved
from rattail.features.backups.shelf.shelf import list_backups, make_shelf, target_lock

if TYPE_CHECKING:
    from pyrage import x25519


class KeysProved(NamedTuple):
    """The public keys that were proved now, and those in use that nobody ever proved."""

    proved: tuple[str, ...]
    missing: tuple[str, ...]


def prove_keys(
    target: str, encrypt_to: Sequence[str], identities: Sequence[x25519.Identity], *, now: datetime
) -> KeysProved:
    """Try the secret keys on every public one in use: those of the setting, and those of the backups that are there.

    Raises:
        NoSuchThing: no public key is in use.
        KeyDoesNotFit: the secret keys open none of them.
        ConfigInvalid: a public key of the setting is none.
        AppDirBusy, AppDirBroken: the proof cannot be kept.
    """
    there = (key for backup in list_backups(target) for key in backup.known.recipients)
    in_use = tuple(dict.fromkeys((*encrypt_to, *there)))
    if not in_use:
        raise NoSuchThing(
            "no backup is encrypted, and backups.encrypt_to names no key.",
            hint="rattail make-backup-key --output FILE makes one and says how to set it",
        )
    proved = opened_by(in_use, identities)
    if not proved:
        raise KeyDoesNotFit(
            f"the secret key opens none of the {len(in_use)} public keys in use: {', '.join(in_use)}.",
            hint="look for the file that was made with one of these",
        )
    make_shelf(target)
    with target_lock(target):
        note_proofs(target, proved, now=now)
    return KeysProved(proved, unproved(target, in_use))
