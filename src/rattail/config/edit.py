"""Change a settings file so that nothing else in it changes: comments, order, line ends survive."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rattail.config.option import Option, Value
from rattail.config.render import render_secrets, toml_key, toml_value
from rattail.config.toml_text import Unreadable, parse_toml, read_text
from rattail.errors import ConfigInvalid, InputRejected

if TYPE_CHECKING:
    from collections import Counter

    from rattail.config.statements import Statement

_MOST_ATTEMPTS = 20


def add_missing_secrets(options: Iterable[Option], *, path: str, generate: Callable[[], str]) -> str:
    """The text of the secrets file with every generated secret in it, what is there untouched.

    Raises:
        ConfigInvalid: the file is there and cannot be read, or is not TOML.
    """
    secrets = [option for option in options if option.is_secret]
    name = path.rpartition("/")[2]
    try:
        text = read_text(path, name)
        if text is None:
            return render_secrets(secrets, generate=generate)
        document = parse_toml(text, name, is_secret=True)
    except Unreadable as error:
        raise ConfigInvalid([error.message], hint="mend the file, then run the same command again") from None
    for option in secrets:
        table = document.get(option.table, {})
        if option.is_generated and not (isinstance(table, dict) and table.get(option.name)):
            text = with_value(text, option, generate(), name=name)
    return text


def with_value(text: str, option: Option, value: Value, *, name: str = "the file") -> str:
    """The text of a settings file with one option set.

    A line that shows the option's default as a comment is replaced in its place; else the value is
    changed where it stands, or added to its table. Remarks inside of a value (a list over several
    lines) go above it. Every attempt is parsed and compared: the result differs from what was there in
    this one value and has every remark, or nothing is returned.

    Raises:
        ConfigInvalid: the text is not TOML; the line is named.
        InputRejected: it cannot be changed in this one value alone.
    """
    wanted = _document(text, name, option)
    table = wanted.setdefault(option.table, {})
    if not isinstance(table, dict):
        raise _unchangeable(name, option)
    is_set = option.name in table
    table[option.name] = list(value) if isinstance(value, tuple) else value
    from rattail.config.statements import statements

    found = statements(text)
    line = f"{toml_key(option.name)} = {toml_value(value)}"
    attempts = _replaced(text, found, option, value) if is_set else _added(text, found, option, line)
    return _first_right(attempts, wanted, text, name, option)


def without_value(text: str, option: Option, *, name: str = "the file") -> str:
    """The text of a settings file with one option back at its default, shown as a comment again.

    Raises as `with_value`.
    """
    wanted = _document(text, name, option)
    table = wanted.get(option.table)
    if not isinstance(table, dict) or option.name not in table:
        return text
    del table[option.name]
    from rattail.config.statements import statements

    return _first_right(_removed(text, statements(text), option), wanted, text, name, option)


def _document(text: str, name: str, option: Option) -> dict[str, object]:
    try:
        return parse_toml(text, name, is_secret=option.is_secret)
    except Unreadable as error:
        raise ConfigInvalid([error.message], hint="mend that line first, in an editor") from None


def _first_right(attempts: Iterator[str], wanted: dict[str, object], text: str, name: str, option: Option) -> str:
    from itertools import islice

    remarks = _remarks(text, option)
    for attempt in islice(attempts, _MOST_ATTEMPTS):
        try:
            got = parse_toml(attempt, name, is_secret=option.is_secret)
        except Unreadable:
            continue
        is_right = {key: value for key, value in got.items() if value != {}} == {
            key: value for key, value in wanted.items() if value != {}
        }
        if is_right and not remarks - _remarks(attempt, option):
            return attempt
    raise _unchangeable(name, option)


def _remarks(text: str, option: Option) -> "Counter[str]":
    """All comments of a text; of a line that shows the option's default, only what follows the default."""
    import re
    from collections import Counter

    from rattail.config.statements import pieces

    default = re.compile(_shown_default(option))
    comments = (default.sub("", piece, count=1).rstrip() for kind, piece in pieces(text) if kind == "comment")
    return Counter(comment for comment in comments if comment)


def _shown_default(option: Option) -> str:
    """What a comment looks like that shows the default; a remark may follow."""
    import re

    name, default = re.escape(option.name), re.escape(toml_value(option.default))
    return rf"""#[ \t]*(?:[^=#\n]*\.)?[ \t]*["']?{name}["']?[ \t]*=[ \t]*{default}[ \t]*(?=#|\r?$)"""


