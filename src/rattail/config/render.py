"""Write `rattail.toml` and `secrets.toml`: every option explained, the values kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rattail.config.option import Option, Value

_HEAD = """\
# The settings of this app. Lines that begin with '# ' and a name are defaults, shown for you to see:
# take the '# ' away to change one, or type: rattail set-option TABLE.NAME VALUE
# An environment variable RATTAIL_<TABLE>_<NAME> goes before what stands here.
# Passwords and keys do not belong here but in secrets.toml.
"""

_SECRETS_HEAD = """\
# The secrets of this app: made for this installation alone. Nobody but the app may read this file.
# Change one with: rattail set-option TABLE.NAME   (it asks for the value)
"""


def render_settings(
    options: Iterable[Option], titles: Mapping[str, str], values: Mapping[str, Value] | None = None
) -> str:
    """The commented settings file, with `values` (by full name) set and everything else shown as default."""
    set_values = values or {}
    lines = [_HEAD]
    for table, members in _by_table(option for option in options if not option.is_secret).items():
        lines.append(f"\n# {titles.get(table, table)}\n[{table}]\n")
        for option in members:
            lines.append(_comment(option))
            value = set_values.get(option.key)
            prefix = "# " if value is None else ""
            lines.append(
                f"{prefix}{toml_key(option.name)} = {toml_value(option.default if value is None else value)}\n"
            )
    return "".join(lines)


def render_secrets(options: Iterable[Option], *, generate: Callable[[], str]) -> str:
    """The secrets file: what can be generated is, the rest stands there as a comment."""
    lines = [_SECRETS_HEAD]
    for table, members in _by_table(option for option in options if option.is_secret).items():
        lines.append(f"\n[{table}]\n")
        for option in members:
            lines.append(_comment(option))
            line = f"{toml_key(option.name)} = {toml_value(generate() if option.is_generated else '')}\n"
            lines.append(line if option.is_generated else "# " + line)
    return "".join(lines)


def toml_value(value: Value) -> str:
    """A value as TOML writes it, any character kept."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_quoted(one) for one in value) + "]"
    return _quoted(value)


def toml_key(name: str) -> str:
    """A key as TOML writes it, quoted where it must be."""
    is_bare = name != "" and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name)
    return name if is_bare else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter == "\t" or (letter >= " " and letter != "\x7f" and letter.isprintable()):
        return letter
    number = ord(letter)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"


def _comment(option: Option) -> str:
    return f"# {option.help} Expected: {option.expected}. Takes effect {option.takes_effect}.\n"


def _by_table(options: Iterable[Option]) -> dict[str, list[Option]]:
    tables: dict[str, list[Option]] = {}
    for option in options:
        tables.setdefault(option.table, []).append(option)
    return tables
