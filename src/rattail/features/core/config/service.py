"""Look at one setting, and change it: the services behind get-option and set-option."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rattail.appdir.files import opened_folder, replace_file
from rattail.appdir.hints import pasted_line
from rattail.appdir.lock import lock_appdir
from rattail.appdir.marker import Marker
from rattail.appdir.names import CACHEDIR_TAG, IDENTITY, is_temporary
from rattail.appdir.refusal import refusal, shown, user_name
from rattail.config.edit import with_value, without_value
from rattail.config.load import Setting, Settings, environment_variables, load_settings
from rattail.config.option import Option, Value
from rattail.config.render import FOLDERS_TABLE
from rattail.config.toml_text import LARGEST_FILE_BYTES, SECRETS_FILE, SETTINGS_FILE, STRANGER, Unreadable, read_text
from rattail.config.values import WrongValue, parse_value
from rattail.errors import AppDirNotFound, ConfigInvalid, InputRejected, NoSuchThing, NotAllowed
from rattail.features.core.make.files import new_secret
from rattail.registry import Registry

_LIKENESS = 0.7


class Move(NamedTuple):
    """A folder that is to lie elsewhere than where make-appdir made it.

    `has_files` says whether something lies at the old place.
    """

    old: str
    new: str
    has_files: bool
    is_parent_missing: bool


class Change(NamedTuple):
    """What setting an option did.

    `was` is what the file said before, None where it said nothing. `is_generated`: the value is a new
    random one, because the default was asked for.
    """

    option: Option
    path: str
    was: Value | None
    value: Value | None
    is_changed: bool
    is_generated: bool
    overridden_by: str
    still_wrong: tuple[str, ...]
    move: Move | None


def typed(root: str, verb: str, *words: str) -> str:
    """The command line that does something in the same app folder, for hints; the edge names the program in full."""
    return pasted_line("rattail", verb, *words, "--appdir", root)


def find_option(registry: Registry, key: str, *, root: str) -> Option:
    """The option with that full name. `root` is the app folder that the hint names.

    Raises:
        NoSuchThing: there is none; the message names the one that was perhaps meant.
    """
    by_key = {option.key: option for option in registry.options}
    if key in by_key:
        return by_key[key]
    near = _near(registry.options, key)
    meant = f" Did you mean '{near}'?" if near else ""
    hint = f"list all of them: {typed(root, 'show-config')}"
    raise NoSuchThing(f"there is no option {shown(key)}.{meant}", hint=hint)


def _near(options: Sequence[Option], key: str) -> str:
    """The option that was perhaps meant: in the table that was named, else of that name, else a like one."""
    from difflib import get_close_matches

    table, _, name = key.partition(".")
    here = {option.name: option.key for option in options if option.table == table}
    anywhere = {option.name: option.key for option in reversed(options)}
    whole = {option.key: option.key for option in options}
    for known, wanted in ((here, name), (whole, "" if here else key), (anywhere, name or key)):
        near = get_close_matches(wanted, known, 1, cutoff=_LIKENESS)
        if near:
            return known[near[0]]
    return ""


def parsed(option: Option, text: str) -> Value:
    """The value that a text from the command line means.

    Raises:
        InputRejected: it is none for this option; the message says what was expected.
    """
    try:
        return parse_value(option, text)
    except WrongValue:
        from rattail.config.faults import found_text, suggestion

        found = found_text(option, text)
        raise InputRejected(
            f"{option.key}: expected {option.expected}; found {found}.{suggestion(option, text)}"
        ) from None


def set_option(
    registry: Registry, option: Option, value: Value | None, *, root: str, marker: Marker, environ: Mapping[str, str]
) -> Change:
    """Write one option into its file, under the lock; with None, put its default back.

    Everything else in the file stays as it is, and so do its mode and owner. A generated secret whose
    default is asked for gets a fresh value. Setting what is set already writes nothing.

    Raises:
        InputRejected: the place of a folder cannot be, or the file cannot be changed in this alone.
        ConfigInvalid: the file is not TOML.
        AppDirNotFound: the file is missing.
        NotAllowed: the file belongs to somebody else.
        AppDirBusy, AppDirBroken: the lock is held, or the disk refuses.
    """
    name = SECRETS_FILE if option.is_secret else SETTINGS_FILE
    is_generated = value is None and option.is_generated
    if is_generated:
        value = new_secret()

    def change(text: str) -> str:
        if value is None:
            return without_value(text, option, name=name)
        return with_value(text, option, value, name=name)

    with locked(root, "set-option"):
        before = load_settings(registry.options, root=root, environ=environ)
        was = before.in_files.get(option.key)
        move = None
        if option.table == FOLDERS_TABLE:
            move = _checked_move(registry, option, value, root=root, marker=marker, settings=before)
        is_changed = was is None or was != value
        if is_changed:
            is_changed = _rewrite(root, name, change)
        after = load_settings(registry.options, root=root, environ=environ)
    overridden = next((one for one in environment_variables(option) if one in environ), "")
    still_wrong = tuple(fault.message for fault in after.faults if fault.kind != STRANGER)
    return Change(option, f"{root}/{name}", was, value, is_changed, is_generated, overridden, still_wrong, move)


@contextmanager
def locked(root: str, command: str) -> Iterator[None]:
    """The app folder's lock; what the system refuses, also inside the block, becomes a sentence."""
    try:
        with lock_appdir(root, command=command):
            yield
    except OSError as error:
        raise refusal("write in", root, error) from error


