"""The names the core itself gives to things on the disk."""

from __future__ import annotations

MARKER = "app-folder.json"
LOCK = "app-folder.lock"
CACHEDIR_TAG = "CACHEDIR.TAG"
IDENTITY = ".rattail-folder.json"
CLAIM = ".claim"
OFFERED_SUFFIX = ".new"
TEMPORARY_PREFIX = ".tmp-"
TEMPORARY_HEX_DIGITS = 16
CLEANING_PREFIX = ".cleaning-"

CACHEDIR_TAG_TEXT = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This folder holds scratch files: no backup needs them, and old ones are removed\n"
    b"# by `rattail clean-appdir`. The first line is the Cache Directory Tagging signature.\n"
)


def is_temporary(name: str) -> bool:
    """True for a name that only our own half-finished writing leaves behind."""
    digits = name[len(TEMPORARY_PREFIX) :]
    return (
        name.startswith(TEMPORARY_PREFIX)
        and len(digits) == TEMPORARY_HEX_DIGITS
        and all(digit in "0123456789abcdef" for digit in digits)
    )
