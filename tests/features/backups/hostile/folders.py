"""Hostile folders: what a folder's part and its entries can say that no backup says."""

from __future__ import annotations

from collections.abc import Iterator

from tests.features.backups.hostile.case import Case, plain
from tests.features.backups.hostile.contents import content_cases
from tests.features.backups.hostile.forging import (
    BLOCK,
    CONTENT,
    header,
    member,
    padded,
    pax,
    record,
    told,
    told_link,
)


def folder_cases(victim: str) -> Iterator[Case]:
    """`victim` is an absolute path outside, of a folder that exists."""
    yield from _paths(victim)
    yield from _links(victim)
    yield from _kinds()
    yield from _numbers()
    yield from _pax(victim)
    yield from _gnu(victim)
    yield from content_cases()


def _paths(victim: str) -> Iterator[Case]:
    leading = {
        "..": "leads out",
        "../victim": "leads out",
        "../../victim": "leads out",
        "data/../../victim": "leads out",
        "data/../../../../../../../../etc/victim": "leads out",
        "data/..": "leads out",
        "./../victim": "leads out",
        "data/./../../victim": "leads out",
        f"{victim}/new": "absolute",
        "/victim": "absolute",
        "//victim": "absolute",
        "/": "absolute",
        "/../victim": "absolute",
        "": "no plain path",
        ".": "no plain path",
        "./a": "no plain path",
        "a/./b": "no plain path",
        "a//b": "no plain path",
        "a/": "no plain path",
        "a/b/": "no plain path",
    }
    for path, says in leading.items():
        yield plain(f"a file called {path!r}", member(path, CONTENT), told(path, CONTENT), says=says)
    for path, says in leading.items():
        if path and not path.endswith("/"):
            yield plain(f"a folder called {path!r}", header(path, kind=b"5"), told(path), says=says)
    for path in ("../victim", f"{victim}/new", "data/../../victim"):
        tar = pax(record("path", path)) + member("harmless", CONTENT)
        says = "absolute" if path.startswith("/") else "leads out"
        yield plain(f"a pax path {path!r}", tar, told(path, CONTENT), says=says)
        yield plain(f"a pax path {path!r} told as harmless", tar, told("harmless", CONTENT), says=says)
        folder, _, name = path.rpartition("/")
        tar = member(name, CONTENT, prefix=folder.encode()[:155])
        yield plain(f"a prefix that makes {path!r}", tar, told(path, CONTENT), says=says)
    yield plain("a name with NUL in pax", pax(record("path", "a\0b")) + member("a", CONTENT), says="no plain path")
    yield plain(
        "a name that is cut at a NUL",
        member(b"a\0/../../victim", CONTENT),
        told("a\0/../../victim", CONTENT),
        says="not what its manifest tells",
    )
    yield plain(
        "a part of a name of 256 bytes",
        pax(record("path", "x" * 256)) + member("x", CONTENT),
        told("x" * 256, CONTENT),
        says="too long",
    )
    deep = "d/" * 2048 + "end"
    yield plain("a path of 4,099 bytes", pax(record("path", deep)) + member("x", CONTENT), says="too long")
    for path in ("a\nb", "a\x1b[2Jb", "\x7f", "a\\..\\b", "C:\\victim", "..a", "...", "a..", " ", "-rf", "~root"):
        yield plain(f"a strange name {path!r}", member(path, CONTENT), told(path, CONTENT), says="")
    raw = b"\xff\xfe"
    yield plain("a name that is no UTF-8", member(raw, CONTENT), told("\udcff\udcfe", CONTENT), says="")
    for name in ("\ud800", "\udc41"):
        yield plain(
            f"a name with the lone surrogate {name!r}",
            member("a", CONTENT),
            told(name, CONTENT),
            says="not what its manifest tells",
        )


