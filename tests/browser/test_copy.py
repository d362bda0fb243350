"""The copy page: empty faces, the wizard, the table, contracts, arming, brakes, settings, alarms.

The calls about copying are answered by a stand-in (`copy_stage`), so that every state can be shown;
accounts, parameters and the rest are the real server's.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, NARROW, PASSWORD, PHONE, TABLET, OpenPage
from tests.browser.copy_stage import ORDER, CopyStage, event, reason, row
from tests.browser.test_screens import RULES
from tests.servers import Server

pytestmark = pytest.mark.browser

NAMES = ("Anna", "Boris", "Clara")
SMALL = "the smallest order is 1 contracts = 6.71 USDT, this share was 4.03 USDT"
LATE = "the leader's trade is 7 min old: catch up or skip"
KNOWN = """async () => {
  const base = document.querySelector('script[type="module"]').src.replace(/[^/]*$/, '');
  return (await import(base + 'copy/data.js')).copy.known;
}"""
PLAN = {
    "rows": [
        {"settle": "usdt", "instrument": "BTC_USDT", "side": "single", "leader": "240",
         "target": "120", "owned": "0", "order": ORDER, "reason": None, "text": ""},
        {"settle": "usdt", "instrument": "ETH_USDT", "side": "single", "leader": "5",
         "target": "0", "owned": "0", "order": None, "reason": None, "text": SMALL},
    ],
    "total_value": "722.16", "problems": [], "hash": "ab" * 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def accounts(desk: Server, cookies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A leader and three followers of the real server."""
    caller = requests.Session()
    caller.headers["Origin"] = desk.base
    found = caller.post(f"{desk.base}/api/auth/login", json={"password": PASSWORD}, timeout=20)
    caller.headers["X-CSRF-Token"] = found.json()["csrf"]
    known = caller.get(f"{desk.base}/api/accounts", timeout=20).json()["items"]
    for name in NAMES[len(known) - 1 :]:
        made = caller.post(
            f"{desk.base}/api/accounts", json={"network": "paper", "name": name}, timeout=20
        )
        known.append(made.json())
    rows: list[dict[str, Any]] = known
    return rows


class Stand:
    """Opens the page with a stage behind it."""

    def __init__(self, open_page: OpenPage, accounts: list[dict[str, Any]]) -> None:
        self._open = open_page
        self.accounts = accounts
        self.stage: CopyStage

    def open(
        self, path: str = "/copy", *, full: bool = True, stream: str = "open", **how: Any
    ) -> Page:
        page = self._open("/settings", stream=stream, **how)
        self.stage = CopyStage(page, self.accounts)
        self.stage.plan = PLAN
        if full:
            self._fill()
        page.goto("/".join(page.url.split("/")[:3]) + path)
        page.locator("body[data-ready]").wait_for()
        if stream == "open":
            self._tell_until_heard(page)
        return page

    def _tell_until_heard(self, page: Page) -> None:
        """A page that has just begun may change its stream once, and forget what came before."""
        deadline = time.monotonic() + 10
        while not page.evaluate(KNOWN):
            assert time.monotonic() < deadline, "the page never took its first state"
            self.stage.tell()
            page.wait_for_timeout(50)

    def _fill(self) -> None:
        stage = self.stage
        stage.link("1", 1)
        stage.link("2", 2, transport="rest")
        stage.link("3", 3, "shadow", reason=reason("SHADOW", "watching only: nothing is sent"))
        stage.sync = [
            row("1"),
            row("2", owned="100", drift="20", foreign="12", in_sync=False, pending="20",
                reason=reason("PRICE_RAN", "the price ran 42 bps, the limit is 30"),
                actions=["fix", "ignore", "close"]),
            row("2", "SOL_USDT", leader="-40", target="-20", owned="0", drift="-20", in_sync=False,
                status="parked", reason=reason("STALE", LATE, human=True),
                actions=["catch_up", "skip", "adopt"]),
        ]  # fmt: skip
        stage.events = [event(1, "copied", "bought 60"), event(2, "skipped", SMALL, "2")]


