"""One option: its type, its default, what it is for; and how its values are read and written."""

from typing import Literal, NamedTuple

Value = str | int | bool | tuple[str, ...]
Kind = Literal["text", "integer", "boolean", "list", "path", "time zone", "currency", "locale"]
TakesEffect = Literal["at once", "at restart", "at the next make-appdir"]

SECRET_BYTES = 32

_EXPECTED: dict[Kind, str] = {
    "text": "a text in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
    "list": "a list of texts",
    "path": "an absolute path, or one below the app folder without '..', in quotes",
    "time zone": "a time zone of the IANA list such as 'America/Chicago'",
    "currency": "a currency of ISO 4217 such as 'USD'",
    "locale": "a language and a country such as 'en_US'",
}


class Option(NamedTuple):
    """One setting of one table of `rattail.toml`, or of `secrets.toml` where it is a secret.

    `help` is a sentence for the operator; `unit` names what a number counts. A secret with
    `is_generated` is made, at random, by `make-appdir`. `table` defaults to the feature's name.
    """

    name: str
    help: str
    kind: Kind = "text"
    default: Value = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    takes_effect: TakesEffect = "at once"
    is_secret: bool = False
    is_generated: bool = False
    table: str = ""

    @property
    def key(self) -> str:
        """The full name, as `get-option` takes it: `uploads.keep_days`."""
        return f"{self.table}.{self.name}"

    @property
    def environment_variable(self) -> str:
        """The variable that overrides the files: `RATTAIL_UPLOADS_KEEP_DAYS`."""
        text = f"RATTAIL_{self.table}_{self.name}".upper()
        return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text)

    @property
    def expected(self) -> str:
        """What a right value is, for messages and for the comment in the file."""
        if self.choices:
            return "one of " + ", ".join(f"'{choice}'" for choice in self.choices)
        text = _EXPECTED[self.kind]
        if self.unit:
            text += f" of {self.unit}"
        if self.minimum is not None and self.maximum is not None:
            text += f", {self.minimum} to {self.maximum}"
        elif self.minimum is not None:
            text += f", {self.minimum} or more"
        return text


class WrongValue(Exception):
    """A value that its option does not take; what was expected is the option's to say."""


def check_value(option: Option, raw: object) -> Value:
    """Turn a value as TOML gives it into a value of the option's type.

    Raises:
        WrongValue: it is not one; no more is said, because the option knows what it expected.
    """
    match option.kind:
        case "integer":
            return _checked_integer(option, raw)
        case "boolean":
            if isinstance(raw, bool):
                return raw
            raise WrongValue
        case "list":
            if isinstance(raw, list | tuple) and all(isinstance(one, str) for one in raw):
                return tuple(raw)
            raise WrongValue
        case _:
            if not isinstance(raw, str) or (option.choices and raw not in option.choices):
                raise WrongValue
            _check_text(option.kind, raw)
            return raw


def parse_value(option: Option, text: str) -> Value:
    """Turn text (from a command line or an environment variable) into a value of the option's type.

    A list is written as `a,b`; a boolean as `true` or `false`. Raises `WrongValue` as `check_value`.
    """
    match option.kind:
        case "integer":
            try:
                return check_value(option, int(text.strip()))
            except ValueError:
                raise WrongValue from None
        case "boolean":
            words = {"true": True, "false": False}
            return check_value(option, words.get(text.strip().lower()))
        case "list":
            return check_value(option, [one.strip() for one in text.split(",") if one.strip()])
        case _:
            return check_value(option, text)


def text_of(value: Value) -> str:
    """A value as people read it and as `parse_value` takes it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _checked_integer(option: Option, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise WrongValue
    if option.minimum is not None and raw < option.minimum:
        raise WrongValue
    if option.maximum is not None and raw > option.maximum:
        raise WrongValue
    return raw


def _check_text(kind: Kind, text: str) -> None:
    if kind == "path":
        right = not text or ("\0" not in text and ".." not in text.split("/") and bool(text.strip("/ ")))
    elif kind == "currency":
        right = len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
    elif kind == "locale":
        language, _, country = text.partition("_")
        right = language.isascii() and language.isalpha() and language.islower() and len(language) in (2, 3)
        right = right and (not country or (country.isascii() and country.isalnum() and country.isupper()))
    elif kind == "time zone":
        right = text == "UTC" or _is_time_zone(text)
    else:
        return
    if not right:
        raise WrongValue


def _is_time_zone(name: str) -> bool:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True
