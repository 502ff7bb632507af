"""Where something is restored to: what stands there, whose it is, and what may come in its place."""

from __future__ import annotations

import os
from typing import NamedTuple

from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted_line
from rattail.appdir.marker import Marker, read_marker
from rattail.appdir.names import LOCK
from rattail.appdir.owner import Owner, check_links, owner_of
from rattail.appdir.refusal import refusal, shown
from rattail.config.load import load_settings
from rattail.errors import AppDirBroken, LayoutOutdated, WouldOverwrite
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.restoring.difference import Live
from rattail.features.backups.restoring.source import About, OwnerOf
from rattail.registry import Registry

_APP = "app"
_SLACK_BYTES = 32 << 20
_ENVIRONMENT_BYTES = 300 << 20


class Target(NamedTuple):
    """An environment and the place of its app folder. `marker` is that of the folder that is there, if it has one."""

    environment: str
    root: str
    has_environment: bool
    marker: Marker | None
    owner: Owner | None
    is_taken: bool


def look_at(environment: str, *, may_be_other: bool) -> Target:
    """What stands at the path of an environment. `may_be_other`: a folder 'app' that is not known may be replaced.

    Raises:
        WouldOverwrite: something that is neither an environment nor empty, or a folder 'app' that is none of ours.
        AppDirBroken: it cannot be looked at.
        NotAllowed: as root, the path leads through somebody's link.
    """
    given, environment = environment, os.path.realpath(environment)
    root = os.path.realpath(f"{environment}/{_APP}")
    if os.geteuid() == 0:
        check_links(given, root=environment)
        check_links(f"{environment}/{_APP}", root=root)
    has_environment = os.path.exists(f"{environment}/pyvenv.cfg") or os.path.exists(f"{environment}/bin/rattail")
    marker = _marker(root, may_be_other=may_be_other)
    try:
        names = os.listdir(environment) if os.path.lexists(environment) else []
        inside = os.listdir(root) if os.path.lexists(root) else []
    except OSError as error:
        raise refusal("look into", environment, error) from error
    is_taken = marker is not None or bool(set(inside) - {LOCK, "lost+found"})
    if is_taken and marker is None and not may_be_other:
        raise WouldOverwrite(
            f"{shown(root)} is a folder that is not empty, and no app folder.",
            hint="move it out of the way, or name another environment; where it is meant to be put aside, add "
            "--replace-other-app",
        )
    is_ours = {_APP, ".rebuilding"} | {name for name in names if name.startswith(f"{_APP}.")}
    if not has_environment and set(names) - is_ours:
        raise WouldOverwrite(
            f"{shown(environment)} is no environment, and it is not empty.",
            hint="name an environment, or a folder that is not there yet",
        )
    return Target(environment, root, has_environment, marker, owner_of(root) if is_taken else None, is_taken)


def require_same_app(target: Target, about: About, *, may_be_other: bool) -> None:
    """Refuse to put one app in the place of another one.

    Raises:
        WouldOverwrite: they are two, and nobody said that this is meant.
    """
    marker = target.marker
    if marker is None or marker.app_id == about.app_id or may_be_other:
        return
    raise WouldOverwrite(
        f"the backup is of the app {about.name!r} ({about.app_id}), and {shown(target.root)} is another one, "
        f"{marker.name!r} ({marker.app_id}).",
        hint="name another environment; where it is really meant to be replaced, add --replace-other-app",
    )


def live_view(target: Target, registry: Registry) -> Live | None:
    """The folder that is there, and where its folders lie."""
    if not target.is_taken:
        return None
    settings = load_settings(registry.options, root=target.root, environ=os.environ)
    relocations = settings.relocations(target.root)
    scratch = frozenset(folder.path for _, folder in registry.layout if folder.keep is Keep.SCRATCH)
    if target.marker is None:
        relocations = {}  # whose these folders are, nobody knows
    there = {name: os.path.realpath(place) for name, place in relocations.items() if os.path.isdir(place)}
    declared = frozenset(folder.path for _, folder in registry.layout)
    return Live(target.root, {name: at for name, at in there.items() if name in declared}, scratch, declared)


def ownership(target: Target, about: About) -> tuple[OwnerOf | None, Owner | None, str]:
    """Who gets what is restored: a function for unpacking, the owner, and what a person should know of it.

    As root the owner of the folder that is there, else of the folder that was backed up; nobody else can give away.
    """
    if os.geteuid() != 0:
        return None, None, ""
    owner, said = target.owner, ""
    if owner is None:
        owner = _named(*about.owner)
    if owner is None:
        said = (
            f"everything belongs to root, because this machine has no user {about.owner[0]!r}, to whom it belonged. "
            "To give it to somebody: rattail make-appdir --user NAME"
        )
        owner = Owner(0, 0)
    whose = owner

    def owner_of_entry(_entry: Entry) -> tuple[int, int]:
        return whose.uid, whose.gid

    return owner_of_entry, owner, said


def require_room(target: Target, about: About, *, builds: bool) -> None:
    """Refuse where the disk has too little room.

    Raises:
        AppDirBroken: it has, with what is needed and what is free.
    """
    place = os.path.dirname(target.root)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    records = about.records.size_bytes if about.records else 0
    needed = about.file_bytes + 4096 * about.files + 2 * records + _SLACK_BYTES + (_ENVIRONMENT_BYTES if builds else 0)
    try:
        disk = os.statvfs(place)
    except OSError as error:
        raise refusal("look at the disk of", place, error) from error
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise AppDirBroken(
            f"there is too little room on the disk of {shown(place)}: restoring needs about "
            f"{needed / 1_000_000:,.0f} MB beside what is there, and {free / 1_000_000:,.0f} MB are free.",
            hint=pasted_line("df", "-h", place),
        )


def _marker(root: str, *, may_be_other: bool) -> Marker | None:
    try:
        return read_marker(root)
    except (AppDirBroken, LayoutOutdated) as error:
        if may_be_other:
            return None
        error.hint = "to put the backup in its place anyway, and this one aside, add --replace-other-app"
        raise


def _named(user: str, group: str) -> Owner | None:
    import grp
    import pwd

    try:
        found = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None
    try:
        return Owner(found.pw_uid, grp.getgrnam(group).gr_gid)
    except (KeyError, ValueError):
        return Owner(found.pw_uid, found.pw_gid)
