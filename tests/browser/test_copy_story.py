"""The whole story of copying on a real server: watch, read the preview, arm, the leader's manual
trade copied to two followers, pause, a manual close respected, unfollow with wind-down.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import DESKTOP, PASSWORD, PHONE, Watch
from tests.servers import Script, Server

pytestmark = pytest.mark.browser
TRADE = "/trade/futures/usdt/BTC_USDT"
SLOW = 20_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "home")
    made.start()
    made.admin("set-password", "--stdin", given=f"{PASSWORD}\n")
    yield made
    assert made.stop() == 0


class Story:
    """One person with one device."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.script = Script(server, server.admin("token", "add", "s", "--role", "owner"))
        for name in ("Anna", "Boris"):
            self.script.post("/api/accounts", {"network": "paper", "name": name}).raise_for_status()
        self.accounts = self.script.get("/api/accounts")["items"]
        self.script.post("/api/mode", {"mode": "copy"}).raise_for_status()

    def find(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def open(self, path: str) -> None:
        self.page.goto(self.server.base + path)
        self.page.locator("body[data-ready]").wait_for()

    def follow(self, number: int, mode: str, amount: str) -> None:
        self.find("copy-first" if number == 1 else "copy-new").click()
        self.find("wizard-leader").select_option(self.accounts[0]["id"])
        self.find("wizard-follower").select_option(self.accounts[number]["id"])
        self.find("wizard-next").click()
        self.find("param-size_mode").select_option(mode)
        self.find("param-multiplier" if mode == "ratio" else "param-amount").fill(amount)
        self.find("wizard-next").click()
        self.find("param-max_position").fill("50000")
        self.find("wizard-make").click()
        expect(self.find(f"follower-{number}")).to_be_visible()

    def lead(self, side: str, contracts: str, request_id: str) -> None:
        """The leader's manual trade."""
        body = {"request_id": request_id, "account": self.accounts[0]["id"], "market": "futures",
                "instrument": "BTC_USDT", "side": side, "type": "market", "size": contracts,
                "unit": "contracts", "leverage": "10", "margin_mode": "cross"}  # fmt: skip
        self.script.post("/api/trade", body).raise_for_status()

    def held(self, number: int) -> int:
        rows = self.script.get("/api/positions", account=self.accounts[number]["id"])["items"]
        return sum(int(row["size"]) for row in rows if row["instrument"] == "BTC_USDT")

    def arm(self, number: int) -> None:
        self.find(f"follower-{number}").get_by_test_id("link-arm").click()
        expect(self.find("arm-head")).to_be_visible()
        self.find("form-submit").click()
        expect(self.find(f"follower-{number}").get_by_test_id("link-state")).to_have_attribute(
            "data-state", "on"
        )

    def wait_for(self, number: int, size: int) -> None:
        for _ in range(100):
            if self.held(number) == size:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"follower {number} holds {self.held(number)}, not {size}")


@pytest.mark.parametrize(("lang", "size"), [("en", DESKTOP), ("ru", PHONE)])
def test_the_whole_story(
    browser: Browser, server: Server, lang: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="ru-RU" if lang == "ru" else "en-US", has_touch=size[0] < 820,
    )  # fmt: skip
    answer = requests.post(f"{server.base}/api/auth/login", json={"password": PASSWORD},
                           headers={"Origin": server.base}, timeout=20)  # fmt: skip
    cookies: Any = [{"name": n, "value": v, "url": server.base} for n, v in answer.cookies.items()]
    context.add_cookies(cookies)
    context.set_default_timeout(SLOW)
    page = context.new_page()
    watch = Watch(page, refusals=False)
    story = Story(page, server)
    story.open("/copy")
    story.follow(1, "ratio", "0.5")
    story.follow(2, "ratio", "2")
    # It watches: the leader trades, nothing is sent, the page says what would be.
    story.lead("buy", "10", "story-shadow-1")
    expect(page.locator("[data-testid='copy-event'][data-kind='shadow']").first).to_be_visible()
    assert (story.held(1), story.held(2)) == (0, 0)
    story.lead("sell", "10", "story-shadow-2")
    # Armed: the leader's manual trade reaches both.
    story.arm(1)
    story.arm(2)
    story.lead("buy", "20", "story-open-01")
    story.wait_for(1, 10)
    story.wait_for(2, 40)
    expect(story.find("follower-1").get_by_test_id("sync")).to_have_attribute("data-level", "ok")
    # Paused: an add is not copied, a reduction is.
    story.find("follower-1").get_by_test_id("link-pause").click()
    story.lead("buy", "20", "story-add-001")
    story.wait_for(2, 80)
    assert story.held(1) == 10
    # A manual close on a follower is respected.
    body = {"request_id": "story-close-1", "account": story.accounts[2]["id"],
            "instrument": "BTC_USDT", "percent": "100", "type": "market"}  # fmt: skip
    story.script.post("/api/positions/close", body).raise_for_status()
    story.wait_for(2, 0)
    expect(page.locator("[data-testid='copy-event'][data-kind='hand']").first).to_be_visible(
        timeout=40_000
    )
    story.lead("buy", "4", "story-add-002")
    latched = page.locator("[data-testid='copy-event'][data-kind='skipped']").first
    expect(latched).to_be_visible()
    assert story.held(2) == 0
    # Unfollow with wind-down: the link goes when the leader is flat.
    story.find("follower-1").get_by_test_id("link-more").click()
    story.find("more-unfollow").click()
    story.find("how-wind_down").check()
    story.find("form-submit").click()
    story.lead("sell", "44", "story-flat-001")
    story.wait_for(1, 0)
    expect(story.find("follower-1")).to_have_count(0)
    context.close()
    assert watch.seen == []
