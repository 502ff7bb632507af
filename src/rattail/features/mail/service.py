"""Sending one mail now, to see whether it works."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from rattail.errors import InputRejected
from rattail.features.mail.addresses import WrongAddress, address_of
from rattail.features.mail.configured import mail_of


class TestSent(NamedTuple):
    """What came of a test mail: `failure` is empty where the server took it, else one word for how it did not."""

    server: str
    sender: str
    to: tuple[str, ...]
    failure: str
    sentence: str
    hint: str


def send_test_mail(values: Mapping[str, object], *, root: str, app_id: str, to: str = "", now: datetime) -> TestSent:
    """Hand a test mail to the mail server now. `values` are the settings, `to` an address instead of `mail.to`.

    Raises:
        ConfigInvalid: the settings of mail cannot work, or name no server.
        InputRejected: `to` is no address.
    """
    wanted = _wanted(to)
    mail = mail_of(values if not wanted else {**values, "mail.to": (wanted,)}, root=root)
    server = mail.require_server()
    from rattail.features.mail.deliver import NotSent, deliver
    from rattail.features.mail.message import Composed, build

    text = (
        "This is a test. It arrived, so the settings of mail are right.\n\n"
        f"It was sent by the app folder {root} on {socket.gethostname()}.\n"
    )
    message = build(
        Composed("test mail", text, "info"),
        title=str(values["app.title"]),
        sender=mail.sender,
        sender_name=mail.sender_name,
        to=mail.to,
        message_id=f"test-{uuid.uuid4().hex}.{app_id}",
        date=now,
    )
    try:
        refused = deliver(message, server, sender=mail.sender, to=mail.to)
    except NotSent as error:
        return TestSent(server.shown, mail.sender, mail.to, error.kind, error.message, error.hint)
    if refused:
        said = " ".join(f"{one.address} was refused: {one.words}." for one in refused)
        return TestSent(server.shown, mail.sender, mail.to, "recipients_refused", said, "look at mail.to")
    sentence = f"{server.shown} took the test mail for {', '.join(mail.to)}."
    return TestSent(server.shown, mail.sender, mail.to, "", sentence, "")


def _wanted(to: str) -> str:
    if not to:
        return ""
    try:
        return address_of(to)[1]
    except WrongAddress as why:
        raise InputRejected(
            f"{to!r} is no address: {why}.", hint="rattail send-test-mail --to you@example.org"
        ) from None