@pytest.fixture
def stand(open_page: OpenPage, accounts: list[dict[str, Any]]) -> Stand:
    return Stand(open_page, accounts)


def whole(page: Page) -> None:
    """Nothing spills over and axe finds nothing, once what is asked for has come."""
    expect(page.locator(".busy")).to_have_count(0)
    for selector in ("html", "#main", "dialog[open]"):
        for node in page.locator(selector).all():
            wide = node.evaluate("node => node.scrollWidth - node.clientWidth")
            assert wide <= 0, f"{selector} is {wide} px too wide"
    for _ in range(3):  # what is half faded is not judged; a fault stays
        found = Axe().run(page, options=RULES).response["violations"]
        if not found:
            return
        page.wait_for_timeout(400)
    raise AssertionError(json.dumps(found, indent=1)[:3000])


def test_one_account_is_not_enough(open_page: OpenPage) -> None:
    page = open_page("/settings", stream="open")
    stage = CopyStage(page, [])
    page.goto(page.url.replace("/settings", "/copy"))
    page.locator("body[data-ready]").wait_for()
    page.evaluate("""async () => {
      const base = document.querySelector('script[type="module"]').src.replace(/[^/]*$/, '');
      const { state } = await import(base + 'core/store.js');
      state.accounts = state.accounts.slice(0, 1);
    }""")
    stage.tell()
    expect(page.get_by_test_id("copy-empty")).to_contain_text("A second account is needed")
    expect(page.get_by_test_id("copy-add-paper")).to_be_visible()
    whole(page)


def test_the_wizard_leads_to_a_follower_that_watches(stand: Stand) -> None:
    page = stand.open(full=False)
    page.get_by_test_id("copy-first").click()
    page.get_by_test_id("wizard-follower").select_option(stand.accounts[2]["id"])
    whole(page)
    page.get_by_test_id("wizard-next").click()
    page.get_by_test_id("param-size_mode").select_option("fixed_notional")
    expect(page.get_by_test_id("param-multiplier")).to_be_hidden()
    page.get_by_test_id("param-amount").fill("1 250,5")
    expect(page.get_by_test_id("sizing")).to_contain_text("Buy 0.012 BTC")
    whole(page)
    page.get_by_test_id("wizard-next").click()
    page.get_by_test_id("wizard-make").click()
    expect(page.get_by_text("tick “no cap”", exact=False)).to_be_visible()
    page.get_by_test_id("param-max_position").fill("5000")
    whole(page)
    page.get_by_test_id("wizard-make").click()
    expect(page.get_by_test_id("link-state")).to_have_text("watching")
    [body] = stand.stage.bodies("/api/copy/links")
    assert (body["leader"], body["follower"]) == (stand.accounts[0]["id"], stand.accounts[2]["id"])
    assert body["params"]["amount"] == "1250.5"
    assert body["params"]["max_position"] == "5000"
    assert "multiplier" not in body["params"]


def test_a_refusal_of_the_server_stands_in_the_wizard(stand: Stand) -> None:
    page = stand.open(full=False, refusals=True)
    page.get_by_test_id("copy-first").click()
    page.get_by_test_id("wizard-next").click()
    page.get_by_test_id("wizard-next").click()
    page.get_by_test_id("wizard-no-cap").check()
    stand.stage.refusal = (409, "copy_cycle")
    page.get_by_test_id("wizard-make").click()
    expect(page.get_by_role("alert")).to_have_text("said by the server")
    expect(page.get_by_test_id("wizard")).to_be_visible()


