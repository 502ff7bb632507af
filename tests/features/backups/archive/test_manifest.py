"""The manifest: what is written is read again, whatever names are in it, and it never is whole in memory."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rattail.features.backups.archive.manifest import Entry, read_manifest, write_manifest

_NUMBERS = st.integers(0, 2**32 - 2)
_ENTRIES = st.builds(
    Entry,
    path=st.text(min_size=1),
    kind=st.sampled_from(("file", "folder", "link")),
    size=st.integers(0, 2**62),
    mode=st.integers(0, 0o7777),
    uid=_NUMBERS,
    gid=_NUMBERS,
    user=st.text(),
    group=st.text(),
    mtime_ns=st.integers(-(2**63) + 1, 2**63 - 1),
    sha256=st.sampled_from(("", "0a" * 32)),
    target=st.text(),
)
_ENTRY = Entry("data/a.csv", "file", 17, 0o640, 5, 6, "alice", "shop", 1_700_000_000_123_456_789, "ab" * 32)


def _head(**more: Any) -> dict[str, Any]:
    return {
        "app": {"id": "1f0c", "name": "poser", "layout": 3},
        "is_full": True,
        "root": "/srv/app",
        "relocated": {"data/uploads": "/mnt/uploads"},
        "database": None,
        "totals": {"files": 1, "bytes": 17},
        "parts": [{"name": "folder.tar.zst", "size_bytes": 1, "stored_bytes": 2, "stored_sha256": "ab"}],
        "warnings": ["a link"],
        **more,
    }


def _document(entries: list[Entry]) -> bytes:
    return b"".join(write_manifest(_head(), (entry.line().encode("ascii") for entry in entries)))


@given(st.lists(_ENTRIES, max_size=5))
def test_entries_survive_writing_and_reading(entries: list[Entry]) -> None:
    document = _document(entries)

    _, found = read_manifest(io.BytesIO(document))

    assert list(found) == entries
    assert [one["path"] for one in json.loads(document)["files"]] == [entry.path for entry in entries]


def test_the_head_is_what_was_written() -> None:
    head, entries = read_manifest(io.BytesIO(_document([_ENTRY])))

    assert (head.app_id, head.name, head.layout, head.root) == ("1f0c", "poser", 3, "/srv/app")
    assert (head.files, head.file_bytes, head.is_full, head.warnings) == (1, 17, True, ("a link",))
    assert head.relocated == {"data/uploads": "/mnt/uploads"}
    assert head.parts[0].name == "folder.tar.zst"
    assert list(entries) == [_ENTRY]


def test_white_space_may_follow_and_lines_may_come_in_any_pieces() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 7, 7))

    head, entries = read_manifest(Slow(_document([_ENTRY] * 3) + b" \n" * 500))

    assert head.name == "poser"
    assert list(entries) == [_ENTRY] * 3


def test_many_entries_need_no_more_memory_than_a_few() -> None:
    class Endless:
        """A manifest of 20,000 entries (6 MB) that is made while it is read."""

        def __init__(self) -> None:
            self._pieces: Iterator[bytes] = write_manifest(_head(), (_ENTRY.line().encode() for _ in range(20_000)))

        def read(self, _size: int, /) -> bytes:
            return next(self._pieces, b"")

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_manifest(Endless())[1])
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert peak_bytes < 2_000_000
