"""age, in streams: nothing is ever whole in memory.

pyrage pulls from one file and pushes into another, so that encrypting is one call that reads what was compressed.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rattail.errors import KeyDoesNotFit
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.reading import Readable

if TYPE_CHECKING:
    from pyrage import x25519

_BUFFER_BYTES = 1 << 20
_NO_KEY = "No matching keys"


class Pulled(io.RawIOBase):
    """What a function gives, as a file that pyrage can read: `take(n)` gives at most n bytes, none at the end."""

    def __init__(self, take: Callable[[int], bytes]) -> None:
        self._take = take

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._take(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size: int = -1) -> bytes:
        return self._take(size if size > 0 else _BUFFER_BYTES)


class Pushed(io.RawIOBase):
    """A file that hands what pyrage writes on to a function."""

    def __init__(self, put: Callable[[bytes], object]) -> None:
        self._put = put

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._put(bytes(content))
        return len(content)


def encrypt(
    take: Callable[[int], bytes], put: Callable[[bytes], object], recipients: Sequence[x25519.Recipient]
) -> None:
    """Encrypt all that `take` gives, and hand it to `put`, in chunks of 64 KiB."""
    import pyrage

    pyrage.encrypt_io(Pulled(take), Pushed(put), list(recipients))


class Decrypting:
    """The content of an encrypted stream, read as it is needed. Use as a context: it has a thread.

    Raises (from `read`):
        KeyDoesNotFit: none of the keys opens it.
        Damaged: a byte of it is not what was encrypted.
    """

    def __init__(self, source: Readable, identities: Sequence[x25519.Identity], *, what: str) -> None:
        self._source = source
        self._identities = list(identities)
        self._what = what
        self._read_fd, self._write_fd = os.pipe()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Decrypting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._read_fd)
        self._thread.join()

    def read(self, size: int) -> bytes:
        content = os.read(self._read_fd, min(size, _BUFFER_BYTES))
        if not content and size:
            self._thread.join()
            if self._error is not None:
                raise self._told(self._error)
        return content

    def _run(self) -> None:
        import pyrage

        try:
            pyrage.decrypt_io(Pulled(self._source.read), Pushed(self._put), self._identities)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever reads
            self._error = error
        finally:
            os.close(self._write_fd)

    def _put(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._write_fd, view) :]

    def _told(self, error: BaseException) -> BaseException:
        import pyrage

        if isinstance(error, Damaged):
            return error
        if isinstance(error, pyrage.DecryptError | OSError):
            if _NO_KEY in str(error):
                return KeyDoesNotFit(
                    f"the key does not open {self._what}: the backup was encrypted to another one.",
                    hint="RESTORE.txt in the backup says which public keys it was encrypted to",
                )
            return Damaged(f"{self._what} cannot be decrypted ({error})")
        return error
