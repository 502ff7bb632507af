"""Handing a mail to the mail server, and what it says when it does not take it."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Literal, NamedTuple

from rattail.features.mail.configured import Server
from rattail.notices.text import one_line

PATIENCE_S = 20
_WORDS_LENGTH = 300

Kind = Literal[
    "name_unknown",
    "connection_refused",
    "timed_out",
    "unreachable",
    "tls_failed",
    "login_refused",
    "server_refused",
    "sender_refused",
    "recipients_refused",
    "message_refused",
    "connection_lost",
]


class NotSent(Exception):
    """The mail server did not take a mail. `message` says so in a sentence, with the server's own words."""

    def __init__(self, kind: Kind, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint


class Refusal(NamedTuple):
    """A recipient whom the server refused, in its words; `is_final` unless it asks to try again."""

    address: str
    words: str
    is_final: bool


def deliver(message: EmailMessage, server: Server, *, sender: str, to: Sequence[str]) -> tuple[Refusal, ...]:
    """Hand `message` over for all of `to`; returns those whom the server refused while it took it for others.

    No step waits longer than 20 seconds. When this returns, the server has accepted the mail.

    Raises:
        NotSent: it did not, or not for anybody.
    """
    with _told_apart(server), _connected(server) as smtp:
        _protect(smtp, server)
        _log_in(smtp, server)
        refused = smtp.send_message(message, from_addr=sender, to_addrs=list(to))
        return tuple(
            Refusal(address, _words(server, code, text), code >= 500) for address, (code, text) in refused.items()
        )


@contextmanager
def _connected(server: Server) -> Iterator[smtplib.SMTP]:
    name = socket.gethostname()
    own = name if "." in name and name.isascii() else "[127.0.0.1]"  # without asking a name server that may be down
    smtp: smtplib.SMTP
    if server.tls == "tls":
        smtp = smtplib.SMTP_SSL(
            server.host, server.port, timeout=PATIENCE_S, context=_trust(server), local_hostname=own
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=PATIENCE_S, local_hostname=own)
    try:
        smtp.ehlo_or_helo_if_needed()
        yield smtp
    except BaseException:
        smtp.close()
        raise
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()  # the mail was taken; how the server says good-bye is its own affair


def _trust(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.ca_file:
        try:
            context.load_verify_locations(server.ca_file)
        except OSError as error:
            reason = (
                error.strerror if error.errno and not isinstance(error, ssl.SSLError) else "it holds no certificate"
            )
            raise NotSent(
                "tls_failed", f"the file of mail.ca_file, {server.ca_file!r}, cannot be used: {reason}."
            ) from error
    return context


def _protect(smtp: smtplib.SMTP, server: Server) -> None:
    if server.tls != "starttls":
        return
    if not smtp.has_extn("starttls"):
        raise NotSent(
            "tls_failed",
            f"the mail server {server.shown} does not offer STARTTLS.",
            hint="set mail.tls to 'tls' (mostly port 465), or to 'none' for a server on this machine",
        )
    smtp.starttls(context=_trust(server))
    smtp.ehlo()


def _log_in(smtp: smtplib.SMTP, server: Server) -> None:
    if not server.user:
        return
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(
            "login_refused",
            f"the mail server {server.shown} takes no user and password over this connection.",
            hint="look at mail.tls and mail.port; or empty mail.user where the server needs none",
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(
            "login_refused",
            f"the mail server {server.shown} refused the user {server.user!r} or the password: {_said(server, error)}.",
            hint="mail.user is in rattail.toml, mail.password in secrets.toml; some servers want a password of its own "
            "for programs",
        ) from error
    except UnicodeEncodeError as error:
        raise NotSent(
            "login_refused", "mail.user or mail.password holds letters beyond ASCII, which servers do not take."
        ) from error


@contextmanager
def _told_apart(server: Server) -> Iterator[None]:
    """Every way in which a server can fail, each as a sentence of its own."""
    try:
        yield
    except smtplib.SMTPSenderRefused as error:
        is_login = error.smtp_code == 530 and not server.user
        hint = (
            "the server wants a login: set mail.user, and mail.password in secrets.toml"
            if is_login
            else ("set mail.from to an address that this server sends for")
        )
        raise NotSent(
            "sender_refused",
            f"the mail server {server.shown} refused the sender {error.sender}: {_said(server, error)}.",
            hint,
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise _recipients_refused(server, error) from error
    except smtplib.SMTPDataError as error:
        raise NotSent(
            "message_refused", f"the mail server {server.shown} refused the mail itself: {_said(server, error)}."
        ) from error
    except smtplib.SMTPResponseException as error:  # its greeting, its answer to HELO or to STARTTLS
        raise NotSent(
            "server_refused", f"the mail server {server.shown} refuses to talk: {_said(server, error)}."
        ) from error
    except smtplib.SMTPServerDisconnected as error:
        if isinstance(error.__context__, TimeoutError):
            raise _not_reached(server, error.__context__) from error
        raise NotSent(
            "connection_lost",
            f"the mail server {server.shown} ended the connection before it had taken the mail.",
            hint="is it a mail server, and is mail.tls right for that port? 465 wants 'tls', 587 'starttls'",
        ) from error
    except smtplib.SMTPException as error:
        raise NotSent(
            "server_refused", f"the mail server {server.shown} cannot do this: {one_line(str(error))}."
        ) from error
    except OSError as error:
        raise _not_reached(server, error) from error


def _recipients_refused(server: Server, error: smtplib.SMTPRecipientsRefused) -> NotSent:
    said = "; ".join(f"{address}: {_words(server, *answer)}" for address, answer in error.recipients.items())
    who = "the recipient" if len(error.recipients) == 1 else "all recipients"
    return NotSent(
        "recipients_refused",
        f"the mail server {server.shown} refused {who}: {said}.",
        hint="look at mail.to; an answer that begins with 4 means that the server will take it later",
    )


def _not_reached(server: Server, error: OSError) -> NotSent:
    """What the network said."""
    where = f"the mail server {server.shown}"
    if isinstance(error, socket.gaierror):
        return NotSent(
            "name_unknown", f"the mail server's name {server.host!r} is not known here.", hint="look at mail.host"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent(
            "tls_failed",
            f"{where} has a certificate that is not trusted: {one_line(error.verify_message)}.",
            hint="mail.host has to be the name in the certificate; one that the server made itself goes into "
            "mail.ca_file",
        )
    if isinstance(error, ssl.SSLError):
        return NotSent(
            "tls_failed",
            f"no protected connection to {where} came about: {one_line(error.reason or str(error))}.",
            hint="mail.tls is 'tls' mostly on port 465, 'starttls' on 587 and 25",
        )
    if isinstance(error, TimeoutError):
        return NotSent(
            "timed_out", f"{where} did not answer in {PATIENCE_S} seconds.", hint="look at mail.host and mail.port"
        )
    if isinstance(error, ConnectionRefusedError):
        return NotSent(
            "connection_refused", f"nothing listens at {server.shown}.", hint="look at mail.host and mail.port"
        )
    if isinstance(error, ConnectionError):
        return NotSent("connection_lost", f"{where} ended the connection: {error.strerror}.")
    return NotSent("unreachable", f"{where} cannot be reached: {error.strerror or one_line(str(error))}.")


def _said(server: Server, error: smtplib.SMTPResponseException) -> str:
    return _words(server, error.smtp_code, error.smtp_error)


def _words(server: Server, code: int, text: bytes | str) -> str:
    """What the server answered, on one line; should it repeat our password, that is left out."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    for secret in _spellings(server):
        words = words.replace(secret, "********")
    return f"{code} {one_line(words, length=_WORDS_LENGTH)}".strip().rstrip(".")


def _spellings(server: Server) -> tuple[str, ...]:
    """The password as it goes over the line."""
    if not server.password:
        return ()
    plain = f"\0{server.user}\0{server.password}".encode()
    return server.password, b64encode(plain).decode(), b64encode(server.password.encode()).decode()
