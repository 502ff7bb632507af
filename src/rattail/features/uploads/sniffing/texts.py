"""Texts: rows, XML, EDI; or a page, a script, or no text at all."""

from __future__ import annotations

import re

from rattail.features.uploads.sniffing.kinds import EDI, TEXT, XML, FileKind

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
#: Control characters that no text has. Line ends, tabs, form feeds, Ctrl-Z and what separates EDI are not among them.
_STRANGE = bytes(range(1, 9)) + bytes(range(14, 26)) + b"\x1b\x7f"
_MOST_STRANGE = 0.005
_MOST_NULS = 0.1
_UTF16_NULS = (0.2, 0.55)
_WEB_PAGE = re.compile(r"<(!doctype html|html|head|body|script|iframe|table)\b")
_WEB_PAGE_IN_XML = re.compile(r"<(!doctype html|html|script|table)\b")
_SCRIPTS = re.compile(r"(@echo off|<\?php|<%@|<script|#!/|on error resume next|set-executionpolicy|%!ps)")


class Tally:
    """Counts what tells a text from something else, block by block."""

    def __init__(self) -> None:
        self.total = 0
        self.strange = 0
        self.nuls = 0

    def add(self, block: bytes) -> None:
        self.total += len(block)
        self.strange += len(block) - len(block.translate(None, _STRANGE))
        self.nuls += block.count(0)

    @property
    def is_wide(self) -> bool:
        """Two bytes a letter, by the number of NULs."""
        return _UTF16_NULS[0] * self.total <= self.nuls <= _UTF16_NULS[1] * self.total

    @property
    def is_text(self) -> bool:
        """Few characters that no text has, in this many bytes."""
        return self.strange <= _MOST_STRANGE * self.total and self.nuls <= _MOST_NULS * self.total


def look_into_text(head: bytes, tally: Tally) -> tuple[FileKind | None, str]:
    """Which kind of text a file is, by its head and the tally of all of it; or None, and what it is instead."""
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "")
    if not encoding and tally.is_wide:
        encoding = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    is_wide = encoding.startswith("utf-16")
    if not (tally.is_text or (is_wide and tally.strange <= 2 * _MOST_STRANGE * tally.total)):
        return None, "no text and nothing else that is known here"
    text = head.decode(encoding or "latin-1", errors="replace").replace("\0", "").lstrip("\ufeff \t\r\n")
    if is_wide and text.count("\ufffd") > len(text) // 100:
        return None, "no text and nothing else that is known here"
    if not text:
        return None, "only white space"
    lowered = text[:4096].lower()
    if _SCRIPTS.match(lowered):
        return None, "a script"
    if _WEB_PAGE.match(lowered):
        return None, "a web page"
    if lowered.startswith("<") and (lowered.startswith("<?xml") or lowered[1:2].isalpha() or lowered[1:2] == "!"):
        return _look_into_xml(text.lower())
    if text.startswith("ISA") and not text[3:4].isalnum() and (len(text) > 100 or text[3:4] in "*^|~"):
        return EDI, ""
    if text.startswith(("UNA", "UNB")) and not text[3:4].isalnum():
        return EDI, ""
    return TEXT, ""


def _look_into_xml(lowered: str) -> tuple[FileKind | None, str]:
    if "<!entity" in lowered or "[" in lowered.partition("<!doctype")[2].partition(">")[0]:
        return None, "an XML document that declares entities of its own, which could grow without end"
    if _WEB_PAGE_IN_XML.search(lowered[:4096]):
        return None, "a web page"
    if "<svg" in lowered[:4096]:
        return None, "a picture (SVG)"
    return XML, ""
