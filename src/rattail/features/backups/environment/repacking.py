"""A wheel out of what an installed distribution has on the disk, by its `RECORD`; nothing is fetched or built.

Two runs over the same files make the same bytes: times are fixed, names sorted.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from rattail.errors import NoSuchThing
from rattail.features.backups.environment.record import normal_name, read_text

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator

    from rattail.features.backups.environment.record import Distribution, Interpreter

NAME_LIMIT_BYTES = 93  # with `wheels/` in front it fits into a plain tar header
_CHUNK_BYTES = 1 << 20
_EARLIEST = (1980, 1, 1, 0, 0, 0)
#: What an installer writes beside the wheel's own files, and writes again.
_OF_INSTALLERS = {
    *("INSTALLER", "REQUESTED", "RECORD", "RECORD.jws", "RECORD.p7s", "direct_url.json", "provenance_url.json"),
    *("uv_cache.json", "uv_build.json"),
}
_LONG_PATH = re.compile(rb"#!/bin/sh\n'''exec' [^\n]*python[^\n]*\n' '''\n")
_OWN_PYTHON = re.compile(rb"#!\"?(/[^\n\"]*)/python[0-9.]*\"?\n")
_OF_THE_SYSTEM = (b"/usr/bin", b"/bin", b"/usr/local/bin")


class Member(NamedTuple):
    """A file of a distribution: its name in the wheel, where it lies, what `RECORD` says of it."""

    name: str
    path: str
    recorded: str  # "sha256=..."; empty where nothing is recorded
    is_script: bool


def members_of(
    distribution: Distribution, interpreter: Interpreter, *, warn: Callable[[str], None] = lambda _text: None
) -> tuple[Member, ...]:
    """The files that belong into a distribution's wheel, in the order they are packed.

    Left out are what Python compiled, what installers write, and the starters of entry points, which pip makes anew.

    Raises:
        NoSuchThing: there is no `RECORD`, so nobody knows which files are its own.
    """
    rows = recorded_rows(distribution)
    if not rows:
        raise NoSuchThing(f"{distribution.name} {distribution.version} has no list of its files (RECORD).")
    data = f"{_stem(distribution)}.data"
    started = _entry_points(distribution)
    found: dict[str, Member] = {}
    for path, recorded in rows:
        absolute = os.path.normpath(os.path.join(distribution.site, path))
        if _is_made_again(path, distribution, absolute, interpreter, started):
            continue
        name = _name_in_wheel(absolute, distribution, interpreter, data)
        if not name:
            warn(f"{distribution.name}: '{absolute}' lies outside the environment and is not packed.")
            continue
        found[name] = Member(name, absolute, recorded, name.startswith(f"{data}/scripts/"))
    return tuple(sorted(found.values(), key=lambda one: (one.name.startswith(distribution.info), one.name)))


def repack(distribution: Distribution, interpreter: Interpreter, folder: str, *, warn: Callable[[str], None]) -> str:
    """Write the wheel of an installed distribution into `folder`; returns its file name.

    A file that was changed since it was installed is packed as it is, one that is gone is left out: `warn` hears
    of both.

    Raises:
        NoSuchThing: it has no `RECORD`.
        OSError: a file cannot be read, or the wheel not be written.
    """
    import zipfile

    members = members_of(distribution, interpreter, warn=warn)
    described = read_text(os.path.join(distribution.site, distribution.info, "WHEEL"))
    wheel_text = described or _described(members, interpreter)
    file_name = _file_name(distribution, wheel_text)
    record_name = f"{distribution.info}/RECORD"
    rows: list[tuple[str, str, object]] = []
    with zipfile.ZipFile(os.path.join(folder, file_name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for member in members:
            if row := _pack(wheel, member, distribution, warn):
                rows.append(row)
        if not described:
            warn(f"{distribution.name}: its file WHEEL is gone; a new one was written.")
            rows.append(_write(wheel, f"{distribution.info}/WHEEL", wheel_text.encode()))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record_name, "", "")])
        _write(wheel, record_name, text.getvalue().encode())
    return file_name


def recorded_rows(distribution: Distribution) -> list[tuple[str, str]]:
    """Path and hash of every file that `RECORD` names; paths are relative to where the distribution lies."""
    path = os.path.join(distribution.site, distribution.info, "RECORD")
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return [(row[0], row[1] if len(row) > 1 else "") for row in csv.reader(stream) if row]
    except OSError:
        return []


def _stem(distribution: Distribution) -> str:
    stem = distribution.info.removesuffix(".dist-info")
    if stem.count("-") == 1:
        return stem
    return "-".join(re.sub(r"[^\w.!+]+", "_", part) for part in (distribution.name, distribution.version))


def _entry_points(distribution: Distribution) -> set[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of programs keep their case
    try:
        parser.read_string(read_text(os.path.join(distribution.site, distribution.info, "entry_points.txt")))
    except configparser.Error:
        return set()
    return {name for section in ("console_scripts", "gui_scripts") if section in parser for name in parser[section]}


def _is_made_again(
    path: str, distribution: Distribution, absolute: str, interpreter: Interpreter, started: set[str]
) -> bool:
    folder, _, name = path.rpartition("/")
    if folder == distribution.info and name in _OF_INSTALLERS:
        return True
    if folder.rpartition("/")[2] == "__pycache__" and name.endswith((".pyc", ".pyo")):
        return True
    is_of_pip = normal_name(distribution.name) == "pip" and re.fullmatch(r"pip[\d.]*", name)
    return os.path.dirname(absolute) == interpreter.scripts and bool(name in started or is_of_pip)


def _name_in_wheel(absolute: str, distribution: Distribution, interpreter: Interpreter, data: str) -> str:
    if absolute.startswith(f"{distribution.site}/"):
        return absolute[len(distribution.site) + 1 :]
    for site in interpreter.sites:
        if absolute.startswith(f"{site}/"):
            return f"{data}/{'platlib' if '64' in site else 'purelib'}/{absolute[len(site) + 1 :]}"
    if absolute.startswith(f"{interpreter.scripts}/"):
        return f"{data}/scripts/{absolute[len(interpreter.scripts) + 1 :]}"
    if absolute.startswith(f"{interpreter.headers}/") and "/" in absolute[len(interpreter.headers) + 1 :]:
        return f"{data}/headers/{absolute[len(interpreter.headers) + 1 :].partition('/')[2]}"
    prefix = interpreter.prefix.rstrip("/")
    return f"{data}/data/{absolute[len(prefix) + 1 :]}" if absolute.startswith(f"{prefix}/") else ""


def _file_name(distribution: Distribution, wheel_text: str) -> str:
    """The wheel's name with all its tags; where that is too long, only its oldest platform, which runs on all."""
    tags = [tag.strip().split("-", 2) for tag in re.findall(r"(?m)^Tag:(.*)$", wheel_text)]
    parts = [sorted(set(part)) for part in zip(*(tag for tag in tags if len(tag) == 3), strict=True)]
    parts = parts or [["py3"], ["none"], ["any"]]
    for platforms in (parts[2], sorted(parts[2], key=_age)[:1]):
        named = "-".join(".".join(part) for part in (*parts[:2], platforms))
        name = f"{_stem(distribution)}-{named}.whl"
        if len(name) <= NAME_LIMIT_BYTES:
            return name
    raise NoSuchThing(f"{distribution.name} {distribution.version} makes a file name that is too long ({name}).")


