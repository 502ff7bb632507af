"""Read the settings: defaults, then the app folder's files, then the environment.

Every value knows where it came from, and every fault is found in one reading.
"""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rattail.appdir.refusal import shown
from rattail.config.option import Option, Value, WrongValue, check_value, parse_value
from rattail.errors import ConfigInvalid

SETTINGS_FILE = "rattail.toml"
SECRETS_FILE = "secrets.toml"
MASK = "********"
_MISTYPED_LIMIT = 60


class Setting(NamedTuple):
    """One option with its value and the place that said so."""

    option: Option
    value: Value
    source: str

    @property
    def shown(self) -> Value:
        """The value as it may be printed: a secret that is set is masked."""
        return MASK if self.option.is_secret and self.value else self.value


class Fault(NamedTuple):
    """One thing wrong with the settings, and where."""

    kind: str
    message: str
    where: str


class Settings(NamedTuple):
    """All options by full name. What was wrong is in `faults`; its options then have their defaults."""

    by_key: Mapping[str, Setting]
    faults: tuple[Fault, ...] = ()
    unknown_variables: tuple[str, ...] = ()
    #: What the two files say, option by option, without the environment's overrides.
    in_files: Mapping[str, Value] = {}

    def text(self, key: str) -> str:
        value = self.by_key[key].value
        assert isinstance(value, str)
        return value

    def integer(self, key: str) -> int:
        value = self.by_key[key].value
        assert isinstance(value, int)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.by_key[key].value
        assert isinstance(value, tuple)
        return value

    def relocations(self, root: str) -> dict[str, str]:
        """The folders that `[folders]` sends elsewhere: logical name to absolute path."""
        return {
            setting.option.name: _absolute(root, str(setting.value))
            for setting in self.by_key.values()
            if setting.option.table == "folders" and setting.value
        }

    def require_sound(self) -> "Settings":
        """These settings, or all their faults as one `ConfigInvalid`."""
        if self.faults:
            raise ConfigInvalid(
                [fault.message for fault in self.faults], hint="mend the lines named, then run the same command again"
            )
        return self


def load_settings(options: Iterable[Option], *, root: str, environ: Mapping[str, str]) -> Settings:
    """Read all options of the app folder at `root`. Missing files are empty ones.

    Never raises for what a person wrote: see `Settings.faults` and `Settings.require_sound`.
    """
    by_key = {option.key: option for option in options}
    reading = _Reading(by_key)
    settings = {key: Setting(option, option.default, "default") for key, option in by_key.items()}
    in_files: dict[str, Value] = {}
    for name, is_secret in ((SETTINGS_FILE, False), (SECRETS_FILE, True)):
        for key, value, source in reading.file(root, name, is_secret=is_secret):
            settings[key] = Setting(by_key[key], value, source)
            in_files[key] = value
    for key, value, source in reading.environment(environ):
        settings[key] = Setting(by_key[key], value, source)
    return Settings(settings, tuple(reading.faults), tuple(reading.unknown_variables), in_files)


