"""Making age keys, and proving by a trial decryption that a secret one opens what a public one closed.

Only the public half is ever kept on this machine: what was encrypted yesterday cannot be read here tomorrow.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file
from rattail.appdir.refusal import refusal, shown
from rattail.errors import ConfigInvalid, InputRejected, NoSuchThing

if TYPE_CHECKING:
    from pyrage import x25519

PROOFS_FILE = "key-proofs.json"
#: After so long a key is to be proved again: the paper it is printed on may be gone.
PROOF_LASTS = timedelta(days=90)
_SECRET_PREFIX = "AGE-SECRET-KEY-"  # noqa: S105 - how such a key begins
_CHALLENGE_BYTES = 32
_LIMIT_BYTES = 1 << 20


class KeyPair(NamedTuple):
    """A new key. `secret` is never written to this machine but where a person says."""

    public: str
    secret: str


def make_key() -> KeyPair:
    """A new key pair, made of the system's own randomness."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    return KeyPair(str(identity.to_public()), str(identity))


def parse_recipients(texts: Sequence[str]) -> list[x25519.Recipient]:
    """The public keys of the setting, as pyrage has them.

    Raises:
        ConfigInvalid: all texts that are no public age key.
    """
    from pyrage import RecipientError, x25519

    found, faults = [], []
    for text in texts:
        try:
            found.append(x25519.Recipient.from_str(text.strip()))
        except RecipientError as error:
            what = "a secret key, which must not be there" if text.strip().upper().startswith(_SECRET_PREFIX) else error
            faults.append(f"backups.encrypt_to: {text[:16]!r}... is no public age key 'age1...' ({what}).")
    if faults:
        raise ConfigInvalid(faults, hint="rattail make-backup-key makes a pair and says how to set it")
    return found


def read_identities(text: str, *, source: str) -> list[x25519.Identity]:
    """The secret keys in the text of a key file; comments and empty lines are skipped.

    Raises:
        InputRejected: a line is no secret age key, or there is none. The line itself is never shown.
    """
    from pyrage import IdentityError, x25519

    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(x25519.Identity.from_str(line.strip()))
            except IdentityError:
                raise InputRejected(
                    f"line {number} of {shown(source)} is no secret age key; expected '{_SECRET_PREFIX}1...'."
                ) from None
    if not found:
        raise InputRejected(f"{shown(source)} holds no secret age key; expected a line '{_SECRET_PREFIX}1...'.")
    return found


def opened_by(recipients: Iterable[str], identities: Sequence[x25519.Identity]) -> tuple[str, ...]:
    """Those of the public keys that the secret ones open, each tried with a challenge of its own."""
    import pyrage

    opened = []
    for text, recipient in zip(recipients, parse_recipients(tuple(recipients)), strict=True):
        challenge = os.urandom(_CHALLENGE_BYTES)
        try:
            if pyrage.decrypt(pyrage.encrypt(challenge, [recipient]), identities) == challenge:
                opened.append(text)
        except pyrage.DecryptError:
            continue
    return tuple(opened)


def read_proofs(target: str) -> Mapping[str, datetime]:
    """When each public key was last proved (UTC); what cannot be read is no proof."""
    try:
        with opened_folder(target) as fd:
            content = read_file(fd, PROOFS_FILE, limit_bytes=_LIMIT_BYTES)
        document = json.loads(content or b"{}")
        proofs = {str(key): datetime.fromisoformat(at) for key, at in document.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return {key: at for key, at in proofs.items() if at.tzinfo is not None}


def note_proofs(target: str, proved: Iterable[str], *, now: datetime) -> None:
    """Keep that these public keys were proved; only under the lock of the shelf.

    Raises:
        AppDirBroken: it cannot be written.
        NoSuchThing: there is no folder for backups yet.
    """
    proofs = {**read_proofs(target), **dict.fromkeys(proved, now)}
    content = json.dumps({key: at.isoformat() for key, at in sorted(proofs.items())}, indent=1)
    try:
        with opened_folder(target) as fd:
            replace_file(fd, PROOFS_FILE, content.encode("ascii") + b"\n", mode=0o600)
    except FileNotFoundError:
        raise NoSuchThing(f"there is no folder {shown(target)}.", hint="rattail make-backup makes it") from None
    except OSError as error:
        raise refusal("keep the proof of a key in", target, error) from error


def unproved(target: str, recipients: Iterable[str]) -> tuple[str, ...]:
    """Those of the public keys that nobody ever proved."""
    proofs = read_proofs(target)
    return tuple(key for key in recipients if key not in proofs)


def stale(target: str, recipients: Iterable[str], *, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Those of the public keys whose last proof is so old that it is to be repeated, each with when that was."""
    proofs = read_proofs(target)
    return tuple((key, proofs[key]) for key in recipients if key in proofs and now - proofs[key] > PROOF_LASTS)


def key_file_text(pair: KeyPair, *, app: str, now: datetime) -> str:
    """The file that a person keeps away from this machine."""
    return (
        f"# The secret key of the backups of {app}, made {now:%Y-%m-%d %H:%M} UTC.\n"
        "# Print it, keep it where the backups are not, and prove now and then that it can still be read:\n"
        "#   rattail prove-backup-key --identity THIS-FILE\n"
        "# Whoever has it can read the backups; without it nobody can.\n"
        f"# public key: {pair.public}\n"
        f"{pair.secret}\n"
    )
