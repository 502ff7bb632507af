"""Every page of the app, in a real browser: found by its links, looked at, and checked for who cannot look."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from rattail.registry import load_registry
from tests.browser.conftest import SCREENS, Enter
from tests.browser.every_page import find_pages, pages_to_find
from tests.kit.served import Served

pytestmark = pytest.mark.xdist_group("browser")
#: Pages that no link leads to, each for a reason.
_NOT_BY_LINK = frozenset(
    (
        "accounts.login",  # shown to whoever is not logged in; has a test of its own
        "jobs.progress",  # a part of other pages
        "serve.alive",  # for machines
        "serve.ready",
    )
)
_PHONE = {"width": 390, "height": 1200}
_DESK = {"width": 1280, "height": 1200}
_LOOKED_AT = {"exclude": [["tbody tr:nth-child(n+8)"]]}  # the rows of a list are like the first ones
_RULES: dict[str, dict[str, object]] = {
    "light": {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}


def test_every_page_can_be_reached_seen_and_heard(lived_in: Served, enter: Enter) -> None:
    page = enter("alice")
    registry = load_registry()

    found = find_pages(page, registry)
    faults = [fault for name, address in sorted(found.items()) if address for fault in _look_at(page, name, address)]

    _write_index()
    assert " ".join(sorted(pages_to_find(registry).keys() - found.keys() - _NOT_BY_LINK)) == ""
    assert "\n".join(faults) == ""


def test_the_login_page_can_be_seen_and_heard(context: BrowserContext) -> None:
    page = context.new_page()

    assert _look_at(page, "accounts.login", "/login/") == []


def _look_at(page: Page, name: str, address: str) -> list[str]:
    """Take the page's pictures; returns what is wrong with it."""
    folder = Path(SCREENS)
    folder.mkdir(exist_ok=True)
    faults = []
    page.goto(address)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=folder / f"{name}.{scheme}.png")
        faults += [f"{name} ({scheme}): {fault}" for fault in _heard_wrongly(page, _RULES[scheme])]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(_PHONE)  # type: ignore[arg-type] # a mapping of the two
    page.screenshot(path=folder / f"{name}.phone.png")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        faults.append(f"{name} (phone): {wide} px wider than the screen")
    page.set_viewport_size(_DESK)  # type: ignore[arg-type]
    return faults


def _write_index() -> None:
    """A page to leaf through all pictures with: each page in light, dark and on a phone."""
    names = sorted({path.name.split(".light")[0] for path in SCREENS.glob("*.light.png")})
    rows = [
        f"<h2>{name}</h2>"
        + "".join(f'<img src="{name}.{how}.png" height="420"> ' for how in ("light", "dark", "phone"))
        for name in names
    ]
    text = f"<!doctype html><meta charset=utf-8><title>Screens</title>{''.join(rows)}"
    (SCREENS / "index.html").write_text(text, encoding="utf-8")


def _heard_wrongly(page: Page, rules: dict[str, object]) -> list[str]:
    violations = Axe().run(page, context=_LOOKED_AT, options=rules).response["violations"]
    return [f"{each['id']}: {each['help']} {[node['html'][:120] for node in each['nodes'][:3]]}" for each in violations]
