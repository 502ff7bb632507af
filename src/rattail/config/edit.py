"""Change a settings file so that nothing else in it changes: comments and order survive."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rattail.config.option import Option, Value
from rattail.config.render import render_secrets, toml_key, toml_value


def add_missing_secrets(options: Iterable[Option], *, path: str, generate: Callable[[], str]) -> str:
    """The text of the secrets file with every generated secret in it, what is there untouched.

    Raises:
        OSError: the file is there and cannot be read.
        ValueError: it is not TOML.
    """
    secrets = [option for option in options if option.is_secret]
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return render_secrets(secrets, generate=generate)
    import tomllib

    document: dict[str, dict[str, object]] = tomllib.loads(text)
    for option in secrets:
        if option.is_generated and not document.get(option.table, {}).get(option.name):
            text = with_value(text, option, generate())
    return text


def with_value(text: str, option: Option, value: Value) -> str:
    """The text of a settings file with one option set.

    A line that shows the option's default as a comment is replaced in its place; else the value is
    changed where it stands, or added to its table. The result is parsed and compared: it differs
    from what was there in this one value, or nothing is returned.

    Raises:
        ValueError: the text is not TOML, or cannot be changed in this one value alone.
    """
    import tomllib

    wanted = tomllib.loads(text)
    is_set = option.name in wanted.get(option.table, {})
    wanted.setdefault(option.table, {})[option.name] = list(value) if isinstance(value, tuple) else value
    candidates = () if is_set else (_uncommented(text, option, value),)
    for candidate in (*candidates, _edited(text, option, value)):
        if candidate and tomllib.loads(candidate) == wanted:
            return candidate
    raise ValueError(f"the file cannot be changed in {option.key} alone; change it by hand")


def _uncommented(text: str, option: Option, value: Value) -> str:
    lines = text.splitlines(keepends=True)
    is_table = False
    for number, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith("["):
            is_table = stripped == f"[{toml_key(option.table)}]"
        elif is_table and stripped.startswith(f"# {toml_key(option.name)} ="):
            lines[number] = f"{toml_key(option.name)} = {toml_value(value)}\n"
            return "".join(lines)
    return ""


def _edited(text: str, option: Option, value: Value) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    if option.table not in document:
        document[option.table] = tomlkit.table()
    table = document[option.table]
    table[option.name] = list(value) if isinstance(value, tuple) else value
    edited: str = tomlkit.dumps(document)
    return edited
