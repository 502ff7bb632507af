"""Command lines in hints: they can be pasted into a shell, whatever the names in them, and printed anywhere."""

import os


def pasted(word: str) -> str:
    """One word of a command line, quoted where it must be; what cannot be shown is written as an escape."""
    if word.isprintable():
        import shlex

        return shlex.quote(word)
    plain = range(0x20, 0x7F)
    letters = (chr(byte) if byte in plain and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return "$'" + "".join(letters) + "'"


def pasted_line(*words: str) -> str:
    """A whole command line."""
    return " ".join(pasted(word) for word in words)


def move_contents(old: str, new: str) -> str:
    """The command that moves all that `old` holds into `new`, hidden files too, replacing nothing."""
    return f"find {pasted(old)} -mindepth 1 -maxdepth 1 -exec mv -n -t {pasted(new)} -- '{{}}' +"
