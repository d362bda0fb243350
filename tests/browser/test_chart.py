"""The chart: the library behind its adapter, own lines to drag and cancel, the stand-in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import streams
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.test_modules import call
from tests.browser.test_stream import ticker
from tests.servers import Script, Server

pytestmark = pytest.mark.browser

PLACE = "/trade/futures/usdt/SOL_USDT"
SUMMARY = re.compile("Candle chart of SOL_USDT, 5m: last .+, low .+, high .+")
WHERE = {"market": "futures", "settle": "usdt", "instrument": "SOL_USDT"}
DRAWN = re.compile(r"C \d")  # the candles have come


@pytest.fixture(scope="module")
def script(desk: Server) -> Script:
    return Script(desk, desk.admin("token", "add", f"chart-{time.time_ns()}", "--role", "trader"))


@pytest.fixture
def order(script: Script) -> Iterator[dict[str, Any]]:
    """A resting order two percent below the market."""
    ticker = script.get("/api/snapshot", **WHERE)["ticker"]
    price = f"{float(ticker['last']) * 0.98:.2f}"
    body = {"request_id": f"chart-{time.time_ns()}", "side": "buy", "type": "limit", "price": price}
    answer = script.post("/api/trade", {**WHERE, **body, "size": "50", "unit": "quote"})
    assert answer.status_code == 201, answer.text
    yield {"price": price, **answer.json()["intent"]}
    script.post("/api/orders/cancel_all", WHERE)


def prices(script: Script) -> list[str]:
    return [row["price"] for row in script.get("/api/orders", **WHERE)["items"]]


def drag(page: Page, pixels: int) -> None:
    tag = page.get_by_test_id("line-order")
    expect(tag).to_be_visible()
    box = tag.bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + pixels / 2)
    page.mouse.move(x, y + pixels)
    page.mouse.up()


def test_the_library_draws_and_says_so(open_page: OpenPage) -> None:
    page = open_page(PLACE)
    expect(page.locator(".chart-canvas canvas").first).to_be_visible()
    expect(page.locator(".chart-credit")).to_have_attribute("href", "https://www.tradingview.com/")
    expect(page.locator(".chart-canvas")).to_have_attribute("aria-label", SUMMARY)
    expect(page.get_by_test_id("about-chart")).to_contain_text("5.1.0")


def test_a_dragged_order_moves_when_applied(
    open_page: OpenPage, script: Script, order: dict[str, Any]
) -> None:
    page = open_page(PLACE)
    drag(page, 25)
    expect(page.get_by_test_id("moved-text")).to_contain_text("→")
    assert prices(script) == [order["price"]]
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("toast-good")).to_contain_text("changed")
    [moved] = prices(script)
    assert float(moved) < float(order["price"])


def test_a_dragged_order_stays_when_undone(
    open_page: OpenPage, script: Script, order: dict[str, Any]
) -> None:
    page = open_page(PLACE)
    drag(page, 25)
    expect(page.get_by_test_id("moved-bar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("moved-bar")).to_be_hidden()
    assert prices(script) == [order["price"]]


def test_a_finger_drags_the_line_itself(
    open_page: OpenPage, script: Script, order: dict[str, Any]
) -> None:
    page = open_page(PLACE, PHONE)
    tag = page.get_by_test_id("line-order")
    expect(tag).to_be_visible()
    tag.scroll_into_view_if_needed()
    box = tag.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] + 40, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    for kind, dy in (("touchStart", 5), ("touchMove", 15), ("touchMove", 30), ("touchEnd", 30)):
        points = [] if kind == "touchEnd" else [{"x": x, "y": y + dy}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.get_by_test_id("moved-undo").click()
    assert prices(script) == [order["price"]]


def test_the_cross_of_a_line_cancels(
    open_page: OpenPage, script: Script, order: dict[str, Any]
) -> None:
    page = open_page(PLACE)
    page.get_by_test_id("line-order").get_by_role("button").click()
    expect(page.get_by_test_id("line-order")).to_have_count(0)
    assert prices(script) == []


def test_a_liquidation_out_of_sight_waits_at_the_edge(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    expect(page.locator(".chart-canvas canvas").first).to_be_visible()
    expect(page.get_by_test_id("last-price")).to_contain_text(".")
    boot = page.evaluate("JSON.parse(document.querySelector('#boot').textContent).accounts")
    row = {
        "market": "futures", "settle": "usdt", "instrument": "SOL_USDT", "leg": "single",
        "size": "10", "coins": "10", "entry_price": "150", "mark_price": "150", "value": "1500",
        "liq_price": "1", "liq_distance_pct": "99", "margin": "150", "margin_mode": "isolated",
        "leverage": "10", "unrealised_pnl": "0", "roe_pct": "0", "realised_pnl": "0",
        "account": boot["active"],
    }  # fmt: skip
    told = {"account": boot["active"], "orders": [], "positions": [row], "age_ms": 1}
    streams.say(page, "account", {"topic": "", **told})
    tag = page.get_by_test_id("line-liq")
    expect(tag).to_contain_text("↓")
    expect(tag).to_contain_text("1.00")
    streams.say(page, "account", {"topic": "", **told, "positions": [{**row, "liq_price": "9999"}]})
    expect(tag).to_contain_text("↑")


def test_candles_of_the_stream_are_drawn_at_once(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    start = int(time.time() // 300 * 300_000)
    legend = page.locator(".chart-legend")
    expect(legend).to_contain_text(DRAWN)
    candle = {"start_ms": start, "open": "10", "high": "12", "low": "9", "close": "11.5"}
    topic = "candles:paper:usdt:SOL_USDT:5m"
    body = {"topic": topic, "candle": {**candle, "volume": "77"}, "closed": False}
    streams.say(page, "candles", {**body, "topic": "candles:paper:usdt:BTC_USDT:5m"})
    streams.say(page, "candles", body)
    expect(legend).to_contain_text("H 12.00L 9.00C 11.50")


def test_the_running_candle_moves_with_every_price(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open")
    legend = page.locator(".chart-legend")
    expect(legend).to_contain_text(DRAWN)
    topic = "market:paper:usdt:SOL_USDT"
    tick = {**ticker("151.5"), "instrument": "SOL_USDT"}
    streams.say(page, "market", {"topic": topic, "ticker": tick, "trades": [], "age_ms": 5})
    expect(legend).to_contain_text("C 151.50")


def test_the_look_is_kept(open_page: OpenPage) -> None:
    page = open_page(PLACE)
    page.get_by_test_id("chart-look-button").click()
    for name in ("chart-kind-line", "chart-scale-log", "chart-ma", "chart-ema", "chart-volume"):
        page.get_by_test_id(name).click()
    with page.expect_response("**/api/ui/state"):
        page.get_by_test_id("chart-fills").click()
    page.reload()
    page.locator("body[data-ready]").wait_for()
    expect(page.locator(".chart-canvas canvas").first).to_be_visible()
    page.get_by_test_id("chart-look-button").click()
    expect(page.get_by_test_id("chart-kind-line")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("chart-ma")).to_be_checked()
    for name in ("chart-kind-candles", "chart-scale-normal", "chart-ma", "chart-ema"):
        page.get_by_test_id(name).click()
    page.get_by_test_id("chart-volume").click()
    with page.expect_response("**/api/ui/state"):
        page.get_by_test_id("chart-fills").click()


def test_without_the_library_a_simple_chart_says_so(
    open_page: OpenPage, order: dict[str, Any]
) -> None:
    page = open_page("/copy", refusals=True)

    def refuse(route: Route) -> None:
        route.fulfill(status=404, body="")

    page.route("**/vendor/*", refuse)
    page.goto(page.url.replace("/copy", PLACE))
    expect(page.get_by_test_id("chart-simple")).to_contain_text("not installed")
    expect(page.locator(".chart-svg path.body").first).to_be_attached()
    expect(page.get_by_test_id("line-order")).to_be_visible()
    page.get_by_test_id("chart-table").click()
    expect(page.get_by_test_id("chart").locator("table")).to_contain_text("Close")


def test_averages_are_those_of_the_book(open_page: OpenPage) -> None:
    page = open_page("/copy")
    rows = [{"close": value} for value in (1, 2, 3, 4, 10)]
    assert call(page, "chart/averages.js", "simple", rows, 3) == [None, None, 2, 3, 17 / 3]
    assert call(page, "chart/averages.js", "exponential", rows, 3) == [None, None, 2, 3, 6.5]
