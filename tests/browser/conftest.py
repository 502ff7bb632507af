"""A real Chromium on a real shop. `SCREENS` is where pictures of every page are put, for a person to leaf through."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.lived_in import PATIENCE_MS, begin_count, make_role, scan, upload_catalog
from tests.kit.programs import needs_program
from tests.kit.served import PASSWORD, Served, served_shop
from tests.kit.shop_floor import furnish

SCREENS = Path(os.environ.get("RATTAIL_TEST_SCREENS", Path(__file__).parents[2] / ".screens"))
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_OFFLINE = "ERR_INTERNET_DISCONNECTED"  # a test has cut the connection off
Enter = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    program = needs_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A shop with sample records, batches and the whole cast, served."""
    with served_shop(tmp_path_factory.mktemp("served"), has_sample=False) as served:
        furnish(served.root, served.environ)
        served.command("make-backup")
        yield served


@pytest.fixture
def context(chromium: Browser, shop: Served) -> Iterator[BrowserContext]:
    """A browser window of its own; a request to any other host, or a word of the console's errors, fails the test."""
    made = chromium.new_context(base_url=shop.address, viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    made.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" and _OFFLINE not in said.text else None,
    )
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    made.on(
        "request",
        lambda request: (
            None if request.url.startswith((shop.address, "data:", "blob:")) else complaints.append(request.url)
        ),
    )
    yield made
    made.close()
    assert complaints == []


@pytest.fixture
def enter(context: BrowserContext) -> Enter:
    """Log somebody in: `page = enter("alice")`."""

    def log_in_here(name: str, password: str = PASSWORD) -> Page:
        page = context.new_page()
        log_in(page, name, password)
        return page

    return log_in_here


@pytest.fixture(scope="session")
def lived_in(shop: Served, chromium: Browser) -> Served:
    """The shop after somebody has begun things: an upload that waits, a count, a role, a list taken along."""
    window = chromium.new_context(base_url=shop.address, viewport={"width": 1280, "height": 900})
    page = window.new_page()
    log_in(page, "alice")
    upload_catalog(page, shop.root / "work" / "csv" / "samples" / "unfi-east-pricefile.csv")
    begin_count(page, "Aisle 1")
    scan(page, "4011", "3")
    expect(page.locator("#entries li")).to_have_count(1)
    make_role(page, "weekend", "See batches")
    page.goto("/stores/")
    page.get_by_role("button", name="CSV").click()
    expect(page.get_by_role("link", name=re.compile("csv")).first).to_be_visible(timeout=PATIENCE_MS)
    window.close()
    return shop


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Log somebody in through the form."""
    page.goto("/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
