"""What check-appdir says of the backups of the folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rattail.appdir.finding import FindingKind
from rattail.appdir.inspect import Finding, Looking, found

if TYPE_CHECKING:
    from rattail.features.backups.shelf.shelf import Backup

_DAMAGED = "backups.E001"
_NONE_PROVED = "backups.W001"
_INSIDE = "backups.W002"
_NOT_WRITABLE = "backups.W003"
_KEY_UNPROVED = "backups.W004"
_OLD_COPY = "backups.W005"
_SAME_DISK = "backups.I001"
_NOBODY = "backups.I002"
_DAY_S = 24 * 3600
_DEFAULT_DAYS = 14
_COPY_DAYS = 2

KINDS = (
    FindingKind(_DAMAGED, "error", "the newest backup is damaged"),
    FindingKind(_NONE_PROVED, "warning", "no backup was proved for too long"),
    FindingKind(_INSIDE, "warning", "the backups lie inside the environment or the app folder"),
    FindingKind(_NOT_WRITABLE, "warning", "backups cannot be put where they belong"),
    FindingKind(_KEY_UNPROVED, "warning", "nobody proved a key that backups are encrypted to"),
    FindingKind(_OLD_COPY, "warning", "the copy of the records in the folder is too old, or missing"),
    FindingKind(_SAME_DISK, "info", "the backups lie on the same disk as the app folder"),
    FindingKind(_NOBODY, "info", "nobody makes a daily backup"),
)


def check_backups(looking: Looking) -> Iterator[Finding]:
    """Where the backups are to lie, how good the newest is known to be, and who makes them."""
    import os

    from rattail.features.backups.shelf.shelf import list_backups
    from rattail.features.backups.shelf.target import name_on_shelf

    if looking.marker is None or os.path.lexists(f"{looking.root}.restoring.json"):
        return  # whoever restores asks about what was restored, and not about the backups
    yield from _of_copy(looking)
    target = _target(looking)
    if target is None:
        yield found(
            _NOT_WRITABLE,
            str(looking.values.get("backups.target", "")),
            "backups.target is no absolute path: no backup can be made.",
            hint=looking.command("set-option", "backups.target", "FOLDER"),
        )
        return
    yield from _of_place(looking, target)
    try:
        backups = list_backups(target, app=name_on_shelf(looking.marker.name))
    except Exception:  # noqa: BLE001 - said above: the folder cannot be used
        backups = ()
    yield from _of_newest(looking, backups)
    yield from _of_keys(looking, target)
    if looking.values.get("backups.made_by") == "worker" and looking.values.get("backups.at") == "":
        yield found(
            _NOBODY,
            target,
            "nobody makes a daily backup: backups.at is empty.",
            hint=looking.command("set-option", "backups.at", "02:30"),
        )


def _target(looking: Looking) -> str | None:
    import os
    import sys

    from rattail.features.backups.shelf.target import SUFFIX

    said = str(looking.values.get("backups.target") or "")
    if not said:
        return os.path.realpath(sys.prefix) + SUFFIX
    return os.path.realpath(said) if os.path.isabs(said) else None


def _of_place(looking: Looking, target: str) -> Iterator[Finding]:
    import os
    import sys

    for inside, what in ((sys.prefix, "the environment"), (looking.root, "the app folder")):
        if f"{target}/".startswith(os.path.realpath(inside) + "/"):
            yield found(
                _INSIDE,
                target,
                f"the backups lie inside {what}: what makes that anew deletes them with it.",
                hint=looking.command("set-option", "backups.target", "FOLDER"),
            )
            break
    is_said = bool(looking.values.get("backups.target"))
    if os.path.isdir(target):
        if not os.access(target, os.W_OK | os.X_OK):
            yield _unwritable(looking, target, "nobody can write into the folder for backups as this user.")
        elif _has_backup(target) and _device(target) == _device(looking.root):
            yield found(
                _SAME_DISK,
                target,
                "the backups lie on the same disk as the app folder, and are lost with it.",
                hint=looking.command("set-option", "backups.copy_to", "PLACE"),
            )
    elif is_said:
        yield _unwritable(looking, target, "the folder for backups is not there.")


def _unwritable(looking: Looking, target: str, sentence: str) -> Finding:
    owner = f"{looking.owner.uid}:{looking.owner.gid}"
    return found(
        _NOT_WRITABLE, target, sentence, hint=f"mount it, or make it as root and give it to the app's user ({owner})"
    )


def _of_newest(looking: Looking, backups: Sequence[Backup]) -> Iterator[Finding]:
    from datetime import UTC, datetime

    from rattail.features.backups.shelf.state import State

    if backups and backups[0].state is State.DAMAGED:
        newest = backups[0]
        yield found(
            _DAMAGED,
            newest.path,
            f"the newest backup is damaged: {newest.problem}.",
            hint=looking.command("make-backup"),
        )
    days = int(str(looking.values.get("mail.warn_no_backup_days", _DEFAULT_DAYS)) or 0)
    assert looking.marker is not None
    proofs = [one.known.proved.at for one in backups if one.known.proved is not None and one.known.proved.is_well]
    try:
        since = max(proofs) if proofs else datetime.fromisoformat(looking.marker.made_at)
    except ValueError:
        return
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    gone = int((looking.now - since.timestamp()) // _DAY_S)
    if days and gone >= days:
        path = backups[0].path if backups else looking.root
        sentence = f"no backup was proved for {gone} days: nobody knows whether the records would come back."
        verb = "prove-backup" if backups else "make-backup"
        yield found(_NONE_PROVED, path, sentence, hint=looking.command(verb))


def _of_keys(looking: Looking, target: str) -> Iterator[Finding]:
    from rattail.features.backups.keys.keys import unproved

    said = looking.values.get("backups.encrypt_to") or ()
    keys = tuple(str(key) for key in said) if isinstance(said, (tuple, list)) else ()
    for key in unproved(target, keys):
        yield found(
            _KEY_UNPROVED,
            key,
            f"nobody proved the key {key}: backups encrypted to it do not count.",
            hint=looking.command("prove-backup-key", "--identity", "FILE"),
        )


def _of_copy(looking: Looking) -> Iterator[Finding]:
    """How old the copy of the records is that makes a plain copy of the folder a backup."""
    import os
    from datetime import datetime

    from rattail.database.look import sqlite_file
    from rattail.features.backups.records.copy import FILES, read_note

    file, folder = sqlite_file(looking), looking.location("data/database")
    assert looking.marker is not None
    if (file is not None and not os.path.exists(file)) or not os.path.isdir(folder):
        return  # there are no records yet; what is wrong with the folder itself is said by others
    note = read_note(folder)
    try:
        times = [os.stat(f"{folder}/{name}").st_mtime for name in FILES.values() if os.path.exists(f"{folder}/{name}")]
        made_s = datetime.fromisoformat(looking.marker.made_at).timestamp()
    except (OSError, ValueError):
        return
    since_s = note.at.timestamp() if note is not None else max(times, default=made_s)
    days = int((looking.now - since_s) // _DAY_S)
    if days >= _COPY_DAYS:
        said = f"is {days} days old" if times else f"was not made in the {days} days since the folder was"
        yield found(
            _OLD_COPY,
            folder,
            f"the copy of the records in the folder {said}: whoever copies the folder by another tool than make-backup "
            "gets nothing newer.",
            hint=looking.command("copy-records"),
        )


def _has_backup(target: str) -> bool:
    import os

    from rattail.features.backups.archive.format import parse_name

    with os.scandir(target) as entries:
        return any(parse_name(entry.name) for entry in entries)


def _device(path: str) -> int:
    import os

    return os.stat(path).st_dev
