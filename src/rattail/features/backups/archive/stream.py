"""One part of an archive while it is written: compressed, encrypted where that is wished, hashed, in one pass.

The caller reads files and hashes them; a thread of the part's own has it compressed, by two threads of zstd, and
writes. All let go of Python's lock while they work, so that two processors are busy. At most a few megabytes wait in
between.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rattail.features.backups.archive.crypt import encrypt
from rattail.features.backups.archive.manifest import Part

if TYPE_CHECKING:
    from pyrage import x25519

LEVEL = 3
_THREADS = 2
_JOB_BYTES = 1 << 20  # by itself zstd takes 8 MiB and needs 70 MB more for it
_GATHERED_BYTES = 1 << 20
_WAITING = 8
_WRITTEN_AT_ONCE_BYTES = 1 << 20


class PartWriter:
    """Takes the content of a part and writes what it becomes into `fd` from `offset` on. Use as a context.

    `on_stored` is told, in the thread, the number of bytes stored so far; what it raises ends the writing.

    Raises (from `write` and `finish`):
        OSError: the disk refuses; whatever `on_stored` raises.
    """

    def __init__(
        self,
        fd: int,
        offset: int,
        name: str,
        *,
        recipients: Sequence[x25519.Recipient] = (),
        on_stored: Callable[[int], object] = lambda _bytes: None,
    ) -> None:
        self._fd = fd
        self._offset = offset
        self._name = name
        self._recipients = recipients
        self._on_stored = on_stored
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._size_bytes = 0
        self._queue: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._error: BaseException | None = None
        self._is_over = False
        self._stored_bytes = 0
        self._hash = hashlib.sha256()
        self._unwritten: list[bytes] = []
        self._unwritten_bytes = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PartWriter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._is_over = True
            self._put(None)
            self._thread.join()

    def write(self, content: bytes) -> None:
        self._gathered.append(content)
        self._gathered_bytes += len(content)
        if self._gathered_bytes >= _GATHERED_BYTES:
            self._hand_over()

    def finish(self) -> Part:
        """Wait until all is written; the part as the manifest tells of it."""
        self._hand_over()
        self._put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return Part(self._name, self._size_bytes, self._stored_bytes, self._hash.hexdigest())

    def _hand_over(self) -> None:
        if self._gathered:
            self._size_bytes += self._gathered_bytes
            self._put(self._gathered[0] if len(self._gathered) == 1 else b"".join(self._gathered))
            self._gathered, self._gathered_bytes = [], 0

    def _put(self, content: bytes | None) -> None:
        while self._thread.is_alive():
            if self._error is not None and content is not None:
                raise self._error
            try:
                self._queue.put(content, timeout=0.1)
                return
            except queue.Full:
                continue
        if self._error is not None and content is not None:
            raise self._error

    def _run(self) -> None:
        import zstandard

        try:
            how = zstandard.ZstdCompressionParameters.from_level(
                LEVEL, threads=_THREADS, job_size=_JOB_BYTES, write_checksum=True
            )
            compressor = zstandard.ZstdCompressor(compression_params=how).compressobj()
            if self._recipients:
                encrypt(_Taking(self._next, compressor).take, self._store, self._recipients)
            else:
                while (content := self._next()) is not None:
                    self._store(compressor.compress(content))
                self._store(compressor.flush())
            self._write_out()
        except BaseException as error:  # noqa: BLE001 - it is told to whoever writes
            self._error = error

    def _next(self) -> bytes | None:
        content = self._queue.get()
        if self._is_over:
            raise InterruptedError("the part was given up")
        return content

    def _store(self, content: bytes) -> None:
        if content:
            self._unwritten.append(content)
            self._unwritten_bytes += len(content)
            if self._unwritten_bytes >= _WRITTEN_AT_ONCE_BYTES:
                self._write_out()

    def _write_out(self) -> None:
        content = b"".join(self._unwritten)
        self._unwritten, self._unwritten_bytes = [], 0
        self._hash.update(content)
        view = memoryview(content)
        while view:
            written = os.pwrite(self._fd, view, self._offset + self._stored_bytes)
            self._stored_bytes += written
            view = view[written:]
        self._on_stored(self._stored_bytes)


class _Taking:
    """Compressed content, given out in pieces of the size that is asked for."""

    def __init__(self, following: Callable[[], bytes | None], compressor: object) -> None:
        self._following = following
        self._compressor = compressor
        self._held = b""
        self._has_ended = False

    def take(self, size: int) -> bytes:
        while not self._held and not self._has_ended:
            content = self._following()
            if content is None:
                self._has_ended = True
                self._held = self._compressor.flush()  # type: ignore[attr-defined]
            else:
                self._held = self._compressor.compress(content)  # type: ignore[attr-defined]
        given, self._held = self._held[:size], self._held[size:]
        return given
