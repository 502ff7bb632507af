"""Write `rattail.toml` and `secrets.toml`: every option explained, the values kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from rattail.config.option import Option, Value

FOLDERS_TABLE = "folders"
WIDTH_COLUMNS = 100
#: A shop sets up these first; and rarely these. What lies between keeps the order of the features.
_FIRST_TABLES = ("app", "database", "mail")
_LAST_TABLES = ("log", "check", FOLDERS_TABLE)
#: Kinds whose default already shows what is expected.
_PLAIN_KINDS = ("text", "boolean", "path", "database address", "site address", "time of day")

_HEAD = """\
# The settings of this app.
#
# A line such as #title = "..." shows a default. To change it, take away the '#' and write your
# value, or type:
#     rattail set-option app.title "Our Shop"
# What is in effect, and where it comes from:
#     rattail show-config
#
# A change takes effect at once where nothing else is said. An environment variable goes before what
# stands here: RATTAIL_APP_TITLE for title in [app].
# Passwords and keys do not belong here but in secrets.toml.
"""

_SECRETS_HEAD = """\
# The secrets of this app, made for this installation alone. Nobody but the app may read this file,
# and nobody should ever copy it anywhere but into a backup.
#
# To change one, type its name; the value is asked for, or read from a file:
#     rattail set-option mail.password
#     rattail set-option mail.password < FILE
# In a text with a backslash, write it twice or put the text in single quotes.
"""


def render_settings(
    options: Iterable[Option], titles: Mapping[str, str], values: Mapping[str, Value] | None = None
) -> str:
    """The commented settings file, with `values` (by full name) set and everything else shown as default."""
    set_values = values or {}
    lines = [_HEAD]
    for table, members in by_table(option for option in options if not option.is_secret):
        lines.append(f"\n\n{_comment(titles.get(table, table))}[{toml_key(table)}]\n")
        if table == FOLDERS_TABLE:
            lines.append("\n")
        for option in members:
            if table != FOLDERS_TABLE:
                lines.append(f"\n{_comment(_explanation(option))}")
            value = set_values.get(option.key)
            line = default_line(option) if value is None else f"{toml_key(option.name)} = {toml_value(value)}"
            lines.append(line + "\n")
    return "".join(lines)


def render_secrets(options: Iterable[Option], *, generate: Callable[[], str]) -> str:
    """The secrets file: what can be generated is, the rest stands there as a comment."""
    lines = [_SECRETS_HEAD]
    for table, members in by_table(option for option in options if option.is_secret):
        lines.append(f"\n\n[{toml_key(table)}]\n")
        for option in members:
            lines.append(f"\n{_comment(_explanation(option))}")
            value = f"{toml_key(option.name)} = {toml_value(generate())}" if option.is_generated else ""
            lines.append((value or default_line(option)) + "\n")
    return "".join(lines)


def default_line(option: Option) -> str:
    """The comment that shows an option's default, to be uncommented."""
    return f"#{toml_key(option.name)} = {toml_value(option.default)}"


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


def by_table(options: Iterable[Option]) -> Iterator[tuple[str, list[Option]]]:
    """Options by table, in the order of the settings file."""
    tables: dict[str, list[Option]] = {}
    for option in options:
        tables.setdefault(option.table, []).append(option)
    middle = [table for table in tables if table not in (*_FIRST_TABLES, *_LAST_TABLES)]
    for table in (*_FIRST_TABLES, *middle, *_LAST_TABLES):
        if table in tables:
            yield table, tables[table]


def _quoted(text: str) -> str:
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(letter)
    number = ord(letter)
    return short or (f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}")


def _explanation(option: Option) -> str:
    """What the file says about an option: its help, and what its default does not show."""
    sentences = []
    if option.choices or option.kind not in _PLAIN_KINDS:
        sentences.append(f"{option.expected[0].upper()}{option.expected[1:]}.")
    if option.takes_effect != "at once":
        sentences.append(f"Takes effect {option.takes_effect}.")
    return f"{option.help}\n{' '.join(sentences)}" if sentences else option.help


def _comment(text: str) -> str:
    """Lines of comment, none wider than the page unless a word is."""
    lines = []
    for paragraph in text.splitlines():
        line = "#"
        for word in paragraph.split():
            if line != "#" and len(line) + 1 + len(word) > WIDTH_COLUMNS:
                lines.append(line)
                line = "#"
            line += " " + word
        lines.append(line)
    return "\n".join(lines) + "\n"
