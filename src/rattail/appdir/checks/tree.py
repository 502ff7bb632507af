"""One pass over everything in the folder, for what an entry alone can tell.

Of an ordinary entry (a plain file with a plain name, of the right owner, not set-uid, not for
everybody to write, not from the future) nothing more is asked than one `lstat`; all else is rare.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from rattail.appdir.files import read_file
from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted, pasted_line
from rattail.appdir.inspect import Finding, Looking, Noted
from rattail.appdir.layout import Place
from rattail.appdir.lock import read_holder
from rattail.appdir.names import CACHEDIR_TAG, CACHEDIR_TAG_TEXT, CLEANING_PREFIX, is_temporary
from rattail.appdir.refusal import user_name

DEEPEST_NESTING = 200
LEFTOVER_AFTER_S = 3600
REMOVED_AFTER_S = 86_400
FUTURE_AFTER_S = 86_400
_ASKED_BITS = 0o170000 | stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SIGNATURE = CACHEDIR_TAG_TEXT.partition(b"\n")[0]


def check_tree(looking: Looking) -> Iterator[Finding]:
    """Walk the folder and every relocated one; follow no link, enter no other file system."""
    walk = Walk(looking)
    walk.whole()
    yield from walk.findings()


class Walk:
    """One pass, and what it counted."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking
        self._uid = looking.owner.uid
        self._latest = looking.now + FUTURE_AFTER_S
        self._declared = {place.path: place for place in looking.places}
        self._expected = {file.path for file in looking.files}
        self._apart = {
            place.location.removeprefix(looking.root + "/") for place in looking.places if place.is_relocated
        }
        self._parents = {os.path.dirname(path) or "." for path in self._declared if path != "."}
        self._noted: dict[str, Noted] = {}
        self._linked = Noted(looking.accepted, "core.E010")  # others' files with several names
        self._own_leftovers = Noted(looking.accepted, "core.W008")  # where clean-appdir does not go
        self._has_old_leftover = False
        self._mounts: set[str] = set()
        self._device = 0
        self._is_cleaning = read_holder(looking.root)[1]  # somebody holds the lock, so nothing is cut off

    def whole(self) -> None:
        """Walk the app folder and every relocated folder, each once."""
        for place in self._looking.places:
            if place.path == "." or (place.is_relocated and self._looking.is_ours(place)):
                self._walk_place(place)
        for path in sorted(self._mounts.union(_mounts_inside(self._looking))):
            self._of("core.W005").note(path)

    def findings(self) -> Iterator[Finding]:
        """What was counted, one finding for each kind."""
        owner = self._looking.owner
        name, is_root = user_name(owner.uid), owner.uid == 0
        give = self._looking.command("check-appdir", "--fix")
        give_all = self._looking.command("make-appdir", "--user", "NAME")
        yield from self._of("core.E010").finding(
            "{example} does not belong to " + name + ", whose folder this is.",
            "{count} entries do not belong to " + name + ", whose folder this is: {examples}.",
            hint=f"sudo {give}" if not is_root else f"give all of it to the app's user: {give_all}",
            can_be_fixed=not is_root,
        )
        yield from self._linked.finding(
            "{example} does not belong to " + name + ", whose folder this is, and is left so, because it has other "
            "names (hard links), which may be the system's. Look at them first, then give it away by hand (chown).",
            "{count} files do not belong to " + name + ", whose folder this is, and are left so, because they have "
            "other names (hard links), which may be the system's: {examples}. Look at them first, then give them away "
            "by hand (chown).",
            hint=_other_names(self._first(self._linked)),
        )
        yield from self._own_leftovers.finding(
            "{example}, in a folder of your own, looks like what a crash leaves; nothing removes it by itself.",
            "{count} files in folders of your own look like what crashes leave; nothing removes them by itself: "
            "{examples}.",
            hint=pasted_line("rm", self._first(self._own_leftovers)),
        )
        for identifier, one, many, hint in _SENTENCES:
            noted = self._of(identifier)
            if noted.count:
                first = pasted(self._first(noted))
                hint = hint.format(first=first, fix=give, clean=self._looking.command("clean-appdir"))
                can_be_fixed = identifier == "core.W008" and self._has_old_leftover
                yield from noted.finding(one, many, hint=hint, can_be_fixed=can_be_fixed)

    def _first(self, noted: Noted) -> str:
        return self._looking.location(min(noted.examples, default="."))

    def _of(self, identifier: str) -> Noted:
        if identifier not in self._noted:
            self._noted[identifier] = Noted(self._looking.accepted, identifier)
        return self._noted[identifier]

    def _walk_place(self, place: Place) -> None:
        try:
            fd = os.open(place.location, _FOLDER_FLAGS)
        except OSError:
            return  # said by the check of the folders
        try:
            found = os.fstat(fd)
            self._device = found.st_dev
            if found.st_uid != self._uid:
                self._of("core.E010").note(place.path)
            self._walk_folder(fd, "" if place.path == "." else place.path + "/", 0)
        except OSError as error:
            self._cannot_look(place.path, error)
        finally:
            os.close(fd)

    def _walk_folder(self, fd: int, prefix: str, depth: int) -> None:
        """Look at all that is in one folder; `prefix` is its logical path with a `/`."""
        uid, latest, files = self._uid, self._latest, 0
        with os.scandir(fd) as entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # removed meanwhile
                name = entry.name
                if (
                    found.st_mode & _ASKED_BITS == stat.S_IFREG
                    and found.st_uid == uid
                    and found.st_mtime < latest
                    and name[0] != "."
                    and name.isascii()
                    and name != CACHEDIR_TAG
                ):
                    files += 1
                elif stat.S_ISDIR(found.st_mode):
                    if prefix + name in self._apart:
                        continue  # a relocated folder, walked under its own name
                    self._odd(fd, name, found, prefix + name)
                    if found.st_dev == self._device:
                        self._enter(fd, name, prefix + name, depth)
                    else:
                        self._cross(prefix + name)
                else:
                    files += 1
                    self._odd(fd, name, found, prefix + name)
        self._looking.looked.folders += 1
        self._looking.looked.files += files

    def _cross(self, path: str) -> None:
        location = self._looking.location(path)
        if not any(place.is_relocated and place.location == location for place in self._looking.places):
            self._mounts.add(path)

    def _enter(self, fd: int, name: str, path: str, depth: int) -> None:
        if depth == DEEPEST_NESTING:
            self._of("core.I012").note(path)
            return
        try:
            inner = os.open(name, _FOLDER_FLAGS, dir_fd=fd)
        except OSError as error:
            self._cannot_look(path, error)
            return
        try:
            self._walk_folder(inner, path + "/", depth + 1)
        except OSError as error:
            self._cannot_look(path, error)
        finally:
            os.close(inner)

    def _cannot_look(self, path: str, error: OSError) -> None:
        is_gone = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
        if not is_gone and path not in self._declared:  # a declared one is a finding of its own
            self._of("core.I011").note(path)

    def _odd(self, fd: int, name: str, found: os.stat_result, path: str) -> None:
        """Everything about an entry that is not known to be ordinary."""
        mode = found.st_mode
        if found.st_uid != self._uid:
            is_linked = found.st_nlink > 1 and not stat.S_ISDIR(mode)
            (self._linked if is_linked else self._of("core.E010")).note(path)
        if name == CACHEDIR_TAG and stat.S_ISREG(mode):
            self._look_at_tag(fd, path)
        if name.startswith(".tmp-") and is_temporary(name) and stat.S_ISREG(mode):
            self._leftover(found, path)
        if name.startswith(CLEANING_PREFIX) and not self._is_cleaning:
            self._of("core.W026").note(path)
        if not name.isascii() and not _is_utf8(name):
            self._of("core.I006").note(path)
        if stat.S_ISLNK(mode):
            if path not in self._declared:  # a declared folder that is a link has its own finding
                self._look_at_link(fd, name, path)
            return
        if mode & stat.S_IWOTH and not (path in self._declared or path in self._expected or stat.S_ISSOCK(mode)):
            self._of("core.W019").note(path)
        if stat.S_ISDIR(mode):
            return
        if found.st_mtime >= self._latest:
            self._of("core.I007").note(path)
        if mode & (stat.S_ISUID | stat.S_ISGID):
            self._of("core.W018").note(path)
        if stat.S_ISREG(mode) or path in self._declared or not self._is_kept(path):
            return
        is_device = stat.S_ISBLK(mode) or stat.S_ISCHR(mode)
        self._of("core.W020" if is_device else "core.I005").note(path)

    def _leftover(self, found: os.stat_result, path: str) -> None:
        if found.st_mtime >= self._looking.now - LEFTOVER_AFTER_S:
            return
        folder, above = os.path.dirname(path) or ".", self._declared_above(path)
        if folder == above or above not in self._parents:  # as clean-appdir sees it: not what was added beside ours
            self._of("core.W008").note(path)
            self._has_old_leftover |= found.st_mtime < self._looking.now - REMOVED_AFTER_S
        else:
            self._own_leftovers.note(path)

    def _look_at_tag(self, fd: int, path: str) -> None:
        """A tag in the wrong place; deeper in folders of somebody's own it marks a cache of theirs."""
        folder, above = os.path.dirname(path) or ".", self._declared_above(path)
        is_near = above in (folder, os.path.dirname(folder) or ".")
        if not is_near or self._declared[above].folder.keep is Keep.SCRATCH or self._is_for_scratch(above):
            return
        try:
            content = read_file(fd, CACHEDIR_TAG, limit_bytes=len(_SIGNATURE))
        except OSError:
            return
        if content == _SIGNATURE:
            self._of("core.W027").note(path)

    def _look_at_link(self, fd: int, name: str, path: str) -> None:
        try:
            target = os.readlink(name, dir_fd=fd)
            here = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            return
        real = os.path.realpath(os.path.join(here, target))
        homes = (self._looking.root, *(place.location for place in self._looking.places if place.is_relocated))
        if not any(real == home or real.startswith(home.rstrip("/") + "/") for home in homes):
            self._of("core.W004").note(path)
        elif not os.path.exists(real):
            self._of("core.I001").note(path)

    def _is_kept(self, path: str) -> bool:
        """True for what backups take: it lies in an essential folder that is not there for scratch ones alone."""
        above = self._declared_above(path)
        return self._declared[above].folder.keep is Keep.ESSENTIAL and not self._is_for_scratch(above)

    def _declared_above(self, path: str) -> str:
        while path not in self._declared:
            path = os.path.dirname(path) or "."
        return path

    def _is_for_scratch(self, above: str) -> bool:
        children = [
            place.folder.keep
            for place in self._looking.places
            if place.path != above and (os.path.dirname(place.path) or ".") == above
        ]
        return bool(children) and all(keep is Keep.SCRATCH for keep in children)


