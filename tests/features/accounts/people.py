"""People with passwords, for tests of accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.kit.web import Web

if TYPE_CHECKING:
    from django.test import Client

PASSWORD = "correct horse battery 27"


def with_password(web: Web, name: str, *roles: str, must_change: bool = False) -> None:
    """Make somebody whose password is `PASSWORD`."""
    from rattail.features.accounts.service import make_user

    now = web.site.now()
    make_user(name=name, password=PASSWORD, roles=roles, must_change=must_change, actor="os:test", now=now)


def log_in(client: Client, name: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login/", {"username": name, "password": password, **more})


def text_of(answer: Any) -> str:
    """What a page says in its main part, without marks and white space."""
    main = answer.content.decode().partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def deeds(**wanted: str) -> list[tuple[str, str, str]]:
    """Who did what to what, the oldest first."""
    from rattail.audit.models import Entry

    return list(Entry.objects.filter(**wanted).order_by("id").values_list("actor", "action", "subject"))


def is_in(client: Client) -> bool:
    """Whether a browser is logged in."""
    return bool(client.get("/me/").status_code == 200)
