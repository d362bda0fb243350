"""Old prices: they say how old they are, in words, and stay readable in every theme and size."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser import streams
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_stream import MARKET, PLACE, line, server, ticker

pytestmark = pytest.mark.browser

CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def book(last: str, age_ms: int) -> dict[str, Any]:
    """A market with a few levels and prints."""
    price = float(last)
    bids = [[f"{price - n:.1f}", "5"] for n in range(1, 9)]
    asks = [[f"{price + n:.1f}", "7"] for n in range(1, 9)]
    trades = [
        {"id": str(n), "time_ms": n, "price": last, "size": "1", "side": ("buy", "sell")[n % 2]}
        for n in range(12)
    ]
    levels = {"bids": bids, "asks": asks, "time_ms": 1, "age_ms": age_ms, "sequence": 1}
    head = {"topic": MARKET, "ticker": ticker(last), "age_ms": age_ms}
    return {**head, "trades": trades, "book": levels}


def aged(page: Page, age_ms: int = 12_000) -> None:
    """Data of that age, and nothing fresher to come."""
    expect(page.get_by_test_id("last-price")).to_contain_text(re.compile(r"\d"))
    streams.silence(page)
    streams.say(page, "server", server(line(None, "down", age_ms)))
    streams.say(page, "market", book("65000", age_ms))
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))


def contrasts(page: Page) -> None:
    found = Axe().run(page, options=CONTRAST).response
    assert found["violations"] == [], json.dumps(found["violations"], indent=1)[:3000]
    assert found["passes"] != []


@pytest.mark.parametrize(
    ("size", "theme", "lang"), [(DESKTOP, "dark", "en"), (DESKTOP, "light", "ru"),
                                (PHONE, "light", "en"), (PHONE, "dark", "ru")],
)  # fmt: skip
def test_old_prices_stay_readable(
    open_page: OpenPage, size: tuple[int, int], theme: str, lang: str
) -> None:
    page = open_page(PLACE, size, lang, theme, stream="open")
    aged(page)
    for palette in ("standard", "colour_blind"):
        page.evaluate("name => { document.documentElement.dataset.palette = name; }", palette)
        contrasts(page)
    for part in ("book", "tape"):
        if size == PHONE:
            page.get_by_test_id(f"show-{part}").click()
            contrasts(page)


def test_old_prices_say_so_in_words_and_lose_their_colours(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    streams.say(page, "server", server(line(None)))
    streams.say(page, "market", book("65000", 5))
    ask = page.get_by_test_id("level-asks").first.locator(".price")
    fresh = ask.evaluate("node => getComputedStyle(node).color")
    expect(page.get_by_test_id("spread-row")).to_contain_text("spread")
    aged(page)
    expect(page.get_by_test_id("market-age")).to_contain_text(re.compile(r"1\d s old"))
    expect(page.get_by_test_id("market-age").locator("svg")).to_be_visible()
    expect(page.get_by_test_id("spread-row")).to_contain_text("old")
    assert ask.evaluate("node => getComputedStyle(node).color") != fresh


def test_a_book_that_lost_its_thread_says_so(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    streams.say(page, "server", server(line(None)))
    streams.say(page, "market", book("65000", 5))
    streams.say(page, "market", {**book("65001", 5), "book": None})
    expect(page.locator(".book-panel")).to_have_class(re.compile(r"\bunsure\b"))
    expect(page.get_by_test_id("spread-row")).to_contain_text("catching up")
    contrasts(page)
    streams.say(page, "market", book("65002", 5))
    expect(page.get_by_test_id("spread-row")).to_contain_text("spread")


def test_an_entry_on_old_prices_is_asked_about(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    sent: list[dict[str, Any]] = []

    def refuse(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(status=503, json={"error": {"code": "stopping", "message": "", "fields": {}}})

    page.route("**/api/trade", refuse)
    aged(page)
    page.get_by_test_id("type-limit").click()
    page.get_by_test_id("ticket-price").fill("60000")
    page.get_by_test_id("ticket-size").fill("100")
    page.get_by_test_id("submit-buy").click()
    expect(page.locator("dialog[open]")).to_contain_text("old")
    assert sent == []
