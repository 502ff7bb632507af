"""Which folder of upstream's becomes which of ours, and which are left behind."""

import os
import re
from typing import NamedTuple

from rattail.appdir.names import IDENTITY, LOCK, MARKER, is_temporary
from rattail.appdir.refusal import shown
from rattail.features.core.adopt.ini import Ini, IniOption, old_root
from rattail.features.core.adopt.recognise import is_inside

UPSTREAM_FOLDER = "upstream"
REPORT = f"{UPSTREAM_FOLDER}/ADOPTED.txt"
CONFIG_MODE = 0o600

_SCRATCH = "scratch: {}"
_LEFT_OUT = {
    "cache": _SCRATCH.format("a cache is made anew"),
    "sessions": _SCRATCH.format("people log in anew (upstream's session files run code when they are read)"),
    "work": _SCRATCH.format("files for a while"),
    "data/uploads": _SCRATCH.format(
        "uploads that batches used were copied into the batches; only sessions knew the others"
    ),
}
_MOVED = {"batch": "data/batches", "data/batch": "data/batches"}
#: Option that says where a folder lies: (its place here, or the reason to leave it out).
_CONFIGURED = {
    "datadir": ("data", ""),
    "batch.files": ("data/batches", ""),
    "export.files": ("data/exports", ""),
    "poser": ("poser", ""),
    "workdir": ("", _LEFT_OUT["work"]),
    "generated_projects.storage_dir": ("", _LEFT_OUT["work"]),
}
_CONFIGURED_ELSEWHERE = {
    ("rattail.upgrades", "files"): ("data/upgrades", ""),
    ("rattail.cleanup", "beaker.session_dir"): ("", _LEFT_OUT["sessions"]),
    ("app:main", "beaker.session.data_dir"): ("", _LEFT_OUT["sessions"]),
    ("app:main", "beaker.session.lock_dir"): ("", _LEFT_OUT["sessions"]),
    ("app:main", "pyramid_deform.tempdir"): ("", _LEFT_OUT["data/uploads"]),
    ("tailbone", "batch.uploads"): ("", _LEFT_OUT["data/uploads"]),
}
#: What is ours in the root of an app folder, today or with later features.
_OURS = frozenset(
    {"README.txt", "rattail.toml", "secrets.toml", "luigi.cfg", "overnight.sh", "upgrade.sh", "backup.sh"}
    | {MARKER, LOCK, UPSTREAM_FOLDER}
)
_OUR_RECORDS = re.compile(r"data/(rattail\.sqlite3.*|database)")
_LOG_PATH = re.compile(r"""^\s*\(\s*[rbu]?(['"])(?P<path>.+?)\1""")


class Place(NamedTuple):
    """An upstream folder: where its contents go, or why they go nowhere (`to` is then empty)."""

    at: str
    to: str
    reason: str = ""


class Places(NamedTuple):
    """All places that have a meaning, the folders to walk, and what to say about the rest."""

    by_path: dict[str, Place]
    roots: tuple[str, ...]
    problems: tuple[str, ...]


def find_places(source: str, target: str, ini: Ini) -> Places:
    """Say what each folder is: by upstream's habit, and by what its configuration says."""
    places = {f"{source}/{path}": Place(f"{source}/{path}", to) for path, to in _MOVED.items()}
    places.update({f"{source}/{path}": Place(f"{source}/{path}", "", reason) for path, reason in _LEFT_OUT.items()})
    places[source] = Place(source, ".")
    problems: list[str] = []
    for option, to, reason in _configured(ini):
        where = located(option, source, ini)
        if not os.path.isdir(where):
            if to and option.value.strip():
                problems.append(
                    f"{option.shown} = {option.value.strip()}: there is no such folder; nothing was copied from it."
                )
            continue
        real = os.path.realpath(where)
        if real == source:
            continue
        if is_inside(source, real) or is_inside(target, real) or real == target or real == "/":
            problems.append(f"{option.shown} = {option.value.strip()}: this folder is too wide to be copied.")
            continue
        places[real] = Place(real, to, reason)
        if to == "data":
            places.setdefault(f"{real}/batch", Place(f"{real}/batch", "data/batches"))
            places.setdefault(f"{real}/uploads", Place(f"{real}/uploads", "", _LEFT_OUT["data/uploads"]))
    problems.extend(_logs_elsewhere(source, ini))
    outside = sorted(at for at, place in places.items() if place.to and at != source and not is_inside(at, source))
    roots = [at for at in outside if not any(is_inside(at, other) for other in outside)]
    return Places(places, (source, *roots), tuple(problems))


def located(option: IniOption, source: str, ini: Ini) -> str:
    """The path that an option means; a relative one counts from the environment, else from its file."""
    text = os.path.expanduser(option.value.strip())
    if os.path.isabs(text):
        path, moved = os.path.normpath(text), old_root(ini, source)
        is_moved = moved != source and (path == moved or is_inside(path, moved))
        return source + path[len(moved) :] if is_moved else path
    here = os.path.dirname(option.file)
    candidates = [os.path.normpath(f"{base}/{text}") for base in (os.path.dirname(source), here)]
    return next((path for path in candidates if os.path.lexists(path)), candidates[0])


def destination(to: str, name: str, *, is_config: bool = False) -> str:
    """Where `name` goes whose folder goes to `to`: there, unless the name there is ours."""
    wanted = name if to == "." else f"{to}/{name}"
    if to == UPSTREAM_FOLDER or to.startswith(f"{UPSTREAM_FOLDER}/"):
        return wanted
    first = wanted.partition("/")[0]
    if is_config or first in _OURS or first.removesuffix(".new") in _OURS or _OUR_RECORDS.match(wanted):
        return f"{UPSTREAM_FOLDER}/{wanted}"
    return wanted


def unusable(name: str) -> str:
    """Why a file of this name is not copied; empty where it is."""
    if is_temporary(name):
        return "its name is that of a half-written file, which clean-appdir removes"
    return f"the name {IDENTITY} means something to this program" if name == IDENTITY else ""


def _configured(ini: Ini) -> list[tuple[IniOption, str, str]]:
    wanted = {(section, name): what for section in ("rattail", "wutta") for name, what in _CONFIGURED.items()}
    wanted.update(_CONFIGURED_ELSEWHERE)
    return [(ini.by_key[key], *what) for key, what in wanted.items() if key in ini.by_key]


def _logs_elsewhere(source: str, ini: Ini) -> list[str]:
    problems = []
    for option in ini.by_key.values():
        match = _LOG_PATH.match(option.value)
        if not option.section.startswith("handler_") or option.name != "args" or match is None:
            continue
        where = located(option._replace(value=match["path"]), source, ini)
        if "/" in match["path"] and not is_inside(os.path.realpath(where), source) and os.path.exists(where):
            problems.append(f"{option.shown}: the log file {shown(where)} lies elsewhere and was not copied.")
    return problems
