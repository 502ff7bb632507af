"""The folder's part: a tar of all that a walk finds, and what the manifest says of each."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO

from rattail.features.backups.archive import tar
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.making.content import Contents
from rattail.features.backups.making.walk import Found, Walk

_NS = 1_000_000_000


class Packed:
    """Packs the folder; afterwards `files` and `file_bytes` were counted, and `lines` are those of the manifest.

    The lines are kept in a file without a name in the folder `scratch_fd`, so that there may be a million. Use as a
    context.
    """

    def __init__(self, walk: Walk, contents: Contents, *, scratch_fd: int) -> None:
        self._walk = walk
        self._contents = contents
        self._spool: IO[bytes] = open(  # noqa: SIM115 - closed by the context
            os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=scratch_fd), "w+b"
        )
        self.entries = self.files = self.file_bytes = 0

    def __enter__(self) -> Packed:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def fill(self, write: Callable[[bytes], None], *, progress: Callable[[int], object]) -> None:
        """Pack everything into the part; `progress` is told the bytes of files so far.

        Raises:
            ChangedWhileRead: a large file changed.
            AppDirBroken: something cannot be read.
        """
        for found in self._walk:
            if found.kind == "file":
                self._pack_file(found, write, progress)
            else:
                self._write_entry(found, write, size=0, mtime_ns=found.look.st_mtime_ns)
        write(tar.END)

    def lines(self) -> Iterator[bytes]:
        self._spool.seek(0)
        for line in self._spool:
            yield line[:-1]

    def _pack_file(self, found: Found, write: Callable[[bytes], None], progress: Callable[[int], object]) -> None:
        with self._contents.opened(found) as content:
            if content is None:
                return
            write(_header(found, content.size_bytes, content.mtime_ns))
            digest = hashlib.sha256()
            size = 0
            for chunk in content.chunks:
                digest.update(chunk)
                write(chunk)
                size += len(chunk)
                progress(self.file_bytes + size)
            assert size == content.size_bytes, found.path
            write(tar.padding(size))
        self._note(_entry(found, size, content.mtime_ns, sha256=digest.hexdigest()))
        self.files += 1
        self.file_bytes += size

    def _write_entry(self, found: Found, write: Callable[[bytes], None], *, size: int, mtime_ns: int) -> None:
        write(_header(found, size, mtime_ns))
        self._note(_entry(found, size, mtime_ns))

    def _note(self, entry: Entry) -> None:
        self._spool.write(entry.line().encode("ascii") + b"\n")
        self.entries += 1


def _header(found: Found, size: int, mtime_ns: int) -> bytes:
    look = found.look
    return tar.header(
        found.path,
        size_bytes=size,
        mode=stat.S_IMODE(look.st_mode),
        mtime_s=mtime_ns // _NS,
        kind=found.kind,
        target=found.target,
        uid=look.st_uid,
        gid=look.st_gid,
        user=_user(look.st_uid),
        group=_group(look.st_gid),
    )


def _entry(found: Found, size: int, mtime_ns: int, *, sha256: str = "") -> Entry:
    look = found.look
    return Entry(
        path=found.path,
        kind=found.kind,
        size=size,
        mode=stat.S_IMODE(look.st_mode),
        uid=look.st_uid,
        gid=look.st_gid,
        user=_user(look.st_uid),
        group=_group(look.st_gid),
        mtime_ns=mtime_ns,
        sha256=sha256,
        target=found.target,
    )


@lru_cache(maxsize=256)
def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


@lru_cache(maxsize=256)
def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
