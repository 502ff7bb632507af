"""One line of a log, written and read, in two formats.

plain: `2026-11-22T19:26:41.123Z INFO rattail.web [4121 request:5f0c] GET / 200`, and where there is more to say
(a traceback), a tab and a JSON object. json: one JSON object. Whatever is logged, it is one line: what cannot be
printed is written as in a Python text, `\\n`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

LONGEST_LINE = 48 << 10
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LONGEST_MESSAGE = 4_000
_LONGEST_DETAIL = 12_000
_LONGEST_WORD = 200
_MOST_OF_A_HUGE_LINE = 1_000
_PLAIN = re.compile(r"(\S{20,32}) ([A-Z]+) (\S+) \[([^\]\t]*)\] ([^\t]*)(?:\t(.*))?", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_WORD = re.compile(r"[\w.:/-]+", re.ASCII)
_SHORT = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}


class LogLine(NamedTuple):
    """One line: when (aware, UTC; None where a line does not say), how bad, who says it, what.

    `details` may have `pid`, `job`, `traceback`, and whatever else a line of JSON holds; all are texts.
    """

    at: datetime | None
    level: str
    logger: str
    message: str
    request_id: str = ""
    details: Mapping[str, str] = {}


def written(line: LogLine, *, is_json: bool) -> bytes:
    """A line as it is appended to a file, its line end included; never longer than `LONGEST_LINE`."""
    made = _written(_shortened(line, _LONGEST_MESSAGE, _LONGEST_DETAIL), is_json=is_json)
    if len(made) > LONGEST_LINE:
        few = _shortened(line, _MOST_OF_A_HUGE_LINE, _MOST_OF_A_HUGE_LINE)
        made = _written(few._replace(details=dict(list(few.details.items())[:6])), is_json=is_json)
    return made if len(made) <= LONGEST_LINE else _written(few._replace(details={}), is_json=is_json)


def read_line(raw: bytes) -> LogLine:
    """A line of a file, without its line end. What was not written by us is a message without a time."""
    text = raw.decode("utf-8", errors="replace")
    found = _from_json(text) if text.startswith("{") else _from_plain(text)
    return found or LogLine(None, "", "", cut(text, _LONGEST_MESSAGE))


def cut(text: str, most: int) -> str:
    """A text that is not longer than that, and says so where something was left out: of its middle."""
    if len(text) <= most:
        return text
    left_out = f" ... {len(text) - most:,} characters left out ... "
    return text[: most // 2] + left_out + text[len(text) - most // 2 :]


def _shortened(line: LogLine, message: int, detail: int) -> LogLine:
    details = {cut(name, _LONGEST_WORD): cut(value, detail) for name, value in line.details.items()}
    return line._replace(
        message=cut(line.message, message),
        logger=_word(line.logger),
        request_id=_word(line.request_id),
        details=details,
    )


def _written(line: LogLine, *, is_json: bool) -> bytes:
    assert line.at is not None
    at = line.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{line.at.microsecond // 1000:03d}Z"
    if is_json:
        document = {"at": at, "level": line.level, "logger": line.logger, "message": line.message}
        if line.request_id:
            document["request"] = line.request_id
        return json.dumps({**line.details, **document}).encode() + b"\n"
    details = dict(line.details)
    context = [_word(details.pop("pid", "-"))]
    context += [f"request:{line.request_id}"] if line.request_id else []
    context += [f"job:{_word(details.pop('job'))}"] if details.get("job") else []
    more = f"\t{json.dumps(details)}" if details else ""
    text = f"{at} {line.level} {line.logger} [{' '.join(context)}] {_escaped(line.message)}{more}\n"
    return text.encode()


def _from_plain(text: str) -> LogLine | None:
    found = _PLAIN.fullmatch(text)
    if found is None or found[2] not in LEVELS:
        return None
    pid, *words = found[4].split(" ")
    context = dict(word.partition(":")[::2] for word in words)
    details = {"pid": pid, **({"job": context["job"]} if context.get("job") else {}), **_texts(found[6] or "")}
    message = _ESCAPED.sub(_unescaped, found[5])
    return LogLine(_time(found[1]), found[2], found[3], message, context.get("request", ""), details)


def _from_json(text: str) -> LogLine | None:
    document = _texts(text)
    if not {"at", "level", "message"} <= document.keys():
        return None
    at, level, message = (document.pop(name) for name in ("at", "level", "message"))
    return LogLine(
        _time(at), level.upper()[:10], document.pop("logger", ""), message, document.pop("request", ""), document
    )


def _texts(text: str) -> dict[str, str]:
    """A JSON object, each value as a text; an empty one where it is none."""
    try:
        document = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in document.items()}


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _word(text: str) -> str:
    """A text that is one word within a line: short, without blanks and brackets."""
    if len(text) <= _LONGEST_WORD and _WORD.fullmatch(text):
        return text
    return "".join(letter if letter.isprintable() and letter not in " []" else "_" for letter in text[:_LONGEST_WORD])


def _escaped(text: str) -> str:
    """A text on one line that no terminal obeys."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(
        letter if letter.isprintable() and letter != "\\" else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _unescaped(found: re.Match[str]) -> str:
    text = found[0]
    if text in _SHORT:
        return _SHORT[text]
    number = int(text[2:], 16)
    return chr(number) if number < 0x110000 else text
