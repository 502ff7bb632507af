"""Adopt a folder of upstream Rattail: the service behind `make-appdir --adopt FROM`.

First a plan, from looking alone. Then the new folder is made as always; its marker says what it is
adopted from, so that the same command, run again after a kill, goes on. Last of all the report is
written: a folder with a report has everything.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from rattail.appdir import files
from rattail.appdir.lock import lock_appdir
from rattail.appdir.marker import Marker, read_marker
from rattail.appdir.names import LOCK, is_temporary
from rattail.appdir.owner import Owner, groups_of
from rattail.appdir.refusal import refusal, shown, user_name
from rattail.config.load import load_settings
from rattail.errors import AppDirBroken, AppDirBusy, NotAllowed, WouldOverwrite
from rattail.features.core.adopt.copying import Copied, copy_files, is_copied
from rattail.features.core.adopt.ini import read_ini
from rattail.features.core.adopt.places import REPORT, UPSTREAM_FOLDER, find_places
from rattail.features.core.adopt.recognise import check_apart, check_in_place, find_upstream
from rattail.features.core.adopt.report import render_report
from rattail.features.core.adopt.survey import Copy, LeftOut, survey
from rattail.features.core.adopt.translate import Translation, translate
from rattail.registry import Registry

_BLOCK_BYTES = 4096
_RESERVE_BYTES = 4 << 20
_RESERVE_INODES = 100
_EXAMPLES = 5


class Adoption(NamedTuple):
    """What adopting `source` into `target` would do. `is_complete`: it was done before."""

    source: str
    target: str
    copies: tuple[Copy, ...] = ()
    folders: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    translation: Translation = Translation({}, (), (), ())
    problems: tuple[str, ...] = ()
    is_complete: bool = False


def plan_adoption(registry: Registry, *, given: str, target: str, reader: Owner | None = None) -> Adoption:
    """Look at the old folder and say what adopting it would do. Writes nothing.

    `reader` is the user, other than this process's own, who is to do the copying.

    Raises:
        NoSuchThing, InputRejected: `given` is no upstream folder, or cannot be adopted there.
        WouldOverwrite: the new folder is in use.
        NotAllowed: the copying user may not read all of the old folder.
        AppDirBroken: the disk has no room.
    """
    with _reading_as(reader):
        source = find_upstream(given)
        check_apart(source, target)
        if _state_of(source, target):
            return Adoption(source, target, is_complete=True)
        ini = read_ini(source)
        places = find_places(source, target, ini)
        found = survey(places, ini.files)
        if found.unreadable:
            raise _unreadable(source, found.unreadable, reader)
    _check_room(target, found.copies)
    translation = translate(ini, {option.key: option for option in registry.options})
    problems = (*ini.problems, *places.problems, *found.problems, *translation.problems, *_database_notes(found.copies))
    return Adoption(source, target, found.copies, found.folders, found.left_out, translation, problems)


def check_adopted_in_place(registry: Registry, root: str) -> None:
    """Refuse to take `root` for an app folder that only lost its marker, where it does not look like one.

    Raises as `rattail.features.core.adopt.recognise.check_in_place`.
    """
    check_in_place(root, registry.layout.children("."))


def adopt(
    registry: Registry,
    adoption: Adoption,
    *,
    now: datetime,
    environ: Mapping[str, str],
    on_file: Callable[[int], None],
) -> Copied:
    """Do what was planned, into the folder that `make` has made for it.

    Raises:
        AppDirBusy: files changed while they were copied; the rest is there, the same command does them.
        AppDirBroken: the disk is full or refuses; what was copied is whole, the same command does the rest.
        WouldOverwrite: another process has adopted something else into the folder.
    """
    root = adoption.target
    with lock_appdir(root, command="make-appdir --adopt"):
        marker = read_marker(root)
        if marker is None or marker.adopted_from != adoption.source:
            raise _in_use(root)
        folders = _locations(registry, root, marker, environ)
        copied = copy_files(
            adoption.copies, adoption.folders, locate=lambda folder: _located(folders, root, folder), on_file=on_file
        )
        if copied.changed:
            raise _changed(adoption, copied)
        _write_report(adoption, copied, now)
    return copied


def already_there(adoption: Adoption) -> int:
    """How many of the files have been copied by an earlier run that was cut short."""
    return sum(is_copied(copy, f"{adoption.target}/{copy.to}") for copy in adoption.copies)


def _state_of(source: str, target: str) -> bool:
    """Whether the target was adopted from the source, wholly; refuses a target that is anything else but empty."""
    marker = read_marker(target)
    if marker is not None:
        if marker.adopted_from != source:
            raise _in_use(target)
        return os.path.lexists(f"{target}/{REPORT}")
    try:
        strangers = [name for name in os.listdir(target) if name != LOCK and not is_temporary(name)]
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refusal("look at", target, error) from error
    if strangers:
        example = ", ".join(shown(name) for name in sorted(strangers)[:3])
        raise WouldOverwrite(
            f"{shown(target)} is not empty (it holds {example}); an upstream folder is adopted into a new one.",
            hint="choose an empty place with --path, or move away what is there",
        )
    return False


def _in_use(target: str) -> WouldOverwrite:
    return WouldOverwrite(
        f"{shown(target)} is an app folder already; an upstream folder is adopted into a new one, so that nothing "
        "is mixed.",
        hint="choose an empty place with --path, or a new environment",
    )


@contextmanager
def _reading_as(reader: Owner | None) -> Iterator[None]:
    """Look with another user's eyes for the duration of the block; this process is root then."""
    if reader is None or reader.uid == os.geteuid():
        yield
        return
    groups, gid, uid = os.getgroups(), os.getegid(), os.geteuid()
    os.setgroups(groups_of(reader))
    os.setegid(reader.gid)
    os.seteuid(reader.uid)
    try:
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)
        os.setgroups(groups)


