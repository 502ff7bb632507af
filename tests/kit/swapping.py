"""A process that swaps things inside an app folder for things outside of it, as fast as it can.

It only ever swaps (`RENAME_EXCHANGE`) or renames to a free name, so that it loses nothing itself: whatever is
missing afterwards, somebody else removed.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rattail.appdir.files import open_below
from rattail.appdir.names import CLEANING_PREFIX

NOREPLACE, EXCHANGE = 1, 2
_AT_FDCWD = -100
_LIBC = ctypes.CDLL(None, use_errno=True)
_SETTLES_WITHIN_S = 5.0


class Swapping:
    """Swaps random entries of the folders `inside` (below `base`) for random ones of `outside`, and back.

    The swapping itself follows no link, so that it stays with the folders it was given. Files that lie
    outside after a swap are remembered: they have to be there still when they are swapped in again.
    `violations` says where they were not.
    """

    def __init__(self, *, base: Path, inside: Sequence[str], outside: Sequence[Path], spare: Path, seed: int) -> None:
        self._base_fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
        self._inside = inside
        self._outside = outside
        self._spare = spare
        self._random = random.Random(seed)
        self._out: dict[Path, set[tuple[int, int]]] = {}
        self.violations: list[str] = []
        self.swaps = 0

    def run(self, rounds: int) -> None:
        """Go on until that many swaps have succeeded."""
        undo: list[tuple[str, Path]] = []
        while self.swaps < rounds:
            if undo and (len(undo) > 6 or self._random.random() < 0.45):
                self._swap(*undo.pop())
            elif inner := self._any_inside():
                if inner not in self._inside and self._random.random() < 0.02:
                    self._pull_out(inner)
                    continue
                outer = self._random.choice(self._outside)
                # What a cleaner has just taken out of the way has a name that nobody else would use.
                if CLEANING_PREFIX not in inner and self._swap(inner, outer):
                    undo.append((inner, outer))
        while undo:
            self._swap(*undo.pop())
        for path in list(self._out):
            self._check(path)

    def _any_inside(self) -> str:
        folder = self._random.choice(self._inside)
        if self._random.random() < 0.02:
            return folder
        try:
            fd = open_below(self._base_fd, folder)
        except OSError:
            return ""
        names = os.listdir(fd)
        os.close(fd)
        return f"{folder}/{self._random.choice(names)}" if names else ""

    def _swap(self, inner: str, outer: Path) -> bool:
        self._check(outer)
        if not self._rename(inner, outer, EXCHANGE):
            return False
        self._out[outer] = files_at(outer)
        return True

    def _pull_out(self, inner: str) -> None:
        """Move out for good whatever that is, even what a cleaner has taken out of the way just now."""
        target = self._spare / str(self.swaps)
        if self._rename(inner, target, NOREPLACE):
            self._out[target] = files_at(target)

    def _rename(self, inner: str, outer: Path, flags: int) -> bool:
        folder, _, name = inner.rpartition("/")
        try:
            fd = open_below(self._base_fd, folder or ".")
        except OSError:
            return False
        done = _LIBC.renameat2(fd, os.fsencode(name), _AT_FDCWD, os.fsencode(outer), flags) == 0
        os.close(fd)
        self.swaps += done
        return bool(done)

    def _check(self, path: Path) -> None:
        expected = self._out.pop(path, set())
        if not expected:
            return
        deadline = time.monotonic() + _SETTLES_WITHIN_S
        while missing := expected - files_at(path):  # what was caught by mistake is put back in a moment
            if time.monotonic() > deadline:
                self.violations.append(f"{path}: {sorted(missing)}")
                return
            time.sleep(0.001)


def swapping_process(make: Callable[[], Swapping], rounds: int) -> tuple[int, int]:
    """Start a process that swaps; returns its id and a descriptor to read its report from."""
    report_fd, write_fd = os.pipe()
    child = os.fork()
    if child:
        os.close(write_fd)
        return child, report_fd
    try:
        swapping = make()
        swapping.run(rounds)
        os.write(write_fd, json.dumps({"swaps": swapping.swaps, "violations": swapping.violations}).encode())
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
    os._exit(0)


def swapped_at(
    moment: int,
    act: Callable[[], object],
    *,
    inner: Path,
    outer: Path,
    then: Callable[[], None] = lambda: None,
) -> set[tuple[int, int]] | None:
    """Run `act` in a process of its own; just before its n-th touch of the disk, two names are swapped.

    The interpreter announces every opening, renaming, removing and so on before it does it. Before every later
    touch `then` is called. Returns the files at `outer` right after the swap; None where `act` came to
    its end before that.
    """
    report_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        _swap_and_go_on(moment, act, inner, outer, then, write_fd)
    os.close(write_fd)
    with open(report_fd, encoding="utf-8") as stream:
        report = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the process ended with an error"
    return {(inode, mtime_ns) for inode, mtime_ns in json.loads(report)} if report else None


def _swap_and_go_on(
    moment: int, act: Callable[[], object], inner: Path, outer: Path, then: Callable[[], None], write_fd: int
) -> None:
    count = 0
    is_ours = False

    def watch(event: str, _: object) -> None:
        nonlocal count, is_ours
        if is_ours or not event.startswith(("open", "os.", "fcntl.")):
            return
        count += 1
        is_ours = True
        if count == moment:
            _LIBC.renameat2(_AT_FDCWD, os.fsencode(inner), _AT_FDCWD, os.fsencode(outer), EXCHANGE)
            os.write(write_fd, json.dumps(list(files_at(outer))).encode())
        elif count > moment:
            then()
        is_ours = False

    sys.addaudithook(watch)
    code = 1
    try:
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
    os._exit(code)


def files_at(path: Path) -> set[tuple[int, int]]:
    """The files at and below a path (inode, time); no link is followed. What is being cleaned does not count."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return set()
    except OSError:
        return _identity(path)
    found: set[tuple[int, int]] = set()
    try:
        for name in os.listdir(fd):
            if not name.startswith(CLEANING_PREFIX):
                found |= files_at(path / name)
    finally:
        os.close(fd)
    return found


def _identity(path: Path) -> set[tuple[int, int]]:
    try:
        found = path.lstat()
    except OSError:
        return set()
    return {(found.st_ino, found.st_mtime_ns)}
