"""One browser and one real server for these tests; every page is watched for console messages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.browser import streams
from tests.servers import Server

# Debian's build; no sandbox inside containers, and nothing that calls home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PASSWORD = "seven grey geese over the harbour"
DESKTOP = (1440, 900)
TABLET = (820, 1180)
PHONE = (390, 844)
NARROW = (320, 640)

expect.set_options(timeout=20_000)  # on a slow machine too; what is fast is tested by its own time

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        try:
            found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            reason = f"no Chromium: {error.message.splitlines()[0]}"
            # Where everything has to be proven, a browser that is missing is a failure.
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        yield found
        found.close()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has no password yet."""
    server = Server(tmp_path_factory.mktemp("fresh"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the password set."""
    server = Server(tmp_path_factory.mktemp("desk"))
    server.start()
    body = {"code": server.setup_code(), "password": PASSWORD}
    answer = requests.post(
        f"{server.base}/api/setup", json=body, headers={"Origin": server.base}, timeout=20
    )
    assert answer.status_code == 201, answer.text
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cookies(desk: Server) -> list[dict[str, Any]]:
    """The cookie of a logged-in session."""
    answer = requests.post(
        f"{desk.base}/api/auth/login",
        json={"password": PASSWORD, "remember": True},
        headers={"Origin": desk.base},
        timeout=20,
    )
    assert answer.ok, answer.text
    return [
        {"name": name, "value": value, "url": desk.base} for name, value in answer.cookies.items()
    ]


class Watch:
    """Console messages, page errors and refused requests of one page."""

    def __init__(self, page: Page, *, refusals: bool) -> None:
        self.seen: list[str] = []
        self._refusals = refusals
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"page error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if self._refusals and message.text.startswith("Failed to load resource"):
            return
        self.seen.append(f"{message.type}: {message.text}")


@pytest.fixture
def open_page(browser: Browser, cookies: list[dict[str, Any]], desk: Server) -> Iterator[OpenPage]:
    """Opens a path of the desk; at the end no console message may have appeared.

    `refusals`: the test makes the server refuse calls, which Chromium itself writes down.
    `stream`: the server's own, or a stand-in: `refused`, or `open` for the test to speak through.
    """
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_(
        path: str,
        size: tuple[int, int] = DESKTOP,
        lang: str = "en",
        theme: Any = "dark",
        *,
        refusals: bool = False,
        stream: str = "",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="ru-RU" if lang == "ru" else "en-US",
            color_scheme=theme,
            has_touch=size[0] < 820,
        )
        context.add_cookies(cookies)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        page = context.new_page()
        opened.append((context, Watch(page, refusals=refusals)))
        if stream:
            streams.fake(page, stream)
        page.goto(desk.base + path)
        page.locator("body[data-ready]").wait_for()
        return page

    yield open_
    for context, watch in opened:
        context.close()
        assert watch.seen == []


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens an address without any session."""
    opened: list[BrowserContext] = []

    def open_(address: str) -> Page:
        context = browser.new_context(locale="en-US")
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def static_root() -> Path:
    return Path(__file__).resolve().parents[2] / "static"