def _links(victim: str) -> Iterator[Case]:
    for target in (victim, "..", "../..", "/", "/etc", "data/../..", "../target-other"):
        link = header("way", kind=b"2", link=target.encode())
        for what, more, entry in (
            ("a file", member("way/new", CONTENT), told("way/new", CONTENT)),
            ("a folder", header("way/new", kind=b"5"), told("way/new")),
            ("a link", header("way/new", kind=b"2", link=b"x"), told_link("way/new", "x")),
            ("a deep file", member("way/a/b", CONTENT), told("way/a/b", CONTENT)),
        ):
            yield plain(
                f"{what} through a link to {target!r}", link + more, told_link("way", target), entry, says="no folder"
            )
        yield plain(
            f"a file in place of a link to {target!r}",
            link + member("way", CONTENT),
            told_link("way", target),
            told("way", CONTENT),
            says="twice",
        )
        yield plain(
            f"a folder in place of a link to {target!r}",
            link + header("way", kind=b"5"),
            told_link("way", target),
            told("way"),
            says="twice",
        )
    two = header("a", kind=b"2", link=b"b") + header("b", kind=b"2", link=victim.encode())
    yield plain(
        "a file through two links",
        two + member("a/new", CONTENT),
        told_link("a", "b"),
        told_link("b", victim),
        told("a/new", CONTENT),
        says="no folder",
    )
    inner = header("d", kind=b"5") + header("d/way", kind=b"2", link=b"../..")
    yield plain(
        "a file through a link below a folder",
        inner + member("d/way/new", CONTENT),
        told("d"),
        told_link("d/way", "../.."),
        told("d/way/new", CONTENT),
        says="no folder",
    )
    loop = header("way", kind=b"2", link=b"way")
    yield plain(
        "a file through a link to itself",
        loop + member("way/new", CONTENT),
        told_link("way", "way"),
        told("way/new", CONTENT),
        says="no folder",
    )
    yield plain(
        "a link in place of a folder",
        header("d", kind=b"5") + header("d", kind=b"2", link=victim.encode()),
        told("d"),
        told_link("d", victim),
        says="twice",
    )
    yield plain("a link to nothing", header("way", kind=b"2"), told_link("way", ""), says="points to nothing")
    yield plain(
        "a link with content", member("way", CONTENT, b"2", link=b"x"), told_link("way", "x"), says="says that it holds"
    )
    yield plain(
        "a link that its manifest tells otherwise",
        header("way", kind=b"2", link=victim.encode()),
        told_link("way", "inside"),
        says="not what its manifest tells",
    )
    for target in ("\0", "a\0b", "x" * 5000):
        tar = pax(record("linkpath", target)) + header("way", kind=b"2", link=b"x")
        yield plain(f"a link to {target[:5]!r}", tar, told_link("way", target), says="points to nothing")
    yield plain("a link to a device", header("way", kind=b"2", link=b"/dev/sda"), told_link("way", "/dev/sda"), says="")
    yield plain("a link out", header("way", kind=b"2", link=victim.encode()), told_link("way", victim), says="")


