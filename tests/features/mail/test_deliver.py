"""Handing mail to real servers, and telling apart what they do with it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from rattail.features.mail import deliver as delivering
from rattail.features.mail.configured import Server
from rattail.features.mail.deliver import NotSent, deliver
from rattail.features.mail.message import Composed, build
from tests.features.mail.servers import CERTIFICATE, PASSWORD, USER, mail_server, scripted_server

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENDER = "shop@example.org"


def server(port: int, **changes: Any) -> Server:
    return Server("127.0.0.1", port, "none", "", "", "")._replace(**changes)


def mail(subject: str = "hello", text: str = "text\n", to: tuple[str, ...] = ("ada@example.org",)) -> EmailMessage:
    return build(
        Composed(subject, text, "error"),
        title="Poser",
        sender=SENDER,
        sender_name="",
        to=to,
        message_id="a.b",
        date=NOW,
    )


@contextmanager
def refused(kind: str) -> Iterator[list[NotSent]]:
    caught: list[NotSent] = []
    with pytest.raises(NotSent) as info:
        yield caught
    caught.append(info.value)
    assert info.value.kind == kind
    assert info.value.message.endswith(".")


def send(to: Server, *addresses: str) -> None:
    deliver(mail(to=addresses or ("ada@example.org",)), to, sender=SENDER, to=addresses or ("ada@example.org",))


def test_a_server_without_tls_takes_a_mail() -> None:
    with mail_server() as box:
        send(server(box.port), "ada@example.org", "bob@example.org")

    assert box.mails[0].sender == SENDER
    assert box.mails[0].to == ["ada@example.org", "bob@example.org"]
    assert box.subjects == ["[Poser] hello"]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_the_server_made_itself_is_trusted_only_where_it_is_named(tls: str) -> None:
    with mail_server(tls=tls) as box:
        with refused("tls_failed") as caught:
            send(server(box.port, tls=tls))
        send(server(box.port, tls=tls, ca_file=str(CERTIFICATE)))

    assert "is not trusted" in caught[0].message
    assert "mail.ca_file" in caught[0].hint
    assert len(box.mails) == 1


def test_a_certificate_of_another_name_is_refused() -> None:
    with mail_server(tls="tls") as box, refused("tls_failed") as caught:
        send(server(box.port, tls="tls", ca_file=str(CERTIFICATE), host="127.1"))

    assert "127.1" in caught[0].message


def test_a_server_without_starttls_gets_no_mail_in_the_open() -> None:
    with mail_server() as box, refused("tls_failed") as caught:
        send(server(box.port, tls="starttls"))

    assert "does not offer STARTTLS" in caught[0].message
    assert box.mails == []


def test_tls_on_a_port_that_does_not_speak_it_says_so() -> None:
    with mail_server() as box, refused("tls_failed"):
        send(server(box.port, tls="tls"))


def test_a_file_of_certificates_that_is_missing_or_none_is_named() -> None:
    with mail_server(tls="tls") as box:
        for name in ("/nowhere/ca.pem", __file__):
            with refused("tls_failed") as caught:
                send(server(box.port, tls="tls", ca_file=name))
            assert name in caught[0].message


def test_a_login_works_and_a_wrong_one_is_told_without_the_password() -> None:
    with mail_server(tls="starttls", wants_login=True) as box:
        right = server(box.port, tls="starttls", ca_file=str(CERTIFICATE), user=USER, password=PASSWORD)
        send(right)
        with refused("login_refused") as caught:
            send(right._replace(password="wrong-Passw0rd"))
        with refused("sender_refused") as nobody:
            send(right._replace(user="", password=""))

    assert len(box.mails) == 1
    assert "535" in caught[0].message
    assert "wrong-Passw0rd" not in f"{caught[0].message} {caught[0].hint} {right!r} {right}"
    assert PASSWORD not in f"{right!r} {right}"
    assert "set mail.user" in nobody[0].hint


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_message() -> None:
    script = {"EHLO": "250-scripted\r\n250 AUTH PLAIN", "AUTH": f"535 no: {PASSWORD} AHNob3AAczNjcmV0LXdvcmQ="}
    with scripted_server(**script) as port, refused("login_refused") as caught:
        send(server(port, user=USER, password=PASSWORD))

    assert "535 no: ******** ********" in caught[0].message


def test_a_server_that_takes_no_login_says_so() -> None:
    with scripted_server() as port, refused("login_refused"):
        send(server(port, user=USER, password=PASSWORD))


def test_sender_recipient_and_mail_are_refused_apart_in_the_servers_words() -> None:
    with mail_server() as box:
        for where, kind in (
            ("MAIL", "sender_refused"),
            ("ada@example.org", "recipients_refused"),
            ("DATA", "message_refused"),
        ):
            box.answers = {where: "554 not \x1b[31mtoday"}
            with refused(kind) as caught:
                send(server(box.port))
            assert "554 not \\x1b[31mtoday" in caught[0].message


def test_one_refused_recipient_does_not_keep_the_others_from_their_mail() -> None:
    with mail_server() as box:
        box.answers = {"bob@example.org": "550 nobody", "eve@example.org": "451 later"}
        to = ("ada@example.org", "bob@example.org", "eve@example.org")
        found = deliver(mail(to=to), server(box.port), sender=SENDER, to=to)

    assert box.mails[0].to == ["ada@example.org"]
    assert found == (("bob@example.org", "550 nobody", True), ("eve@example.org", "451 later", False))


def test_a_server_that_is_not_there_not_known_or_unwilling_is_told_apart() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with refused("connection_refused"):
            send(server(free.getsockname()[1]))
    with refused("name_unknown"):
        send(server(25, host="no-such-host.invalid"))
    with scripted_server("554 go away") as port, refused("server_refused"):
        send(server(port))


@pytest.mark.parametrize("word", ["EHLO", "MAIL", "DATA", "in the mail"])
def test_a_server_that_dies_is_a_lost_connection(word: str) -> None:
    script: dict[str, str | None] = {} if word == "in the mail" else {word: None}
    with scripted_server(**script) as port, refused("connection_lost"):
        send(server(port))


def test_a_server_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "PATIENCE_S", 0.2)
    with scripted_server(None) as port, refused("timed_out"):
        send(server(port))
