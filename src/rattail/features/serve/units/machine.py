"""What the units have to know of an app folder and its machine."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from rattail.appdir.hints import pasted_line
from rattail.appdir.layout import Place
from rattail.appdir.owner import Owner
from rattail.appdir.refusal import group_name, user_name
from rattail.config.site_address import PublicUrl
from rattail.errors import InputRejected
from rattail.registry import Registry

_TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 - compared
_PLAIN_PATH = re.compile(r"/[\w./@+-]*", re.ASCII)
#: What runs by itself, and when; only those commands that this installation has.
_TIMED = (
    ("clean-appdir", "*-*-* 03:10:00", "Remove scratch and history files that are too old"),
    ("make-backup", "*-*-* 02:15:00", "Make a backup", " --by-timer"),
    ("run-overnight", "*-*-* 01:00:00", "Run the overnight tasks"),
)


class Timed(NamedTuple):
    """A command that a timer runs, with `words` after it; `when` is a time of systemd, in the machine's zone."""

    verb: str
    when: str
    title: str
    words: str = ""


class Machine(NamedTuple):
    """`unit` is what all units' names begin with; `program` is how rattail is called, from anywhere.

    `writable` are the folders that the app writes, `backups` the one in which its backups are to lie, `copies` those to
    which these are copied.
    """

    unit: str
    title: str
    root: str
    program: str
    user: str
    group: str
    writable: tuple[str, ...]
    backups: str
    needs_database_server: bool
    timed: tuple[Timed, ...]
    has_mail: bool
    stop_wait_s: int
    web: Web
    copies: tuple[str, ...] = ()


class Web(NamedTuple):
    """Where the web server listens, and under which address people come; the largest upload in megabytes."""

    address: str
    port: int
    public: PublicUrl | None
    largest_mb: int


def unit_name(name: str) -> str:
    """What the units of an app are called: `rattail-poser`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "app"
    return plain if plain.startswith("rattail") else f"rattail-{plain}"


def writable_folders(root: str, places: Sequence[Place]) -> tuple[str, ...]:
    """The app folder and its relocated parts."""
    return (root, *(place.location for place in places if place.is_relocated))


def backups_folder(program: str) -> str:
    """Where backups lie without a setting: beside the environment that `program` is of, `<env>/bin/rattail`."""
    return f"{os.path.realpath(os.path.dirname(os.path.dirname(program)))}-backups"


def copy_folders(places: Sequence[str]) -> tuple[str, ...]:
    """Of the places that backups are copied to, those that are folders of this machine, and local repositories."""
    paths = (place.removeprefix("restic:").removeprefix("borg:") for place in places)
    return tuple(dict.fromkeys(os.path.normpath(path) for path in paths if path.startswith("/")))


def timed_commands(registry: Registry) -> tuple[Timed, ...]:
    """The commands that timers run, those that there are."""
    there = {command.name for _, command in registry.commands}
    return tuple(Timed(*each) for each in _TIMED if each[0] in there)


def owner_names(owner: Owner) -> tuple[str, str]:
    """User and group as the units name them; a user without a name as its number."""
    user, group = user_name(owner.uid), group_name(owner.gid)
    return (
        str(owner.uid) if user.startswith("uid ") else user,
        str(owner.gid) if group.startswith("gid ") else group,
    )


def misplaced(machine: Machine) -> list[str]:
    """Why units of this machine would not work, or not be safe."""
    said = []
    for path in (machine.program, *machine.writable):
        if path.startswith(_TEMPORARY):
            said.append(
                f"{path} lies where files are temporary: the units have an empty /tmp and /var/tmp of their own "
                "(PrivateTmp) and would not find it. Make environment and app folder elsewhere, such as below /srv"
            )
    if machine.user == "root":
        said.append(
            f"the app folder belongs to root, so the units would run the application as root. Give it to a user first: "
            f"{pasted_line('sudo', 'rattail', 'make-appdir', '--path', machine.root, '--user', 'NAME')}"
        )
    return said


def check_paths(paths: Sequence[str]) -> None:
    """Refuse paths that would mean something else in one of the files.

    Raises:
        InputRejected: one has blanks, quotation marks, percent signs or the like in it.
    """
    for path in paths:
        if not _PLAIN_PATH.fullmatch(path):
            raise InputRejected(
                f"the path {path!r} cannot stand in units: expected letters of ASCII, digits and ./@+-_ only.",
                hint="make the app folder at a plainer place, or write the units by hand",
            )
