"""What is configured for mail, and what of it cannot be. Cheap to import: check-appdir asks, too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from rattail.errors import ConfigInvalid
from rattail.features.mail.addresses import WrongAddress, address_of

_HERE = ("localhost", "127.0.0.1", "::1", "[::1]")


class Server(NamedTuple):
    """The mail server. Its password is in no text that is made of it."""

    host: str
    port: int
    tls: str
    ca_file: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Server({self.shown})"

    @property
    def shown(self) -> str:
        return f"{self.host}:{self.port}"


class Mail(NamedTuple):
    """Who sends mail to whom, and through which server; `server` is None where no mail is sent."""

    server: Server | None
    sender: str
    sender_name: str
    to: tuple[str, ...]

    def require_server(self) -> Server:
        """The server.

        Raises:
            ConfigInvalid: none is configured.
        """
        if self.server is None:
            raise ConfigInvalid(
                ["mail.host is empty, so no mail is sent."], hint="rattail set-option mail.host mail.example.org"
            )
        return self.server


class Hook(NamedTuple):
    """What is called beside the mail: a command (words) or an address; both may be empty."""

    command: tuple[str, ...]
    url: str

    def __bool__(self) -> bool:
        return bool(self.command or self.url)


def mail_of(values: Mapping[str, object], *, root: str) -> Mail:
    """What the settings say about sending mail. `root` is the app folder, where a relative file is looked for.

    Raises:
        ConfigInvalid: something of it cannot be; all of that is named.
    """
    faults = [*_faults_of_server(values), *_faults_of_addresses(values)]
    if faults:
        raise ConfigInvalid(faults, hint="mend [mail] in rattail.toml, then: rattail send-test-mail")
    text = {key: str(values[f"mail.{key}"]) for key in ("host", "tls", "ca_file", "user", "password")}
    if not text["host"]:
        return Mail(None, "", "", ())
    ca_file = os.path.join(root, text["ca_file"]) if text["ca_file"] else ""
    port = int(str(values["mail.port"]))
    server = Server(text["host"], port, text["tls"], ca_file, text["user"], text["password"])
    name, sender = address_of(str(values["mail.from"]))
    return Mail(server, sender, name, tuple(dict.fromkeys(address_of(one)[1] for one in _to(values))))


def hook_of(values: Mapping[str, object]) -> Hook:
    """What the settings say about whom else to call.

    Raises:
        ConfigInvalid: the address cannot be.
    """
    faults = list(_faults_of_hook(values))
    if faults:
        raise ConfigInvalid(faults)
    command = values["mail.on_failure_command"]
    assert isinstance(command, tuple)
    return Hook(command, str(values["mail.on_failure_url"]))


def fold_of(values: Mapping[str, object]) -> timedelta:
    """For how long the same thing is only counted after it was told."""
    return timedelta(minutes=int(str(values["mail.fold_minutes"])))


def faults_of(values: Mapping[str, object]) -> list[str]:
    """Everything in the settings of mail that cannot work, a sentence each."""
    return [
        *_faults_of_server(values),
        *_faults_of_addresses(values),
        *_faults_of_hook(values),
        *_faults_of_time(values),
    ]


def _faults_of_server(values: Mapping[str, object]) -> Iterator[str]:
    host, user = str(values["mail.host"]), str(values["mail.user"])
    if not host:
        return
    if not host.isprintable() or " " in host or "/" in host or "@" in host:
        yield f"mail.host: expected the name of a mail server such as 'mail.example.org'; found {host!r}."
    if user and values["mail.tls"] == "none" and host not in _HERE:
        yield (
            "mail.user is set and mail.tls is 'none': the password would be sent so that others can read it; expected "
            "mail.tls 'starttls' (port 587) or 'tls' (port 465)."
        )
    if user and not values["mail.password"]:
        yield "mail.user is set, but mail.password is not: it belongs in secrets.toml, in the table [mail]."


def _faults_of_addresses(values: Mapping[str, object]) -> Iterator[str]:
    if not values["mail.host"]:
        return
    if not values["mail.from"]:
        yield "mail.host is set, but mail.from is not: expected the sender's address, such as 'shop@example.org'."
    if not _to(values):
        yield "mail.host is set, but mail.to is not: expected the addresses of who gets the app's messages."
    senders = [str(values["mail.from"])] if values["mail.from"] else []
    for key, texts in (("mail.from", senders), ("mail.to", _to(values))):
        for text in texts:
            try:
                address_of(text)
            except WrongAddress as why:
                yield f"{key}: {text!r} is no address: {why}."


def _faults_of_hook(values: Mapping[str, object]) -> Iterator[str]:
    """An address to call may hold a secret, so nothing but its beginning is repeated."""
    url = str(values["mail.on_failure_url"])
    if not url:
        return
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = None, ""
    is_safe = parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE))
    if not (is_safe and host and url.isascii() and url.isprintable() and " " not in url):
        yield "mail.on_failure_url: expected an address that begins with https:// (http:// on this machine only)."


def _faults_of_time(values: Mapping[str, object]) -> Iterator[str]:
    text = str(values["mail.digest_at"])
    hour, colon, minute = text.partition(":")
    digits = (hour + minute).isascii() and (hour + minute).isdigit() and len(hour) == len(minute) == 2
    if text and not (colon and digits and int(hour) < 24 and int(minute) < 60):
        yield f"mail.digest_at: expected a time such as '07:00', or nothing for never; found {text!r}."


def _to(values: Mapping[str, object]) -> tuple[str, ...]:
    to = values["mail.to"]
    assert isinstance(to, tuple)
    return to
