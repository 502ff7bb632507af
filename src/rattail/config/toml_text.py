"""Read a settings file with bounded memory and without being fooled by what stands in its place."""

import os
import stat
from typing import NamedTuple

from rattail.appdir.refusal import refusal

STRANGER = "stranger"  # the kind of a fault that stops nothing
SETTINGS_FILE = "rattail.toml"
SECRETS_FILE = "secrets.toml"
LARGEST_FILE_BYTES = 256 << 10
_MOST_DOTS_IN_A_LINE = 100
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BOM = "\ufeff"

#: What the parser says, and what that means for somebody who edits a settings file.
_PLAINER = (
    ("Invalid value", "the value is none (a text needs quotes around it)"),
    ("Unterminated string", "a text is not closed with a quote"),
    ("Illegal character '\\n'", "a text is not closed with a quote on its line"),
    ("Found invalid character", "a character that cannot stand here unescaped"),
    ("Illegal character", "a character that cannot stand here unescaped"),
    ("Expected '=' after a key", "a name needs '=' and a value after it"),
    ("Expected newline or end of document", "something is left over after the value"),
    ("Cannot declare", "this table stands in the file already"),
    ("Cannot overwrite", "this name stands in its table already"),
    ("Invalid initial character for a key", "a name was expected"),
    ("Invalid statement", "a name was expected"),
    ("Expected \"'''\"", "a text over several lines is not closed"),
    ('Expected \'"""\'', "a text over several lines is not closed"),
    ("Unclosed array", "a list is not closed with ']'"),
    ("Unclosed inline table", "a table in braces is not closed with '}'"),
    ("Unescaped '\\' in a string", "a backslash in a text: write it twice, or put the text in single quotes"),
)


class Fault(NamedTuple):
    """One thing wrong with the settings, and where.

    `kind` is one of `syntax`, `unreadable`, `unknown`, `misplaced`, `value`.
    """

    kind: str
    message: str
    where: str


class Unreadable(Exception):
    """A settings file that cannot be understood at all; `kind` is `syntax` or `unreadable`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def read_text(path: str, name: str, *, limit_bytes: int = LARGEST_FILE_BYTES, follow: bool = False) -> str | None:
    """The text of a plain file, every character kept; None where there is no file.

    `name` is what the messages call it. A link is refused unless `follow`.

    Raises:
        Unreadable: it is no plain file, too large, not UTF-8, or the system refuses.
    """
    try:
        fd = os.open(path, _FLAGS & ~os.O_NOFOLLOW if follow else _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            raise Unreadable("unreadable", f"{name} is a link; expected a file of its own.") from None
        raise _refused(name, path, error) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("unreadable", f"{name} is {_kind(found.st_mode)}; expected a plain file.")
        content = _read_all(fd, limit_bytes)
    except OSError as error:
        raise _refused(name, path, error) from error
    finally:
        os.close(fd)
    if len(content) > limit_bytes:
        raise Unreadable("unreadable", f"{name} is too large: expected at most {limit_bytes >> 10} KiB.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if content[:2] in _UTF16_MARKS:
            raise Unreadable("syntax", f"{name} is UTF-16 text; save it as UTF-8.") from None
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable("syntax", f"{name} line {line}: not UTF-8 text; save the file as UTF-8.") from None


def parse_toml(text: str, name: str, *, is_secret: bool = False) -> dict[str, object]:
    """The document that a TOML text is. Of a secret one, no character is ever repeated in a message.

    Raises:
        Unreadable: it is not TOML, or nested so deeply that it is none of ours; the line is named.
    """
    import tomllib

    line = _too_dotted_line(text)
    if line:
        raise Unreadable("syntax", f"{name} line {line}: a name of more than {_MOST_DOTS_IN_A_LINE} parts.")
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except RecursionError:
        raise Unreadable("syntax", f"{name}: lists or tables are nested too deeply.") from None
    except tomllib.TOMLDecodeError as error:
        said, _, where = str(error).rpartition(" (at ")
        where = "at its end" if where.startswith("end of") else where.rstrip(")")
        if is_secret:
            said = (
                "what stands there is not shown, because it may be secret. A text needs quotes; where it holds a "
                "backslash or a double quote, single ones: 'text'"
            )
        else:
            said = next((plain for start, plain in _PLAINER if said.startswith(start)), said)
        raise Unreadable("syntax", f"{name} {where}: not TOML: {said}.") from None
    except ValueError:  # a number of thousands of digits
        raise Unreadable("syntax", f"{name}: not TOML: a number is too long.") from None


def _read_all(fd: int, limit_bytes: int) -> bytes:
    parts, size_bytes = [], 0
    while size_bytes <= limit_bytes and (part := os.read(fd, limit_bytes + 1 - size_bytes)):
        parts.append(part)
        size_bytes += len(part)
    return b"".join(parts)


def _too_dotted_line(text: str) -> int:
    """The first line with so many dots outside of texts that parsing it would take for ever; else 0."""
    if text.count(".") <= _MOST_DOTS_IN_A_LINE:
        return 0
    from rattail.config.statements import pieces

    dots, line = 0, 1
    for kind, piece in pieces(text):
        if kind == "newline":
            dots = 0
        dots += piece == "."
        if dots > _MOST_DOTS_IN_A_LINE:
            return line
        line += piece.count("\n")
    return 0


def _refused(name: str, path: str, error: OSError | ValueError) -> Unreadable:
    said = refusal("read", path, error).message if isinstance(error, OSError) else f"{name} cannot be read: {error}."
    return Unreadable("unreadable", said)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")
