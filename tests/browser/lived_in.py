"""What people do in a shop, each as steps in a real browser: the tests tell them as stories, and the walk over all
pages finds their traces."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

PATIENCE_MS = 60_000
_NUMBER = re.compile(r"/batches/(\d+)/")


def upload_catalog(page: Page, file: Path) -> None:
    """Choose a file on the page for new batches, and wait until it is looked at."""
    page.get_by_role("link", name="Batches", exact=True).click()
    page.get_by_role("link", name="New batch").click()
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_url(re.compile(r"/batches/new/[^/]+/"), timeout=PATIENCE_MS)


def read_it(page: Page, *, vendor: str) -> int:
    """Settle the vendor in the preview, have the file read, and wait for its rows; returns the batch's number."""
    choose(page, "kind", "vendor_catalog")
    choose(page, "vendor", vendor)
    page.get_by_role("button", name="Read it").click()
    return wait_for_state(page, "ready")


def choose(page: Page, name: str, value: str) -> None:
    """Choose in a form whose other parts are asked for anew with each choice, and wait for these."""
    field = page.locator(f"select[name={name}]")
    if field.input_value() != value:
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            field.select_option(value)


def wait_for_state(page: Page, state: str) -> int:
    """Wait until a batch's page says its state, as it does by itself when the job is done."""
    page.wait_for_url(_NUMBER, timeout=PATIENCE_MS)
    expect(page.locator(".summary .badge")).to_have_text(state, timeout=PATIENCE_MS)
    found = _NUMBER.search(page.url)
    assert found
    return int(found[1])


def begin_count(page: Page, section: str) -> None:
    """Go to the count page and begin a count in the first store."""
    page.get_by_role("link", name="Count", exact=True).click()
    page.get_by_label("Section").fill(section)
    page.get_by_role("button", name="Begin to count").click()
    expect(page.get_by_label("Code")).to_be_focused()


def scan(page: Page, code: str, quantity: str) -> None:
    """What a scanner types, then the person: code, Enter, quantity, Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.keyboard.type(quantity)
    page.keyboard.press("Enter")


def make_role(page: Page, name: str, may: str) -> None:
    """Make a role of the shop's own with one permission."""
    page.goto("/accounts/roles/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label(may, exact=False).first.check()
    page.locator("main form button.primary").first.click()
    page.wait_for_url(lambda address: "/new/" not in address)
