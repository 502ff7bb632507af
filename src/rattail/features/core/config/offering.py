"""Fresh editions of generated files beside the ones an operator edited: made, shown, taken, thrown away."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import Literal, NamedTuple

from rattail.appdir.files import create_file, opened_folder, replace_file
from rattail.appdir.layout import Making
from rattail.appdir.make import WantedFile
from rattail.appdir.marker import Marker, Written, read_marker
from rattail.appdir.names import MARKER, OFFERED_SUFFIX
from rattail.appdir.refusal import refusal, shown
from rattail.config.load import MASK, load_settings, read_values
from rattail.config.option import Option, Value
from rattail.config.toml_text import SETTINGS_FILE, Unreadable
from rattail.errors import ConfigInvalid, InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.core.config.service import locked, read_settings_file, replace_text, typed
from rattail.features.core.make.files import generated_file, settings_file
from rattail.registry import Registry

REPLACED_SUFFIX = ".old"
_MARKER_MODE = 0o640
_SHORTEST_MASKED = 6


class ConfigMade(NamedTuple):
    """What make-config did: wrote the file, put a fresh one beside it, or had nothing to do."""

    path: str
    action: Literal["write", "offer", "none"]


class Accepted(NamedTuple):
    """An offered file that is now in place; `kept_as` is the name of the one it replaced, or empty."""

    name: str
    kept_as: str


def generated_names(registry: Registry) -> tuple[str, ...]:
    """The names of the files of which a new edition may be offered. Never the secrets."""
    return (SETTINGS_FILE, *(file.path for _, file in registry.files))


def find_generated(registry: Registry, name: str, *, root: str) -> str:
    """A name as typed, perhaps with `.new`, as one of the known ones. `root` is for the hint.

    Raises:
        NoSuchThing: it is none of them, so no other file can be reached this way.
    """
    names = generated_names(registry)
    plain = name.removesuffix(OFFERED_SUFFIX)
    if plain in names:
        return plain
    from difflib import get_close_matches

    near = get_close_matches(plain, names, 1)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    raise NoSuchThing(
        f"no new edition is ever offered of {shown(name)}; expected one of {', '.join(names)}.{meant}",
        hint=f"see what is offered: {typed(root, 'diff-config')}",
    )


def offered_names(registry: Registry, root: str) -> tuple[str, ...]:
    """The generated files beside which a new edition lies."""
    return tuple(name for name in generated_names(registry) if os.path.lexists(f"{root}/{name}{OFFERED_SUFFIX}"))


def fresh_settings(registry: Registry, root: str) -> WantedFile:
    """A fresh, commented settings file with the values that the operator's own has.

    Raises:
        ConfigInvalid: the operator's own has faults, so that values would be lost.
    """
    settings = load_settings(registry.options, root=root, environ={})
    return settings_file(registry, root, settings.require_sound(), {})


def write_fresh_settings(registry: Registry, root: str) -> ConfigMade:
    """Write the fresh settings file if there is none, else beside it if it differs.

    Raises:
        ConfigInvalid: see `fresh_settings`.
        AppDirBusy, AppDirBroken: the lock is held, or the disk refuses.
    """
    path = f"{root}/{SETTINGS_FILE}"
    with locked(root, "make-config"):
        wanted = fresh_settings(registry, root)
        present = read_settings_file(root, SETTINGS_FILE)
        text = wanted.content.decode()
        if present == text:
            return ConfigMade(path, "none")
        with opened_folder(root) as fd:
            if present is None and create_file(fd, SETTINGS_FILE, wanted.content, mode=wanted.mode):
                _record(root, SETTINGS_FILE, wanted.as_written)
                return ConfigMade(path, "write")
            if read_settings_file(root, SETTINGS_FILE + OFFERED_SUFFIX) != text:
                replace_file(fd, SETTINGS_FILE + OFFERED_SUFFIX, wanted.content, mode=wanted.mode)
        known = _require_marker(root).files.get(SETTINGS_FILE, Written("", ""))
        _record(root, SETTINGS_FILE, known._replace(offered=wanted.edition))
        return ConfigMade(path + OFFERED_SUFFIX, "offer")


def write_copy(wanted: WantedFile, path: str) -> None:
    """Write a fresh file anywhere; an existing one is never touched.

    Raises:
        WouldOverwrite: something has that name.
        AppDirBroken: the system refuses.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        with opened_folder(os.path.realpath(folder)) as fd:
            is_written = bool(name) and create_file(fd, name, wanted.content, mode=wanted.mode)
    except (OSError, ValueError) as error:
        said = error if isinstance(error, OSError) else OSError(0, str(error))
        raise refusal("write", path, said) from error
    if not is_written:
        raise WouldOverwrite(f"{shown(path)} is there already and stays as it is.", hint="give another name")


