"""Is the program around the folder whole: distributions, extensions, SQLite?"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator

from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, Looking, Noted, found
from rattail.appdir.refusal import shown
from rattail.config.load import Settings
from rattail.registry import Registry, distribution_folders

_FIRST_FAULTY = (3, 7, 0)
_FIRST_RIGHT = (3, 51, 3)
_MENDED: dict[tuple[int, ...], int] = {(3, 44): 6, (3, 50): 7}
_CLOCK_TOLERANCE_S = 2.0
_CHUNK_BYTES = 1 << 20


def check_sqlite(settings: Settings) -> Iterator[Finding]:
    """Say so where the SQLite that Python is linked with has the WAL-reset fault, and is used."""
    url = settings.by_key.get("database.url")
    if url is not None and str(url.value).startswith("postgres"):
        return
    try:
        from sqlite3 import sqlite_version_info
    except ImportError as error:
        sentence = f"this Python cannot use SQLite, and no other database is configured: {error}."
        yield found("core.W025", "", sentence, hint="install Python's sqlite3 module, or set database.url")
        return
    if has_wal_reset_fault(sqlite_version_info):
        version = ".".join(map(str, sqlite_version_info))
        yield found(
            "core.I008",
            "",
            f"Python is linked with SQLite {version}; versions 3.7.0 to 3.51.2 can damage a database when a "
            "checkpoint meets a commit, which is very rare.",
            hint="nothing forces checkpoints here; upgrade SQLite with the system when a mended version is offered",
        )


def has_wal_reset_fault(version: tuple[int, ...]) -> bool:
    """True for the versions of SQLite with the WAL-reset fault, mended older branches excepted."""
    if not _FIRST_FAULTY <= version < _FIRST_RIGHT:
        return False
    return version[2] < _MENDED.get(version[:2], sys.maxsize)


def check_installation(registry: Registry, looking: Looking) -> Iterator[Finding]:
    """No other distribution overwrites ours, every extension loads, no installed file was edited."""
    if registry.upstream:
        yield found(
            "core.E025",
            registry.upstream,
            f"upstream's distribution 'rattail' is installed in this environment as well ({shown(registry.upstream)}); "
            "it and this program overwrite each other's files, and neither is whole.",
            hint="keep one of the two: make a new environment (python3 -m venv NEW), install this program there, and "
            "copy the old app folder with: NEW/bin/rattail make-appdir --adopt FROM",
        )
    for text in registry.broken:
        yield found("core.E026", "", f"{text}.", hint="install a version that fits, or uninstall it")
    yield from _check_installed_files(looking)


def _check_installed_files(looking: Looking) -> Iterator[Finding]:
    edited, missing = Noted(looking.accepted, "core.W022"), Noted(looking.accepted, "core.W023")
    is_own_environment = sys.prefix != sys.base_prefix
    for folder in distribution_folders():
        is_ours = os.path.basename(folder).startswith("rattail_")
        if folder.startswith(sys.prefix + "/") if is_own_environment else is_ours:
            _compare(folder, edited, missing, is_deep=looking.is_deep)
    yield from edited.finding(
        "the installed file {example} was edited; the next upgrade will undo that. Where it is meant, name it in "
        "[check] accept.",
        "{count} installed files were edited, which the next upgrade will undo: {examples}. Where it is meant, name "
        "them in [check] accept.",
        hint=_install_again(edited),
    )
    yield from missing.finding(
        "the installed file {example} is missing.",
        "{count} installed files are missing: {examples}.",
        hint=_install_again(missing),
    )


def _install_again(noted: Noted) -> str:
    """How to get the first file of those back: what it belongs to is the distribution whose record names it."""
    first = min(noted.examples, default="")
    for folder in distribution_folders():
        if first and first in _paths(folder):
            name, _, version = os.path.basename(folder).removesuffix(".dist-info").partition("-")
            line = pasted_line(
                sys.executable, "-m", "pip", "install", "--force-reinstall", "--no-deps", f"{name}=={version}"
            )
            return f"install its distribution again: {line}"
    return ""


def _paths(folder: str) -> set[str]:
    try:
        with open(f"{folder}/RECORD", encoding="utf-8") as stream:
            rows = _rows(stream.read())
    except (OSError, UnicodeDecodeError):
        return set()
    base = os.path.dirname(folder)
    return {os.path.normpath(f"{base}/{name}") for name, _, _ in rows}


def _compare(folder: str, edited: Noted, missing: Noted, *, is_deep: bool) -> None:
    """Compare the files of one distribution with its record.

    Sizes are compared, and contents by hash where a file is younger than the record that was written
    after it, or everywhere when `is_deep`. What the record has no hash of (compiled files) is passed over.
    """
    record = f"{folder}/RECORD"
    try:
        recorded_at = os.stat(record).st_mtime + _CLOCK_TOLERANCE_S
        with open(record, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return  # made by the system's packages, say: nothing to compare with
    base = os.path.dirname(folder)
    for name, expected, size in _rows(text):
        if not expected:
            continue
        path = f"{base}/{name}"
        try:
            status = os.stat(path)
        except OSError:
            missing.note(os.path.normpath(path))
            continue
        has_size = stat.S_ISREG(status.st_mode) and (not size or status.st_size == int(size))
        is_in_doubt = is_deep or status.st_mtime > recorded_at
        if not has_size or (is_in_doubt and not _has_hash(path, expected)):
            edited.note(os.path.normpath(path))


def _rows(text: str) -> Iterator[tuple[str, str, str]]:
    """The rows of a record: a path below the folder that holds the distribution, its hash, its size."""
    if '"' in text:
        import csv

        lines: Iterator[list[str]] = csv.reader(text.splitlines())
    else:
        lines = (line.split(",") for line in text.splitlines())
    for row in lines:
        if len(row) == 3 and (not row[2] or row[2].isdecimal()):
            yield row[0], row[1], row[2]


def _has_hash(path: str, expected: str) -> bool:
    """Compare with `sha256=<base64 without padding>`. A hash we cannot make counts as equal."""
    import base64
    import hashlib

    algorithm, _, value = expected.partition("=")
    if algorithm not in ("sha256", "sha384", "sha512"):
        return True
    hashed = hashlib.new(algorithm)
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                hashed.update(chunk)
    except OSError:
        return True
    return base64.urlsafe_b64encode(hashed.digest()).rstrip(b"=").decode() == value