def _unreadable(source: str, paths: tuple[str, ...], reader: Owner | None) -> NotAllowed:
    import shlex

    name = user_name(os.geteuid() if reader is None else reader.uid)
    examples = ", ".join(shown(path) for path in paths[:_EXAMPLES])
    more = f" and {len(paths) - _EXAMPLES} more" if len(paths) > _EXAMPLES else ""
    copy = shlex.join(["sudo", "cp", "-a", source, "COPY"])
    return NotAllowed(
        f"user {name}, who is to own the new folder, may not read everything in {shown(source)}: {examples}{more}. "
        "Nothing was done.",
        hint=f"{copy} && sudo chown -R {shlex.quote(name)} COPY   and adopt COPY; the old folder stays as it is",
    )


def _check_room(target: str, copies: tuple[Copy, ...]) -> None:
    """Refuse, before anything is written, what the disk has no room for."""
    missing = [copy for copy in copies if not is_copied(copy, f"{target}/{copy.to}")]
    needed = sum(-(-copy.size_bytes // _BLOCK_BYTES) * _BLOCK_BYTES for copy in missing) + _RESERVE_BYTES
    where = target
    while not os.path.isdir(where):
        where = os.path.dirname(where)
    try:
        disk = os.statvfs(where)
    except OSError as error:
        raise refusal("look at the disk of", where, error) from error
    free = disk.f_bavail * disk.f_frsize
    hint = "free some space, or choose a place on another disk with --path"
    if needed > free:
        raise AppDirBroken(
            f"the disk of {shown(where)} has no room for the copy: {needed / 1e6:,.1f} MB needed, "
            f"{free / 1e6:,.1f} MB free.",
            hint=hint,
        )
    if disk.f_files and len(missing) + _RESERVE_INODES > disk.f_favail:
        raise AppDirBroken(
            f"the disk of {shown(where)} can hold {disk.f_favail:,} more files; {len(missing):,} are to be copied.",
            hint=hint,
        )


def _database_notes(copies: tuple[Copy, ...]) -> Iterator[str]:
    databases = [copy for copy in copies if copy.to.endswith((".sqlite", ".sqlite3", ".db")) and copy.size_bytes]
    for copy in databases[:_EXAMPLES]:
        yield f"{shown(copy.source)} looks like a database file: stop everything that writes to it before it is copied."


def _locations(registry: Registry, root: str, marker: Marker, environ: Mapping[str, str]) -> dict[str, str]:
    settings = load_settings(registry.options, root=root, environ=environ)
    places = registry.layout.place(root, settings.relocations(root), app_id=marker.app_id)
    return {place.path: place.location for place in places if place.is_relocated}


def _located(relocated: Mapping[str, str], root: str, folder: str) -> tuple[str, str]:
    """The absolute folder to start from, and the path below it."""
    for path, location in relocated.items():
        if folder == path or folder.startswith(path + "/"):
            return location, folder[len(path) + 1 :] or "."
    return root, folder


def _changed(adoption: Adoption, copied: Copied) -> AppDirBusy:
    examples = ", ".join(shown(path) for path in copied.changed[:_EXAMPLES])
    return AppDirBusy(
        f"{len(copied.changed)} files in {shown(adoption.source)} changed while they were copied, twice, and were "
        f"left: {examples}. {copied.files + copied.already_there:,} others are there.",
        hint="stop everything that writes to the old folder, then run the same command again",
    )


def _write_report(adoption: Adoption, copied: Copied, now: datetime) -> None:
    text = render_report(
        adoption.source,
        adoption.copies,
        adoption.left_out,
        adoption.translation,
        (*adoption.problems, *copied.problems),
        when=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )
    path = f"{adoption.target}/{UPSTREAM_FOLDER}"
    try:
        with files.opened_folder(adoption.target) as fd:
            if not os.path.isdir(path):
                os.mkdir(UPSTREAM_FOLDER, 0o700, dir_fd=fd)
            with files.opened_folder(UPSTREAM_FOLDER, dir_fd=fd) as inner:
                content = text.encode("utf-8", "backslashreplace")
                files.replace_file(inner, REPORT.rpartition("/")[2], content, mode=0o600)
    except OSError as error:
        raise refusal("write", f"{adoption.target}/{REPORT}", error) from error