def test_the_table_says_how_each_follower_stands(stand: Stand) -> None:
    page = stand.open()
    anna, boris = (page.get_by_test_id(f"follower-{n}") for n in (1, 2))
    expect(anna).to_contain_text("in sync, 1 contract")
    expect(anna).to_contain_text("0.012 → 0.012 BTC")
    expect(anna).to_contain_text("12 ms")
    expect(boris).to_contain_text(LATE)
    expect(boris).to_contain_text("REST")
    expect(page.get_by_test_id("copy-count")).to_have_text("copying 2 · watching 1")
    expect(page.get_by_test_id(f"leader-{stand.accounts[0]['id']}")).to_contain_text("BTC_USDT")
    whole(page)


def test_the_stream_moves_the_table_without_touching_the_focus(stand: Stand) -> None:
    page = stand.open()
    button = page.get_by_test_id("follower-1").get_by_test_id("link-settings")
    button.focus()
    stand.stage.sync[0] = row("1", owned="60", drift="60", in_sync=False)
    stand.stage.tell()
    expect(page.get_by_test_id("follower-1")).to_contain_text("catching up")
    expect(page.get_by_test_id("follower-1")).to_contain_text("50%")
    expect(button).to_be_focused()


def test_contracts_are_acted_on_after_a_word(stand: Stand) -> None:
    page = stand.open()
    page.get_by_test_id("follower-2").get_by_test_id("link-open").click()
    leg = page.get_by_test_id("leg-SOL_USDT")
    expect(leg).to_contain_text(LATE)
    whole(page)
    leg.get_by_test_id("leg-catch_up").click()
    expect(page.get_by_test_id("confirm-catch_up")).to_contain_text("present mark price")
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("toast-good")).to_contain_text("catching up")
    assert stand.stage.bodies("/api/copy/links/2/actions") == [
        {"settle": "usdt", "instrument": "SOL_USDT", "side": "single", "action": "catch_up"}
    ]
    page.get_by_test_id("leg-BTC_USDT").get_by_test_id("leg-close").click()
    expect(page.get_by_test_id("confirm-no")).to_be_focused()
    page.get_by_test_id("confirm-no").click()
    assert len(stand.stage.bodies("/api/copy/links/2/actions")) == 1


def test_arming_shows_the_orders_and_sends_their_hash(stand: Stand) -> None:
    page = stand.open(refusals=True)
    page.get_by_test_id("follower-3").get_by_test_id("link-arm").click()
    dialog = page.get_by_test_id("arm-dialog")
    expect(dialog.get_by_test_id("arm-head")).to_contain_text("1 order now")
    expect(dialog).to_contain_text("Buy 0.012 BTC")
    expect(dialog).to_contain_text("not worse than 60,180")
    whole(page)
    stand.stage.refusal = (409, "confirm_needed")
    stand.stage.plan = {**PLAN, "hash": "cd" * 8}
    page.get_by_test_id("form-submit").click()
    expect(dialog.get_by_role("alert")).to_contain_text("changed meanwhile")
    page.get_by_test_id("form-submit").click()
    expect(page.get_by_test_id("follower-3").get_by_test_id("link-state")).to_have_text("copying")
    bodies = stand.stage.bodies("/api/copy/links/3/state")
    assert [body["preview_hash"] for body in bodies] == ["ab" * 8, "cd" * 8]
    assert bodies[-1]["confirm"] is True


def test_pause_is_one_tap_and_pause_all_names_whom(stand: Stand) -> None:
    page = stand.open()
    page.get_by_test_id("follower-1").get_by_test_id("link-pause").click()
    expect(page.get_by_test_id("follower-1").get_by_test_id("link-state")).to_have_text(
        "exits only"
    )
    page.get_by_test_id("pause-all").click()
    expect(page.get_by_test_id("pause-all-confirm")).to_contain_text("Boris")
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("pause-all")).to_be_hidden()
    assert stand.stage.bodies("/api/copy/pause") == [{"scope": "link:1"}, {"scope": "all"}]


