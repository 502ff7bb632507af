"""Hostile folders whose members are each plain, but are there twice, are told otherwise, or end too early."""

from __future__ import annotations

from collections.abc import Iterator

from tests.features.backups.hostile.case import Case, plain
from tests.features.backups.hostile.forging import (
    BLOCK,
    CONTENT,
    folder_archive,
    header,
    member,
    pax,
    record,
    told,
    told_link,
)


def content_cases() -> Iterator[Case]:
    yield from _doubled()
    yield from _told_otherwise()
    yield from _ends()


def _doubled() -> Iterator[Case]:
    file, other = (member("a", CONTENT), told("a", CONTENT)), (member("a", b"other"), told("a", b"other"))
    folder = header("a", kind=b"5"), told("a")
    link = header("a", kind=b"2", link=b"x"), told_link("a", "x")
    for what, (tar, first), (more, second) in (
        ("a file", file, other),
        ("a folder", folder, folder),
        ("a link", link, link),
        ("a file and a folder", file, folder),
        ("a folder and a file", folder, file),
    ):
        yield plain(f"{what} twice", tar + more, first, second, says="twice")
        yield plain(f"{what} twice, told once", tar + more, first, says="does not tell")
    tar = member("a", CONTENT) + member("a/b", CONTENT)
    yield plain("a file in a file", tar, told("a", CONTENT), told("a/b", CONTENT), says="no folder")
    for one_name, other_name in (("a.txt", "A.txt"), ("\u00e9", "e\u0301"), ("ß", "SS"), ("K", "\u212a")):
        tar = pax(record("path", one_name)) + member("x", CONTENT)
        tar += pax(record("path", other_name)) + member("x", CONTENT)
        both = told(one_name, CONTENT), told(other_name, CONTENT)
        yield plain(f"{one_name} and {other_name!r}, both told", tar, *both, says="")
        yield plain(f"{one_name} and {other_name!r}, one told", tar, both[0], says="does not tell")
        yield plain(f"{one_name} and {other_name!r}, one told twice", tar, both[0], both[0], says="not what its")


def _told_otherwise() -> Iterator[Case]:
    two = member("a", CONTENT) + member("b", CONTENT)
    a, b = told("a", CONTENT), told("b", CONTENT)
    yield plain("an entry that is not told of", two, a, says="does not tell")
    yield plain("an entry that is missing", member("a", CONTENT), a, b, says="is missing")
    yield plain("an empty folder of which a file is told", b"", a, says="is missing")
    yield plain("an other order", two, b, a, says="not what its manifest")
    yield plain("another content", member("a", CONTENT.upper()), a, says="not what it was")
    yield plain("no SHA-256", member("a", CONTENT), told("a", CONTENT, sha256=""), says="not what it was")
    yield plain("another size", member("a", CONTENT + b"x"), a, says="not what its manifest")
    for totals in (
        {"files": 1, "bytes": 99},
        {"files": 3, "bytes": 99},
        {"files": 2, "bytes": 5},
        {"files": 0, "bytes": 0},
    ):
        yield Case(
            f"totals of {totals}",
            lambda totals=totals: folder_archive(two, [a, b], totals=totals),  # type: ignore[misc]
            "more than|its manifest says",
        )
    zeros = bytes(8 << 20)
    yield Case(
        "a bomb whose manifest says little",
        lambda: folder_archive(member("a", zeros), [told("a", zeros)], totals={"files": 1, "bytes": 4096}),
        "more than",
    )
    yield Case(
        "a bomb whose manifest says all",
        lambda: folder_archive(header("a", 8**11 - 1), [told("a", b"", size=1 << 60)]),
        "are free",
    )


def _ends() -> Iterator[Case]:
    tar, a = member("a", CONTENT), told("a", CONTENT)
    for what, end, says in (
        ("no end", b"", "before its end mark"),
        ("half an end", bytes(BLOCK), "before its end mark"),
        ("half an end and a member", bytes(BLOCK) + member("../victim", CONTENT), "only half"),
        ("an end too many", bytes(4 * BLOCK), ""),
        ("much behind the end", bytes(64 << 20), "follows after its end"),
        ("a member behind the end", bytes(2 * BLOCK) + member("../victim", CONTENT), "follows after its end"),
        ("text behind the end", bytes(2 * BLOCK) + b"x", "follows after its end"),
        ("a broken block", b"x" * BLOCK, "no header"),
        ("a broken half block", b"x" * 100, "before its end mark"),
    ):
        yield Case(f"a folder with {what}", lambda end=end: folder_archive(tar, [a], end=end), says)  # type: ignore[misc]
    for cut in (1, 100, 511, 512, 513, 520, 528, 600, 1023):
        yield Case(
            f"a folder cut after {cut} bytes",
            lambda cut=cut: folder_archive((tar + bytes(1024))[:cut], [a], end=b""),  # type: ignore[misc]
            "it ends",
        )
