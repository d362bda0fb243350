"""The first evening, from the printed setup code to two accounts, on a server nobody has used yet.

Once as a person at a PC in English, once as a person with a phone in Russian. Any console message
or content-security report fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import DESKTOP, PASSWORD, PHONE, Watch
from tests.servers import Server

pytestmark = pytest.mark.browser

SPOT = "/trade/spot/BTC_USDT"
FUTURES = "/trade/futures/usdt/BTC_USDT"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, with no password yet."""
    made = Server(tmp_path / "home")
    made.start()
    yield made
    assert made.stop() == 0


class Evening:
    """One person with one device."""

    def __init__(self, page: Page, server: Server, *, phone: bool) -> None:
        self.page, self.server, self.phone = page, server, phone

    def find(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def open(self, path: str) -> None:
        self.page.goto(self.server.base + path)
        self.page.locator("body[data-ready]").wait_for()

    def set_password(self) -> None:
        code = self.server.setup_code()
        self.page.goto(f"{self.server.base}/setup#code={code}")
        expect(self.find("setup-code")).to_have_value(code)
        self.find("setup-password").fill(PASSWORD)
        self.find("setup-submit").click()
        self.page.locator("body[data-ready]").wait_for()

    def ticket(self, side: str) -> None:
        """The phone's ticket is a sheet that a side button opens."""
        if self.phone and not self.find("ticket-size").is_visible():
            self.find(f"open-{side}").click()

    def order(self, side: str, kind: str, size: str, unit: str, price: str = "") -> None:
        self.ticket(side)
        self.find(f"type-{kind}").click()
        if price:
            self.find("ticket-price").fill(price)
        self.find("ticket-unit").select_option(unit)
        self.find("ticket-size").fill(size)
        expect(self.find(f"preview-value-{side}")).to_be_visible()

    def submit(self, side: str, *, confirm: bool) -> None:
        self.find(f"submit-{side}").click()
        if confirm:
            expect(self.find("order-confirm")).to_contain_text("PAPER")
            self.find("confirm-yes").click()

    def panel(self, name: str) -> None:
        if self.phone and self.find("ticket-sheet").is_visible():
            self.page.keyboard.press("Escape")
        self.find(f"panel-{name}").click()

    def rows(self, table: str) -> Locator:
        return self.find(table).locator("tbody tr")


def last_price(evening: Evening) -> int:
    shown = evening.find("last-price")
    expect(shown).not_to_be_empty()
    digits = "".join(c for c in shown.inner_text() if c.isdigit())
    return int(digits) // 10  # one decimal


def spot(evening: Evening) -> None:
    evening.open(SPOT)
    evening.order("buy", "market", "250", "quote")
    evening.submit("buy", confirm=True)
    evening.panel("balances")
    expect(evening.find("balances")).to_contain_text("BTC")
    high = str(last_price(evening) + 3000)
    evening.order("sell", "limit", "0.001", "base", high)
    evening.submit("sell", confirm=False)
    evening.panel("orders")
    expect(evening.rows("orders")).to_have_count(1)
    evening.rows("orders").get_by_test_id("order-cancel").click()
    expect(evening.find("orders-empty")).to_be_visible()


def futures(evening: Evening) -> None:
    evening.open(FUTURES)
    evening.ticket("buy")
    evening.find("ticket-leverage").click()
    evening.find("leverage-input").fill("7")
    evening.find("form-submit").click()
    expect(evening.find("ticket-leverage")).to_contain_text("7")
    evening.order("buy", "market", "700", "quote")
    evening.find("ticket-tpsl").check()
    price = last_price(evening)
    evening.find("ticket-tp").fill(str(price + 2500))
    evening.find("ticket-sl").fill(str(price - 2500))
    evening.submit("buy", confirm=True)
    evening.panel("positions")
    row = evening.rows("positions")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("7")
    evening.panel("triggers")
    expect(evening.rows("triggers")).to_have_count(2)
    evening.panel("positions")
    row.get_by_test_id("position-close").click()
    evening.find("close-50").click()
    evening.panel("fills")
    expect(evening.rows("fills").filter(has_text="BTC_USDT")).not_to_have_count(1)
    evening.panel("positions")
    row.get_by_test_id("position-close").click()
    evening.find("close-100").click()
    expect(evening.find("positions-empty")).to_be_visible()
    evening.panel("triggers")
    expect(evening.find("triggers-empty")).to_be_visible()
    evening.panel("closed")
    expect(evening.rows("closed")).to_have_count(1)


def accounts(evening: Evening) -> None:
    evening.find("account-switcher").click()
    evening.find("menu-add-paper").click()
    expect(evening.find("account-switcher")).to_have_attribute("aria-label", re.compile(r" 2\b"))
    evening.panel("positions")
    expect(evening.find("positions-empty")).to_be_visible()
    evening.find("account-switcher").click()
    evening.page.locator("[data-testid^='account-paper:']").first.click()
    evening.panel("closed")
    expect(evening.rows("closed")).to_have_count(1)


def paths(evening: Evening) -> set[tuple[str, bool]]:
    """How the orders of this evening left, with whether they were conditional."""
    script = "async () => (await (await fetch('/api/trade?limit=100')).json()).items"
    intents = evening.page.evaluate(script)
    return {(i["path"], i["trigger"] is not None) for i in intents if i["state"] != "VOID"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("size", "locale"), [(DESKTOP, "en-US"), (PHONE, "ru-RU")], ids=["desktop-en", "phone-ru"]
)
def test_first_evening(
    browser: Browser, server: Server, size: tuple[int, int], locale: str
) -> None:
    phone = size == PHONE
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=locale, has_touch=phone
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch = Watch(page, refusals=False)
    evening = Evening(page, server, phone=phone)
    evening.set_password()
    spot(evening)
    futures(evening)
    assert paths(evening) == {("ws", False), ("rest", True)}
    accounts(evening)
    context.close()
    assert watch.seen == []
