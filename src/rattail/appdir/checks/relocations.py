"""Do the relocated folders lie where they should, and are they this app's own?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from rattail.appdir.hints import move_contents, pasted_line
from rattail.appdir.inspect import Finding, Looking, found
from rattail.appdir.layout import Place, join
from rattail.appdir.marker import read_identity
from rattail.appdir.names import CACHEDIR_TAG, IDENTITY
from rattail.appdir.refusal import shown, user_name


def check_relocations(looking: Looking) -> Iterator[Finding]:
    """Relocated folders are mounted and ours; nothing was left behind where they lay before."""
    known = looking.marker.relocated if looking.marker is not None else {}
    for place in looking.places:
        if place.is_relocated:
            yield from _check_owner(place, looking)
            if known.get(place.path) == place.location:
                yield from _check_established(place, looking)
            elif os.path.isdir(place.location):
                yield from _check_new(place, looking)
        if not looking.is_ours(place):
            continue  # nothing is to be moved there
        if place.is_relocated:
            yield from _left_behind(place, join(looking.root, place.path))
        before = known.get(place.path)
        if before is not None and before != place.location and read_identity(before) is not None:
            yield from _left_behind(place, before)


def _check_owner(place: Place, looking: Looking) -> Iterator[Finding]:
    identity = read_identity(place.location)
    if identity is not None and identity.appdir != looking.root:
        yield found(
            "core.E013",
            place.path,
            f"the place of {shown(place.path)}, {shown(place.location)}, belongs to the app folder "
            f"{shown(identity.appdir)}. Where this one is a copy of that, give it a place of its own in [folders].",
            hint=f"where that one was moved here: {looking.command('make-appdir', '--claim', place.path)}",
        )
    elif identity is not None and not looking.is_ours(place):
        name, uid = user_name(looking.owner.uid), looking.owner.uid
        line = pasted_line("sudo", "chown", "-h", str(uid), place.location, f"{place.location}/{IDENTITY}")
        yield found(
            "core.E010",
            place.path,
            f"the place of {shown(place.path)}, {shown(place.location)}, or its file '{IDENTITY}', does not belong to "
            f"{name}, whose app folder this is, so it is left alone.",
            hint=f"if all of it is this app's own: {line}",
        )


def _check_established(place: Place, looking: Looking) -> Iterator[Finding]:
    claim = looking.command("make-appdir", "--claim", place.path)
    hint = f"mount its disk; or, if what was in it is really gone, start it anew: {claim}"
    where = f"the place of {shown(place.path)}, {shown(place.location)},"
    if not os.path.lexists(place.location):
        yield found("core.E011", place.path, f"{where} is gone: is its disk not mounted?", hint=hint)
    elif os.path.isdir(place.location) and read_identity(place.location) is None:
        text = f"{where} has lost its file '{IDENTITY}': is its disk not mounted?"
        yield found("core.E012", place.path, text, hint=hint)


def _check_new(place: Place, looking: Looking) -> Iterator[Finding]:
    if read_identity(place.location) is not None:
        return
    is_empty = _first_names(place.location) == []
    claim = looking.command("make-appdir", *([] if is_empty else ["--claim", place.path]))
    yield found(
        "core.E012",
        place.path,
        f"{shown(place.location)}, the new place of {shown(place.path)}, has no file '{IDENTITY}' yet.",
        hint=claim if is_empty else f"if what is in it is this app's own: {claim}",
        can_be_fixed=is_empty,
    )


def _left_behind(place: Place, old: str) -> Iterator[Finding]:
    if os.path.realpath(old) == os.path.realpath(place.location) or os.path.islink(old) or not os.path.isdir(old):
        return
    names = _first_names(old)
    if not names:
        return
    yield found(
        "core.W010",
        place.path,
        f"{shown(place.path)} now lies at {shown(place.location)}, but {shown(old)} still holds files "
        f"({shown(names[0])}, say), which nothing uses any more. Files whose names are there already stay behind.",
        hint=move_contents(old, place.location),
    )


def _first_names(folder: str) -> list[str]:
    """The name of one entry that is not our own label; none where there is none (or it cannot be seen)."""
    try:
        with os.scandir(folder) as entries:
            return next(([one.name] for one in entries if one.name not in (CACHEDIR_TAG, IDENTITY)), [])
    except OSError:
        return []
