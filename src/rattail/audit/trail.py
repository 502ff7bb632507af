"""Writing the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rattail.audit.models import Entry


def record(
    action: str, subject: str, *, actor: str, now: datetime, details: Mapping[str, object] | None = None
) -> None:
    """Write down one deed, in the caller's transaction: it is there exactly if the deed is.

    `action` is a verb phrase ("make store"), `subject` the thing ("store 1", "batch 00000012"); `details` is
    what JSON can hold and never a secret.
    """
    Entry.objects.create(at=now, actor=actor, action=action, subject=subject, details=dict(details or {}))
