"""Parts while they are written: what is stored, what is said of it, and what happens when the disk refuses."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import threading
from pathlib import Path

import pytest

from rattail.features.backups.archive.stream import PartWriter

_OFFSET = 512


@pytest.mark.parametrize("sizes", [[0], [1], [100] * 50_000, [5_000_000, 3, 2_000_000]])
def test_zstd_unpacks_what_was_written(sizes: list[int], tmp_path: Path) -> None:
    whole = bytearray()
    with (tmp_path / "a").open("wb") as stream, PartWriter(stream.fileno(), _OFFSET, "part.zst") as writer:
        for number, size in enumerate(sizes):
            content = (b"%d," % number * size)[:size]
            whole += content
            writer.write(content)
        part = writer.finish()
    stored = (tmp_path / "a").read_bytes()[_OFFSET:]

    assert part.name == "part.zst"
    assert (part.size_bytes, part.stored_bytes) == (len(whole), len(stored))
    assert part.stored_sha256 == hashlib.sha256(stored).hexdigest()
    assert subprocess.run(["zstd", "-dc"], input=stored, capture_output=True, check=True).stdout == whole


def test_a_full_disk_is_told_to_whoever_writes() -> None:
    with (
        open("/dev/full", "wb", buffering=0) as full,
        PartWriter(full.fileno(), 0, "part.zst") as writer,
        pytest.raises(OSError, match=os.strerror(errno.ENOSPC)),
    ):
        _fill(writer)


def test_what_watches_the_disk_can_end_it(tmp_path: Path) -> None:
    def refuse(_stored: int) -> None:
        raise OSError(errno.EDQUOT, "watched")

    with (tmp_path / "a").open("wb") as stream, PartWriter(stream.fileno(), 0, "part.zst", on_stored=refuse) as writer:
        writer.write(b"x")

        with pytest.raises(OSError, match="watched"):
            writer.finish()


def test_a_part_that_is_given_up_ends_its_thread(tmp_path: Path) -> None:
    before = threading.active_count()

    with (tmp_path / "a").open("wb") as stream, pytest.raises(KeyError):
        _give_up(stream.fileno())

    assert threading.active_count() == before


def _fill(writer: PartWriter) -> None:
    for _ in range(40):
        writer.write(os.urandom(1 << 20))
    writer.finish()


def _give_up(fd: int) -> None:
    with PartWriter(fd, 0, "part.zst") as writer:
        writer.write(b"x" * (3 << 20))
        raise KeyError
