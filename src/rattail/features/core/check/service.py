"""Look for everything that is wrong: the service behind `check-appdir`.

It joins what the folder's own checks need: the settings as far as they can be read, the places, the
marker. Broken settings or a broken marker are findings, and hinder nothing else.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import NamedTuple

from rattail.appdir.checks.core import core_checks
from rattail.appdir.inspect import (
    Accepted,
    Check,
    ExpectedFile,
    Finding,
    FindingKind,
    Looked,
    Looking,
    all_finding_kinds,
    failed_check,
    found,
    run_checks,
)
from rattail.appdir.layout import Place
from rattail.appdir.locate import Located
from rattail.appdir.marker import Marker, read_identity, read_marker, require_marker
from rattail.appdir.owner import owner_of
from rattail.appdir.refusal import shown
from rattail.config.load import Settings, load_settings
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE
from rattail.errors import AppDirBroken, AppDirNotFound, ConfigInvalid, LayoutOutdated
from rattail.features.core.make.files import SECRETS_MODE, SETTINGS_MODE
from rattail.registry import Registry, load_target

_ENOUGH_FOLDERS = 2


class View(NamedTuple):
    """What is looked at, and what was found on the way to looking."""

    looking: Looking
    settings: Settings
    faults: tuple[Finding, ...]
    #: False where nothing tells that the folder is an app folder: only that is then said.
    is_recognised: bool


class Checked(NamedTuple):
    """What check-appdir found. `accepted` are the ids that were silenced, one for each finding."""

    findings: tuple[Finding, ...]
    accepted: tuple[str, ...]
    folders: int
    files: int

    def count(self, level: str) -> int:
        return sum(1 for one in self.findings if one.level == level)


def check(
    registry: Registry,
    located: Located,
    *,
    environ: Mapping[str, str],
    now: datetime,
    is_deep: bool = False,
    program: tuple[str, ...] = ("rattail",),
) -> Checked:
    """Run every check on the app folder at `located`; writes nothing.

    `program` is how the program is called: for hints that can be pasted.

    Raises:
        AppDirNotFound: there is no folder at all.
        AppDirBroken: it cannot be looked at.
    """
    view = view_of(registry, located, environ=environ, now=now)
    view = view._replace(looking=view.looking._replace(is_deep=is_deep, program=program))
    checks = list(core_checks()) if view.is_recognised else list(core_checks()[:1])
    checks.extend(_other_checks(registry, view))
    findings = run_checks(view.looking, checks)
    looking = view.looking
    return Checked(findings, tuple(looking.accepted.silenced), looking.looked.folders, looking.looked.files)


def view_of(registry: Registry, located: Located, *, environ: Mapping[str, str], now: datetime) -> View:
    """Everything the checks need to know, as far as it can be known. Raises as `check` does."""
    root = located.root
    owner = owner_of(root)
    if owner is None or not os.path.isdir(root):
        _refuse(root)
    settings = load_settings(registry.options, root=root, environ=environ)
    marker = _marker(root)
    places, faults = _places(registry, root, settings, marker)
    assert owner is not None  # refused above
    looking = Looking(
        root=root,
        places=places,
        marker=marker,
        owner=owner,
        now=now.timestamp(),
        accepted=Accepted(settings.texts("check.accept")),
        looked=Looked(),
        files=expected_files(registry),
        values={key: setting.value for key, setting in settings.by_key.items()},
        appdir_words=() if located.is_default else ("--appdir", root),
    )
    return View(looking, settings, faults, marker is not None or _is_recognised(looking))


def expected_files(registry: Registry) -> tuple[ExpectedFile, ...]:
    """The files that make-appdir writes into the root."""
    return (
        ExpectedFile(SETTINGS_FILE, SETTINGS_MODE, "settings"),
        ExpectedFile(SECRETS_FILE, SECRETS_MODE, "secrets"),
        *(ExpectedFile(file.path, file.mode, "text") for _, file in registry.files),
    )


def known_kinds(registry: Registry) -> tuple[tuple[FindingKind, ...], frozenset[str]]:
    """Every kind of finding, and the features whose ids are not all known.

    A module of checks lists its kinds in `KINDS`; it need not.
    """
    more: list[FindingKind] = []
    silent: set[str] = set()
    for feature, target in registry.checks:
        try:
            more.extend(import_module(target.partition(":")[0]).KINDS)
        except (Exception, SystemExit):  # noqa: BLE001 - a check that cannot be loaded is a finding of its own
            silent.add(feature)
    return (*all_finding_kinds(), *dict.fromkeys(more)), frozenset(silent)


def _other_checks(registry: Registry, view: View) -> list[tuple[str, Check]]:
    """The checks that need more than the folder: settings, installation, what features declare."""
    from rattail.features.core.check.installation import check_installation, check_sqlite
    from rattail.features.core.check.settings import check_environment, check_secrets, check_settings

    settings = view.settings
    checks: list[tuple[str, Check]] = [
        ("check_places", lambda _: view.faults),
        ("check_settings", lambda looking: check_settings(settings, looking)),
        ("check_environment", lambda _: check_environment(settings)),
        ("check_secrets", lambda looking: check_secrets(settings, looking)),
        ("check_accepted", lambda looking: _check_accepted(looking, registry)),
        ("check_sqlite", lambda _: check_sqlite(settings)),
        ("check_installation", lambda looking: check_installation(registry, looking)),
    ]
    if view.is_recognised:
        checks.extend((target, _loaded(target)) for _, target in registry.checks)
    return checks


def _loaded(target: str) -> Check:
    try:
        check = load_target(target)
        if not callable(check):
            raise TypeError(f"{target} is not a function")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an extension's module may do anything when it is imported
        failure = failed_check(target, error)
        return lambda _: (failure,)
    return check


def _check_accepted(looking: Looking, registry: Registry) -> list[Finding]:
    if not looking.accepted.entries:
        return []
    kinds, silent = known_kinds(registry)
    known = {kind.id for kind in kinds}
    unknown = [
        entry
        for entry in looking.accepted.entries
        if (identifier := entry.partition(":")[0]) not in known and identifier.partition(".")[0] not in silent
    ]
    rest = [entry for entry in looking.accepted.entries if entry not in unknown]
    words = [json.dumps(rest, ensure_ascii=False)] if rest else ["--unset"]
    return [
        found(
            "core.W024",
            SETTINGS_FILE,
            f"[check] accept holds {shown(entry)}, but no finding has that id; expected ID or ID:PATH.",
            hint=f"accept the others alone: {looking.command('set-option', 'check.accept', *words)}",
        )
        for entry in unknown
    ]


def _refuse(root: str) -> None:
    if os.path.lexists(root):
        raise AppDirBroken(
            f"{shown(root)} should be the app folder, but it is not a folder.",
            hint="say where the app folder is: --appdir PATH",
        )
    require_marker(root)
    raise AppDirNotFound(f"there is no app folder at {shown(root)}.")


def _marker(root: str) -> Marker | None:
    try:
        return read_marker(root)
    except (AppDirBroken, LayoutOutdated):
        return None  # the check of the marker says what is wrong with it


def _places(
    registry: Registry, root: str, settings: Settings, marker: Marker | None
) -> tuple[tuple[Place, ...], tuple[Finding, ...]]:
    """Where the folders lie. A relocation that cannot be is a finding, and its folder is left out."""
    wanted = settings.relocations(root)
    is_unreadable = any(one.where == SETTINGS_FILE and one.kind in ("syntax", "unreadable") for one in settings.faults)
    if is_unreadable and marker is not None:
        wanted = {path: place for path, place in marker.relocated.items() if path in registry.layout}
    app_id = marker.app_id if marker is not None else ""
    sound: dict[str, str] = {}
    faults: list[Finding] = []
    for path, place in wanted.items():
        try:
            registry.layout.place(root, {**sound, path: place}, app_id=app_id)
            sound[path] = place
        except ConfigInvalid as error:
            identifier = "core.E013" if _is_anothers(path, place, app_id) else "core.E014"
            faults.extend(found(identifier, path, fault, hint=error.hint) for fault in error.faults)
    places = registry.layout.place(root, sound, app_id=app_id)
    return tuple(one for one in places if one.path in sound or one.path not in wanted), tuple(faults)


def _is_anothers(path: str, place: str, app_id: str) -> bool:
    identity = read_identity(place)
    return identity is not None and (identity.folder != path or bool(app_id and identity.app_id != app_id))


def _is_recognised(looking: Looking) -> bool:
    """True for a folder that has lost its marker (or has a damaged one) and yet shows what it is."""
    if any(os.path.lexists(f"{looking.root}/{file.path}") for file in looking.files if file.holds != "text"):
        return True
    top = (place for place in looking.places if "/" not in place.path and place.path != ".")
    return sum(os.path.isdir(place.location) for place in top) >= _ENOUGH_FOLDERS
