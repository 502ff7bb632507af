"""Is this a folder that upstream Rattail made, and can it be adopted into that place?"""

import os
import shlex
import sys

from rattail.appdir.names import MARKER
from rattail.appdir.refusal import refusal, shown
from rattail.config.toml_text import SETTINGS_FILE
from rattail.errors import InputRejected, NoSuchThing
from rattail.features.core.adopt.old import open_old

_OWN_FILES = ("rattail.conf", "wutta.conf")
_MARKS = ("[rattail", "[wutta", "rattail.config =", "egg:tailbone")
_LOOKED_AT_BYTES = 1 << 16
_COMPANIONS = ("cache", "data", "log", "work", "sessions")


def upstream_evidence(root: str) -> tuple[str, ...]:
    """The names in `root` that only upstream Rattail leaves there; empty where it is no such folder.

    Looks at the names in one folder and, where it must, at the beginning of its `*.conf` files.
    """
    try:
        names = set(os.listdir(root))
    except OSError:
        return ()
    files = tuple(name for name in sorted(names) if name.endswith(".conf") and _is_upstream_file(f"{root}/{name}"))
    if MARKER in names:
        return ()
    if files or SETTINGS_FILE in names:
        return files
    found = [name for name in _COMPANIONS if name in names and _is_folder(f"{root}/{name}")]
    old = [path for path in ("batch", "data/batch", "cache/sessions") if _is_folder(f"{root}/{path}")]
    if old and "data" in found:
        return tuple(old)
    # What upstream's own make-appdir makes, before anything is configured; ours has no `cache`.
    return tuple(found) if {"cache", "data", "log", "work"} <= set(found) else ()


def find_upstream(given: str) -> str:
    """The upstream folder that `given` names: itself, or the `app` of the environment that it is.

    Raises:
        NoSuchThing: there is nothing.
        InputRejected: it is something else, such as an app folder of ours.
    """
    if not given.strip():
        raise InputRejected("--adopt: the path is empty; expected an upstream folder, or no path at all.")
    root = os.path.realpath(given)
    candidates = (root, f"{root}/app")
    try:
        os.listdir(root)
    except FileNotFoundError:
        raise NoSuchThing(f"--adopt: there is no folder {shown(root)}.") from None
    except OSError as error:
        raise refusal("read the folder to adopt", root, error) from error
    for candidate in candidates:
        if os.path.lexists(f"{candidate}/{MARKER}"):
            raise InputRejected(
                f"{shown(candidate)} is an app folder of this program already; --adopt copies folders of upstream "
                "Rattail.",
                hint=f"copy or move it as a whole (cp -a, mv), then: rattail make-appdir --path {shlex.quote('NEW')}",
            )
    for candidate in candidates:
        if upstream_evidence(candidate):
            return os.path.realpath(candidate)
    raise InputRejected(
        f"{shown(root)} is not known as a folder of upstream Rattail. Expected one with rattail.conf or with its "
        "folders (cache, data, log, work; data/batch, cache/sessions), or the environment around it.",
        hint="to take an app folder of this program that lost its marker: rattail make-appdir --adopt --path FOLDER",
    )


def check_apart(source: str, target: str) -> None:
    """Refuse a target that overlaps with the old folder, or shares an environment with it.

    Raises:
        InputRejected: with the reason.
    """
    fresh = "python3 -m venv NEW, install this program there, then: NEW/bin/rattail make-appdir --adopt " + shlex.quote(
        source
    )
    real = os.path.realpath(target)
    if real == source:
        raise InputRejected(
            f"{shown(source)} cannot be adopted into itself: the old folder stays as it is.", hint=fresh
        )
    if is_inside(real, source) or is_inside(source, real):
        inner, outer = (real, source) if is_inside(real, source) else (source, real)
        raise InputRejected(
            f"{shown(inner)} lies inside {shown(outer)}: the old folder and the new one have to lie apart.", hint=fresh
        )
    old = environment_of(source)
    if old is not None and old in (environment_of(real), os.path.realpath(sys.prefix)):
        raise InputRejected(
            f"the old folder and this program share the environment {shown(old)}, where the distributions "
            "'rattail' and 'rattail-appfolder' overwrite each other's files. The new folder needs an environment of "
            "its own.",
            hint=fresh,
        )


def environment_of(path: str) -> str | None:
    """The virtual environment around a path; None where there is none."""
    above = path
    while above != os.path.dirname(above):
        if os.path.exists(f"{above}/pyvenv.cfg"):
            return os.path.realpath(above)
        above = os.path.dirname(above)
    return None


def is_inside(path: str, folder: str) -> bool:
    """Whether `path` lies below `folder`; both absolute and real."""
    return path.startswith(folder.rstrip("/") + "/")


def check_in_place(root: str, declared: tuple[str, ...]) -> None:
    """Refuse to adopt in place what does not look like an app folder of ours without its marker.

    `declared` are the names of the folders that one has in its root.

    Raises:
        NoSuchThing: there is no folder.
        InputRejected: it is upstream's, or nothing in it looks like ours.
    """
    try:
        names = set(os.listdir(root))
    except FileNotFoundError:
        raise NoSuchThing(
            f"there is no folder {shown(root)} to adopt.",
            hint=f"make a new one: rattail make-appdir --path {shlex.quote(root)}",
        ) from None
    except OSError as error:
        raise refusal("read the folder to adopt", root, error) from error
    evidence = upstream_evidence(root)
    if evidence:
        raise InputRejected(
            f"{shown(root)} was made by upstream Rattail (it has {', '.join(evidence[:3])}) and cannot be adopted in "
            "place: the two cannot live in one environment.",
            hint=f"copy it into a new environment: NEW/bin/rattail make-appdir --adopt {shlex.quote(root)}",
        )
    files = names & {SETTINGS_FILE, "secrets.toml", MARKER}
    if not files and len(names & set(declared)) < 3:
        raise InputRejected(
            f"{shown(root)} does not look like an app folder: expected {SETTINGS_FILE}, secrets.toml or three of the "
            f"folders {', '.join(declared)}.",
            hint=f"a new one goes into an empty place: rattail make-appdir --path {shlex.quote('NEW')}",
        )


def _is_upstream_file(path: str) -> bool:
    if os.path.basename(path) in _OWN_FILES:
        return os.path.isfile(path)
    try:
        with open(open_old(path), "rb") as stream:
            text = stream.read(_LOOKED_AT_BYTES).decode("latin-1").lower()
    except OSError:
        return False
    return any(mark in text for mark in _MARKS)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)
