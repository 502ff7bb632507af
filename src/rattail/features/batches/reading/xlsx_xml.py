"""XML of a workbook, piece by piece: without document types, and with damage as one kind of error."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, NoReturn
from xml.parsers import expat

CHUNK_BYTES = 1 << 16
MOST_LETTERS = 1 << 22  # of one cell; a spreadsheet program takes 32,767
MOST_PIECES = MOST_LETTERS // CHUNK_BYTES
_BUFFER_BYTES = 1 << 15  # the text of an element comes in one piece up to that
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Damaged(Exception):
    """A workbook, or one of its parts, is not what it has to be; the text says why."""


@contextmanager
def damage() -> Generator[None]:
    """Whatever a damaged zip and damaged XML raise, as `Damaged`."""
    try:
        yield
    except expat.ExpatError as error:
        raise Damaged(f"its XML is broken at line {error.lineno:,}: {expat.ErrorString(error.code)}") from None
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise Damaged(str(error)) from None
    except KeyError as error:
        raise Damaged(f"{error.args[0]}") from None


def make_parser() -> expat.XMLParserType:
    """A parser that gives text in whole pieces and takes no document type, and so no entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _BUFFER_BYTES
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def feed(parser: expat.XMLParserType, stream: IO[bytes]) -> bool:
    """Parse the next piece; false where it was the last one."""
    chunk = stream.read(CHUNK_BYTES)
    parser.Parse(chunk, not chunk)
    return bool(chunk)


def unescaped(text: str) -> str:
    """The text of a cell: what XML cannot hold is written as `_x000D_`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _refuse(*_: object) -> NoReturn:
    raise Damaged("it declares a document type, which no spreadsheet program writes")
