"""What an uploaded file is called with us, whatever its sender called it."""

from __future__ import annotations

import re
import unicodedata

_LONGEST_BYTES = 150
_LONGEST_ENDING = 10
_UNSAFE = re.compile(r"[^\w.()+ -]|\.(?=\.)")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)")
RECORD = "upload.json"


def safe_name(name: str) -> str:
    """A file's name as it may stand in our folder, on anybody's disk and in a page.

    Only its last part counts; nothing is left that steers a terminal or turns the direction of writing, no name that
    Windows takes for a device, no hidden one, none of ours. At most 150 bytes of UTF-8; its ending stays. Making a safe
    name safe changes nothing.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2][-1000:]
    plain = "".join(" " if unicodedata.category(one) == "Zs" else one for one in last if not _is_invisible(one))
    plain = unicodedata.normalize("NFC", plain)
    plain = _UNSAFE.sub("_", plain.lstrip(".- ")).lstrip(".- ").rstrip(". ")
    stem, dot, ending = plain.rpartition(".") if "." in plain else (plain, "", "")
    while len(f"{stem}{dot}{ending}".encode()) > _LONGEST_BYTES:
        stem, ending = stem[:-1], ending[:_LONGEST_ENDING]
    plain = f"{stem}{dot}{ending}".rstrip(". ")
    if plain.lower() == RECORD or _DEVICES.match(plain):
        return f"upload-{plain}"
    return plain or "upload"


def _is_invisible(letter: str) -> bool:
    """Control characters, marks of direction, joiners, halves of characters, and what is no character."""
    return unicodedata.category(letter)[0] == "C"
