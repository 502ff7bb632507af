"""Putting what was restored in its place, and what was there beside it, so that both can be taken back.

A move exchanges two names in one step where the disk can do that, so that at every moment the name stands for the
whole old content or the whole new one. Each can be asked whether it was done, and is done or undone only once,
however often it was interrupted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from rattail.appdir.refusal import refusal

_AT_FDCWD = -100
_TAKEN_BACK = ".taken-back"
_NOREPLACE, _EXCHANGE = 1, 2
_UNKNOWN = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


class Move(NamedTuple):
    """One name whose content changes. All three paths are absolute and on one disk.

    `new` takes the place of `live`, and what was there goes to `old`. Without `new` (empty) nothing takes its place.
    `inode` is that of `new`, and `old_inode` that of what was at `live` (0: nothing was): they tell which is where.
    """

    live: str
    new: str
    old: str
    inode: int
    old_inode: int


def planned(live: str, new: str, old: str) -> Move:
    """The move that is to be made, as things stand now."""
    return Move(live, new, old, os.lstat(new).st_ino if new else 0, _inode(live))


def do(moves: Sequence[Move]) -> None:
    """Make all moves that are not made yet, and flush them to the disk.

    Raises:
        AppDirBroken: the system refuses one.
    """
    for move in moves:
        try:
            os.makedirs(os.path.dirname(move.old), mode=0o700, exist_ok=True)
            _do(move)
            _flush(move)
        except OSError as error:
            raise refusal("put in its place", move.live, error) from error


def undo(moves: Sequence[Move]) -> None:
    """Take back all moves that were made or begun, the last one first.

    Raises:
        AppDirBroken: the system refuses one.
    """
    for move in reversed(moves):
        try:
            _undo(move)
            _flush(move)
        except OSError as error:
            raise refusal("put back", move.live, error) from error


def remove_tree(path: str) -> None:
    """Remove a folder with all that is in it, following no link; nothing where it is not there.

    Raises:
        AppDirBroken: the system refuses.
    """
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal("remove", path, error) from error


def _do(move: Move) -> None:
    if not move.new:
        if _inode(move.live) == move.old_inode:
            _rename(move.live, move.old)
        return
    if _inode(move.live) != move.inode:
        if not move.old_inode:
            _rename(move.new, move.live)
        elif not _exchanged(move.new, move.live):
            if _inode(move.live) == move.old_inode:
                _rename(move.live, move.old)
            _rename(move.new, move.live)
    if move.old_inode and _inode(move.new) == move.old_inode:  # exchanged
        _rename(move.new, move.old)


def _undo(move: Move) -> None:
    is_kept = bool(move.old_inode) and _inode(move.old) == move.old_inode
    if not move.new:
        if is_kept:
            _rename(move.old, move.live)
        return
    if _inode(move.live) == move.inode:
        if not move.old_inode:
            _rename(move.live, move.new)
            return
        where = move.old if is_kept else move.new
        if not _exchanged(where, move.live):
            _rename(move.live, f"{move.new}{_TAKEN_BACK}")
            _rename(where, move.live)
    elif is_kept and not os.path.lexists(move.live):
        _rename(move.old, move.live)
    for where in (move.old, f"{move.new}{_TAKEN_BACK}"):
        if _inode(where) == move.inode:
            _rename(where, move.new)


def _flush(move: Move) -> None:
    for folder in {os.path.dirname(path) for path in (move.live, move.new, move.old) if path}:
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _inode(path: str) -> int:
    try:
        return os.lstat(path).st_ino
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _rename(one: str, other: str) -> None:
    """Rename, over nothing."""
    if not _renamed(one, other, _NOREPLACE):
        if os.path.lexists(other):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), other)
        os.rename(one, other)


def _exchanged(one: str, other: str) -> bool:
    """Let two names change places at once; False where this disk cannot."""
    return _renamed(one, other, _EXCHANGE)


def _renamed(one: str, other: str, how: int) -> bool:
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), other)


@cache
def _renameat2() -> Any:
    """The system's call; None where there is none."""
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    return function