def _kinds() -> Iterator[Case]:
    for kind, says in {
        b"1": "hard link",
        b"3": "device",
        b"4": "device",
        b"6": "named pipe",
        b"7": "unknown type",
        b"S": "holes",
        b"M": "another volume",
        b"D": "list of a folder",
        b"V": "unknown type",
        b"N": "unknown type",
        b"A": "unknown type",
        b"X": "unknown type",
        b"s": "unknown type",
        b"9": "unknown type",
        b"\xff": "unknown type",
        b" ": "unknown type",
    }.items():
        yield plain(
            f"a member of type {kind!r}", header("strange", kind=kind, link=b"data"), told("strange", b""), says=says
        )
        if kind in b"1346SM":
            yield plain(
                f"a member of type {kind!r} told as a link",
                header("strange", kind=kind, link=b"/etc/passwd"),
                told_link("strange", "/etc/passwd"),
                says=says,
            )
    yield plain("a folder with content", member("d", CONTENT, b"5"), told("d"), says="says that it holds")
    for key in ("GNU.sparse.major", "GNU.sparse.map", "SCHILY.devmajor", "SCHILY.xattr.user.x", "LIBARCHIVE.xattr.a"):
        yield plain(
            f"pax {key}", pax(record(key, "1")) + member("a", CONTENT), told("a", CONTENT), says="no backup does"
        )
    tar = member("a", CONTENT)
    for entry in (told("a"), told_link("a", "x")):
        yield plain(f"a file told as a {entry['kind']}", tar, entry, says="not what its")
    yield plain("a folder told as a file", header("a", kind=b"5"), told("a", b""), says="not what its")
    yield plain("a link told as a file", header("a", kind=b"2", link=b"x"), told("a", b""), says="not what its")
    for mode in (b"0004755\0", b"0002755\0", b"0006777\0", b"0007777\0"):
        yield plain(
            f"a file of mode {mode[:7]!r}", member("a", CONTENT, mode=mode), told("a", CONTENT, mode="7777"), says=""
        )


def _numbers() -> Iterator[Case]:
    inside = told("a", CONTENT)
    for field, room in (("size", 12), ("mode", 8), ("uid", 8), ("gid", 8), ("mtime", 12), ("chksum", 8)):
        for value in (b"-0000001", b"+0000001", b"0x12", b"99999999", b"1 2", b"\xff" * room, b"1e3", b"\xb2\xb3"):
            fields = {"size": b"00000000021", field: value}
            tar = header("a", **fields) + padded(CONTENT)
            yield plain(f"{field} of {value!r}", tar, inside, says="no number|no header")
    for value in (b"\x80" + b"\xff" * 11, b"\x80" + b"\x7f" * 11):
        tar = header("a", size=value) + padded(CONTENT)
        yield plain(f"size of {value[:2]!r} in base 256", tar, inside, says="beyond all measure")
    for size in (len(CONTENT) + 1, len(CONTENT) - 1, 0, BLOCK, 8**11 - 1):
        tar = header("a", size) + padded(CONTENT)
        yield plain(f"a size of {size} that is none", tar, inside, says="not what its manifest tells")
    huge = header("a", size=b"\x80" + (1 << 62).to_bytes(11, "big")) + padded(CONTENT)
    yield plain("a size of 4 EiB", huge, told("a", CONTENT, size=1 << 62), says="bytes; .* are free")
    yield plain("a size of 4 EiB, told as it is", huge, inside, says="not what its manifest tells")
    for chksum in (b"000000\0 ", b"777777\0 ", b"        ", b"\0" * 8):
        tar = header("a", len(CONTENT), chksum=chksum) + padded(CONTENT)
        yield plain(f"a check sum of {chksum!r}", tar, inside, says="check sum")
    for magic in (b"\0" * 8, b"ustar\x0001", b"USTAR\x0000", b"ustar 00"):
        tar = member("a", CONTENT, magic=magic)
        yield plain(f"the magic {magic!r}", tar, inside, says="no header of a tar")
    for uid in ("4294967295", "99999999999999999999", "-1", "0x0", "\u0661"):
        tar = pax(record("uid", uid)) + member("a", CONTENT)
        yield plain(f"the owner {uid}", tar, {**inside, "uid": 4294967295}, says="not a number|cannot be understood")