def test_stop_has_a_scope_and_a_running_banner(stand: Stand) -> None:
    page = stand.open()
    page.get_by_test_id("copy-stop").click()
    expect(page.get_by_test_id("stop-scope")).to_be_focused()
    page.get_by_test_id("stop-way-halt").check()
    whole(page)
    page.get_by_test_id("form-submit").click()
    banner = page.get_by_test_id("brake-halt")
    expect(banner).to_contain_text("nothing is sent, not even exits")
    expect(banner.get_by_test_id("brake-timer")).to_have_text(re.compile(r"00:01:\d\d"))
    expect(page).to_have_title(re.compile("^⚠"))
    whole(page)
    page.get_by_test_id("release").click()
    page.get_by_test_id("confirm-yes").click()
    expect(banner).to_have_count(0)
    assert stand.stage.bodies("/api/copy/halt") == [{"scope": "all"}]


def test_the_big_stop_leads_to_copying_too(stand: Stand) -> None:
    page = stand.open()
    page.get_by_test_id("stop-button").click()
    expect(page.get_by_test_id("stop-dialog")).to_contain_text("2 followers copy")
    page.get_by_test_id("stop-more").click()
    expect(page.get_by_test_id("stop-copying")).to_be_visible()


def test_hands_off_and_unfollow_say_what_happens(stand: Stand) -> None:
    page = stand.open()
    page.get_by_test_id("follower-2").get_by_test_id("link-more").click()
    whole(page)
    page.get_by_test_id("more-hands_off").click()
    expect(page.get_by_test_id("hands-off")).to_contain_text("not even exits")
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("brake-hands")).to_contain_text("Boris")
    page.get_by_test_id("follower-2").get_by_test_id("link-more").click()
    page.get_by_test_id("more-unfollow").click()
    expect(page.get_by_test_id("how-wind_down")).to_be_checked()
    expect(page.get_by_test_id("unfollow")).to_contain_text("BTC_USDT")
    page.get_by_test_id("how-keep").check()
    page.get_by_test_id("form-submit").click()
    expect(page.get_by_test_id("follower-2")).to_have_count(0)
    assert stand.stage.asked[-1][0] == "DELETE"
    assert stand.stage.asked[-1][2] == {"how": ["keep"]}


def test_the_feed_is_filtered_and_downloaded(stand: Stand) -> None:
    page = stand.open()
    expect(page.get_by_test_id("copy-event")).to_have_count(2)
    page.get_by_test_id("feed-skipped").click()
    expect(page.get_by_test_id("copy-event")).to_have_count(1)
    expect(page.get_by_test_id("copy-event")).to_contain_text("smallest order")
    expect(page.get_by_test_id("copy-csv")).to_have_attribute("href", re.compile("act=skipped"))
    page.get_by_test_id("feed-all").click()
    stand.stage.events.append(event(3, "failed", "refused by the exchange"))
    stand.stage.tell()
    expect(page.get_by_test_id("copy-event").first).to_contain_text("refused by the exchange")


def test_settings_are_found_changed_and_saved(stand: Stand) -> None:
    page = stand.open(refusals=True)
    page.get_by_test_id("follower-1").get_by_test_id("link-settings").click()
    expect(page.get_by_test_id("sizing")).to_contain_text("Buy 0.012 BTC")
    whole(page)
    page.get_by_test_id("param-search").fill("drawdown")
    expect(page.get_by_test_id("param-drawdown_pct")).to_be_visible()
    expect(page.get_by_test_id("param-multiplier")).to_be_hidden()
    page.get_by_test_id("param-drawdown_pct").fill("12,5")
    page.get_by_test_id("param-search").fill("")
    page.get_by_test_id("only-changed").check()
    expect(page.locator(".param:visible")).to_have_count(1)
    expect(page.locator(".param:visible")).to_contain_text("Default: 15")
    whole(page)
    stand.stage.refusal = (409, "copy_version")
    page.get_by_test_id("save-settings").click()
    expect(page.get_by_test_id("settings-drawer").get_by_role("alert")).to_be_visible()
    page.get_by_test_id("save-settings").click()
    expect(page.get_by_test_id("toast-good")).to_contain_text("Settings saved")
    body = stand.stage.bodies("/api/copy/links/1")[-1]
    assert (body["version"], body["params"]) == (1, {"drawdown_pct": "12.5"})


