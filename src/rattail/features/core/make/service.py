"""Make an app folder, or bring it up to date: the service behind `make-appdir`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from rattail.appdir.hints import pasted
from rattail.appdir.locate import Located
from rattail.appdir.make import Plan, Step, Wanted, apply_steps, make_appdir, plan_make
from rattail.appdir.marker import Marker, read_identity, read_marker
from rattail.appdir.names import LOCK, MARKER, is_temporary
from rattail.appdir.refusal import refusal, shown
from rattail.config.load import load_settings
from rattail.config.option import Value
from rattail.errors import AppDirNotFound, InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.core.make.files import wanted_files
from rattail.registry import Registry
from rattail.version import VERSION


class Request(NamedTuple):
    """What the operator asked of make-appdir."""

    located: Located
    now: datetime
    claimed: frozenset[str] = frozenset()
    is_adopted_in_place: bool = False
    #: Values by full name, secrets too, for settings files that do not say anything of them yet.
    first_values: Mapping[str, Value] | None = None
    #: The upstream folder that is copied into this one; the marker remembers it.
    adopted_from: str = ""


def plan_appdir(registry: Registry, request: Request, *, environ: Mapping[str, str]) -> Plan:
    """What make-appdir would do, and nothing else. Raises what `make` raises, before anything is done."""
    return plan_make(_draw(registry, request, environ, _new_marker(request)))


def make(registry: Registry, request: Request, *, environ: Mapping[str, str]) -> tuple[Step, ...]:
    """Make the folder or bring it up to date; returns the steps done, none where it was whole.

    Raises:
        InputRejected: the place cannot be an app folder (its parent is missing, it lies in another).
        WouldOverwrite: there is a folder that is no app folder and is not empty.
        ConfigInvalid: its settings are wrong; nothing is done.
        AppDirBroken, AppDirBusy: see `rattail.appdir.make.make_appdir`.
    """
    new_marker = _new_marker(request)
    return make_appdir(
        lambda: _draw(registry, request, environ, new_marker), root=request.located.root, command="make-appdir"
    )


def found_appdir(plan: Plan) -> list[Step]:
    """As root: make the bare folder, for `owner` to be given and to do the rest in."""
    done: list[Step] = []
    apply_steps([step for step in plan.steps if step.action == "make" and step.path == "."], done)
    return done


def _draw(registry: Registry, request: Request, environ: Mapping[str, str], new_marker: Marker) -> Wanted:
    root = request.located.root
    marker = read_marker(root)
    if marker is None:
        _check_ground(request)
        marker = read_marker(root) or new_marker  # another process may have been quicker
    settings = load_settings(registry.options, root=root, environ=environ).require_sound()
    relocations = settings.relocations(root)
    if marker is new_marker and request.is_adopted_in_place:
        marker = marker._replace(app_id=_app_of(relocations) or marker.app_id)
    _check_claims(registry, request.claimed, relocations)
    places = registry.layout.place(root, relocations, app_id=marker.app_id)
    files = wanted_files(
        registry,
        root=root,
        name=marker.name,
        settings=settings,
        first_values={"app.time_zone": system_time_zone(), **(request.first_values or {})},
    )
    return Wanted(root, places, files, marker, request.claimed)


def _app_of(relocations: Mapping[str, str]) -> str:
    """The app that the relocated folders say they belong to, where all of them say the same; else nothing."""
    identities = [read_identity(place) for place in relocations.values()]
    apps = {identity.app_id for identity in identities if identity is not None}
    return apps.pop() if len(apps) == 1 else ""


def _check_claims(registry: Registry, claimed: frozenset[str], relocations: Mapping[str, str]) -> None:
    for path in sorted(claimed - relocations.keys()):
        elsewhere = ", ".join(sorted(relocations)) or "none"
        what = "lies in the app folder" if path in registry.layout else "is not a folder of the app"
        raise NoSuchThing(f"--claim {path!r}: {what}; expected one that lies elsewhere ({elsewhere}).")


def _new_marker(request: Request) -> Marker:
    import uuid

    return Marker(
        app_id=str(uuid.UUID(bytes=os.urandom(16), version=4)),
        name=request.located.name,
        made_at=request.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        made_by=f"rattail-appfolder {VERSION}",
        adopted_from=request.adopted_from,
    )


def _check_ground(request: Request) -> None:
    """Refuse a place where no app folder should come to be."""
    root = request.located.root
    above = os.path.dirname(root)
    while above != os.path.dirname(above):
        if os.path.lexists(f"{above}/{MARKER}"):
            raise InputRejected(
                f"{shown(root)} lies inside the app folder {shown(above)}; expected a place outside of it."
            )
        above = os.path.dirname(above)
    parent = os.path.dirname(root)
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        if not os.path.isdir(parent):
            raise AppDirNotFound(
                f"cannot make {shown(root)}: its parent folder {shown(parent)} does not exist.",
                hint=f"mkdir -p {pasted(parent)}",
            ) from None
        return
    except OSError as error:
        raise refusal("make the app folder", root, error) from error
    strangers = [name for name in names if name != LOCK and not is_temporary(name)]
    if strangers and MARKER not in strangers and not request.is_adopted_in_place:
        raise _occupied(root, strangers)


def _occupied(root: str, names: list[str]) -> WouldOverwrite:
    from rattail.features.core.adopt.recognise import upstream_evidence

    if upstream_evidence(root):
        return WouldOverwrite(
            f"{shown(root)} was made by upstream Rattail and stays as it is.",
            hint=f"copy it into a new environment: NEW/bin/rattail make-appdir --adopt {pasted(root)}",
        )
    example = ", ".join(shown(name) for name in sorted(names)[:3])
    return WouldOverwrite(
        f"{shown(root)} is there already, has no marker '{MARKER}' and is not empty (it holds {example}). "
        "If it really is an app folder, adopt it as it is:",
        hint=f"rattail make-appdir --adopt --path {pasted(root)}",
    )


def system_time_zone() -> str:
    """The machine's time zone by its IANA name, UTC where it has none."""
    target = os.path.realpath("/etc/localtime")
    _, _, name = target.partition("/zoneinfo/")
    for prefix in ("posix/", "right/"):
        name = name.removeprefix(prefix)
    return name if name and not name.startswith("Etc/") else "UTC"
