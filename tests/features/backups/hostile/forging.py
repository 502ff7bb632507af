"""Archives that no backup ever was, put together byte by byte: nothing of the code under test is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import zstandard

BLOCK = 512
END = bytes(2 * BLOCK)
FIELDS = {
    "name": (0, 100),
    "mode": (100, 8),
    "uid": (108, 8),
    "gid": (116, 8),
    "size": (124, 12),
    "mtime": (136, 12),
    "chksum": (148, 8),
    "kind": (156, 1),
    "link": (157, 100),
    "magic": (257, 8),
    "user": (265, 32),
    "group": (297, 32),
    "prefix": (345, 155),
}
CONTENT = b"Pallet 17, bay 4\n"


def header(name: bytes | str, size: int | bytes = 0, kind: bytes = b"0", **fields: bytes) -> bytes:
    """One header; any field can be replaced by raw bytes, the check sum is right unless it is replaced."""
    raw = bytearray(BLOCK)
    plain = {
        "name": name.encode() if isinstance(name, str) else name,
        "mode": b"0000640\0",
        "uid": b"0000000\0",
        "gid": b"0000000\0",
        "size": size if isinstance(size, bytes) else b"%011o\0" % size,
        "mtime": b"14000000000\0",
        "kind": kind,
        "magic": b"ustar\x0000",
    }
    for field, value in {**plain, **fields}.items():
        at, room = FIELDS[field]
        assert len(value) <= room, field
        raw[at : at + room] = value.ljust(room, b"\0")
    if "chksum" not in fields:
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def member(name: bytes | str, content: bytes = b"", kind: bytes = b"0", **fields: bytes) -> bytes:
    return header(name, len(content), kind, **fields) + padded(content)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def record(key: str, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    rest = len(key) + len(raw) + 3
    length = rest + len(str(rest))
    while rest + len(str(length)) != length:
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key.encode(), raw)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    return member("././@PaxHeader", b"".join(records), kind)


def told(path: str, content: bytes | None = None, **fields: Any) -> dict[str, Any]:
    """An entry of a manifest: of a file where there is content, else of a folder."""
    entry = {
        "path": path,
        "kind": "folder" if content is None else "file",
        "size": len(content or b""),
        "mode": "0750" if content is None else "0640",
        "uid": 0,
        "gid": 0,
        "user": "root",
        "group": "root",
        "mtime_ns": 1_610_612_736_000_000_000,
        "sha256": "" if content is None else hashlib.sha256(content).hexdigest(),
        "target": "",
    }
    return {**entry, **fields}


def told_link(path: str, target: str, **fields: Any) -> dict[str, Any]:
    return told(path, None, kind="link", mode="0777", target=target, **fields)


def manifest(entries: Sequence[Mapping[str, Any] | str], **head: Any) -> bytes:
    """A manifest; entries may be lines as they stand. Keys of the head can be replaced, or left out with `None`."""
    files = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("kind") == "file"]
    document: dict[str, Any] = {
        "format": "rattail backup",
        "version": 1,
        "app": {"id": "1f0c", "name": "poser", "layout": 1},
        "made_by": "rattail",
        "made_at": "2026-11-22T02:30:00+00:00",
        "is_full": False,
        "root": "/srv/envs/poser/app",
        "relocated": {},
        "database": None,
        "environment": {},
        "totals": {"files": len(files), "bytes": sum(_size(entry) for entry in files)},
        "parts": [],
        "warnings": [],
    }
    kept = {key: value for key, value in {**document, **head}.items() if value is not ...}
    lines = ",\n".join(entry if isinstance(entry, str) else json.dumps(entry) for entry in entries)
    return (json.dumps(kept, indent=1)[:-2] + ',\n "files": [\n' + lines + ("\n" if lines else "") + "]}\n").encode()


def _size(entry: Mapping[str, Any]) -> int:
    return entry["size"] if isinstance(entry["size"], int) else 0


def packed(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(content)


def members(folder: bytes, files: bytes) -> list[tuple[str, bytes]]:
    """What an archive consists of, but the sums: the folder's part packed, the manifest as it is."""
    return [
        ("RESTORE.txt", b"Read this first.\n"),
        ("restore.py", b"print('not today')\n"),
        ("environment.json", b"{}\n"),
        ("manifest.json", files),
        ("folder.tar.zst", folder),
    ]


def sums(parts: Sequence[tuple[str, bytes]]) -> bytes:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts).encode()


def archive(parts: Sequence[tuple[str, bytes]], *, end: bytes = END) -> bytes:
    """A whole archive with right sums."""
    whole = [*parts, ("SHA256SUMS", sums(parts))]
    return b"".join(member(name, content) for name, content in whole) + end


def folder_archive(tar: bytes, entries: Sequence[Mapping[str, Any] | str], *, end: bytes = END, **head: Any) -> bytes:
    """A whole archive around such a folder."""
    return archive(members(packed(tar + end), manifest(entries, **head)))