def test_without_a_stream_the_page_asks(stand: Stand) -> None:
    page = stand.open(stream="refused")
    expect(page.get_by_test_id("follower-1")).to_contain_text("in sync")
    stand.stage.links[0]["state"] = "close_only"
    expect(page.get_by_test_id("follower-1")).to_contain_text("exits only", timeout=10_000)


def test_a_viewer_reads_and_changes_nothing(stand: Stand) -> None:
    page = stand.open()
    page.evaluate("""async () => {
      const base = document.querySelector('script[type="module"]').src.replace(/[^/]*$/, '');
      const { state } = await import(base + 'core/store.js');
      state.boot.role = 'viewer';
    }""")
    stand.stage.tell()
    row_ = page.get_by_test_id("follower-1")
    expect(row_.get_by_test_id("link-pause")).to_be_disabled()
    for name in ("copy-new", "copy-stop", "pause-all"):
        expect(page.get_by_test_id(name)).to_be_disabled()
    row_.get_by_test_id("link-settings").click()
    expect(page.get_by_test_id("settings-drawer")).to_contain_text("read only")
    expect(page.get_by_test_id("save-settings")).to_have_count(0)


def test_trouble_is_told_on_every_page(stand: Stand) -> None:
    page = stand.open("/settings")
    badge = page.get_by_test_id("nav-copy").locator(".count")
    expect(badge).to_be_hidden()
    stand.stage.links[0]["leader_live"] = False
    stand.stage.links[1]["state"] = "tripped"
    stand.stage.alerts = [event(9, "alert", "the leader was liquidated", "3")]
    stand.stage.tell()
    toasts = page.get_by_test_id("toast-bad")
    expect(toasts).to_have_count(3)
    expect(badge).to_be_visible()
    stand.stage.tell()
    expect(toasts).to_have_count(3)


def test_an_account_that_stopped_by_itself_goes_on_after_a_look(stand: Stand) -> None:
    page = stand.open()
    told = "self-check: memory and journal differ; nothing new is opened"
    stand.stage.links[0]["warnings"] = [reason("MONITOR", told, human=True)]
    stand.stage.links[1]["warnings"] = [reason("CLOCK", "the clock is off")]
    stand.stage.tell()
    banner = page.get_by_test_id("brake-stopped")
    expect(banner).to_have_count(1)
    expect(banner).to_contain_text(f"Anna: {told}")
    banner.get_by_test_id("go-on").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("toast-good")).to_contain_text("Anna may open positions again")
    account = stand.stage.links[0]["follower"]["id"]
    assert stand.stage.bodies("/api/copy/resume")[-1] == {"scope": account}


def test_what_concerns_several_followers_alike_is_said_once(stand: Stand) -> None:
    page = stand.open("/settings")
    told = "the leader changed leverage: 10x (isolated) → 20x (isolated)"
    stand.stage.alerts = [event(n, "alert", told, str(n - 20)) for n in (22, 21)]
    stand.stage.alerts.insert(0, event(23, "alert", "2.4% to liquidation at 57,600", "1"))
    stand.stage.tell()
    toasts = page.get_by_test_id("toast-bad")
    expect(toasts).to_have_count(2)
    expect(toasts.filter(has_text=told)).to_contain_text("Anna, Boris · BTC_USDT")
    stand.stage.tell()
    expect(toasts).to_have_count(2)