def _unchangeable(name: str, option: Option) -> InputRejected:
    return InputRejected(
        f"{name} cannot be changed in {option.key} alone, because of how it is written there.",
        hint=f"change {option.key} in an editor",
    )


def _replaced(text: str, found: "list[Statement]", option: Option, value: Value) -> Iterator[str]:
    for one in found:
        if one.path == (option.table, option.name) and not one.is_header:
            at, remarks = _kept(text, found, one)
            yield text[:at] + remarks + text[at : one.value_start] + toml_value(value) + text[one.end :]


def _kept(text: str, found: "list[Statement]", one: "Statement") -> tuple[int, str]:
    """The remarks inside of a statement as lines of their own, and the place above it where they go."""
    from rattail.config.statements import pieces

    at = next(
        outer.start
        for outer in found
        if not outer.is_inline and not outer.is_header and outer.start <= one.start and one.end <= outer.end
    )
    indent = text[len(text[:at].rstrip(" \t")) : at]
    comments = [piece.rstrip() for kind, piece in pieces(text[one.start : one.end]) if kind == "comment"]
    return at, "".join(f"{comment}{_newline(text)}{indent}" for comment in comments)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _added(text: str, found: "list[Statement]", option: Option, line: str) -> Iterator[str]:
    """Ways to add a line, best first: over the shown default, in its table, in a table of its own."""
    newline = _newline(text)
    for first, last in _sections(text, found, option.table):
        yield from _uncommented(text, first, last, option, line)
    for one in reversed(found):
        is_dotted = not one.is_header and not one.is_inline and len(one.path) == 2
        if one.path == (option.table,) and not one.is_header:
            is_empty = not text[one.value_start + 1 : one.end - 1].strip()
            yield text[: one.end - 1].rstrip(" ") + (" " if is_empty else ", ") + line + " }" + text[one.end :]
        elif (one.path == (option.table,) and one.is_header) or (is_dotted and one.path[0] == option.table):
            yield _below(text, one, line, newline)
            yield _below(text, one, f"{toml_key(option.table)}.{line}", newline)
    gap = "" if not text or text.endswith("\n") else newline
    yield f"{text}{gap}{newline if text else ''}[{toml_key(option.table)}]{newline}{line}{newline}"


def _sections(text: str, found: "list[Statement]", table: str) -> Iterator[tuple[int, int]]:
    """Where a table's lines begin and end: from its header to the next one."""
    headers = [one for one in found if one.is_header]
    for index, header in enumerate(headers):
        if header.path == (table,):
            yield header.end, headers[index + 1].start if index + 1 < len(headers) else len(text)


def _uncommented(text: str, first: int, last: int, option: Option, line: str) -> Iterator[str]:
    """Over the line that shows the default; else below one that only looks like it (an explanation)."""
    import re

    for match in re.compile(rf"^[ \t]*({_shown_default(option)})", re.MULTILINE).finditer(text, first, last):
        gap = " " if text.startswith("#", match.end()) else ""
        yield text[: match.start(1)] + line + gap + text[match.end() :]
    named = rf"^[ \t]*#[ \t]*{re.escape(toml_key(option.name))}[ \t]*=[^\n]*\n?"
    for match in re.compile(named, re.MULTILINE).finditer(text, first, last):
        gap = "" if match.group().endswith("\n") else _newline(text)
        yield f"{text[: match.end()]}{gap}{line}{_newline(text)}{text[match.end() :]}"


def _below(text: str, one: "Statement", line: str, newline: str) -> str:
    end = text.find("\n", one.end)
    if end < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: end + 1]}{line}{newline}{text[end + 1 :]}"


def _removed(text: str, found: "list[Statement]", option: Option) -> Iterator[str]:
    import re

    for one in found:
        if one.path != (option.table, option.name) or one.is_header:
            continue
        at, remarks = _kept(text, found, one)
        before = text[:at] + remarks + text[at : one.start]
        if not one.is_inline:
            name_and_sign = text[one.start : one.value_start]
            yield f"{before}#{name_and_sign}{toml_value(option.default)}{text[one.end :]}"
        comma_after = re.compile(r"\s*,[ \t]*").match(text, one.end)
        if comma_after:
            yield before + text[comma_after.end() :]
        yield before.rstrip().removesuffix(",") + text[one.end :]
