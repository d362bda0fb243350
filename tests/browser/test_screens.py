"""Every screen in every size, language and theme: nothing spills over, nothing fails axe, the
console stays silent (which also proves the content security policy)."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, NARROW, PHONE, TABLET, OpenPage

pytestmark = pytest.mark.browser

PATHS = ("/trade/futures/usdt/BTC_USDT", "/trade/spot/ETH_USDT", "/accounts", "/settings", "/copy")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
OPENERS = (
    "instrument-button", "account-switcher", "connection-chip", "stop-button", "ticket-leverage",
)  # fmt: skip
QUICK = [
    (DESKTOP, "en", "light"),
    (NARROW, "ru", "dark"),
]


def settled(page: Page) -> None:
    """First prices are there."""
    expect(page.locator("[data-status='account']")).not_to_be_empty()


def check(page: Page) -> None:
    for selector in ("html", "#main"):
        wide = page.locator(selector).evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 0, f"{page.url}: {selector} is {wide} px too wide"
    found = Axe().run(page, options=RULES).response["violations"]
    assert found == [], json.dumps(found, indent=1)[:3000]


@pytest.mark.parametrize(("size", "lang", "theme"), QUICK)
def test_screens(open_page: OpenPage, size: tuple[int, int], lang: str, theme: str) -> None:
    page = open_page(PATHS[0], size, lang, theme)
    settled(page)
    check(page)
    for path in PATHS[1:]:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
        page.locator("body[data-ready]").wait_for()
        settled(page)
        check(page)


@pytest.mark.full
@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE, NARROW])
@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("palette", ["standard", "colour_blind"])
def test_all_screens(
    open_page: OpenPage, size: tuple[int, int], lang: str, theme: str, palette: str
) -> None:
    page = open_page(PATHS[0], size, lang, theme)
    for path in PATHS:
        page.goto("/".join(page.url.split("/")[:3]) + path)
        page.locator("body[data-ready]").wait_for()
        settled(page)
        page.evaluate("name => { document.documentElement.dataset.palette = name; }", palette)
        check(page)


def test_dialogs_pass_too(open_page: OpenPage) -> None:
    page = open_page("/trade/futures/usdt/BTC_USDT", DESKTOP, "en", "dark")
    settled(page)
    for opener in OPENERS:
        page.get_by_test_id(opener).click()
        expect(page.locator("dialog[open]")).to_be_visible()
        check(page)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.get_by_test_id(opener)).to_be_focused()


def test_the_ticket_sheet_of_the_phone_passes_too(open_page: OpenPage) -> None:
    page = open_page("/trade/futures/usdt/BTC_USDT", NARROW, "ru", "light")
    settled(page)
    page.get_by_test_id("open-sell").click()
    page.get_by_test_id("ticket-size").fill("500")
    expect(page.get_by_test_id("preview-value-sell")).to_contain_text("49")
    expect(page.get_by_test_id("submit-buy")).to_be_hidden()
    check(page)
