"""The manifest: what a backup holds, file by file. One JSON document, written and read a line at a time.

It begins with all that is known before the first file and ends with one line for each entry, in the order of the
folder's part; so that a million files need no more memory than one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from rattail.errors import LayoutOutdated
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.format import DATABASE_PARTS, FORMAT, VERSION
from rattail.features.backups.archive.reading import Readable

_FILES = '"files": ['
_END = "]}"
_MOST_HEAD_BYTES = 16 << 20
_MOST_LINE_BYTES = 64 << 10
_READ_BYTES = 1 << 18
_KINDS = ("file", "folder", "link")
_MOST_ID = 2**32 - 2  # the last one means "nobody" to the system
_MOST_NUMBER = 2**63 - 1
_PLAIN_LINE = re.compile(  # as `Entry.line` says it where nothing is escaped: twice as fast as JSON
    r'\{"path": "([^"\\]*)", "kind": "(file|folder|link)", "size": ([0-9]{1,18}), "mode": "([0-7]{4})", '
    r'"uid": ([0-9]{1,9}), "gid": ([0-9]{1,9}), "user": "([^"\\]*)", "group": "([^"\\]*)", '
    r'"mtime_ns": (-?[0-9]{1,18}|[0-8][0-9]{18}), "sha256": "([0-9a-f]{64}|)", "target": "([^"\\]*)"\},?\s*'
)
_MODE = re.compile(r"[0-7]{4}")
_SHA256 = re.compile(r"[0-9a-f]{64}|")


class Entry(NamedTuple):
    """One file, folder or link. `mode` are permission bits; `sha256` is that of a file's content, in hex."""

    path: str
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    mtime_ns: int
    sha256: str = ""
    target: str = ""

    def line(self) -> str:
        """The entry as one line of JSON."""
        return (
            f'{{"path": {quoted(self.path)}, "kind": "{self.kind}", "size": {self.size}, "mode": "{self.mode:04o}", '
            f'"uid": {self.uid}, "gid": {self.gid}, "user": {quoted(self.user)}, "group": {quoted(self.group)}, '
            f'"mtime_ns": {self.mtime_ns}, "sha256": "{self.sha256}", "target": {quoted(self.target)}}}'
        )


class Part(NamedTuple):
    """One compressed part of an archive: its size unpacked, and size and SHA-256 as it is stored."""

    name: str
    size_bytes: int
    stored_bytes: int
    stored_sha256: str


class Head(NamedTuple):
    """Everything a manifest says but its files: the document, and what the code needs of it."""

    document: Mapping[str, Any]

    @property
    def app_id(self) -> str:
        return str(self.document["app"]["id"])

    @property
    def name(self) -> str:
        return str(self.document["app"]["name"])

    @property
    def layout(self) -> int:
        return int(self.document["app"]["layout"])

    @property
    def is_full(self) -> bool:
        return bool(self.document["is_full"])

    @property
    def root(self) -> str:
        return str(self.document["root"])

    @property
    def relocated(self) -> dict[str, str]:
        """By logical name, where relocated folders lay."""
        return {str(path): str(place) for path, place in self.document["relocated"].items()}

    @property
    def database(self) -> Mapping[str, Any] | None:
        """Kind, part, version of the server, tables and their counts; None: there were no records yet."""
        found: Mapping[str, Any] | None = self.document["database"]
        return found

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(Part(**one) for one in self.document["parts"])

    @property
    def files(self) -> int:
        return int(self.document["totals"]["files"])

    @property
    def file_bytes(self) -> int:
        return int(self.document["totals"]["bytes"])

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(str(text) for text in self.document["warnings"])


def write_manifest(head: Mapping[str, Any], lines: Iterator[bytes]) -> Iterator[bytes]:
    """The whole document, piece by piece; `lines` are entries as `Entry.line` says them, without their ends."""
    document = {"format": FORMAT, "version": VERSION, **head}
    yield json.dumps(document, indent=1)[:-2].encode("ascii") + b",\n " + _FILES.encode("ascii")
    separator = b"\n"
    for line in lines:
        yield separator + line
        separator = b",\n"
    yield b"\n" + _END.encode("ascii") + b"\n"


