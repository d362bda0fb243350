"""The page behind its stream: what comes in is shown in place, what fails is said and mended."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import streams
from tests.browser.conftest import DESKTOP, OpenPage

pytestmark = pytest.mark.browser

PLACE = "/trade/futures/usdt/BTC_USDT"
MARKET = "market:paper:usdt:BTC_USDT"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page(PLACE, stream="open")
    expect(page.locator("[data-status='via']")).to_have_text("live")
    return page


def ticker(last: str) -> dict[str, str]:
    return {
        "instrument": "BTC_USDT", "last": last, "bid": last, "ask": last, "change_pct": "1.5",
        "high": last, "low": last, "volume_base": "1", "volume_quote": "1", "mark": last,
        "index": last, "funding_rate": "0.0001", "funding_next_ms": 0, "open_interest": "1",
    }  # fmt: skip


def market(last: str, topic: str = MARKET, age_ms: int = 5) -> dict[str, Any]:
    book = {"bids": [[last, "5"]], "asks": [["99999.9", "7"]], "time_ms": 1, "age_ms": 1}
    trades = [{"id": last, "time_ms": 1, "price": last, "size": "1", "side": "buy"}]
    head = {"topic": topic, "ticker": ticker(last), "trades": trades, "age_ms": age_ms}
    return {**head, "book": {**book, "sequence": 1}}


def line(account: str | None, status: str = "live", heard: int = 100) -> dict[str, Any]:
    return {
        "network": "paper", "market": "futures", "settle": "usdt", "account": account,
        "status": status, "heard_ms_ago": heard, "round_trip_ms": 7, "reconnects": 2,
        "reason": "" if status == "live" else "silence",
    }  # fmt: skip


def server(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    head = {"topic": "server", "now_ms": 1, "mode": "normal", "active_account": "paper:1"}
    rest = {"unfinished": 0, "health": {"ok": True, "problems": []}, "instance": "x"}
    return {**head, "streams": list(lines), **rest, **changes}


def test_one_stream_carries_all_topics(page: Page) -> None:
    [url] = streams.opened(page)
    topics = re.sub("%3A", ":", url).split("topics=")[1].split("%2C")
    assert [topic.split(":")[0] for topic in topics] == [
        "market",
        "candles",
        "account",
        "server",
        "copy",
    ]
    assert topics[:2] == [MARKET, "candles:paper:usdt:BTC_USDT:5m"]


def test_a_message_changes_the_page_and_a_foreign_one_does_not(page: Page) -> None:
    streams.say(page, "market", market("61234.5"))
    expect(page.get_by_test_id("last-price")).to_contain_text("61,234.5")
    expect(page).to_have_title(re.compile(r"61,234\.5"))
    expect(page.get_by_test_id("level-bids").first).to_contain_text("61,234.5")
    expect(page.get_by_test_id("tape")).to_contain_text("61,234.5")
    streams.say(page, "market", market("1.5", "market:paper:usdt:ETH_USDT"))
    streams.say(page, "resync", {})
    streams.say(page, "market", market("61235.0"))
    expect(page.get_by_test_id("last-price")).to_contain_text("61,235.0")


def test_only_the_newest_of_many_messages_is_drawn_and_no_node_is_added(page: Page) -> None:
    streams.say(page, "market", market("60000"))
    expect(page.get_by_test_id("last-price")).to_contain_text("60,000.0")
    count = "() => document.querySelectorAll('*').length"
    before = page.evaluate(count)
    drawn = page.evaluate(
        """(payload) => new Promise((resolve) => {
          const seen = [];
          const node = document.querySelector('[data-testid="last-price"]');
          new MutationObserver(() => seen.push(node.textContent)).observe(node,
            { childList: true, characterData: true, subtree: true });
          const say = (data) => window.streams.at(-1).dispatchEvent(
            new MessageEvent('market', { data: JSON.stringify(data) }));
          for (let i = 1; i <= 200; i += 1) {
            payload.trades[0].id = payload.trades[0].price = String(60000 + i);
            say(payload);
          }
          setTimeout(() => resolve(seen), 300);
        })""",
        market("60000"),
    )
    assert drawn == ["▲60,200.0"]
    for value in range(100):
        streams.say(page, "market", market(str(61000 + value)))
    expect(page.get_by_test_id("last-price")).to_contain_text("61,099.0")
    assert page.evaluate(count) == before


def test_the_newest_print_is_the_last_price_until_it_is_old(page: Page) -> None:
    late = {**market("65000"), "ticker": ticker("64000")}
    streams.say(page, "market", late)
    expect(page.get_by_test_id("last-price")).to_contain_text("65,000.0")
    page.wait_for_timeout(1100)
    streams.say(page, "market", late)
    expect(page.get_by_test_id("last-price")).to_contain_text("64,000.0")


def test_a_change_of_place_changes_the_topics(page: Page) -> None:
    page.get_by_test_id("market-spot").click()
    expect(page.get_by_test_id("last-price")).to_contain_text(".")
    [url] = streams.opened(page)
    assert "market%3Apaper%3Aspot%3ABTC_USDT" in url
    page.get_by_test_id("interval-1h").click()
    expect(page.get_by_test_id("interval-1h")).to_have_attribute("aria-pressed", "true")
    [url] = streams.opened(page)
    assert "candles%3Apaper%3Aspot%3ABTC_USDT%3A1h" in url
    with page.expect_response("**/api/ui/state"):  # the choice is kept, also for the next test
        page.get_by_test_id("interval-5m").click()


def test_nothing_is_polled_while_the_stream_tells_everything(page: Page) -> None:
    account = page.evaluate("JSON.parse(document.querySelector('#boot').textContent).accounts")
    told = {"topic": "", "account": account["active"], "orders": [], "positions": [], "age_ms": 1}
    streams.say(page, "market", market("65000"))
    streams.say(page, "account", told)
    expect(page.get_by_test_id("last-price")).to_contain_text("65,000.0")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "/api/snapshot" in url] == []


def test_what_a_stream_cannot_tell_is_polled(page: Page) -> None:
    streams.say(page, "market", market("65000"))
    page.wait_for_timeout(2000)
    with page.expect_request("**/api/snapshot*"):
        streams.say(page, "market", market("65001"))
    with page.expect_request("**/api/snapshot*"):
        pass
    expect(page.get_by_test_id("last-price")).to_contain_text("65,001.0")


def test_a_lost_server_is_said_and_the_stream_comes_back_alone(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="open", refusals=True)
    expect(page.get_by_test_id("last-price")).to_contain_text(".")
    body = {"error": {"code": "stopping", "message": "", "fields": {}}}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json=body)

    page.route("**/api/snapshot*", refuse)
    page.route("**/api/ping", refuse)
    page.evaluate("window.streamMode = 'refused'")
    streams.end(page)
    expect(page.get_by_test_id("lost-bar")).to_contain_text("No connection")
    expect(page.get_by_test_id("connection-chip")).to_have_attribute("data-state", "lost")
    assert streams.opened(page) == []
    page.evaluate("window.streamMode = 'open'")
    page.unroute("**/api/snapshot*")
    page.unroute("**/api/ping")
    expect(page.get_by_test_id("lost-bar")).to_contain_text("Back online")
    expect(page.locator("[data-status='via']")).to_have_text("live")
    expect(page.get_by_test_id("lost-bar")).to_be_hidden()


def test_a_refused_stream_is_replaced_by_polling(open_page: OpenPage) -> None:
    page = open_page(PLACE, stream="refused")
    expect(page.locator("[data-status='via']")).to_have_text("polling")
    with page.expect_request("**/api/snapshot*"):
        pass
    with page.expect_request("**/api/snapshot*"):
        pass
    expect(page.get_by_test_id("lost-bar")).to_be_hidden()
    assert len(page.evaluate("window.streams.map((one) => one.url)")) >= 2


HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_hidden_tab_closes_its_stream_after_ten_seconds_and_resumes(
    page: Page,
) -> None:
    page.clock.install()
    page.evaluate(HIDE, True)
    page.clock.run_for(9_000)
    assert len(streams.opened(page)) == 1
    page.clock.run_for(1_500)
    assert streams.opened(page) == []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(30_000)
    assert asked == []
    page.evaluate(HIDE, False)
    page.clock.run_for(1_000)
    assert len(streams.opened(page)) == 1
    page.clock.resume()
    streams.say(page, "market", market("65000"))
    expect(page.get_by_test_id("last-price")).to_contain_text("65,000.0")


def say_until_seen(page: Page, body: dict[str, Any], seen: Locator) -> None:
    """What the page asks by itself is answered with the truth, which may come in between."""
    for _ in range(20):
        streams.say(page, "server", body)
        page.wait_for_timeout(100)
        if seen.is_visible():
            return


def test_another_version_asks_for_a_reload(page: Page) -> None:
    reload = page.get_by_test_id("reload")
    say_until_seen(page, server(version="99.0"), reload)
    expect(reload).to_be_visible()
    expect(page.get_by_test_id("lost-bar")).to_contain_text("99.0")


def test_other_files_of_the_same_version_ask_for_a_reload_too(page: Page) -> None:
    reload = page.get_by_test_id("reload")
    say_until_seen(page, server(build="another"), reload)
    expect(reload).to_be_visible()
    expect(page.get_by_test_id("lost-bar")).to_contain_text("This page has changed")


def test_old_data_dim_unless_the_live_stream_vouches_for_them(page: Page) -> None:
    streams.silence(page)
    streams.say(page, "market", market("65000", age_ms=60_000))
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))
    expect(page.get_by_test_id("market-age")).to_contain_text("old")
    streams.say(page, "server", server(line(None)))
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bstale\b"))
    streams.say(page, "server", server(line(None, "down", 60_000)))
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))


def test_the_details_list_every_stream_with_age_and_reason(page: Page) -> None:
    streams.say(page, "server", server(line(None), line("paper:1", "down", 12_000)))
    page.get_by_test_id("connection-chip").click()
    rows = page.get_by_test_id("streams").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("live")
    expect(rows.first).to_contain_text("7 ms")
    expect(rows.last).to_contain_text("down")
    expect(rows.last).to_contain_text("12 s")
    streams.say(page, "server", server(line(None)))
    expect(rows).to_have_count(1)
    assert page.viewport_size == {"width": DESKTOP[0], "height": DESKTOP[1]}


def sockets(page: Page, *rows: dict[str, Any]) -> None:
    accounts = page.evaluate("JSON.parse(document.querySelector('#boot').textContent).accounts")
    base = {"account": accounts["active"], "market": "futures", "settle": "usdt"}
    streams.say(page, "server", server(line(None), order_sockets=[{**base, **row} for row in rows]))


def test_the_sockets_of_orders_are_shown_with_their_measured_times(page: Page) -> None:
    light = page.locator("[data-light='orders']")
    sockets(page, {"ready": True, "ack_ms": 41, "round_trip_ms": 67})
    expect(light).to_have_attribute("data-level", "ok")
    page.get_by_test_id("connection-chip").click()
    [row] = page.get_by_test_id("sockets").locator("tbody tr").all()
    expect(row).to_contain_text("41 ms")
    expect(row).to_contain_text("67 ms")
    sockets(page, {"ready": False, "ack_ms": 41, "round_trip_ms": 67})
    expect(row).to_contain_text("orders go by REST")
    expect(light).to_have_attribute("data-level", "slow")
    expect(page.get_by_test_id("connection-chip")).to_have_attribute(
        "aria-label", re.compile("Order answers: slow")
    )
    sockets(page)
    expect(page.get_by_test_id("sockets-empty")).to_contain_text("REST")


def test_when_a_living_stream_ends_what_is_asked_for_is_shown_at_once(page: Page) -> None:
    expect(page.get_by_test_id("last-price")).to_contain_text(".")
    accounts = page.evaluate("JSON.parse(document.querySelector('#boot').textContent).accounts")
    told = {"account": accounts["active"], "orders": [], "positions": [], "age_ms": 1}
    streams.say(page, "server", server(line(None), line(accounts["active"])))
    streams.say(page, "account", {"topic": "", **told})
    streams.say(page, "market", market("11111"))
    expect(page.get_by_test_id("last-price")).to_contain_text("11,111.0")
    page.evaluate("window.streamMode = 'refused'")
    streams.end(page)
    expect(page.locator("[data-status='via']")).to_have_text("polling")
    expect(page.get_by_test_id("last-price")).not_to_contain_text("11,111.0")
