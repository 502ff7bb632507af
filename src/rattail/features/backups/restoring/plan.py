"""What restoring would do, and all that can refuse it before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted_line
from rattail.appdir.marker import LAYOUT_VERSION
from rattail.appdir.refusal import shown
from rattail.appdir.unserved import unserved
from rattail.errors import AppDirBroken, InputRejected, NoSuchThing
from rattail.features.backups.restoring.difference import RECORDS, Difference, Live, compare
from rattail.features.backups.restoring.journal import read_journal
from rattail.features.backups.restoring.opening import opened_source
from rattail.features.backups.restoring.proof import Program, require_known
from rattail.features.backups.restoring.source import About, Source, require_known_layout
from rattail.features.backups.restoring.staging import Progress
from rattail.features.backups.restoring.target import Target, live_view, look_at, require_room, require_same_app
from rattail.registry import Registry

if TYPE_CHECKING:
    from pyrage import x25519

COMMAND = "restore-backup"


class RestoreRequest(NamedTuple):
    """What is restored where. `only` are logical paths; none: all. `now` is in UTC.

    `may_replace_records`: those in a database of a server that nothing that is replaced here uses, too.
    """

    backup: str
    environment: str
    registry: Registry
    now: datetime
    identities: Sequence[x25519.Identity] = ()
    only: tuple[str, ...] = ()
    may_be_other: bool = False
    may_replace_records: bool = False
    python: str = sys.executable


class Planned(NamedTuple):
    """What restoring would do: `rows` are the records in the backup and, where they can be counted, those here."""

    root: str
    builds_environment: bool
    difference: Difference
    rows: Mapping[str, int]
    records_at: str
    messages: tuple[str, ...]


def plan_restore(request: RestoreRequest, *, progress: Progress = lambda *_: None) -> Planned:
    """Say what `restore` would do, file by file; nothing is written.

    Raises what `restore` raises before it writes anything.
    """
    with opened(request) as source:
        target = checked(request, source, program_of(request))
        if read_journal(target.root) is not None:
            raise AppDirBroken(
                f"a restore into {shown(target.environment)} did not come to its end.",
                hint="finish it or take it back first: "
                + pasted_line("rattail", COMMAND, "--into", target.environment),
            )
        about = source.about
        live = live_view(target, request.registry)
        with source.entries() as entries:
            difference = compare(
                entries,
                live,
                only=wanted_parts(request),
                stays=frozenset(staying(about, target, live, is_part=bool(request.only)))
                | (kept_whole(request.registry) if request.only else frozenset()),
                progress=lambda count: progress("comparing", count, about.files),
            )
        _require_found(request, difference)
        records = None if request.only else about.records
        return Planned(
            root=target.root,
            builds_environment=not target.has_environment,
            difference=difference,
            rows=dict(records.counts) if records else {},
            records_at=records.at if records else "",
            messages=about.warnings,
        )


def opened(request: RestoreRequest) -> AbstractContextManager[Source]:
    """What is to be restored, open. Raises as `opened_source`."""
    return opened_source(request.backup, layout=request.registry.layout, identities=request.identities)


def program_of(request: RestoreRequest) -> Program:
    """The application of the environment, as that is now."""
    return Program(os.path.realpath(request.environment), request.registry)


def checked(request: RestoreRequest, source: Source, program: Program) -> Target:
    """Everything that can be refused before anything is written; `program` is the one of the environment."""
    target = look_at(request.environment, may_be_other=request.may_be_other)
    about = source.about
    require_known_layout(about, LAYOUT_VERSION)
    require_same_app(target, about, may_be_other=request.may_be_other)
    if request.only and target.marker is None:
        raise NoSuchThing(
            f"there is no app folder {shown(target.root)} into which a part could be restored.",
            hint="restore all of it: leave --only out",
        )
    if about.records is not None and not request.only and target.has_environment:
        require_known(about.records.migrations, program)
    if target.is_taken:
        with unserved(target.root):
            pass
    require_room(target, about, builds=not target.has_environment)
    return target


def staying(about: About, target: Target, live: Live | None, *, is_part: bool) -> dict[str, str]:
    """Folders that lie outside of the app folder, and will: the same app, at the same place as ever."""
    if live is None:
        return {}
    if is_part:
        return dict(live.relocated)
    was = {name: os.path.realpath(at) for name, at in about.relocated.items()}
    is_same = not about.root or about.root == target.root
    return {name: at for name, at in live.relocated.items() if is_same and was.get(name) == at}


def kept_whole(registry: Registry) -> frozenset[str]:
    """Declared folders that a backup need not hold: a part that lacks them leaves them as they are."""
    names = (folder.path for _, folder in registry.layout if folder.keep is not Keep.ESSENTIAL)
    return frozenset((*names, "data/database"))


def wanted_parts(request: RestoreRequest) -> tuple[str, ...]:
    """The parts that are wanted, without those that lie in others.

    Raises:
        InputRejected: one is no plain logical path, or stands for the records.
    """
    found = []
    for text in request.only:
        path = os.path.normpath(text.strip().rstrip("/") or ".")
        if path == "." or path.startswith(("/", "..")):
            raise InputRejected(
                f"--only {text!r} is no part of the app folder; expected a path in it, such as data/exports."
            )
        if path in RECORDS:
            raise InputRejected(
                f"--only {text!r} are the records, which are restored as a whole or table by table.",
                hint="take tables out of the backup: --tables products --to FOLDER; import-csv reads them",
            )
        found.append(path)
    return tuple(sorted({path for path in found if not any(path.startswith(f"{other}/") for other in found)}))


def _require_found(request: RestoreRequest, difference: Difference) -> None:
    """Refuse a part that the backup does not hold, as unpacking would."""
    held = (*difference.new, *difference.changed)
    for path in wanted_parts(request):
        if not difference.same and not any(one == path or one.startswith(f"{path}/") for one in held):
            raise NoSuchThing(f"the backup holds nothing at {shown(path)}.")
