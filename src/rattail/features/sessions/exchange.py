"""Replacing a file that is there, in one step, quickly."""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache
from typing import Any

from rattail.appdir.files import replace_file
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX

_EXCHANGE = 2
_NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_if_there(dir_fd: int, name: str, content: bytes, *, mode: int) -> bool:
    """Put new content in place of a file: readers see the old or the new. False, and nothing is made, where there
    is no such file.

    The new file and the old one swap their names. A rename over the old one would do, but ext4 then writes the new
    one's blocks to the disk at once, which takes longer than all the rest of a save; and it would make a file where
    there is none any more. Where a file system cannot swap, it is done with a rename, and nobody else may remove
    the file meanwhile. Nothing is flushed to the disk.
    """
    temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    fd = os.open(temporary, _FLAGS, mode, dir_fd=dir_fd)
    try:
        with open(fd, "wb", buffering=0) as stream:
            if stream.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        number = _swap(dir_fd, temporary, name)
    finally:
        os.unlink(temporary, dir_fd=dir_fd)
    if number == errno.ENOENT:
        return False
    if number in _NOT_HERE:
        return _replace_by_rename(dir_fd, name, content, mode=mode)
    if number:
        raise OSError(number, os.strerror(number), name)
    return True


def _replace_by_rename(dir_fd: int, name: str, content: bytes, *, mode: int) -> bool:
    try:
        os.lstat(name, dir_fd=dir_fd)
    except FileNotFoundError:
        return False
    replace_file(dir_fd, name, content, mode=mode, is_durable=False)
    return True


def _swap(dir_fd: int, one: str, other: str) -> int:
    """Let two files swap their names; returns the number of the system's error, 0 for none."""
    renameat2 = _renameat2()
    if renameat2 is None:
        return errno.ENOSYS
    if renameat2(dir_fd, one.encode(), dir_fd, other.encode(), _EXCHANGE) == 0:
        return 0
    return ctypes.get_errno()


@cache
def _renameat2() -> Any:
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return function
