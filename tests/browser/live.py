"""A stage for the live page: an exchange, a server on it, a browser page, and another client that
trades on the same account by signed REST calls of its own."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mtrade.gate.signing import sign_rest
from tests.servers import Paper, Script, Server

KEY, SECRET = "live-key", "live-secret"
OTHER = ("other-key", "other-secret")
PASSWORD = "seven grey geese over the harbour"
PLACE = "/trade/futures/usdt/BTC_USDT"
TYPE = "text/event-stream"

# Notes by the page's own clock when what is looked for is on the screen.
WATCH = """([selector, kind, wanted]) => {
  const there = () => [...document.querySelectorAll(selector)].some((node) => kind === 'text'
    ? node.textContent.includes(wanted)
    : Math.abs(Number(node.textContent.replace(/[^0-9.]/g, '')) - wanted) < wanted / 1000);
  window.seenAt = null;
  const done = () => { window.seenAt = performance.timeOrigin + performance.now(); };
  if (there()) throw new Error(`already there: ${wanted}`);
  const watcher = new MutationObserver(() => {
    if (!there()) return;
    watcher.disconnect();
    done();
  });
  watcher.observe(document.body, { childList: true, characterData: true, subtree: true });
}"""
NOW = "() => performance.timeOrigin + performance.now()"


class Stage:
    """Everything started; `close` ends it."""

    def __init__(self, home: Path) -> None:
        other = f"{OTHER[0]}:{OTHER[1]}:4343:USDT=1000000"
        self.paper = Paper(f"{KEY}:{SECRET}:4242:USDT=1000000", other)
        self.server = Server(home, MTRADE_PAPER_URL=self.paper.rest)
        self.server.start()
        self.server.admin("set-password", "--stdin", given=f"{PASSWORD}\n")
        self.script = Script(self.server, self.server.admin("token", "add", "s", "--role", "owner"))
        body = {"network": "paper", "name": "Shared", "key": KEY, "secret": SECRET}
        self.account = self.script.post("/api/accounts", body).json()["id"]
        self.script.post("/api/accounts/active", {"account": self.account}).raise_for_status()
        self.cookies = self._login()
        self.skew_ms = 0.0

    def _login(self) -> list[dict[str, Any]]:
        answer = requests.post(
            f"{self.server.base}/api/auth/login",
            json={"password": PASSWORD, "remember": True},
            headers={"Origin": self.server.base},
            timeout=20,
        )
        answer.raise_for_status()
        base = self.server.base
        return [{"name": n, "value": v, "url": base} for n, v in answer.cookies.items()]

    def context(self, browser: Browser, locale: str = "en-US") -> BrowserContext:
        """A browser of its own, logged in."""
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
        context.add_cookies(self.cookies)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        return context

    def open(self, page: Page, path: str = PLACE) -> None:
        """The page at work on its stream."""
        page.goto(self.server.base + path)
        page.locator("body[data-ready]").wait_for()
        expect(page.locator("[data-status='via']")).to_have_text("live", timeout=20_000)
        expect(page.get_by_test_id("last-price")).to_contain_text(".")

    def calibrate(self, page: Page) -> None:
        """How far the page's clock is from ours."""
        found = []
        for _ in range(15):
            before = time.time() * 1000
            there = page.evaluate(NOW)
            after = time.time() * 1000
            found.append((after - before, there - (before + after) / 2))
        self.skew_ms = min(found)[1]

    def call(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        key: tuple[str, str] = (KEY, SECRET),
    ) -> Any:
        """A signed REST call of the other client, or of another account."""
        raw = b"" if body is None else json.dumps(body).encode()
        stamp = str(time.time())
        sign = sign_rest(key[1], method, f"/api/v4{path}", query, raw, stamp)
        answer = requests.request(
            method,
            f"{self.paper.rest}{path}" + (f"?{query}" if query else ""),
            data=raw,
            headers={"KEY": key[0], "SIGN": sign, "Timestamp": stamp,
                     "Content-Type": "application/json"},
            timeout=20,
        )  # fmt: skip
        assert answer.ok, answer.text
        return answer.json()

    def place(self, price: str) -> str:
        """The other client's limit order of one contract."""
        order = {"contract": "BTC_USDT", "size": 1, "price": price, "tif": "gtc"}
        return str(self.call("POST", "/futures/usdt/orders", body=order)["id"])

    def trade_of_another(self, size: int) -> None:
        """Another account buys so many contracts at the market."""
        order = {"contract": "BTC_USDT", "size": size, "price": "0", "tif": "ioc"}
        self.call("POST", "/futures/usdt/orders", body=order, key=OTHER)

    def clean_up(self) -> None:
        """No order of the account rests any more."""
        self.call("DELETE", "/futures/usdt/orders", "contract=BTC_USDT")

    def delay(self, page: Page, watch: list[Any], act: Any) -> float:
        """Milliseconds from the beginning of `act` until the page shows what is looked for."""
        page.evaluate(WATCH, watch)
        began = time.time() * 1000
        act()
        deadline = time.monotonic() + 10
        while (seen := page.evaluate("() => window.seenAt")) is None:
            assert time.monotonic() < deadline, f"never on the screen: {watch}"
            page.wait_for_timeout(5)
        return float(seen) - self.skew_ms - began

    def order_delays(self, page: Page, count: int) -> list[float]:
        """From the other client's request to the row on the screen."""
        page.get_by_test_id("panel-orders").click()
        found = []
        for number in range(count):
            price = f"{56_000 + number}.0"
            row = ["[data-testid='orders'] tbody", "text", f"{float(price):,.1f}"]
            found.append(self.delay(page, row, lambda price=price: self.place(price)))
            if number % 10 == 9:
                self.clean_up()
        return found

    def price_delays(self, page: Page, count: int) -> list[float]:
        """From the control call that moves the market to the last price on the screen."""
        found = []
        for number in range(count):
            price = 60_000 if number % 2 else 63_000
            look = ["[data-testid='last-price']", "number", price]
            move = lambda price=price: self.paper.set_price("futures", "BTC_USDT", str(price))  # noqa: E731
            found.append(self.delay(page, look, move))
            page.wait_for_timeout(150)
        return found

    def print_delays(self, page: Page, count: int) -> list[float]:
        """From another account's order at the market to its print in the tape."""
        found: list[float] = []
        tape = page.get_by_test_id("tape")
        for size in range(101, 10 * count):
            coins = f"{size / 10_000:.4f}".rstrip("0")
            if coins in (tape.text_content() or ""):
                continue  # somebody else's print, or a part of one
            look = ["[data-testid='tape']", "text", coins]
            found.append(self.delay(page, look, lambda size=size: self.trade_of_another(size)))
            if len(found) == count:
                break
        return found

    def wait_for_seats(self, free: int) -> None:
        """Until the server would give this session so many more streams, at most ten seconds."""
        deadline = time.monotonic() + 10
        while (found := self._free_seats()) != free:
            assert time.monotonic() < deadline, f"{found} seats are free, not {free}"
            time.sleep(0.5)

    def _free_seats(self) -> int:
        opened: list[requests.Response] = []
        headers = {"Accept": TYPE, "Cookie": "; ".join(f"{c['name']}={c['value']}"
                   for c in self.cookies)}  # fmt: skip
        while True:
            answer = requests.get(
                f"{self.server.base}/api/events?topics=server",
                headers=headers, stream=True, timeout=20,
            )  # fmt: skip
            opened.append(answer)
            if answer.status_code != 200:
                break
        for answer in opened:
            answer.close()
        return len(opened) - 1

    def close(self) -> None:
        self.server.stop()
        self.paper.close()


def shown(name: str, delays: list[float]) -> str:
    """One line: median, 95th percentile, worst."""
    ordered = sorted(delays)
    tail = ordered[int(len(ordered) * 0.95)]
    return (
        f"{name:<34} p50 {statistics.median(ordered):6.0f}   p95 {tail:6.0f}   "
        f"max {ordered[-1]:6.0f} ms   n {len(ordered)}"
    )
