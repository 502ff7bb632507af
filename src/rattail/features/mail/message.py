"""A mail as it goes over the line. Needs no records: a test mail is sent while the database is down, too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from rattail.notices.text import one_line

#: Lines and letters beyond ASCII are encoded, so that every server on the way can carry them.
_POLICY = SMTP.clone(cte_type="7bit")


class Composed(NamedTuple):
    subject: str
    text: str
    level: str


def build(
    composed: Composed,
    *,
    title: str,
    sender: str,
    sender_name: str,
    to: Sequence[str],
    message_id: str,
    date: datetime,
) -> EmailMessage:
    """A plain text mail that no program answers. `sender` and `to` are bare addresses."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = one_line(f"[{one_line(title, length=50)}] {composed.subject}")
    message["From"] = Address(one_line(sender_name or title, length=50), addr_spec=sender)
    message["To"] = [Address(addr_spec=one) for one in to]
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if composed.level == "error":
        message["Importance"] = "high"
    message.set_content(composed.text)
    return message
