"""What check-appdir says about mail."""

from __future__ import annotations

from collections.abc import Iterator

from rattail.appdir.finding import FindingKind
from rattail.appdir.inspect import Finding, Looking, found
from rattail.config.toml_text import SETTINGS_FILE
from rattail.features.mail.configured import faults_of

KINDS = (FindingKind("mail.E001", "error", "settings of mail cannot work"),)


def check_mail(looking: Looking) -> Iterator[Finding]:
    """Everything in [mail] that cannot work; nothing is sent, and no server is asked."""
    for fault in faults_of(looking.values):
        yield found("mail.E001", SETTINGS_FILE, fault, hint=f"mend it, then: {looking.command('send-test-mail')}")
