"""Backups in the browser: made, proved and let go, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.lived_in import PATIENCE_MS
from tests.kit.served import Served

pytestmark = pytest.mark.xdist_group("browser")


def test_a_manager_makes_a_backup_sees_how_far_it_is_and_proves_it(shop: Served, enter: Enter) -> None:
    page = enter("alice")
    page.goto("/backups/")
    before = _backups(page)

    page.get_by_role("button", name="Make one now").click()
    page.wait_for_url(re.compile(r"/jobs/\d+/"))
    _wait_for_the_end(page)
    page.goto("/backups/")
    assert _backups(page) == before + 1
    expect(page.get_by_role("img", name=re.compile("Size of the backup by part: .*the records"))).to_be_visible()

    page.locator("main table a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Backup of \d{4}-\d\d-\d\d \d\d:\d\d"))
    page.get_by_role("button", name="Prove it now").click()
    page.wait_for_url(re.compile(r"/jobs/\d+/"))
    page.goto("/backups/")
    expect(page.locator("main tbody tr").first).to_contain_text("✓ proven", timeout=PATIENCE_MS)  # it is loaded anew
    page.goto("/")
    expect(page.locator("main")).to_contain_text("The last proven backup is of")


def test_by_keyboard_alone_a_backup_is_found_taken_and_the_rules_are_read(shop: Served, enter: Enter) -> None:
    page = enter("alice")
    page.goto("/backups/")

    _tab_to(page, "What the rules keep")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the rules keep")
    _tab_to(page, ".tar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Backup of "))
    _tab_to(page, "Download")
    with page.expect_download() as taken:
        page.keyboard.press("Enter")

    assert re.fullmatch(r".*-\d{8}T\d{6}Z\.tar", taken.value.suggested_filename)
    assert taken.value.path().stat().st_size > 100_000


def test_whoever_may_not_is_not_even_shown_the_way(shop: Served, enter: Enter) -> None:
    page = enter("bob")

    assert page.request.get("/backups/").status == 403
    expect(page.get_by_role("link", name="Backups", include_hidden=True)).to_have_count(0)


def _backups(page: Page) -> int:
    return page.locator("main tbody tr").filter(has_text=".tar").count()


def _wait_for_the_end(page: Page) -> None:
    expect(page.locator("main .facts .badge")).to_have_text("done", timeout=PATIENCE_MS)


def _tab_to(page: Page, text: str) -> None:
    """Go on with the Tab key until a link or a button with that text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("a:focus, button:focus", has_text=text).count():
            return
    raise AssertionError(f"the Tab key does not reach {text!r}")
