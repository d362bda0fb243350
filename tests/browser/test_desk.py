"""The desk at work on the real server: ticket, book, panel, accounts, settings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PASSWORD, PHONE, OpenPage

pytestmark = pytest.mark.browser

FUTURES = "/trade/futures/usdt/BTC_USDT"


def trade(page: Page, side: str, size: str) -> None:
    page.get_by_test_id("ticket-size").fill(size)
    expect(page.get_by_test_id(f"preview-value-{side}")).to_be_visible()
    page.get_by_test_id(f"submit-{side}").click()


def test_a_market_order_is_confirmed_filled_and_closed_by_half(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    page.get_by_test_id("panel-positions").click()
    page.get_by_test_id("type-market").click()
    trade(page, "buy", "900")
    expect(page.get_by_test_id("order-confirm")).to_contain_text("PAPER")
    page.get_by_test_id("confirm-yes").click()
    row = page.get_by_test_id("positions").locator("tbody tr")
    expect(row).to_contain_text("Long")
    expect(page.get_by_test_id("toast-good").first).to_contain_text("Filled")
    row.get_by_test_id("position-close").click()
    page.get_by_test_id("close-50").click()
    expect(page.get_by_test_id("toast-good").filter(has_text="Sell")).to_be_visible()
    row.get_by_test_id("position-close").click()
    page.get_by_test_id("close-100").click()
    expect(page.get_by_test_id("positions-empty")).to_be_visible()


def test_a_limit_order_rests_is_changed_and_cancelled(open_page: OpenPage) -> None:
    page = open_page("/trade/futures/usdt/ETH_USDT")
    page.get_by_test_id("type-limit").click()
    page.get_by_test_id("chip-bid").click()
    expect(page.get_by_test_id("ticket-price")).not_to_have_value("")
    page.get_by_test_id("ticket-price").fill("3000.077")
    page.get_by_test_id("ticket-price").blur()
    expect(page.locator("#price-note")).to_contain_text("step")
    trade(page, "buy", "300")
    page.get_by_test_id("panel-orders").click()
    row = page.get_by_test_id("orders").locator("tbody tr").filter(has_text="ETH_USDT")
    row.get_by_test_id("order-edit").click()
    page.get_by_test_id("edit-price").fill("2999")
    page.get_by_test_id("form-submit").click()
    expect(row).to_contain_text("2,999")
    row.get_by_test_id("order-cancel").click()
    expect(row).to_have_count(0)


def test_a_price_beyond_the_band_is_refused_in_words(open_page: OpenPage) -> None:
    page = open_page(FUTURES, refusals=True)
    page.get_by_test_id("type-limit").click()
    page.get_by_test_id("ticket-price").fill("99000")
    trade(page, "buy", "100")
    expect(page.get_by_test_id("problems")).to_contain_text("typing mistake")
    expect(page.get_by_test_id("ticket-error")).to_be_visible()
    expect(page.get_by_test_id("ticket-error")).to_contain_text("typing mistake")


def test_a_book_level_fills_the_ticket(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    level = page.get_by_test_id("level-bids").nth(3)
    expect(level.locator(".price")).not_to_be_empty()
    page.get_by_test_id("book-pause").click()
    price = level.locator(".price").inner_text().replace(",", "")
    level.click()
    expect(page.get_by_test_id("ticket-price")).to_have_value(
        re.compile(re.escape(price.rstrip("0").rstrip(".")))
    )
    level.click(modifiers=["Shift"])
    expect(page.get_by_test_id("ticket-unit")).to_have_value("contracts")
    expect(page.get_by_test_id("ticket-size")).not_to_have_value("")


def test_a_comma_is_a_decimal_point_and_words_are_not_numbers(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    page.get_by_test_id("ticket-unit").select_option("base")
    page.get_by_test_id("ticket-size").fill("0,012")
    expect(page.get_by_test_id("preview-size-buy")).to_have_text("0.012")
    page.get_by_test_id("ticket-size").fill("abc")
    expect(page.locator("#size-note")).to_have_text("This is not a number.")


def test_spot_switch_and_picker_change_the_address(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    page.get_by_test_id("market-spot").click()
    expect(page).to_have_url(re.compile("/trade/spot/BTC_USDT$"))
    page.keyboard.press("/")
    page.get_by_test_id("picker-search").fill("sol")
    page.get_by_test_id("pick-SOL_USDT").click()
    expect(page).to_have_url(re.compile("/trade/spot/SOL_USDT$"))
    page.go_back()
    expect(page.get_by_test_id("instrument-button")).to_contain_text("BTC_USDT")


def test_a_paper_account_is_one_click_and_becomes_active(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    before = page.get_by_test_id("account-switcher").inner_text()
    page.get_by_test_id("account-switcher").click()
    page.get_by_test_id("menu-add-paper").click()
    expect(page.get_by_test_id("account-switcher")).not_to_have_text(before)
    expect(page.get_by_test_id("account-switcher")).to_contain_text("20,000.00")


def test_theme_and_palette_apply_at_once_and_stay(open_page: OpenPage) -> None:
    page = open_page("/settings")
    page.get_by_test_id("pref-theme-light").click()
    page.get_by_test_id("pref-palette-colour_blind").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    with page.expect_response("**/api/ui/state"):
        page.get_by_test_id("pref-up_colour-red").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-palette", "colour_blind")
    expect(page.locator("html")).to_have_attribute("data-up", "red")


def test_keys_work_outside_fields_only(open_page: OpenPage) -> None:
    page = open_page(FUTURES)
    page.keyboard.press("?")
    expect(page.get_by_test_id("help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.get_by_test_id("ticket-size")).to_be_focused()
    page.keyboard.type("2")
    expect(page.get_by_test_id("ticket-unit")).not_to_have_value("percent")


def test_a_lost_server_is_said_and_its_return_too(open_page: OpenPage) -> None:
    page = open_page(FUTURES, refusals=True, stream="refused")
    expect(page.get_by_test_id("connection-chip")).to_have_attribute(
        "data-state", re.compile("ok|slow")
    )
    page.route(
        "**/api/snapshot*",
        lambda route: route.fulfill(
            status=503, json={"error": {"code": "stopping", "message": "", "fields": {}}}
        ),
    )
    expect(page.get_by_test_id("lost-bar")).to_contain_text("No connection")
    page.unroute("**/api/snapshot*")
    page.get_by_test_id("lost-bar").get_by_role("button").click()
    expect(page.get_by_test_id("lost-bar")).to_contain_text("Back online")


def test_copy_mode_says_that_there_are_no_links(open_page: OpenPage) -> None:
    page = open_page("/copy")
    page.get_by_test_id("mode-copy").click()
    expect(page.get_by_test_id("mode-copy")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("copy-message")).to_contain_text(
        re.compile("only watches|joins two accounts")
    )
    page.get_by_test_id("mode-normal").click()
    expect(page.get_by_test_id("mode-normal")).to_have_attribute("aria-pressed", "true")


def test_phone_tabs_lead_everywhere(open_page: OpenPage) -> None:
    page = open_page(FUTURES, PHONE)
    for view, seen in [("positions", "panel"), ("accounts", "account-list"), ("trade", "side-bar")]:
        page.get_by_test_id(f"tab-{view}").click()
        expect(page.get_by_test_id(seen)).to_be_visible()
    page.get_by_test_id("show-book").click()
    expect(page.get_by_test_id("book")).to_be_visible()
    expect(page.get_by_test_id("chart")).to_be_hidden()


def test_the_password_is_asked_before_a_restart(open_page: OpenPage) -> None:
    page = open_page("/settings", DESKTOP, refusals=True)
    pid = page.get_by_test_id("server-pid")
    expect(pid).to_have_text(re.compile(r"\d+"))
    page.get_by_test_id("server-restart").click()
    page.get_by_test_id("confirm-yes").click()
    page.get_by_test_id("elevate-password").fill("not this one")
    page.get_by_test_id("form-submit").click()
    expect(page.get_by_test_id("elevate-dialog")).to_contain_text("wrong")
    page.get_by_test_id("form-cancel").click()
    assert PASSWORD not in page.content()


def test_the_bell_keeps_what_the_toasts_said(open_page: OpenPage) -> None:
    page = open_page("/accounts")
    page.get_by_test_id("add-paper").click()
    expect(page.get_by_test_id("toast-good")).to_be_visible()
    expect(page.get_by_test_id("bell-button").locator(".count")).to_have_text("1")
    expect(page.get_by_test_id("toast-good")).to_be_hidden()
    page.get_by_test_id("bell-button").click()
    expect(page.get_by_test_id("notices")).to_contain_text("added")
    page.get_by_test_id("bell-trouble").click()
    expect(page.get_by_test_id("notices")).to_contain_text("No messages")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("bell-button").locator(".count")).to_be_hidden()


def test_sounds_wait_for_a_touch_and_obey_their_switch(open_page: OpenPage) -> None:
    page = open_page("/settings")
    page.get_by_role("button", name="Test: Order filled").click()
    expect(page.locator("body")).to_have_attribute("data-sound", "fill")
    page.get_by_test_id("flag-sound_reject").click()
    expect(page.get_by_test_id("flag-sound_reject")).not_to_be_checked()
    page.get_by_test_id("flag-sound_reject").click()


def test_the_spot_ticket_offers_no_protection(open_page: OpenPage) -> None:
    page = open_page("/trade/spot/BTC_USDT")
    expect(page.get_by_test_id("ticket-unit")).to_have_value(re.compile("base|quote"))
    expect(page.get_by_test_id("ticket-tpsl")).to_be_hidden()
