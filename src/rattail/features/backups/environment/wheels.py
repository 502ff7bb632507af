"""The wheels that rebuild an environment without a network, kept in a cache beside the backups."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

from rattail.appdir.names import TEMPORARY_PREFIX
from rattail.errors import NoSuchThing
from rattail.features.backups.environment.record import environment_record
from rattail.features.backups.environment.repacking import members_of, recorded_rows, repack
from rattail.features.backups.environment.sources import SourceUnusable, build_wheel, source_of, state_of_source
from rattail.features.backups.environment.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rattail.features.backups.environment.record import Distribution, Interpreter, Record

#: Raised where wheels are made differently, so that older ones are made again.
_EDITION = 1
_NOTES = "wheel.json"
#: So many states of one distribution stay: several environments may share a cache.
_KEPT_STATES = 3
_NOBODYS = ("__pycache__", "_virtualenv.py", "_virtualenv.pth", "README.txt", "easy-install.pth")


def wheels(
    prefix: str,
    cache_folder: str,
    *,
    progress: Callable[[int], None] = lambda _count: None,
    warn: Callable[[str], None] = lambda _text: None,
) -> tuple[Wheel, ...]:
    """A wheel of everything installed in the environment at `prefix`, pip included, sorted by file name.

    They are repacked from the installed files; nothing is fetched. What `cache_folder` has already is not made
    again, but compared with its SHA-256. The caller holds the lock of the cache; a process killed at any point leaves
    only a `.tmp-` folder, which the next run removes. `progress` is told how many distributions are done; `warn`
    gets a sentence for everything that is not in the wheels or was changed by hand, also from the cache.

    Raises:
        NoSuchThing: there is no environment.
        OSError: an installed file cannot be read, or the cache not be written.
    """
    record = environment_record(prefix)
    os.makedirs(cache_folder, mode=0o700, exist_ok=True)
    for name in os.listdir(cache_folder):
        if name.startswith(TEMPORARY_PREFIX):
            shutil.rmtree(os.path.join(cache_folder, name))
    found: list[Wheel] = []
    for number, distribution in enumerate(record.distributions, 1):
        try:
            found.append(_kept_or_made(distribution, record.interpreter, cache_folder, warn))
        except (NoSuchThing, SourceUnusable) as problem:
            warn(_left_out(distribution, str(problem)))
        progress(number)
    if not any(one.file_name.startswith("pip-") for one in found):
        found.extend(_bundled_pip(record.interpreter, warn))
    _warn_of_nobodys(record, warn)
    _forget_old(cache_folder)
    return tuple(sorted(found, key=lambda one: one.file_name))


def _kept_or_made(
    distribution: Distribution, interpreter: Interpreter, cache_folder: str, warn: Callable[[str], None]
) -> Wheel:
    stem = f"{distribution.name}-{distribution.version}".replace("/", "_")
    entry = os.path.join(cache_folder, f"{stem}-{_state(distribution, interpreter, cache_folder)[:20]}")
    if (kept := _kept(entry, warn)) is not None:
        return kept
    temporary = os.path.join(cache_folder, TEMPORARY_PREFIX + os.urandom(8).hex())
    os.mkdir(temporary, 0o700)
    warnings: list[str] = []
    try:
        if distribution.is_editable:
            file_name = build_wheel(distribution, interpreter, temporary, cache_folder=cache_folder)
        else:
            file_name = repack(distribution, interpreter, temporary, warn=warnings.append)
        notes = {"file": file_name, "sha256": _sha256(os.path.join(temporary, file_name)), "warnings": warnings}
        with open(os.path.join(temporary, _NOTES), "w", encoding="utf-8") as stream:
            json.dump(notes, stream)
        shutil.rmtree(entry, ignore_errors=True)  # damaged
        os.rename(temporary, entry)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for text in warnings:
        warn(text)
    path = os.path.join(entry, file_name)
    return Wheel(path, file_name, os.stat(path).st_size, str(notes["sha256"]))


def _kept(entry: str, warn: Callable[[str], None]) -> Wheel | None:
    """The wheel of an entry of the cache, or None where there is none or it is damaged."""
    try:
        with open(os.path.join(entry, _NOTES), encoding="utf-8") as stream:
            notes = json.load(stream)
        path = os.path.join(entry, os.path.basename(notes["file"]))
        wheel = Wheel(path, notes["file"], os.stat(path).st_size, _sha256(path))
        if wheel.sha256 != notes["sha256"]:
            return None
        os.utime(entry)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    for text in notes["warnings"]:
        warn(text)
    return wheel


def _state(distribution: Distribution, interpreter: Interpreter, cache_folder: str) -> str:
    """A digest that is another as soon as any file of the distribution is."""
    digest = hashlib.sha256(f"{_EDITION}\n{distribution.info}\n{interpreter.tag}\n".encode())
    for path, recorded in recorded_rows(distribution):
        digest.update(f"{path},{recorded}\n".encode(errors="surrogateescape"))
    if distribution.is_editable:
        digest.update(state_of_source(source_of(distribution), cache_folder=cache_folder).encode())
        return digest.hexdigest()
    for member in members_of(distribution, interpreter):
        try:
            status = os.stat(member.path)
        except OSError:
            digest.update(b"gone\n")
        else:
            digest.update(f"{status.st_size} {status.st_mtime_ns} {status.st_mode}\n".encode())
    return digest.hexdigest()


def _left_out(distribution: Distribution, why: str) -> str:
    what = f"{distribution.name} {distribution.version} is not among the wheels of the backup: {why.rstrip('.')}."
    if distribution.is_editable:
        return f"{what} Install its build backend into the environment, or install it without '--editable'."
    return f"{what} Install it again with pip, into the environment itself."


def _bundled_pip(interpreter: Interpreter, warn: Callable[[str], None]) -> tuple[Wheel, ...]:
    """The pip that came with Python, for an environment that has none: without one nothing can be installed."""
    path = interpreter.bundled_pip
    if not path:
        warn("There is no pip in the environment: to rebuild it, one will be needed there. Install pip into it.")
        return ()
    return (Wheel(path, os.path.basename(path), os.stat(path).st_size, _sha256(path)),)


def _warn_of_nobodys(record: Record, warn: Callable[[str], None]) -> None:
    """Say which files lie among the installed ones without belonging to any distribution."""
    owned = {path.partition("/")[0] for one in record.distributions for path, _ in recorded_rows(one)}
    sites = [site for site in record.interpreter.sites if site.startswith(f"{record.interpreter.prefix}/")]
    strays = sorted(name for site in sites for name in _names_in(site) if name not in owned and name not in _NOBODYS)
    strays = [name for name in strays if not name.endswith((".dist-info", ".egg-info", ".egg-link"))]
    if strays:
        listed = ", ".join(strays[:10]) + (f" and {len(strays) - 10} more" if len(strays) > 10 else "")
        warn(f"Nothing that was installed owns these among the packages; they are not in the backup: {listed}.")


def _names_in(folder: str) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return ()


def _forget_old(cache_folder: str) -> None:
    """Of each distribution, let only the states that were used last stay."""
    states: dict[str, list[tuple[int, str]]] = {}
    with os.scandir(cache_folder) as entries:
        for entry in entries:
            notes = os.path.join(entry.path, _NOTES)
            if os.path.exists(notes):
                with open(notes, encoding="utf-8") as stream:
                    name = str(json.load(stream).get("file")).partition("-")[0]
                states.setdefault(name, []).append((entry.stat().st_mtime_ns, entry.path))
    for found in states.values():
        for _, path in sorted(found, reverse=True)[_KEPT_STATES:]:
            shutil.rmtree(path)


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