def difference(registry: Registry, root: str, name: str) -> list[str]:
    """The lines of a unified diff from a file to its offered edition, secrets masked; empty: the same.

    Raises:
        NoSuchThing: nothing is offered for it.
        ConfigInvalid: one of the two cannot be read.
    """
    from difflib import unified_diff

    new = _offered_text(root, name)
    old = read_settings_file(root, name) or ""
    settings = load_settings(registry.options, root=root, environ={})
    secrets = [option for option in registry.options if option.is_secret]
    values = [str(settings.by_key[option.key].value) for option in secrets]
    before, after = (_masked(text, secrets, values).splitlines() for text in (old, new))
    lines = unified_diff(before, after, fromfile=name, tofile=name + OFFERED_SUFFIX, lineterm="")
    return [printable(line) for line in lines]


def accept_offer(registry: Registry, root: str, name: str) -> Accepted:
    """Put the offered edition of a file in its place; what it replaces is kept beside it.

    The marker remembers, so that make-appdir does not offer the same again.

    Raises:
        NoSuchThing: nothing is offered for it.
        ConfigInvalid: the offered settings have faults.
        InputRejected: the offered settings hold other values than the present ones.
        AppDirBusy, AppDirBroken, NotAllowed: the lock is held, or the disk refuses.
    """
    with locked(root, "accept-config"):
        new = _offered_text(root, name)
        old = _text_or_empty(root, name)
        if name == SETTINGS_FILE:
            _check_values(registry, root, old, new)
        known = _require_marker(root).files.get(name, Written("", ""))
        kept_as = ""
        wanted = _wanted(registry, root, name)
        with opened_folder(root) as fd:
            if not os.path.lexists(f"{root}/{name}"):
                create_file(fd, name, new.encode(), mode=wanted.mode if wanted else 0o640)
            elif old != new:
                kept_as = _keep(fd, root, name)
                replace_text(root, name, new)
            _record(root, name, _written(wanted, new, known))
            os.unlink(name + OFFERED_SUFFIX, dir_fd=fd)
            os.fsync(fd)
    return Accepted(name, kept_as)


def reject_offer(registry: Registry, root: str, name: str) -> None:
    """Throw an offered edition away. It is not offered again; a later one is.

    Raises:
        NoSuchThing: nothing is offered for it.
        AppDirBusy, AppDirBroken: the lock is held, or the disk refuses.
    """
    with locked(root, "accept-config"):
        _require_offer(root, name)
        known = _require_marker(root).files.get(name, Written("", ""))
        if not known.offered:
            wanted = _wanted(registry, root, name)
            _record(root, name, known._replace(offered=wanted.edition if wanted else ""))
        with opened_folder(root) as fd:
            os.unlink(name + OFFERED_SUFFIX, dir_fd=fd)
            os.fsync(fd)


def _require_offer(root: str, name: str) -> None:
    if not os.path.lexists(f"{root}/{name}{OFFERED_SUFFIX}"):
        raise NoSuchThing(
            f"no new edition of {name} is offered: there is no {shown(f'{root}/{name}{OFFERED_SUFFIX}')}.",
            hint=f"see what is offered: {typed(root, 'diff-config')}",
        )


def _offered_text(root: str, name: str) -> str:
    _require_offer(root, name)
    return read_settings_file(root, name + OFFERED_SUFFIX) or ""


def _text_or_empty(root: str, name: str) -> str:
    try:
        return read_settings_file(root, name) or ""
    except ConfigInvalid:
        if not stat.S_ISREG(os.lstat(f"{root}/{name}").st_mode):
            raise
        return ""  # whatever is in it, it is kept beside the new one


