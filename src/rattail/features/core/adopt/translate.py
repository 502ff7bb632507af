"""What upstream's options mean here, and the list of those that mean nothing here."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from rattail.config.load import MASK
from rattail.config.option import Option, Value
from rattail.config.values import WrongValue, check_value, text_of
from rattail.features.core.adopt.ini import Ini, IniOption, split_list

_SECRET_NAME = re.compile(
    r"(?:^|[._-])(?:\w*pass(?:word|wd|phrase)?|pwd|\w*secret\w*|key|\w*token|credentials?|auth)(?:$|[._-])"
)
_URL_PASSWORD = re.compile(r"(?P<head>\w://[^:/@\s]*:)(?P<password>\S+)(?=@)")
_LOGIN = re.compile(r"\(\s*(['\"])[^'\"]*\1\s*,\s*(['\"])[^'\"]*\2\s*,?\s*\)")
_POSTGRES = ("postgresql", "postgres")
_NO = ("false", "no", "off", "0")
_SECTIONS = ("rattail", "wutta")
_SHORTEST_KNOWN_SECRET = 4


class Translated(NamedTuple):
    """An option of upstream's that became one of ours; the value is fit to be shown."""

    source: str
    to: str
    shown: str


class NotTranslated(NamedTuple):
    """An option of upstream's that means nothing here, its secrets masked."""

    source: str
    value: str
    file: str


class Translation(NamedTuple):
    values: Mapping[str, Value]
    translated: tuple[Translated, ...]
    not_translated: tuple[NotTranslated, ...]
    problems: tuple[str, ...]


def translate(ini: Ini, options: Mapping[str, Option]) -> Translation:
    """Translate what is known. `options` are ours by full name; a value that one does not take is reported."""
    reading = _Translating(ini, options)
    for section in _SECTIONS:
        reading.text(section, "app_title", "app.title")
        reading.text(section, "timezone.default", "app.time_zone")
        reading.database(f"{section}.db")
        reading.mail(f"{section}.mail")
        if ini.get(f"{section}.config", "usedb").lower() in ("true", "yes", "on", "1"):
            reading.problems.append(
                f"[{section}.config] usedb: settings that upstream keeps in its database were not looked at."
            )
    rest = [option for option in ini.by_key.values() if (option.section, option.name) not in reading.used]
    return Translation(
        reading.values,
        tuple(reading.translated),
        tuple(reading.masked(option) for option in (*rest, *ini.others)),
        tuple(reading.problems),
    )


class _Translating:
    def __init__(self, ini: Ini, options: Mapping[str, Option]) -> None:
        self.ini = ini
        self.options = options
        self.values: dict[str, Value] = {}
        self.translated: list[Translated] = []
        self.problems: list[str] = []
        self.used: set[tuple[str, str]] = set()
        self.secrets: set[str] = set()

    def text(self, section: str, name: str, to: str) -> None:
        text = self.ini.get(section, name)
        if text:
            self._set(section, name, to, text)

    def database(self, section: str) -> None:
        for name in ("default.url", "sqlalchemy.url"):
            url = self.ini.get(section, name)
            if url and "database.url" not in self.values:
                self._database_url(section, name, url)

    def mail(self, section: str) -> None:
        if self.ini.get(section, "send_emails").lower() in _NO:
            self.problems.append(f"[{section}] send_emails is off: mail.host stays empty, so that no mail is sent.")
        else:
            self._mail_server(section)
        for name, to in (
            ("smtp.username", "mail.user"),
            ("smtp.password", "mail.password"),
            ("default.from", "mail.from"),
        ):
            self.text(section, name, to)
        addresses = split_list(self.ini.get(section, "default.to"))
        if addresses:
            self._set(section, "default.to", "mail.to", tuple(addresses))

    def masked(self, option: IniOption) -> NotTranslated:
        value = _URL_PASSWORD.sub(rf"\g<head>{MASK}", option.value.strip())
        if _SECRET_NAME.search(option.name) and option.section not in ("loggers", "handlers", "formatters"):
            value = MASK if value else value
        if option.section.startswith("handler_"):
            value = _LOGIN.sub(f"({MASK})", value) if value.count(",") > 2 else value
        for secret in sorted(self.secrets, key=len, reverse=True):
            value = value.replace(secret, MASK)
        return NotTranslated(option.shown, " ".join(value.split()), option.file)

    def _mail_server(self, section: str) -> None:
        host, _, port = self.ini.get(section, "smtp.server").partition(":")
        if not host:
            return
        self._set(section, "smtp.server", "mail.host", host)
        # Upstream speaks plain SMTP, and to port 25 where none is named.
        self._set(section, "smtp.server", "mail.port", int(port) if port.isascii() and port.isdigit() else 25)
        self._set(section, "smtp.server", "mail.tls", "none")

    def _database_url(self, section: str, name: str, url: str) -> None:
        source = f"[{section}] {name}"
        dialect, separator, rest = url.partition("://")
        kind = dialect.partition("+")[0].lower()
        if not separator or kind not in _POSTGRES:
            self._remember_password(url)
            what = "SQLite" if kind == "sqlite" else f"{kind!r}"
            where = f" ({rest.removeprefix('/') or 'in memory'})" if kind == "sqlite" else ""
            self.problems.append(
                f"{source} names a database of the kind {what}{where}: its records are not translated. A database "
                "file in the old folder is copied as it is; this app begins with a database of its own."
            )
            return
        plain, password = without_password(rest)
        if password:
            self.secrets.add(password)
            self._remember_password(url)
            self._set(section, name, "database.password", password)
        self._set(section, name, "database.url", f"postgresql://{plain}")
        self.problems.append(
            f"{source} was translated, so the app is set to upstream's own database, whose tables mean nothing "
            "here: make a database for this app and set database.url to it before the first records are made."
        )

    def _remember_password(self, url: str) -> None:
        match = _URL_PASSWORD.search(url)
        if match:
            self.secrets.add(match["password"])

    def _set(self, section: str, name: str, to: str, value: Value) -> None:
        option = self.options.get(to)
        if option is None or to in self.values:
            return
        try:
            self.values[to] = check_value(option, list(value) if isinstance(value, tuple) else value)
        except WrongValue:
            self.problems.append(
                f"[{section}] {name} = {text_of(value)}: not taken as {to}, expected {option.expected}."
            )
            return
        self.used.add((section, name))
        if option.is_secret and len(text_of(value)) >= _SHORTEST_KNOWN_SECRET:
            self.secrets.add(text_of(value))
        shown = MASK if option.is_secret else text_of(value)
        self.translated.append(Translated(f"[{section}] {name}", to, shown))


def without_password(rest: str) -> tuple[str, str]:
    """Split `user:password@host:port/name?query` into the same without its password, and the password.

    The password is what the driver would be given, percent signs decoded.
    """
    place, _, query = rest.partition("?")
    login, at, host = place.rpartition("@")
    if not at and "@" in rest:  # a '?' that was not encoded stands in the password
        login, at, host = rest.rpartition("@")
        host, _, query = host.partition("?")
    user, _, password = login.partition(":")
    kept = []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        if name == "password":
            password = password or value
        else:
            kept.append(pair)
    return f"{user}{at}{host}" + (f"?{'&'.join(kept)}" if kept else ""), unquote(password)