def test_a_contract_near_liquidation_says_so_next_to_the_leaders_distance(stand: Stand) -> None:
    page = stand.open()
    line = page.get_by_test_id("follower-1")
    line.get_by_test_id("link-open").click()
    fact = page.get_by_test_id("leg-BTC_USDT").get_by_test_id("leg-liq")
    expect(fact).to_have_text("To liquidation" + "9.7%" + "54,300.5 · leader 18.3%")
    badge = page.get_by_test_id("nav-copy").locator(".count")
    expect(badge).to_be_hidden()
    stand.stage.sync[0] |= {"liq_pct": "2.41", "liq_near": True}
    stand.stage.tell()
    expect(fact).to_contain_text("2.4%")
    expect(fact).to_have_attribute("data-level", "bad")
    expect(line.get_by_test_id("sync")).to_have_text("BTC_USDT: 2.4% to liquidation")
    expect(badge).to_be_visible()
    stand.stage.sync[0] |= {"liq_price": None, "liq_pct": None, "liq_near": False}
    stand.stage.tell()
    expect(fact).to_have_count(0)
    expect(badge).to_be_hidden()


def test_the_ticket_of_a_leader_shows_its_followers(stand: Stand) -> None:
    page = stand.open("/trade/futures/usdt/BTC_USDT")
    box = page.get_by_test_id("ticket-followers")
    expect(box).to_contain_text("What 3 followers will do")
    page.get_by_test_id("type-market").click()
    page.get_by_test_id("ticket-size").fill("900")
    expect(box).to_contain_text("BTC", timeout=10_000)
    expect(box).to_contain_text("nothing")
    whole(page)


def test_leaving_copy_mode_asks_about_open_positions(stand: Stand) -> None:
    page = stand.open(refusals=True)
    stand.stage.refusal = (409, "copied_positions")
    # At once: the server itself trades by hand and says so again at any time.
    page.evaluate("""async () => {
      const base = document.querySelector('script[type="module"]').src.replace(/[^/]*$/, '');
      const { emit, state } = await import(base + 'core/store.js');
      state.mode = 'copy';
      emit('mode');
      document.querySelector('[data-testid="mode-normal"]').click();
    }""")
    expect(page.get_by_test_id("mode-dialog")).to_contain_text("Copied positions are open")
    whole(page)
    page.get_by_test_id("mode-close_now").check()
    page.get_by_test_id("form-submit").click()
    expect(page.get_by_test_id("mode-normal")).to_have_attribute("aria-pressed", "true")
    assert stand.stage.bodies("/api/mode")[-1] == {"mode": "normal", "positions": "close_now"}
    expect(page.get_by_test_id("brake-mode")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "lang", "theme"),
    [(PHONE, "ru", "dark"), (NARROW, "ru", "light"), (TABLET, "en", "light"),
     (DESKTOP, "ru", "light")],
)  # fmt: skip
def test_every_size_and_language_is_whole(
    stand: Stand, size: tuple[int, int], lang: str, theme: str
) -> None:
    page = stand.open(size=size, lang=lang, theme=theme)
    page.get_by_test_id("follower-2").get_by_test_id("link-open").click()
    stand.stage.sync[1] |= {"liq_pct": "2.4", "liq_near": True}
    stand.stage.links[0]["state"] = "hands_off"
    stand.stage.brakes = [{"scope": "all", "state": "pause", "since_ms": 1, "actor": "x",
                           "why": ""}]  # fmt: skip
    stand.stage.tell()
    expect(page.get_by_test_id("brake-hands")).to_be_visible()
    whole(page)
    page.get_by_test_id("copy-new").click()
    page.get_by_test_id("wizard-next").click()
    expect(page.get_by_test_id("sizing")).to_contain_text("BTC")
    whole(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("follower-3").get_by_test_id("link-arm").click()
    expect(page.get_by_test_id("arm-order").first).to_be_visible()
    whole(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("follower-1").get_by_test_id("link-settings").click()
    expect(page.get_by_test_id("sizing")).to_contain_text("BTC")
    whole(page)
