"""The page on a real server and exchange: it moves by itself, sleeps, wakes and comes back.

How soon is measured by `python -m tests.benchmarks page`; here everything only has to happen.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mtrade.web.seats import MOST_OF_ONE
from tests.browser.conftest import Watch
from tests.browser.live import PLACE, Stage, shown
from tests.browser.test_stream import HIDE

pytestmark = [pytest.mark.browser, pytest.mark.process]

SOON_MS = 5_000
# The wanted medians are 300 and 200 ms; a busy machine must not fail the test by its pace.
BOUND_MS = 2_000
COUNT = 50
TABS = 7
# The page's own bound, core/tabs.js: two of a browser's six connections stay free.
MOST_STREAMS = 4

OpenLive = Callable[..., Page]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("live"))
    yield stage
    stage.close()


@pytest.fixture
def open_live(browser: Browser, stage: Stage) -> Iterator[OpenLive]:
    """Pages of one browser; at the end no console message may have appeared."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def open_(*, refusals: bool = False) -> Page:
        if not contexts:
            contexts.append(stage.context(browser))
        page = contexts[0].new_page()
        watches.append(Watch(page, refusals=refusals))
        stage.open(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    stage.clean_up()
    assert [line for watch in watches for line in watch.seen] == []


def test_another_clients_order_appears_and_goes(stage: Stage, open_live: OpenLive) -> None:
    page = open_live()
    page.get_by_test_id("panel-orders").click()
    expect(page.get_by_test_id("orders-empty")).to_be_visible()
    order = stage.place("56001.0")
    row = page.get_by_test_id("orders").locator("tbody tr")
    expect(row).to_contain_text("56,001.0", timeout=SOON_MS)
    expect(page.get_by_test_id("line-order")).to_have_count(1)
    stage.call("DELETE", f"/futures/usdt/orders/{order}")
    expect(row).to_have_count(0, timeout=SOON_MS)
    expect(page.get_by_test_id("line-order")).to_have_count(0)


def test_another_clients_order_in_the_book_is_marked_as_own(
    stage: Stage, open_live: OpenLive
) -> None:
    page = open_live()
    page.get_by_test_id("book-group").select_option("100")  # rows wide enough to stay in sight
    best = page.locator("[data-testid=level-bids][tabindex='0'] .price")
    price = float((best.text_content() or "").replace(",", ""))
    stage.place(f"{price - 35:.1f}")
    mine = page.get_by_test_id("book").locator(".mine:visible")
    expect(mine).to_have_text("● 0.0001", timeout=SOON_MS)
    stage.clean_up()
    expect(mine).to_have_count(0, timeout=SOON_MS)
    page.get_by_test_id("book-group").select_option("1")


def test_a_price_move_is_on_the_screen(stage: Stage, open_live: OpenLive) -> None:
    page = open_live()
    stage.paper.set_price("futures", "BTC_USDT", "58500")
    for place in ("last-price", "spread-row"):
        expect(page.get_by_test_id(place)).to_contain_text("58,", timeout=SOON_MS)
    for side in ("asks", "bids"):
        touch = page.locator(f"[data-testid=level-{side}][tabindex='0']")
        expect(touch).to_contain_text("58,", timeout=SOON_MS)
    expect(page.locator(".chart-legend")).to_contain_text("C 58,", timeout=SOON_MS)


def test_a_trade_between_others_is_in_the_tape(stage: Stage, open_live: OpenLive) -> None:
    page = open_live()
    stage.trade_of_another(7)
    expect(page.get_by_test_id("tape")).to_contain_text("0.0007", timeout=SOON_MS)


def test_a_fill_of_another_client_rings_and_moves_the_position(
    stage: Stage, open_live: OpenLive
) -> None:
    page = open_live()
    page.get_by_test_id("panel-positions").click()
    stage.call("POST", "/futures/usdt/orders", body={
        "contract": "BTC_USDT", "size": 3, "price": "0", "tif": "ioc"})  # fmt: skip
    expect(page.get_by_test_id("positions").locator("tbody tr")).to_contain_text("Long")
    expect(page.get_by_test_id("line-entry")).to_contain_text("Long 0.0003")
    expect(page.get_by_test_id("toast-good")).to_contain_text("Filled: Buy BTC_USDT")
    stage.call("POST", "/futures/usdt/orders", body={
        "contract": "BTC_USDT", "size": 0, "price": "0", "tif": "ioc", "close": True})  # fmt: skip
    expect(page.get_by_test_id("positions-empty")).to_be_visible()
    expect(page.get_by_test_id("line-entry")).to_have_count(0)


def test_a_position_is_wholly_in_sight_in_the_longer_language(
    stage: Stage, browser: Browser
) -> None:
    order = {"contract": "BTC_USDT", "size": 300, "price": "0", "tif": "ioc"}
    stage.call("POST", "/futures/usdt/orders", body=order)
    context = stage.context(browser, "ru-RU")
    page = context.new_page()
    page.goto(stage.server.base + PLACE)
    expect(page.get_by_test_id("positions").locator("tbody tr")).to_contain_text("Лонг")
    for width in (1280, 1440, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        hidden = page.get_by_test_id("panel-body").evaluate("n => n.scrollWidth - n.clientWidth")
        assert hidden <= 0, width
    context.close()
    stage.call("POST", "/futures/usdt/orders", body={**order, "size": 0, "close": True})


def test_a_restarted_server_is_found_again_without_a_reload(
    stage: Stage, open_live: OpenLive
) -> None:
    page = open_live(refusals=True)
    page.evaluate("window.marked = true")
    assert stage.server.stop() == 0
    expect(page.get_by_test_id("lost-bar")).to_contain_text("No connection")
    expect(page.get_by_test_id("connection-chip")).to_have_attribute("data-state", "lost")
    stage.server.start()
    expect(page.get_by_test_id("lost-bar")).to_contain_text("Back online", timeout=30_000)
    expect(page.locator("[data-status='via']")).to_have_text("live", timeout=30_000)
    stage.paper.set_price("futures", "BTC_USDT", "64500")
    expect(page.get_by_test_id("last-price")).to_contain_text("64,", timeout=SOON_MS)
    expect(page.locator("#lost:is([data-kind=lost], [data-kind=back]):visible")).to_have_count(0)
    assert page.evaluate("window.marked")


def test_seven_tabs_all_load_and_move(stage: Stage, open_live: OpenLive) -> None:
    pages = [open_live(refusals=True)]
    for _ in range(TABS - 1):
        page = pages[0].context.new_page()
        page.goto(pages[0].url)
        page.locator("body[data-ready]").wait_for()
        pages.append(page)
    stage.paper.set_price("futures", "BTC_USDT", "59500")
    for page in pages:
        expect(page.get_by_test_id("last-price")).to_contain_text("59,", timeout=SOON_MS)
    expect(pages[0].locator("[data-status='via']")).to_have_text("polling")
    carriers = [page.locator("[data-status='via']").text_content() for page in pages]
    assert carriers.count("live") == MOST_STREAMS
    for page in pages[1:]:
        page.close()
    expect(pages[0].locator("[data-status='via']")).to_have_text("live")


@pytest.mark.full
def test_a_tab_hidden_for_ten_seconds_gives_its_seat_back_and_takes_it_again(
    stage: Stage, open_live: OpenLive
) -> None:
    page = open_live(refusals=True)  # counting the seats may take the page's own
    page.evaluate("window.marked = true")
    stage.wait_for_seats(MOST_OF_ONE - 1)
    page.evaluate(HIDE, True)
    page.wait_for_timeout(10_500)
    stage.wait_for_seats(MOST_OF_ONE)
    page.evaluate(HIDE, False)
    expect(page.locator("[data-status='via']")).to_have_text("live")
    stage.paper.set_price("futures", "BTC_USDT", "61500")
    expect(page.get_by_test_id("last-price")).to_contain_text("61,", timeout=SOON_MS)
    stage.wait_for_seats(MOST_OF_ONE - 1)
    assert page.evaluate("window.marked")


@pytest.mark.full
def test_seven_tabs_leave_the_server_room_for_the_eighth(stage: Stage, open_live: OpenLive) -> None:
    first = open_live(refusals=True)
    for _ in range(TABS - 1):
        page = first.context.new_page()
        page.goto(first.url)
        page.locator("body[data-ready]").wait_for()
    stage.wait_for_seats(MOST_OF_ONE - MOST_STREAMS)


@pytest.mark.full
def test_fifty_orders_and_price_moves_are_on_the_screen_soon(
    stage: Stage, open_live: OpenLive
) -> None:
    page = open_live()
    stage.calibrate(page)
    orders, prices = stage.order_delays(page, COUNT), stage.price_delays(page, COUNT)
    print(shown("order", orders), shown("price", prices), sep="\n")
    assert statistics.median(orders) < BOUND_MS
    assert statistics.median(prices) < BOUND_MS
