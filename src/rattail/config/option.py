"""One option: its type, its default, what it is for; and how its values are read and written."""

from typing import Literal, NamedTuple

Value = str | int | bool | tuple[str, ...]
Kind = Literal[
    "text",
    "integer",
    "boolean",
    "list",
    "path",
    "time zone",
    "currency",
    "locale",
    "database address",
    "site address",
    "time of day",
]
TakesEffect = Literal["at once", "at restart", "at the next make-appdir"]

SECRET_BYTES = 32
LARGEST_INTEGER = 2**63 - 1

_EXPECTED: dict[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "list": 'a list of texts such as ["one", "two"]',
    "path": "an absolute path, or one below the app folder without '..'",
    "time zone": "a time zone of the IANA list such as 'America/Chicago'",
    "currency": "a currency of ISO 4217 such as 'USD'",
    "locale": "a language or a language and a country, such as 'de' or 'en_US'",
    "database address": "'postgresql://USER@HOST:PORT/NAME' without a password, or an empty text",
    "site address": "'https://HOST' or 'http://HOST:PORT' with nothing after it (a host of its own), or an empty text",
    "time of day": "a time such as '02:30', from 00:00 to 23:59, or an empty text: never",
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
        elif self.maximum is not None:
            text += f", {self.maximum} or less"
        return text
