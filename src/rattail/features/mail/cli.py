"""`rattail send-test-mail`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected, RattailError


@command("send-test-mail")
@click.option("--to", metavar="ADDRESS", help="Send it there, instead of to the addresses in mail.to.")
def send_test_mail(session: Session, to: str | None) -> Outcome:
    """Send a mail now, and say what the mail server says.

    Nothing is queued: where the server does not take it, the message says why, and what to look at.
    """
    if to == "":
        raise InputRejected("--to is empty: expected an address.", hint="rattail send-test-mail --to you@example.org")
    settings = session.settings.require_sound()
    from rattail.features.mail.service import send_test_mail as send

    values = {key: setting.value for key, setting in settings.by_key.items()}
    sent = send(values, root=session.root, app_id=session.marker.app_id, to=to or "", now=datetime.now(UTC))
    data = {"server": sent.server, "from": sent.sender, "to": list(sent.to), "failure": sent.failure}
    if sent.failure:
        return Outcome(data, error=RattailError(sent.sentence, hint=sent.hint))
    return Outcome(data, [sent.sentence])
