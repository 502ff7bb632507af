"""Change a settings file so that nothing else in it changes: comments, order, line ends survive."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rattail.config.option import Option, Value
from rattail.config.render import default_line, render_secrets, toml_key, toml_value
from rattail.config.toml_text import Unreadable, parse_toml, read_text
from rattail.errors import ConfigInvalid, InputRejected

if TYPE_CHECKING:
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
    changed where it stands, or added to its table. Every attempt is parsed and compared: the result
    differs from what was there in this one value, or nothing is returned.

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
    return _first_right(attempts, wanted, name, option)


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

    return _first_right(_removed(text, statements(text), option), wanted, name, option)


def _document(text: str, name: str, option: Option) -> dict[str, object]:
    try:
        return parse_toml(text, name, is_secret=option.is_secret)
    except Unreadable as error:
        raise ConfigInvalid([error.message], hint="mend that line first, in an editor") from None


def _first_right(attempts: Iterator[str], wanted: dict[str, object], name: str, option: Option) -> str:
    from itertools import islice

    for attempt in islice(attempts, _MOST_ATTEMPTS):
        try:
            got = parse_toml(attempt, name, is_secret=option.is_secret)
        except Unreadable:
            continue
        if {key: value for key, value in got.items() if value != {}} == {
            key: value for key, value in wanted.items() if value != {}
        }:
            return attempt
    raise _unchangeable(name, option)


def _unchangeable(name: str, option: Option) -> InputRejected:
    return InputRejected(
        f"{name} cannot be changed in {option.key} alone, because of how it is written there.",
        hint=f"change {option.key} in an editor",
    )


def _replaced(text: str, found: "list[Statement]", option: Option, value: Value) -> Iterator[str]:
    for one in found:
        if one.path == (option.table, option.name) and not one.is_header:
            yield text[: one.value_start] + toml_value(value) + text[one.end :]


def _added(text: str, found: "list[Statement]", option: Option, line: str) -> Iterator[str]:
    """Ways to add a line, best first: over the shown default, in its table, in a table of its own."""
    newline = "\r\n" if "\r\n" in text else "\n"
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
    import re

    shown = re.compile(rf"^[ \t]*#[ \t]*{re.escape(toml_key(option.name))}[ \t]*=[^\r\n]*", re.MULTILINE)
    matches = list(shown.finditer(text, first, last))
    # The line that shows just the default comes before one that only looks like it (an explanation).
    matches.sort(key=lambda match: match.group().replace(" ", "") != default_line(option).replace(" ", ""))
    for match in matches:
        yield text[: match.start()] + line + text[match.end() :]


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
        if not one.is_inline:
            name_and_sign = text[one.start : one.value_start]
            yield f"{text[: one.start]}#{name_and_sign}{toml_value(option.default)}{text[one.end :]}"
        comma_after = re.compile(r"\s*,[ \t]*").match(text, one.end)
        if comma_after:
            yield text[: one.start] + text[comma_after.end() :]
        yield text[: one.start].rstrip().removesuffix(",") + text[one.end :]