_SENTENCES = (
    (
        "core.W004",
        "link {example} leaves the app folder, so a backup of the folder lacks what it points to.",
        "{count} links leave the app folder, so a backup of the folder lacks what they point to: {examples}.",
        "move what it points to into the folder, or relocate a declared folder by [folders] in rattail.toml",
    ),
    (
        "core.W005",
        "something is mounted at {example}: backups and cleaning stop at its border.",
        "something is mounted at {count} places inside the app folder, where backups and cleaning stop: {examples}.",
        "mount it outside, and name the place in [folders] of rattail.toml",
    ),
    (
        "core.W008",
        "{example} was left by a crash; check-appdir --fix removes it once it is a day old.",
        "{count} temporary files were left by crashes: {examples}; check-appdir --fix removes them once they are a "
        "day old.",
        "{fix}",
    ),
    (
        "core.W026",
        "{example} was taken out of the way by a clean-appdir that was cut off; the next one goes on with it. What "
        "was not meant to go is named and stays.",
        "{count} entries were taken out of the way by a clean-appdir that was cut off: {examples}; the next one goes "
        "on with it. What was not meant to go is named and stays.",
        "{clean}",
    ),
    (
        "core.W027",
        "{example} makes backup programs leave out its folder and all that is in it.",
        "{count} tags make backup programs leave out their folders and all that is in them: {examples}.",
        "rm {first}",
    ),
    (
        "core.W018",
        "file {example} runs as its owner or group whoever starts it (set-uid or set-gid).",
        "{count} files run as their owner or group whoever starts them (set-uid or set-gid): {examples}.",
        "if nobody meant that: chmod ug-s {first}",
    ),
    (
        "core.W019",
        "everybody on this machine can write {example}.",
        "everybody on this machine can write {count} entries: {examples}.",
        "chmod o-w {first}",
    ),
    (
        "core.W020",
        "{example} is a device file in a folder that is backed up.",
        "{count} device files lie in folders that are backed up: {examples}.",
        "move it away: no backup can hold it",
    ),
    (
        "core.I001",
        "link {example} points to nothing.",
        "{count} links point to nothing: {examples}.",
        "",
    ),
    (
        "core.I005",
        "{example} is a pipe or socket in a folder that is backed up; a plain copy may hang on it.",
        "{count} pipes or sockets lie in folders that are backed up; a plain copy may hang on them: {examples}.",
        "folders for a while (work) are a better place for it",
    ),
    (
        "core.I006",
        "the name {example} is not UTF-8.",
        "{count} names are not UTF-8: {examples}.",
        "some backup targets refuse such names",
    ),
    (
        "core.I007",
        "file {example} is dated in the future, so cleaning will not touch it.",
        "{count} files are dated in the future, so cleaning will not touch them: {examples}.",
        "is the clock right? Else: touch {first}",
    ),
    (
        "core.I011",
        "{example} cannot be looked at, so no backup made by this user will hold it.",
        "{count} folders cannot be looked at, so no backup made by this user will hold them: {examples}.",
        "ls -ld {first}",
    ),
    (
        "core.I012",
        "{example} is nested too deep; what is in it was not looked at.",
        "{count} folders are nested too deep; what is in them was not looked at: {examples}.",
        "",
    ),
)


def _other_names(path: str) -> str:
    """The command that shows every name of a file, on its own file system."""
    return f'find "$(stat -c %m {pasted(path)})" -xdev -samefile {pasted(path)}'


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mounts_inside(looking: Looking) -> list[str]:
    """Logical paths of mounts inside the places, as the kernel lists them: bind mounts too."""
    homes = {place.location: place.path for place in looking.places if place.path == "." or place.is_relocated}
    others = {place.location for place in looking.places if not looking.is_ours(place)}
    try:
        with open("/proc/self/mountinfo", "rb") as stream:
            content = stream.read()
    except OSError:
        return []
    inside = set()
    for line in content.splitlines():
        encoded = line.split(b" ", 5)[4]
        path = os.fsdecode(encoded.decode("unicode_escape").encode("latin-1") if b"\\" in encoded else encoded)
        for home, logical in homes.items():
            if path.startswith(home.rstrip("/") + "/") and path not in homes and home not in others:
                rest = path[len(home.rstrip("/")) + 1 :]
                inside.add(rest if logical == "." else f"{logical}/{rest}")
    return sorted(inside)
