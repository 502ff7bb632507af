"""The count page on a device whose connection comes and goes, and on which people come and go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.conftest import log_in
from tests.browser.lived_in import PATIENCE_MS, begin_count, scan
from tests.kit.served import Served

pytestmark = pytest.mark.xdist_group("browser")
WAITING = "#entries li.waiting"
MEND = "#mend li"
Device = Callable[[], BrowserContext]


@pytest.fixture
def device(chromium: Browser, shop: Served) -> Iterator[Device]:
    """A device of its own each time it is called; the connection may be lost, but no script may fail."""
    made: list[BrowserContext] = []
    complaints: list[str] = []

    def make() -> BrowserContext:
        context = chromium.new_context(base_url=shop.address, viewport={"width": 1280, "height": 900})
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert complaints == []


def test_a_page_loaded_anew_without_a_connection_or_a_server_goes_on(device: Device, shop: Served) -> None:
    context = device()
    page = counting(context, "cora", "Aisle 5")
    scan(page, "99011", "3")
    expect(page.locator("#entries li.unknown")).to_have_count(1)
    page.get_by_label("Section").fill("Aisle 6")
    page.get_by_label("Section").press("Enter")

    context.set_offline(True)
    scan(page, "99012", "1")
    page.reload()
    expect(page.locator(WAITING)).to_have_count(1)
    expect(page.locator(MEND)).to_have_count(1)
    expect(page.get_by_label("Section")).to_have_value("Aisle 6")
    scan(page, "99013", "1")
    context.set_offline(False)
    shop.server.stop()
    try:
        scan(page, "99014", "1")
        page.reload()
        scan(page, "99015", "1")
        expect(page.locator("#entries li")).to_have_count(5)
        expect(page.locator("#queue")).to_contain_text("waiting")
    finally:
        shop.server.start()
        shop.server.wait()
    scan(page, "99016", "1")
    expect(page.locator(WAITING)).to_have_count(0, timeout=PATIENCE_MS)
    page.reload()
    kept(page)

    assert codes_on(page) == ["99016", "99015", "99014", "99013", "99012", "99011"]
    assert page.locator("#count").get_attribute("data-kept") is None
    assert kept_in(page) == [page.url.removeprefix(shop.address).partition("?")[0]]


def test_what_is_kept_ends_with_the_session_of_its_person(device: Device) -> None:
    context = device()
    page = counting(context, "cora", "Aisle 5")
    address = page.url
    context.set_offline(True)
    scan(page, "99021", "1")
    page.get_by_role("button", name="Log out").click()
    expect_no_page(page, address)
    context.set_offline(False)
    page.goto(address)
    expect(page.locator(WAITING)).to_have_count(0, timeout=PATIENCE_MS)
    kept(page)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")
    wait_for(page, "(await caches.keys()).length === 0")
    context.set_offline(True)

    expect_no_page(page, address)


def test_entries_of_one_person_are_never_sent_by_another_on_the_same_device(device: Device) -> None:
    context = device()
    coras = counting(context, "cora", "Aisle 7")
    address = coras.url
    context.set_offline(True)
    scan(coras, "99031", "1")
    context.clear_cookies()
    context.set_offline(False)
    alices = context.new_page()
    log_in(alices, "alice")
    alices.goto(address)
    kept(alices)

    scan(coras, "99032", "1")
    expect(coras.get_by_role("link", name="Log in", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    scan(alices, "99033", "1")
    expect(alices.locator("#entries li.unknown")).to_have_count(1)
    expect(alices.locator("#left")).to_contain_text("Entries of cora wait on this device")
    alices.reload()
    assert codes_on(alices) == ["99033"]
    alices.close()
    context.clear_cookies()
    coras.get_by_role("link", name="Log in", exact=True).click()
    log_in_here(coras, "cora")
    expect(coras.locator("#entries li.unknown")).to_have_count(3, timeout=PATIENCE_MS)
    coras.reload()

    assert sorted(codes_on(coras)) == ["99031", "99032", "99033"]
    assert "alice" in coras.locator("#entries li", has_text="99033").inner_text()


def test_a_session_that_ends_while_one_counts_loses_nothing(device: Device) -> None:
    context = device()
    page, other = counting(context, "cora", "Aisle 8"), context.new_page()
    context.set_offline(True)
    scan(page, "99041", "1")
    context.clear_cookies()
    page.reload()
    context.set_offline(False)
    expect(page.get_by_role("link", name="Log in", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    scan(page, "99042", "1")
    log_in(other, "cora")
    scan(page, "99043", "1")

    expect(page.locator("#entries li.unknown")).to_have_count(3, timeout=PATIENCE_MS)
    expect(page.locator("#queue")).to_be_hidden()


def test_windows_and_devices_count_the_same_section_together(device: Device) -> None:
    here, there = device(), device()
    first = counting(here, "cora", "Aisle 9")
    second, third = here.new_page(), there.new_page()
    second.goto(first.url)
    log_in(third, "alice")
    third.goto(first.url)
    here.set_offline(True)
    for page, code in ((first, "99051"), (second, "99052"), (third, "99053"), (first, "99054")):
        scan(page, code, "1")
    here.set_offline(False)
    for page in (first, second):
        expect(page.locator("#entries li.unknown")).to_have_count(3, timeout=PATIENCE_MS)
    third.reload()

    assert sorted(codes_on(third)) == ["99051", "99052", "99053", "99054"]
    expect(third.locator(MEND)).to_have_count(1)
    expect(first.locator(MEND)).to_have_count(3)


def test_what_is_refused_is_mended_or_removed_by_keyboard_while_the_scanner_goes_on(device: Device) -> None:
    context = device()
    page = counting(context, "cora", "Aisle 10")
    context.set_offline(True)
    for code, quantity in (("99061", "abc"), ("99062", "-2"), ("99063", "1"), ("99064", "x")):
        scan(page, code, quantity)
    page.reload()
    context.set_offline(False)
    page.keyboard.type("990")
    expect(page.locator(MEND)).to_have_count(4, timeout=PATIENCE_MS)
    page.keyboard.type("65")
    expect(page.get_by_label("Code", exact=True).first).to_have_value("99065")
    page.keyboard.press("Enter")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.locator(MEND)).to_have_count(5)
    expect(page.locator(MEND).nth(0)).to_contain_text("'abc' is no quantity")

    for code, keys in (
        ("99061", ("Tab", "7", "Enter")),
        ("99062", ("Tab", "Tab", "Tab", "Enter")),
        ("99063", ("9", "9", "0", "6", "6", "Enter")),
        ("99064", ("Tab", "y", "Enter")),
    ):
        to_mend(page, code)
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("#code")).to_be_focused()
    expect(page.locator(MEND)).to_have_count(4)
    page.get_by_role("link", name="Finish").click()
    expect(page.locator("#answer")).to_have_text(re.compile("1 entry was not taken"))
    page.reload()

    assert sorted(entries_on(page)) == [
        ("1", "99063", True),
        ("1", "99066", False),
        ("5", "99065", False),
        ("7", "99061", False),
    ]


def counting(context: BrowserContext, name: str, section: str) -> Page:
    """A page of somebody who has begun a count; it has kept itself."""
    page = context.new_page()
    log_in(page, name)
    begin_count(page, section)
    kept(page)
    return page


def kept(page: Page) -> None:
    """Wait until the page and its worker are ready for a time without a connection."""
    wait_for(page, "navigator.serviceWorker.controller && await caches.match(location.pathname, {ignoreVary: true})")


def wait_for(page: Page, condition: str) -> None:
    """Wait until something holds in the page that has to be waited for there."""
    page.evaluate(
        f"async () => {{ for (let tries = 0; !({condition}); tries++) {{ if (tries > 500) throw new Error('never');"
        " await new Promise((resolve) => setTimeout(resolve, 20)); } }"
    )


def kept_in(page: Page) -> list[str]:
    """The paths of pages that are kept on this device: what is not a static file."""
    paths = page.evaluate(
        "async () => { const found = []; for (const name of await caches.keys()) {"
        " for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname); }"
        " return found; }"
    )
    return [path for path in paths if not path.startswith("/static/")]


def log_in_here(page: Page, name: str) -> None:
    """Log in on the form that is shown."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("correct horse battery 27")
    page.get_by_role("button", name="Log in").click()


def expect_no_page(page: Page, address: str) -> None:
    with pytest.raises(Error, match="net::ERR_"):
        page.goto(address)


def to_mend(page: Page, code: str) -> None:
    """Press Tab until the field of this code in the list of what is to be mended has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate("[document.activeElement.closest('#mend') !== null, document.activeElement.value]")
        if here == [True, code]:
            return
    raise AssertionError(f"the Tab key never comes to {code}")


def codes_on(page: Page) -> list[str]:
    return page.locator("#entries .code").all_inner_texts()


def entries_on(page: Page) -> list[tuple[str, str, bool]]:
    """Quantity, code, and whether it was taken back, of each entry."""
    return [
        (
            row.locator(".amount").inner_text(),
            row.locator(".code").inner_text(),
            row.get_attribute("class") == "removed",
        )
        for row in page.locator("#entries li").all()
    ]
