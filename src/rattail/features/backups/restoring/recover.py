"""What a restore left that did not come to its end: finished where it was sound already, else taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rattail.appdir.refusal import shown
from rattail.appdir.unserved import unserved
from rattail.database.setup import Whereabouts
from rattail.errors import DatabaseUnreachable, RattailError
from rattail.features.backups.restoring import databases, place
from rattail.features.backups.restoring.journal import Journal, State, forget_leftovers, read_journal
from rattail.features.backups.restoring.moves import BEFORE
from rattail.features.backups.restoring.proof import Program
from rattail.features.backups.restoring.staging import where_records
from rattail.registry import Registry


def recover(root: str, *, registry: Registry) -> str:
    """Finish or take back a restore of the app folder at `root` that was killed; nothing where there is none.

    Only whoever is the only restorer may. Returns what was done, as a sentence; empty where there was nothing to do.

    Raises:
        AppDirBroken: the journal cannot be understood, or the system refuses.
        AppDirBusy: the application is being served.
    """
    forget_leftovers(root)
    journal = read_journal(root)
    if journal is None:
        return ""
    if journal.state is State.PREPARING:
        give_up(journal, registry=registry)
        return f"a restore that was killed had prepared something beside {shown(root)}: it was removed."
    if os.path.isdir(root):
        with unserved(root):
            return _settle(journal, registry)
    return _settle(journal, registry)


def give_up(journal: Journal, *, registry: Registry) -> None:
    """Take everything back, and remove what was prepared. It may be interrupted, and done again.

    Where a server may not answer, folder and database stay as they are together: both new once both were exchanged,
    and both old while the database was not.

    Raises:
        AppDirBroken: the system refuses; the journal stays, and the next one tries again.
    """
    if not os.path.lexists(journal.path):
        return
    is_folder_first = journal.state is State.SWAPPING
    if journal.state is not State.PREPARING:
        journal = journal.entered(State.RETURNING)
    if is_folder_first:
        place.undo(journal.moves)
    with _unfinished(journal):
        if journal.database is not None:
            databases.undo(journal.database, _where(journal, registry))
        if journal.state is not State.PREPARING:
            place.undo(journal.moves)
        if journal.database is not None:
            databases.drop(journal.database, _where(journal, registry))
    _tidy(journal)
    journal.forget()


@contextmanager
def _unfinished(journal: Journal) -> Iterator[None]:
    """Say what is left to do where the server does not let us."""
    try:
        yield
    except DatabaseUnreachable as error:
        if journal.state is State.PREPARING:
            left = "what it prepared beside is still there"
        else:
            left = "is not taken back yet: do not use the folder until it is"
        raise DatabaseUnreachable(
            f"{error.message} The restore into {shown(journal.root)} failed, and {left}.",
            hint=error.hint or "see that the server answers, then run the same command again",
        ) from error


def _settle(journal: Journal, registry: Registry) -> str:
    root = journal.root
    if journal.state is State.PROVING and _is_sound(journal, registry):
        for staging in journal.stagings:
            place.remove_tree(staging)
        journal.forget()
        return f"a restore of {shown(journal.backup)} that was killed had done all but its end: it stands."
    give_up(journal, registry=registry)
    return f"a restore that was killed was taken back: {shown(root)} is as it was before."


def _is_sound(journal: Journal, registry: Registry) -> bool:
    program = Program(os.path.dirname(journal.root), registry)
    try:
        if not journal.is_part:
            program.complete(journal.root)
            program.migrate(journal.root)
        return not program.errors(journal.root)
    except RattailError:
        return False


def _where(journal: Journal, registry: Registry) -> Whereabouts:
    """The live database, with the password that the settings have: those restored, wherever they lie now."""
    assert journal.database is not None
    candidates = [f"{staging}/new" for staging in journal.stagings] + [journal.root]
    password = ""
    for folder in candidates:
        with suppress(RattailError):
            where = where_records(folder, registry, data_folder=f"{folder}/data")
            if where.url == journal.database.url:
                password = where.password
                break
    return Whereabouts(url=journal.database.url, password=password)


def _tidy(journal: Journal) -> None:
    for staging in journal.stagings:
        place.remove_tree(staging)
    forget_empty(journal)


def forget_empty(journal: Journal) -> None:
    """Remove the folders for old content that hold none."""
    for folder in sorted({os.path.dirname(move.old) for move in journal.moves}, reverse=True):
        while BEFORE in folder:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass  # it was not made; the one above may have been
            except OSError:
                break
            folder = os.path.dirname(folder)
