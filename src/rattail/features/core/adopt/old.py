"""Reading the old folder, which is to stay as it is."""

import os


def open_old(name: str, flags: int = 0, *, dir_fd: int | None = None) -> int:
    """Open something of the old folder to read it: no link is followed, and its times stay where possible."""
    flags |= os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(name, flags | os.O_NOATIME, dir_fd=dir_fd)
    except PermissionError:  # O_NOATIME is for owners
        return os.open(name, flags, dir_fd=dir_fd)
