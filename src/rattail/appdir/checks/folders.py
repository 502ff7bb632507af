"""Are the declared folders there, are they folders, and can they be used?"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from rattail.appdir import files
from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted
from rattail.appdir.inspect import Finding, Looking, found
from rattail.appdir.layout import Place
from rattail.appdir.names import CACHEDIR_TAG, CACHEDIR_TAG_TEXT
from rattail.appdir.refusal import refusal, shown

_SIGNATURE = CACHEDIR_TAG_TEXT.partition(b"\n")[0]
_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def check_folders(looking: Looking) -> Iterator[Finding]:
    """Every declared folder is there, has its mode, and can be written by the folder's owner."""
    absent: list[str] = []
    full: set[int] = set()
    for place in looking.places:
        if any(place.path.startswith(path + "/") for path in absent) and not place.is_relocated:
            continue  # the folder above was named already
        try:
            mode = os.lstat(place.location).st_mode
        except FileNotFoundError:
            absent.append(place.path)
            if not _was_established(place, looking):
                yield _missing(place, looking)
            continue
        except OSError as error:
            absent.append(place.path)
            broken = refusal("look at", place.location, error)
            yield found("core.E017", place.path, broken.message, hint=broken.hint)
            continue
        if not stat.S_ISDIR(mode):
            absent.append(place.path)
            yield _not_a_folder(place, mode)
            continue
        if not looking.is_ours(place):
            continue  # a finding of the relocations
        yield from _check_folder(place, stat.S_IMODE(mode), looking, full)


def _check_folder(place: Place, mode: int, looking: Looking, full: set[int]) -> Iterator[Finding]:
    """Look at one folder; `full` are the devices of which it was said that they are full."""
    if mode != place.folder.mode:
        yield _wrong_mode(place, mode)
    try:
        fd = os.open(place.location, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        broken = refusal("look into", place.location, error)
        yield found("core.E017", place.path, broken.message, hint=broken.hint)
        return
    try:
        yield from _check_writable(place, fd, full)
        if place.folder.keep is Keep.SCRATCH:
            yield from _check_tag(place, fd, looking)
    finally:
        os.close(fd)


def _check_writable(place: Place, fd: int, full: set[int]) -> Iterator[Finding]:
    try:
        files.probe_writable(fd)
    except OSError as error:
        if error.errno == errno.EROFS:
            return  # a finding of its own
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            device = os.fstat(fd).st_dev
            if device in full:
                return
            full.add(device)
        broken = refusal("write in", place.location, error)
        yield found("core.E015", place.path, broken.message, hint=broken.hint)


def _missing(place: Place, looking: Looking) -> Finding:
    where = f" (it is to lie at {shown(place.location)})" if place.is_relocated else ""
    return found(
        "core.E005",
        place.path,
        f"folder {shown(place.path)} is missing{where}.",
        hint=looking.command("make-appdir"),
        can_be_fixed=True,
    )


def _was_established(place: Place, looking: Looking) -> bool:
    """True for a relocated folder that was there once: its absence is a finding of the relocations."""
    return (
        place.is_relocated and looking.marker is not None and looking.marker.relocated.get(place.path) == place.location
    )


def _not_a_folder(place: Place, mode: int) -> Finding:
    if not stat.S_ISLNK(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "something else")
        return found(
            "core.E006",
            place.path,
            f"{shown(place.location)} should be a folder, but it is {kind}.",
            hint=f"move it out of the way: mv {pasted(place.location)} {pasted(place.location + '.away')}",
        )
    try:
        target = shown(os.readlink(place.location))
    except OSError:
        target = "something"
    if place.folder.relocatable:
        hint = f"remove the link and name the place in rattail.toml instead: [folders] {shown(place.path)} = PLACE"
    else:
        hint = "this folder cannot lie elsewhere: remove the link and move the folder back"
    return found(
        "core.E007", place.path, f"{shown(place.location)} should be a folder, but it is a link to {target}.", hint=hint
    )


def mode_id(place: Place, mode: int) -> str:
    """The id of the finding for a folder with that mode, which is not the one it should have."""
    return "core.E008" if mode & ~place.folder.mode & 0o077 else "core.W001"


def _wrong_mode(place: Place, mode: int) -> Finding:
    return found(
        mode_id(place, mode),
        place.path,
        f"folder {shown(place.path)} has mode {mode:04o}; expected {place.folder.mode:04o}.",
        hint=f"chmod {place.folder.mode:04o} {pasted(place.location)}",
        can_be_fixed=True,
    )


def _check_tag(place: Place, fd: int, looking: Looking) -> Iterator[Finding]:
    path = f"{place.path}/{CACHEDIR_TAG}"
    try:
        content = files.read_file(fd, CACHEDIR_TAG, limit_bytes=4096)
    except OSError as error:
        broken = refusal("read", f"{place.location}/{CACHEDIR_TAG}", error)
        yield found("core.W012", path, broken.message, hint=broken.hint)
        return
    if content is None:
        yield found(
            "core.W011",
            path,
            f"scratch folder {shown(place.path)} has no '{CACHEDIR_TAG}', so backup programs will keep what is in it.",
            hint=looking.command("check-appdir", "--fix"),
            can_be_fixed=True,
        )
    elif not content.startswith(_SIGNATURE):
        yield found(
            "core.W012",
            path,
            f"{shown(path)} does not begin with the signature that backup programs look for.",
            hint=f"rm {pasted(place.location + '/' + CACHEDIR_TAG)}; {looking.command('check-appdir', '--fix')}",
            can_be_fixed=CACHEDIR_TAG_TEXT.startswith(content),
        )
