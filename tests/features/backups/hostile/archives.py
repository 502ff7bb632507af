"""Hostile archives: what the outer tar, the manifest, the sums and the compression can say that no backup says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import zstandard

from tests.features.backups.hostile.case import Case
from tests.features.backups.hostile.forging import (
    BLOCK,
    CONTENT,
    END,
    archive,
    folder_archive,
    header,
    manifest,
    member,
    members,
    packed,
    padded,
    pax,
    record,
    sums,
    told,
)

_TAR = member("a", CONTENT) + END
_TOLD = told("a", CONTENT)


def good() -> list[tuple[str, bytes]]:
    return members(packed(_TAR), manifest([_TOLD]))


def archive_cases(victim: str) -> Iterator[Case]:
    """`victim` is an absolute path outside."""
    yield Case("nothing wrong", lambda: archive(good()), "")
    yield from _outer(victim)
    yield from _sums()
    yield from _compressed()
    yield from _manifest_heads()
    yield from _manifest_entries()
    yield from _cut()
    yield from _flipped()


def _outer(victim: str) -> Iterator[Case]:
    parts = good()
    for name in ("../victim", f"{victim}/new", "wheels/../../x.whl", "wheels/x", "wheels/a/b.whl", "wheels/.whl", "x"):
        says = "absolute" if name.startswith("/") else "leads out" if ".." in name else "which no backup does"
        yield Case(f"an outer member {name!r}", lambda n=name: archive([*parts, (n, b"x")]), says)  # type: ignore[misc]
    for kind, says in ((b"1", "hard link"), (b"2", "which no backup"), (b"3", "device"), (b"5", "which no backup")):
        raw = header("RESTORE.txt", kind=kind, link=victim.encode()[:100])
        yield Case(f"an outer member of type {kind!r}", lambda r=raw: r + archive(parts), says)  # type: ignore[misc]
    for number, (name, _) in enumerate(parts):
        without = parts[:number] + parts[number + 1 :]
        yield Case(f"without {name}", lambda w=without: archive(w), "no backup of ours")  # type: ignore[misc]
        yield Case(f"{name} twice", lambda n=number: archive([*parts, parts[n]]), "twice")  # type: ignore[misc]
        mixed = [*parts[:number], (name + ".age", b"age"), *parts[number + 1 :]]
        yield Case(f"{name} encrypted alone", lambda m=mixed: archive(m), "which no backup does|some are not")  # type: ignore[misc]
    yield Case("another order", lambda: archive(parts[::-1]), "no backup of ours")
    yield Case(
        "a folder behind the list of sums", lambda: archive(parts, end=member("x", b"x") + END), "no backup does"
    )
    yield Case("trailing text", lambda: archive(parts) + b"trailing", "follows after its end")
    yield Case("two end marks", lambda: archive(parts) + END, "")
    yield Case("one block as its end", lambda: archive(parts, end=bytes(BLOCK)), "before its end mark")
    yield Case("no end", lambda: archive(parts, end=b""), "before its end mark")
    yield Case("an archive behind an archive", lambda: archive(parts) + archive(parts), "follows after its end")
    yield Case("an empty file", lambda: b"", "before its end mark")
    yield Case("zeros only", lambda: bytes(10240), "no backup of ours")
    yield Case("text", lambda: b"This is no tar. " * 100, "no header of a tar")
    yield Case("a compressed tar", lambda: zstandard.compress(archive(parts) * 4), "no header of a tar|before its end")
    wheels = [(f"wheels/w{number}.whl", b"") for number in range(10_001)]
    yield Case("10,001 wheels", lambda: archive([*parts[:4], *wheels, *parts[4:]]), "more than 10,000 members")
    large = header("environment.json", size=b"\x80" + (1 << 40).to_bytes(11, "big"))
    yield Case(
        "a record of the environment of 1 TiB",
        lambda: archive(parts[:2], end=b"").partition(header("SHA256SUMS", 1)[:10])[0] + large,
        "in the middle",
    )
    yield Case(
        "a global path for the outer members",
        lambda: pax(record("path", victim), kind=b"g") + archive(parts),
        "for all members that follow",
    )


def _sums() -> Iterator[Case]:
    parts = good()
    right = sums(parts)
    for what, content, says in (
        ("no sums", b"", "not about what it holds"),
        ("a sum too few", right[right.index(b"\n") + 1 :], "not about what it holds"),
        ("a sum too many", right + b"0" * 64 + b"  x\n", "not about what it holds"),
        ("a sum twice", right + right, "cannot be understood"),
        ("sums of other names", right.replace(b"RESTORE", b"restore"), "not about what it holds"),
        ("sums in another order", b"".join(right.splitlines(keepends=True)[::-1]), "not about what it holds"),
        ("sums that are none", b"\xff\xfe" * 20, "cannot be understood"),
        ("short sums", right.replace(b"  ", b"0  "), "cannot be understood"),
    ):
        raw = b"".join(member(name, one) for name, one in parts) + member("SHA256SUMS", content) + END
        yield Case(what, lambda r=raw: r, says)  # type: ignore[misc]
    wrong = right.replace(right.splitlines()[3][:64], b"0" * 64)
    raw = b"".join(member(name, one) for name, one in parts) + member("SHA256SUMS", wrong) + END
    yield Case("a wrong sum of the manifest", lambda: raw, "not those that were written")


def _compressed() -> Iterator[Case]:
    files = manifest([_TOLD])
    whole = packed(_TAR)
    for cut in (0, 1, 4, 8, len(whole) // 2, len(whole) - 8):
        yield Case(
            f"a part cut after {cut} bytes",
            lambda c=cut: archive(members(whole[:c], files)),  # type: ignore[misc]
            "it ends|cannot be unpacked",
        )
    for what, content in (
        ("no zstd", _TAR),
        ("gzip", b"\x1f\x8b\x08" + bytes(40)),
        ("a wrong check sum", whole[:-4] + bytes(4)),
        ("text behind the frame", whole + b"trailing text"),
        ("a dictionary that nobody has", b"\x28\xb5\x2f\xfd\x23\x01\x02\x03\x04\x10\x01\x00\x00x"),
    ):
        yield Case(f"a part of {what}", lambda c=content: archive(members(c, files)), "cannot be unpacked|it ends")  # type: ignore[misc]
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    )
    writer = wide.compressobj()
    spread = writer.compress(_TAR) + writer.flush()
    yield Case("a window of 128 MiB", lambda: archive(members(spread, files)), "cannot be unpacked")
    yield Case(
        "a bomb of zeros behind the end", lambda: archive(members(whole + packed(bytes(256 << 20)), files)), "follows"
    )
    yield Case("a bomb of empty frames", lambda: archive(members(packed(b"") * 200_000 + whole, files)), "")
    yield Case("two frames", lambda: archive(members(packed(_TAR[:700]) + packed(_TAR[700:]), files)), "")


def _manifest_heads() -> Iterator[Case]:
    for key in ("format", "version", "app", "is_full", "root", "relocated", "database", "totals", "parts", "warnings"):
        gone: dict[str, Any] = {key: ...}
        yield Case(f"no {key}", lambda g=gone: folder_archive(_TAR[:-1024], [_TOLD], **g), "head of its manifest")  # type: ignore[misc]
    wrong: dict[str, list[Any]] = {
        "format": ["other", 1, None, []],
        "version": ["1", 1.0, None, True, 0, -1],
        "app": [None, [], "poser", {}, {"id": 1, "name": "x", "layout": "two"}],
        "relocated": [None, [1], "x", {"data/uploads": 7}, {"../victim": "/x"}],
        "totals": [None, {}, {"files": "two", "bytes": 1}, {"files": None, "bytes": 1}, {"files": 1, "bytes": "x"}],
        "parts": [None, 7, [1], [{"name": "x"}], ["x"], {"x": 1}],
        "database": [7, "x", [1]],
        "warnings": [None, 7],
    }
    for key, values in wrong.items():
        for value in values:
            yield Case(
                f"{key} is {json.dumps(value)}",
                lambda k=key, v=value: folder_archive(_TAR[:-1024], [_TOLD], **{k: v}),  # type: ignore[misc]
                "head of its manifest",
            )
    yield Case("a newer format", lambda: folder_archive(_TAR[:-1024], [_TOLD], version=2), "knows formats up to 1")
    files = manifest([_TOLD])
    for what, content, says in (
        ("empty", b"", "no list of files"),
        ("no JSON", b"Not JSON at all\n", "no list of files"),
        ("a list", b"[]\n", "no list of files"),
        ("all in one line", json.dumps(json.loads(files)).encode(), "no list of files"),
        ("deep", b"[" * 1_000_000, "longer than any"),
        ("deep in lines", b"[\n" * 1_000_000 + b' "files": [\n]}\n', "head of its manifest"),
        ("deep objects", b'{"a":\n' * 200_000 + b' "files": [\n]}\n', "head of its manifest"),
        ("an endless head", b'"a": 1,\n' * 2_200_000, "no list of files"),
        ("one long line", b" " * 100_000 + b"x" * (1 << 20), "longer than any"),
        ("not UTF-8", files.replace(b"poser", b"\xff\xfe\xff"), "no ASCII"),
        ("UTF-8", files.replace(b"poser", "pösér".encode()), "no ASCII"),
        ("UTF-16", files.decode().encode("utf-16"), "no ASCII|longer"),
        ("with NUL", files.replace(b"poser", b"po\0er"), "head of its manifest"),
        ("with a huge number", files.replace(b'"layout": 1', b'"layout": ' + b"9" * 5000), "head of its manifest"),
        ("with infinity", files.replace(b'"layout": 1', b'"layout": Infinity'), "head of its manifest"),
        ("without its end", files[: files.rindex(b"]}")], "middle of the list"),
        ("cut in an entry", files[: files.rindex(b"sha256")], "cannot be understood|middle of the list"),
        ("with text behind it", files + b"trailing", "follows after the end"),
        ("with another one behind it", files + files, "follows after the end"),
        ("with white space behind it", files + b" \n" * 5000, ""),
    ):
        yield Case(f"a manifest that is {what}", lambda c=content: archive(members(packed(_TAR), c)), says)  # type: ignore[misc]


def _manifest_entries() -> Iterator[Case]:
    wrong: dict[str, list[Any]] = {
        "path": [None, 1, ["a"], {}],
        "kind": [None, 1, "device", "", "FILE", ["file"]],
        "size": [None, "17", -1, 17.0, True, 1 << 64, 10**30],
        "mode": [None, 640, "rwx", "-640", "77777", "0o640", "", "9999"],
        "uid": [None, "0", -1, 0.0, False, 1 << 32, (1 << 32) - 1, 1 << 70],
        "gid": [None, "0", -1, 1 << 32, 1 << 70],
        "mtime_ns": [None, "now", 1.5, 1 << 63, -(1 << 70), 10**40],
        "sha256": [None, 1, "x", "A" * 64, "0" * 63, "1" * 65],
        "target": [None, 1, []],
        "user": [None, 0],
        "group": [None, []],
    }
    for key, values in wrong.items():
        for value in values:
            entry = {**_TOLD, key: value}
            yield Case(
                f"an entry whose {key} is {json.dumps(value)[:30]}",
                lambda e=entry: folder_archive(_TAR[:-1024], [e], totals={"files": 1, "bytes": 17}),  # type: ignore[misc]
                "cannot be understood",
            )
    for key in _TOLD:
        if key not in ("sha256", "target"):
            entry = {one: value for one, value in _TOLD.items() if one != key}
            yield Case(
                f"an entry without {key}",
                lambda e=entry: folder_archive(_TAR[:-1024], [json.dumps(e)], totals={"files": 1, "bytes": 17}),  # type: ignore[misc]
                "cannot be understood",
            )
    for what, line in (
        ("with one key more", json.dumps({**_TOLD, "x": 1})),
        ("that is a list", "[]"),
        ("that is a number", "7"),
        ("that is nothing", "null"),
        ("that is text", '"a"'),
        ("of ten thousand brackets", "[" * 10_000),
        ("of two entries", json.dumps(_TOLD) + ", " + json.dumps(_TOLD)),
        ("that is empty", ""),
        ("with a control character", json.dumps(_TOLD).replace('"a"', '"\x1c"')),
        ("with a carriage return", json.dumps(_TOLD).replace('"path"', '\r"path"')),
        ("with a raw NUL", json.dumps(_TOLD).replace('"a"', '"\x00"')),
    ):
        yield Case(
            f"an entry {what}",
            lambda text=line: folder_archive(_TAR[:-1024], [text], totals={"files": 1, "bytes": 17}),  # type: ignore[misc]
            "cannot be understood|not what its manifest|middle|does not tell|no list of files",
        )


def _cut() -> Iterator[Case]:
    whole = archive(good())
    for tenth in range(60):
        at = len(whole) * tenth // 60
        yield Case(f"cut after {at} bytes", lambda a=at: whole[:a], "it ends|no backup of ours")  # type: ignore[misc]
    yield Case("cut by one byte", lambda: whole[:-1], "before its end mark")


def _flipped() -> Iterator[Case]:
    """A bit of every kind of place: what unpacking believes is told by a sum."""
    whole = archive(good())
    parts = good()
    at = 0
    for name, content in parts:
        for where in (0, 100, 126, 150, 156, 257):
            flipped = bytearray(whole)
            flipped[at + where] ^= 1
            yield Case(f"a bit in the header of {name} at {where}", lambda f=bytes(flipped): f, ".")  # type: ignore[misc]
        if name in ("manifest.json", "folder.tar.zst"):
            for number in range(10):
                flipped = bytearray(whole)
                flipped[at + BLOCK + len(content) * number // 10] ^= 4
                yield Case(f"a bit in {name}, {number}/10", lambda f=bytes(flipped): f, ".")  # type: ignore[misc]
        at += BLOCK + len(padded(content))