class _Reading:
    """Gathers faults while values are read."""

    def __init__(self, by_key: Mapping[str, Option]) -> None:
        self.by_key = by_key
        self.faults: list[Fault] = []
        self.unknown_variables: list[str] = []

    def file(self, root: str, name: str, *, is_secret: bool) -> list[tuple[str, Value, str]]:
        content = self._content(f"{root}/{name}", name)
        if not content.strip():
            return []
        import tomllib

        try:
            document = tomllib.loads(content)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self._fault("syntax", f"{name}: not TOML: {error}.", name)
            return []
        found = []
        for table, entries in document.items():
            if not isinstance(entries, dict):
                self._unknown(name, content, (table,), is_secret)
                continue
            for key, raw in entries.items():
                value = self._value(name, content, table, key, raw, is_secret)
                if value is not None:
                    found.append((f"{table}.{key}", value, name))
        return found

    def environment(self, environ: Mapping[str, str]) -> list[tuple[str, Value, str]]:
        by_variable = {option.environment_variable: option for option in self.by_key.values()}
        found = []
        for variable in sorted(name for name in environ if name.startswith("RATTAIL_")):
            option, text = by_variable.get(variable), environ[variable]
            if option is None and variable.endswith("_FILE"):
                option = by_variable.get(variable.removesuffix("_FILE"))
                if option is not None and option.is_secret:
                    text = self._secret_from(variable, text)
            if option is None:
                if variable != "RATTAIL_APPDIR" and not variable.startswith("RATTAIL_TEST_"):
                    self.unknown_variables.append(variable)
                continue
            try:
                found.append((option.key, parse_value(option, text), variable))
            except WrongValue:
                self._fault("value", f"{variable}: expected {option.expected}; found {_found(option, text)}.", variable)
        return found

    def _content(self, path: str, name: str) -> str:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(fd, encoding="utf-8") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except UnicodeDecodeError as error:
            self._fault("syntax", f"{name}: not UTF-8 text: byte {error.start} is wrong.", name)
        except OSError as error:
            said = "it is a link; expected a file of its own" if os.path.islink(path) else error.strerror
            self._fault("unreadable", f"{name} cannot be read: {said}.", name)
        return ""

    def _value(self, name: str, content: str, table: str, key: str, raw: object, is_secret: bool) -> Value | None:
        option = self.by_key.get(f"{table}.{key}")
        where = (table, key)
        if option is None:
            self._unknown(name, content, where, is_secret)
            return None
        if option.is_secret is not is_secret:
            line = _line(content, where)
            if option.is_secret:
                text = f"is a secret and belongs in {SECRETS_FILE}, where only the app can read it"
            else:
                text = f"is no secret and belongs in {SETTINGS_FILE}"
            self._fault("misplaced", f"{name}{line}: [{table}] {key} {text}.", f"{name}:{table}.{key}")
            return None
        try:
            return check_value(option, raw)
        except WrongValue:
            found = _found(option, raw)
            text = f"{name}{_line(content, where)}: [{table}] {key}: expected {option.expected}; found {found}."
            self._fault("value", text, f"{name}:{table}.{key}")
            return None

    def _unknown(self, name: str, content: str, where: tuple[str, ...], is_secret: bool) -> None:
        from difflib import get_close_matches

        options = [option for option in self.by_key.values() if option.is_secret is is_secret]
        line = _line(content, where)
        table = where[0]
        tables = {option.table for option in options}
        if len(where) == 1 and table not in tables:
            near = get_close_matches(table, sorted(tables), 1)
            text = f"{name}{line}: {table!r} is not a table that is known."
        elif len(where) == 1:
            near, text = [], f"{name}{line}: {table!r} should be a table: expected [{table}]."
        elif table not in tables:
            near = get_close_matches(table, sorted(tables), 1)
            text = f"{name}{line}: there is no table [{table}]."
        else:
            near = get_close_matches(where[1], [option.name for option in options if option.table == table], 1)
            text = f"{name}{line}: [{table}] has no option {where[1]!r}."
        if near:
            text += f" Did you mean {near[0]!r}?"
        self._fault("unknown", text, f"{name}:{'.'.join(where)}")

    def _secret_from(self, variable: str, path: str) -> str:
        try:
            with open(path, encoding="utf-8") as stream:
                return stream.read().rstrip("\r\n")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            said = getattr(error, "strerror", None) or "it is not UTF-8 text"
            self._fault("unreadable", f"{variable}: the file {shown(path)} cannot be read: {said}.", variable)
            return ""

    def _fault(self, kind: str, message: str, where: str) -> None:
        self.faults.append(Fault(kind, message, where))


def _found(option: Option, raw: object) -> str:
    if option.is_secret:
        return "something else (a secret, not shown)"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    text = f'"{raw}"' if isinstance(raw, str) else str(raw)
    return text if len(text) <= _MISTYPED_LIMIT else text[:_MISTYPED_LIMIT] + "..."


def _line(content: str, where: tuple[str, ...]) -> str:
    from rattail.config.lines import line_of

    number = line_of(content, where)
    return f" line {number}" if number else ""


def _absolute(root: str, path: str) -> str:
    return os.path.normpath(path if path.startswith("/") else f"{root}/{path}")