def _pax(victim: str) -> Iterator[Case]:
    inside = told("a", CONTENT)
    after = member("a", CONTENT)
    broken = {
        "a length that is too long": b"99 path=a\n",
        "a length that is too short": b"5 path=abc\n",
        "a length of nothing": b"0 path=a\n",
        "a negative length": b"-9 path=a\n",
        "no length": b"path=a\n",
        "no equals sign": b"8 path a\n",
        "no end of line": b"9 path=abX",
        "a length of a thousand digits": b"9" * 1000 + b" path=a\n",
        "a length in other digits": "٩ path=a\n".encode(),
        "NULs only": b"\0" * 40,
    }
    for what, raw in broken.items():
        yield plain(f"a pax header with {what}", pax(raw) + after, inside, says="cannot be understood")
    yield plain("a path twice", pax(record("path", "a"), record("path", victim)) + after, inside, says="twice")
    yield plain(
        "two pax headers that say different paths",
        pax(record("path", "b")) + pax(record("path", "../victim")) + after,
        inside,
        says="more than one extended",
    )
    for size in ("0", "1", "99999999999", "-1", "\u0661\u0662"):
        tar = pax(record("size", size)) + after
        yield plain(f"a pax size of {size}", tar, inside, says="not what its manifest|not a number|middle|no header")
    yield plain("a pax header of 1 MiB", pax(record("comment", "x" * (1 << 20))) + after, inside, says="bytes long")
    tar = header("././@PaxHeader", 8**11 - 1, b"x")
    yield plain("a pax header of 8 GiB that does not come", tar, inside, says="bytes long")
    tar = b"".join(pax(record("comment", "x" * 60_000)) for _ in range(400)) + after
    yield plain("400 pax headers before one member", tar, inside, says="more than one extended")
    tar = pax(record("comment", "x" * 80), kind=b"g") + header("g", size=b"%011o" % (1 << 32), kind=b"g")
    yield plain("a global comment of 4 GiB", tar + after, inside, says="a comment of 4,294,967,296 bytes")
    for key in ("path", "size", "linkpath", "uid", "hdrcharset"):
        tar = pax(record(key, "1"), kind=b"g") + after
        yield plain(f"a global {key}", tar, inside, says="for all members")
    tar = pax(record("comment", "x" * 80), record("path", victim), kind=b"g") + after
    yield plain("a global path behind a comment", tar, inside, says="for all members")
    yield plain("a global header of 1 byte", member("g", b"x", b"g") + after, inside, says="for all members")
    yield plain("an empty global header", member("g", b"", b"g") + after, inside, says="for all members")
    yield plain("a global comment", pax(record("comment", "x" * 80), kind=b"g") + after, inside, says="")
    yield plain("a pax header for nothing", after + pax(record("path", "b")), inside, says="does not come")


def _gnu(victim: str) -> Iterator[Case]:
    inside = told("a", CONTENT)
    for path, says in ((f"{victim}/new", "absolute"), ("../victim", "leads out"), ("a/../../x", "leads out")):
        tar = member("././@LongLink", path.encode() + b"\0", b"L") + member("a", CONTENT)
        yield plain(f"a long GNU name {path!r}", tar, told(path, CONTENT), says=says)
    tar = member("././@LongLink", b"", b"L") + member("a", CONTENT)
    yield plain("an empty long GNU name", tar, inside, says="no plain path")
    tar = member("././@LongLink", b"x\0y\0", b"L") + member("a", CONTENT)
    yield plain("a long GNU name with NUL inside", tar, inside, says="no plain path")
    tar = member("././@LongLink", b"x" * (1 << 20), b"L") + member("a", CONTENT)
    yield plain("a long GNU name of 1 MiB", tar, inside, says="bytes long")
    tar = member("././@LongLink", b"x" * 300, b"L") + member("a", CONTENT)
    yield plain("a long GNU name of one part", tar, told("x" * 300, CONTENT), says="too long")
    tar = member("././@LongLink", b"inside\0", b"K") + header("way", kind=b"2", link=b"x")
    yield plain("a long GNU link", tar, told_link("way", "x"), says="not what its")
    good = "d" * 120
    tar = member("././@LongLink", good.encode() + b"\0", b"L") + member("d" * 100, CONTENT, magic=b"ustar  \0")
    yield plain("a long GNU name that is fine", tar, told(good, CONTENT), says="")