def read_manifest(source: Readable) -> tuple[Head, Iterator[Entry]]:
    """The head, and the entries one after the other; what follows the document's end must be white space.

    Raises:
        Damaged: it is not such a document (also while the entries are read).
        LayoutOutdated: a newer version of this program wrote it.
    """
    lines = _lines(source)
    text: list[str] = []
    size = 0
    for line in lines:
        size += len(line)
        if line.strip() == _FILES:
            return _head("".join(text)), _entries(lines)
        if size > _MOST_HEAD_BYTES:
            break
        text.append(line)
    raise Damaged("its manifest has no list of files")


def _head(text: str) -> Head:
    try:
        document = json.loads(text.rstrip().removesuffix(",") + "}")
        if document["format"] != FORMAT or type(document["version"]) is not int or document["version"] < 1:
            raise ValueError("not a manifest of ours")
        if document["version"] > VERSION:
            raise LayoutOutdated(
                f"the backup has format {document['version']}; this version of rattail knows formats up to {VERSION}.",
                hint="restore it with its own program: python3 restore.py",
            )
        head = Head(document)
        _require_sound(head)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise Damaged(f"the head of its manifest cannot be understood ({type(error).__name__})") from error
    return head


def _require_sound(head: Head) -> None:
    """Look at everything once that is asked for later. Raises what Python raises where it is not as it should be."""
    _ = head.app_id, head.name, head.layout, head.is_full, head.root, head.parts, head.warnings
    if head.files < 0 or head.file_bytes < 0:
        raise ValueError("less than nothing")
    for path, place in head.document["relocated"].items():
        if type(place) is not str or not place.startswith("/") or set(path.split("/")) & {"", ".", ".."}:
            raise ValueError("no relocated folder")
    database = head.database
    if database is None:
        return
    if database["part"] != DATABASE_PARTS[database["kind"]] or not isinstance(database["counts"], dict):
        raise ValueError("no copy of records")
    if type(database["size_bytes"]) is not int or database["size_bytes"] < 0:
        raise ValueError("no size")


def _entries(lines: Iterator[str]) -> Iterator[Entry]:
    plain = _PLAIN_LINE.fullmatch
    for number, line in enumerate(lines, start=1):
        found = plain(line)
        if found is not None:
            path, kind, size, mode, uid, gid, user, group, mtime_ns, sha256, target = found.groups()
            yield Entry(
                path, kind, int(size), int(mode, 8), int(uid), int(gid), user, group, int(mtime_ns), sha256, target
            )
            continue
        text = line.strip()
        if text == _END:
            if any(more.strip() for more in lines):
                raise Damaged("something follows after the end of its manifest")
            return
        yield _entry(text.removesuffix(","), number)
    raise Damaged("its manifest ends in the middle of the list of files")


def _entry(text: str, number: int) -> Entry:
    try:
        raw = json.loads(text)
        raw["mode"] = int(raw["mode"], 8) if _MODE.fullmatch(raw["mode"]) else -1
        entry = Entry(**raw)
        numbers = (entry.size, entry.mode, entry.uid, entry.gid, entry.mtime_ns)
        words = (entry.path, entry.user, entry.group, entry.sha256, entry.target)
        is_sound = (
            all(type(one) is int for one in numbers)
            and all(type(one) is str for one in words)
            and 0 <= entry.size <= _MOST_NUMBER
            and 0 <= entry.mode <= 0o7777
            and 0 <= entry.uid <= _MOST_ID
            and 0 <= entry.gid <= _MOST_ID
            and abs(entry.mtime_ns) <= _MOST_NUMBER
            and entry.kind in _KINDS
            and _SHA256.fullmatch(entry.sha256) is not None
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise Damaged(f"entry {number:,} of its manifest cannot be understood")
    return entry


def _lines(source: Readable) -> Iterator[str]:
    """The lines of a stream, with their ends; none may be longer than anything we write."""
    rest = b""
    while part := source.read(_READ_BYTES):
        whole, _, rest = (rest + part).rpartition(b"\n")
        if len(rest) > _MOST_LINE_BYTES and not rest.isspace():
            raise Damaged("a line of its manifest is longer than any that was ever written")
        if whole:
            yield from _decoded(whole + b"\n")
    if rest:
        yield from _decoded(rest)


def _decoded(raw: bytes) -> Iterator[str]:
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        raise Damaged("its manifest holds what is no ASCII") from None
    yield from text.splitlines(keepends=True) if "\r" not in text else [text]
