"""The records of a test with mail configured, and a clock that the test sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rattail.config.load import load_settings
from rattail.registry import load_registry
from rattail.site import Site
from tests.kit.shop import in_shop

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Env = Mapping[str, str]


class Office:
    """Everything that telling people needs, in the process that has the records."""

    def __init__(self, root: str) -> None:
        registry = load_registry()
        settings = load_settings(registry.options, root=root, environ=os.environ)
        self.site = Site(root, registry=registry, settings=settings)
        self.now = NOW

    def later(self, **difference: float) -> None:
        self.now += timedelta(**difference)

    def note(self, key: str, level: Any = "error", **more: str) -> None:
        from rattail.notices.note import note

        note(key, subject=more.get("subject", f"about {key}"), text=more.get("text", ""), level=level, now=self.now)

    def tell(self) -> list[int]:
        """One round: letters sealed, mailed, failed."""
        from rattail.features.mail.outbox import tell
        from rattail.features.mail.posting import post_of

        return list(tell(post_of(self.site), clock=lambda: self.now))

    def waiting(self) -> list[str]:
        from rattail.notices.read import waiting

        return [one.key for one in waiting(100)]


def in_office(env: Env, act: Callable[[Office], Any]) -> Any:
    """As `in_shop`."""
    return in_shop(env, lambda _: act(Office(env["RATTAIL_APPDIR"])))


def with_mail(env: Env, port: int, **more: str) -> dict[str, str]:
    """The same records, with a mail server on loopback; `more` are further options of mail."""
    values = {
        "host": "127.0.0.1",
        "port": str(port),
        "tls": "none",
        "from": "shop@example.org",
        "to": "ada@example.org",
    }
    return {**env, **{f"RATTAIL_MAIL_{name}".upper(): value for name, value in {**values, **more}.items()}}
