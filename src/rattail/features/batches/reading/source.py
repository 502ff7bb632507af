"""One file to read: what it is, without trusting its name."""

from typing import Literal, NamedTuple

HEAD_BYTES = 64 * 1024

Container = Literal["text", "xlsx", "xls", "zip", "gzip", "pdf", "encrypted", "xml", "x12", "edifact", "binary", "empty"]


class Source(NamedTuple):
    """A file on the disk; `name` is what it was called by whoever sent it, for messages and recognition only.

    `encoding` and `text` (the head as text, byte order mark removed) are empty where it is no text.
    """

    path: str
    name: str
    size_bytes: int
    container: Container
    head: bytes
    encoding: str = ""
    text: str = ""
