"""The stories of the shop, by mouse and by keyboard alone, in a real browser on the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Enter
from tests.browser.lived_in import PATIENCE_MS, begin_count, read_it, scan, upload_catalog, wait_for_state
from tests.kit.served import Served

pytestmark = pytest.mark.xdist_group("browser")


def test_a_buyer_drops_a_catalog_looks_executes_and_undoes_it(enter: Enter, shop: Served) -> None:
    page = enter("bea")
    upload_catalog(page, shop.root / "work" / "csv" / "samples" / "kehe-catalog.xlsx")
    number = read_it(page, vendor="kehe")

    page.get_by_role("link", name=re.compile("^Changes")).click()
    expect(page.locator("table.list tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Execute", exact=False).click()
    expect(page.get_by_text("This will happen, all of it or nothing")).to_be_visible()
    page.locator("main form button.primary").click()
    wait_for_state(page, "executed")
    page.get_by_role("link", name=re.compile("^Undo")).click()
    page.locator("main form button.danger").click()
    wait_for_state(page, "undone")

    assert '"state": "undone"' in shop.command("show-batch", str(number), "--json")


def test_a_row_is_corrected_removed_and_put_back_in_place(enter: Enter, shop: Served) -> None:
    page = enter("alice")
    page.goto("/batches/1/rows/")

    page.locator("table.list tbody tr").first.get_by_role("link").first.click()
    remove = page.get_by_role("button", name=re.compile("^Remove|^Leave it out"))
    remove.click()
    expect(page.get_by_text("removed").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Put.*back|^Take.*in")).click()

    expect(remove).to_be_visible()


def test_a_count_outlasts_a_lost_connection_and_a_reload(context: BrowserContext, enter: Enter, shop: Served) -> None:
    page = enter("cora")
    begin_count(page, "Aisle 3")
    codes = _codes(shop, 3)

    scan(page, codes[0], "4")
    expect(page.locator("#entries li")).to_have_count(1)
    context.set_offline(True)
    scan(page, codes[1], "2.5")
    scan(page, "99999", "1")
    expect(page.locator("#queue")).to_be_visible()
    context.set_offline(False)
    page.reload()
    expect(page.locator("#entries li.known")).to_have_count(2, timeout=PATIENCE_MS)
    expect(page.locator("#entries li.unknown")).to_have_count(1)
    expect(page.locator("#queue")).to_be_hidden()
    page.get_by_role("link", name="Finish").click()
    page.get_by_label("What the count does").select_option("replace")
    page.locator("main form button.primary").first.click()

    wait_for_state(page, "ready")


def test_everything_is_done_by_keyboard_alone(context: BrowserContext, shop: Served) -> None:
    page = context.new_page()
    page.goto("/login/")
    page.keyboard.type("bea")
    _press(page, "Tab")
    page.keyboard.type("correct horse battery 27")
    _press(page, "Enter")
    page.wait_for_url(lambda address: "/login/" not in address)
    _tab_to(page, "Batches")
    _press(page, "Enter")
    page.wait_for_url("**/batches/")
    _tab_to(page, "New batch")
    _press(page, "Enter")
    page.wait_for_url("**/batches/new/")
    with page.expect_file_chooser() as choosing:
        _tab_to(page, "files")
        _press(page, "Enter")
    choosing.value.set_files(shop.root / "work" / "csv" / "samples" / "unfi-east-pricefile.csv")
    page.wait_for_url(re.compile(r"/batches/new/[^/]+/"), timeout=PATIENCE_MS)
    _choose(page, "Kind", "Vendor catalog")
    _choose(page, "Vendor", "United Natural Foods (unfi)")
    _tab_to(page, "Read it")
    _press(page, "Enter")
    number = wait_for_state(page, "ready")
    _tab_to(page, "Execute")
    _press(page, "Enter")
    page.wait_for_url(f"**/batches/{number}/execute/")
    _tab_to(page, "Execute")
    _press(page, "Enter")

    wait_for_state(page, "executed")


def test_a_whole_list_is_taken_along_and_found_under_my_files(enter: Enter) -> None:
    page = enter("alice")
    page.goto("/vendors/")

    page.get_by_role("button", name="CSV").click()
    link = page.get_by_role("link", name=re.compile(r"\.csv"))
    expect(link.first).to_be_visible(timeout=PATIENCE_MS)
    with page.expect_download() as downloading:
        link.first.click()

    assert "kehe" in downloading.value.path().read_text()


def test_somebody_who_is_disabled_is_out_at_the_next_click(enter: Enter, shop: Served) -> None:
    shop.command(
        "make-user", "dora", "--role", "viewer", "--password-stdin", "--keep-password", stdin="a long enough one 7\n"
    )
    page = enter("dora", "a long enough one 7")
    page.goto("/products/")

    shop.command("disable-user", "dora")
    page.get_by_role("link", name="Vendors", exact=True).click()

    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def _codes(shop: Served, count: int) -> list[str]:
    """Codes of products as a scanner reads them."""
    import csv

    with open(shop.root / "work" / "csv" / "samples" / "count.csv", newline="", encoding="utf-8") as stream:
        return [row["code"] for row, _ in zip(csv.DictReader(stream), range(count), strict=False)]


def _press(page: Page, key: str) -> None:
    page.keyboard.press(key)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus, as a person does."""
    for _ in range(150):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(() => { const at = document.activeElement; return [at.innerText || '', at.getAttribute('name') || '',"
            " at.labels && at.labels.length ? at.labels[0].innerText : '', at.tagName]; })()"
        )
        if any(text.strip().startswith(name) for text in here[:3]):
            return
    raise AssertionError(f"the Tab key never comes to {name!r}")


def _choose(page: Page, label: str, words: str) -> None:
    """Choose in a list by typing the beginning of its words."""
    _tab_to(page, label)
    is_there = "document.activeElement.selectedOptions[0].innerText"
    if page.evaluate(is_there) == words:
        return
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.type(words[:8])
    page.wait_for_load_state("networkidle")
