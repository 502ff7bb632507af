"""Read the settings: defaults, then the app folder's files, then the environment.

Every value knows where it came from, and every fault is found in one reading.
"""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rattail.config.option import Option, Value
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE, STRANGER, Fault, Unreadable, parse_toml, read_text
from rattail.config.values import WrongValue, check_value, parse_value
from rattail.errors import ConfigInvalid

MASK = "********"
_FILE_SUFFIX = "_FILE"
_LARGEST_SECRET_BYTES = 64 << 10
_MOST_FAULTS = 100


class Setting(NamedTuple):
    """One option with its value and the place that said so."""

    option: Option
    value: Value
    source: str

    @property
    def shown(self) -> Value:
        """The value as it may be printed: a secret that is set is masked."""
        return MASK if self.option.is_secret and self.value else self.value


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
            if setting.option.table == "folders"
            and setting.value != setting.option.default
            and _absolute(root, str(setting.value)) != f"{root}/{setting.option.name}"
        }

    @property
    def strangers(self) -> tuple[str, ...]:
        """What stands there of extensions that are not installed now, a sentence each: nothing stops for it."""
        return tuple(fault.message for fault in self.faults if fault.kind == STRANGER)

    def require_sound(self) -> "Settings":
        """These settings, or all their faults as one `ConfigInvalid`."""
        serious = [fault.message for fault in self.faults if fault.kind != STRANGER]
        if serious:
            raise ConfigInvalid(
                serious,
                hint="mend the lines and variables named, then run the same command again",
            )
        return self


def load_settings(options: Iterable[Option], *, root: str, environ: Mapping[str, str]) -> Settings:
    """Read all options of the app folder at `root`. Missing files are empty ones.

    Never raises for what a person wrote: see `Settings.faults` and `Settings.require_sound`.
    """
    by_key = {option.key: option for option in options}
    faults: list[Fault] = []
    settings = {key: Setting(option, option.default, "default") for key, option in by_key.items()}
    in_files: dict[str, Value] = {}
    for name, is_secret in ((SETTINGS_FILE, False), (SECRETS_FILE, True)):
        try:
            text = read_text(f"{root}/{name}", name) or ""
            values, found = read_values(by_key, text, name=name, is_secret=is_secret)
        except Unreadable as error:
            faults.append(Fault(error.kind, error.message, name))
            continue
        faults.extend(found)
        in_files.update(values)
        settings.update((key, Setting(by_key[key], value, name)) for key, value in values.items())
    environment = _Environment(by_key, environ)
    for key, value, source in environment.values():
        settings[key] = Setting(by_key[key], value, source)
    return Settings(settings, (*faults, *environment.faults), tuple(environment.unknown), in_files)


def read_values(
    by_key: Mapping[str, Option], text: str, *, name: str, is_secret: bool
) -> tuple[dict[str, Value], list[Fault]]:
    """The right values in the text of a settings file, by full name, and everything wrong in it.

    Raises:
        Unreadable: the text is not TOML at all.
    """
    if not text.strip():
        return {}, []
    document = parse_toml(text, name, is_secret=is_secret)
    values: dict[str, Value] = {}
    wrong: list[tuple[tuple[str, ...], object]] = []
    tables = {option.table for option in by_key.values()}
    for table, entries in document.items():
        if not isinstance(entries, dict) or table not in tables:
            if entries != {}:  # nothing is set in it: left behind by an extension perhaps
                wrong.append(((table,), entries))
            continue
        for entry, raw in entries.items():
            option = by_key.get(f"{table}.{entry}")
            try:
                if option is None or option.table != table or option.is_secret is not is_secret:
                    raise WrongValue
                values[option.key] = check_value(option, raw)
            except WrongValue:
                wrong.append(((table, entry), raw))
    if not wrong:
        return values, []
    from rattail.config.faults import describe

    faults = [
        describe(by_key, path, raw, text=text, name=name, is_secret=is_secret) for path, raw in wrong[:_MOST_FAULTS]
    ]
    if len(wrong) > _MOST_FAULTS:
        faults.append(Fault("unknown", f"{name}: {len(wrong) - _MOST_FAULTS:,} more faults of this kind.", name))
    return values, faults


def environment_variables(option: Option) -> tuple[str, ...]:
    """The variables that can give an option's value; of a secret also the one that names a file."""
    variable = option.environment_variable
    return (variable, variable + _FILE_SUFFIX) if option.is_secret else (variable,)


class _Environment:
    """Reads the variables `RATTAIL_<TABLE>_<OPTION>`, and `..._FILE` of secrets; gathers faults."""

    def __init__(self, by_key: Mapping[str, Option], environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._options = by_key.values()
        self.faults: list[Fault] = []
        self.unknown: list[str] = []

    def values(self) -> list[tuple[str, Value, str]]:
        ours = sorted(name for name in self._environ if name.startswith("RATTAIL_"))
        if not ours:
            return []
        by_variable = {name: option for option in self._options for name in reversed(environment_variables(option))}
        by_variable.update((option.environment_variable, option) for option in self._options)
        found = []
        for variable in ours:
            option = by_variable.get(variable)
            if option is None:
                if variable != "RATTAIL_APPDIR" and not variable.startswith("RATTAIL_TEST_"):
                    self.unknown.append(variable)
                continue
            text = self._text(option, variable)
            if text is None:
                continue
            try:
                found.append((option.key, parse_value(option, text), variable))
            except WrongValue:
                self._wrong(option, variable, text)
        return found

    def _text(self, option: Option, variable: str) -> str | None:
        """What a variable says; None where it has said nothing usable, and the fault is noted."""
        text = self._environ[variable]
        if not option.is_secret:
            return text
        is_file = variable != option.environment_variable
        both = option.environment_variable in self._environ
        if is_file and both:
            self._fault(
                "value", f"{option.environment_variable} and {variable} are both set; set one of them.", variable
            )
            return None
        if is_file:
            content = self._content(variable, text) if text else ""
            if content is None:
                return None
            text = content
        if not text:
            what = "names no file, or an empty one" if is_file else "is empty"
            self._fault("value", f"{variable} {what}; expected a secret. To use {SECRETS_FILE}, unset it.", variable)
            return None
        return text

    def _content(self, variable: str, path: str) -> str | None:
        """The secret in a file: all of it but one line end at its end."""
        from rattail.appdir.refusal import shown

        name = f"{variable}: the file {shown(path)}"
        if not path.startswith("/"):
            self._fault("unreadable", f"{name} is not an absolute path; expected one.", variable)
            return None
        try:
            text = read_text(path, name, limit_bytes=_LARGEST_SECRET_BYTES, follow=True)
        except Unreadable as error:
            said = error.message if error.message.startswith(variable) else f"{variable}: {error.message}"
            self._fault("unreadable", said, variable)
            return None
        if text is None:
            self._fault("unreadable", f"{name} does not exist.", variable)
            return None
        return text.removesuffix("\n").removesuffix("\r")

    def _wrong(self, option: Option, variable: str, text: str) -> None:
        from rattail.config.faults import found_text, suggestion

        said = f"{variable}: expected {option.expected}; found {found_text(option, text)}.{suggestion(option, text)}"
        self._fault("value", said, variable)

    def _fault(self, kind: str, message: str, where: str) -> None:
        self.faults.append(Fault(kind, message, where))


def _absolute(root: str, path: str) -> str:
    return os.path.normpath(path if path.startswith("/") else f"{root}/{path}").replace("//", "/")