def _check_values(registry: Registry, root: str, old: str, new: str) -> None:
    """Refuse offered settings that would quietly change a value, or that are wrong."""
    anew = typed(root, "make-config")
    by_key = {option.key: option for option in registry.options}
    name = SETTINGS_FILE + OFFERED_SUFFIX
    try:
        offered, faults = read_values(by_key, new, name=name, is_secret=False)
    except Unreadable as error:
        raise ConfigInvalid([error.message], hint=f"mend that line, or make it anew: {anew}") from None
    if faults:
        raise ConfigInvalid([fault.message for fault in faults], hint=f"mend it, or make it anew: {anew}")
    try:
        present, _ = read_values(by_key, old, name=SETTINGS_FILE, is_secret=False)
    except Unreadable:
        return  # no value can be read, so none is lost that was in effect
    others = sorted(key for key in {*offered, *present} if _value(by_key, offered, key) != _value(by_key, present, key))
    if others:
        raise InputRejected(
            f"{name} has other values than {SETTINGS_FILE} has now: {', '.join(others)}. Nothing was changed.",
            hint=f"set those values first, or make it anew with the present ones: {anew}",
        )


def _value(by_key: dict[str, Option], values: dict[str, Value], key: str) -> Value:
    return values.get(key, by_key[key].default)


def _wanted(registry: Registry, root: str, name: str) -> WantedFile | None:
    """The file as it would be written now; None where the settings are too wrong to say."""
    if name == SETTINGS_FILE:
        settings = load_settings(registry.options, root=root, environ={})
        return None if settings.faults else settings_file(registry, root, settings, {})
    making = Making(_require_marker(root).name, registry.layout)
    return next(generated_file(file, making) for _, file in registry.files if file.path == name)


def _written(wanted: WantedFile | None, new: str, known: Written) -> Written:
    """What to remember of an accepted file: as ours if it is just what we write, else as edited."""
    if wanted is not None and wanted.content == new.encode():
        return wanted.as_written
    return Written("", known.offered or (wanted.edition if wanted else known.edition))


def _keep(fd: int, root: str, name: str) -> str:
    """Give a file a second name that nothing has yet; its content, mode and owner stay as they are."""
    for number in range(1, 1000):
        kept_as = name + REPLACED_SUFFIX + (f".{number}" if number > 1 else "")
        try:
            os.link(name, kept_as, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
        except FileExistsError:
            if not os.path.samestat(*(os.stat(one, dir_fd=fd, follow_symlinks=False) for one in (name, kept_as))):
                continue  # an older one; else a command that was killed here has done this already
        return kept_as
    raise WouldOverwrite(
        f"{shown(root)} holds a thousand files {name}{REPLACED_SUFFIX}; move some away, then accept again."
    )


def _record(root: str, name: str, written: Written) -> None:
    marker = _require_marker(root)
    if marker.files.get(name) != written:
        content = marker._replace(files={**marker.files, name: written}).encode()
        with opened_folder(root) as fd:
            replace_file(fd, MARKER, content, mode=_MARKER_MODE)


def _require_marker(root: str) -> Marker:
    marker = read_marker(root)
    assert marker is not None, "the command asked for the marker before"
    return marker


def _masked(text: str, secrets: Iterable[Option], values: Iterable[str]) -> str:
    """A settings text to be shown: secrets that should never have been in it are masked."""
    import re

    from rattail.config.statements import statements

    names = {option.name for option in secrets}
    for one in sorted(statements(text), key=lambda statement: -statement.start):
        if not one.is_header and names.intersection(one.path):
            text = f'{text[: one.value_start]}"{MASK}"{text[one.end :]}'
    for name in names:
        text = re.sub(rf'^([ \t]*["\']?{re.escape(name)}["\']?[ \t]*=).*$', rf'\1 "{MASK}"', text, flags=re.MULTILINE)
    for value in values:
        if len(value) >= _SHORTEST_MASKED:
            text = text.replace(value, MASK)
    return text


def printable(text: str) -> str:
    """A text of which nothing steers a terminal: what cannot be shown is written as an escape."""
    return "".join(letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in text)