def _age(platform: str) -> tuple[int, ...]:
    perennial = re.match(r"m\w+linux_(\d+)_(\d+)_", platform)
    return tuple(map(int, perennial.groups())) if perennial else (0,)


def _described(members: tuple[Member, ...], interpreter: Interpreter) -> str:
    is_compiled = any(member.name.endswith(".so") for member in members)
    tag = interpreter.tag if is_compiled else "py3-none-any"
    return f"Wheel-Version: 1.0\nGenerator: rattail\nRoot-Is-Purelib: {str(not is_compiled).lower()}\nTag: {tag}\n"


def _pack(
    wheel: zipfile.ZipFile, member: Member, distribution: Distribution, warn: Callable[[str], None]
) -> tuple[str, str, object] | None:
    import zipfile

    try:
        stream = open(member.path, "rb")  # noqa: SIM115 - closed below
    except (FileNotFoundError, NotADirectoryError):
        warn(f"{distribution.name}: '{member.path}' is gone since it was installed and is not packed.")
        return None
    with stream:
        mode = os.fstat(stream.fileno()).st_mode
        if not stat.S_ISREG(mode):
            warn(f"{distribution.name}: '{member.path}' is not a plain file and is not packed.")
            return None
        info = _info(member.name, is_executable=bool(mode & 0o111))
        on_disk, packed, size = hashlib.sha256(), hashlib.sha256(), 0
        with wheel.open(info, "w", force_zip64=os.fstat(stream.fileno()).st_size >= zipfile.ZIP64_LIMIT >> 1) as into:
            for chunk, content in _contents(stream, member):
                on_disk.update(chunk)
                packed.update(content)
                size += into.write(content)
    if member.recorded.startswith("sha256=") and member.recorded != _recorded(on_disk.digest()):
        warn(f"{distribution.name}: '{member.path}' was changed since it was installed; it is packed as it is.")
    return member.name, _recorded(packed.digest()), size


def _contents(stream: io.BufferedReader, member: Member) -> Iterator[tuple[bytes, bytes]]:
    """Piece by piece what lies on the disk and what is packed: a script's first line names no place in a wheel."""
    is_first = True
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk, _unplaced(chunk) if is_first and member.is_script else chunk
        is_first = False


def _unplaced(head: bytes) -> bytes:
    if long := _LONG_PATH.match(head):
        return b"#!python\n" + head[long.end() :]
    own = _OWN_PYTHON.match(head)
    return b"#!python\n" + head[own.end() :] if own and own[1] not in _OF_THE_SYSTEM else head


def _write(wheel: zipfile.ZipFile, name: str, content: bytes) -> tuple[str, str, object]:
    wheel.writestr(_info(name, is_executable=False), content)
    return name, _recorded(hashlib.sha256(content).digest()), len(content)


def _info(name: str, *, is_executable: bool) -> zipfile.ZipInfo:
    import zipfile

    info = zipfile.ZipInfo(name, _EARLIEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if is_executable else 0o644)) << 16
    return info


def _recorded(digest: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