def read_settings_file(root: str, name: str) -> str | None:
    """The text of a file in the root of the app folder; None where there is none.

    Raises:
        ConfigInvalid: it is no plain UTF-8 file of a sensible size.
    """
    try:
        return read_text(f"{root}/{name}", name)
    except Unreadable as error:
        raise ConfigInvalid([error.message], hint="mend it, then run the same command again") from None


def replace_text(root: str, name: str, text: str) -> None:
    """Put a whole new text in place of a file's, its mode and its owner kept.

    Raises:
        NotAllowed: the file belongs to somebody else, who would lose it.
        AppDirBroken: the system refuses.
    """
    path = f"{root}/{name}"
    try:
        found = os.lstat(path)
        if os.geteuid() not in (0, found.st_uid):
            owner, me = user_name(found.st_uid), user_name(os.geteuid())
            raise NotAllowed(
                f"{shown(path)} belongs to user {owner}; written by {me} it would belong to {me}.",
                hint=f"give it to the folder's owner first: {pasted_line('chown', str(os.geteuid()), path)}",
            )
        with opened_folder(root) as fd:
            owner_and_group = (found.st_uid, found.st_gid)
            replace_file(fd, name, text.encode(), mode=stat.S_IMODE(found.st_mode), owner=owner_and_group)
    except OSError as error:
        raise refusal("write", path, error) from error


def _rewrite(root: str, name: str, change: Callable[[str], str]) -> bool:
    """Replace a settings file by what `change` makes of its text. False where that is the same."""
    text = read_settings_file(root, name)
    if text is None:
        hint = f"make it anew: {typed(root, 'make-appdir')}"
        raise AppDirNotFound(f"{shown(f'{root}/{name}')} is missing.", hint=hint)
    changed = change(text)
    if changed == text:
        return False
    if len(changed.encode()) > LARGEST_FILE_BYTES:
        raise InputRejected(f"the value is too long: {name} may have at most {LARGEST_FILE_BYTES >> 10} KiB.")
    replace_text(root, name, changed)
    return True


def _checked_move(
    registry: Registry, option: Option, value: Value | None, *, root: str, marker: Marker, settings: Settings
) -> Move | None:
    """Where a folder would go; None where it stays. Refuses a place that the layout does not take."""
    wanted = Setting(option, option.default if value is None else value, SETTINGS_FILE)
    before = settings.relocations(root)
    after = settings._replace(by_key={**settings.by_key, option.key: wanted}).relocations(root)
    known_faults = _place_faults(registry, before, root, marker)
    faults = [fault for fault in _place_faults(registry, after, root, marker) if fault not in known_faults]
    if faults:
        raise InputRejected(" ".join(faults), hint="nothing was changed; choose another place")
    in_folder = f"{root}/{option.name}"
    old, new = marker.relocated.get(option.name, in_folder), after.get(option.name, in_folder)
    if old == new:
        return None
    return Move(old, new, _has_files(old), not os.path.isdir(os.path.dirname(new)))


def _place_faults(registry: Registry, relocations: Mapping[str, str], root: str, marker: Marker) -> tuple[str, ...]:
    try:
        registry.layout.place(root, relocations, app_id=marker.app_id)
    except ConfigInvalid as error:
        return error.faults
    return ()


def _has_files(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(one.name not in (CACHEDIR_TAG, IDENTITY) and not is_temporary(one.name) for one in entries)
    except OSError:
        return False
