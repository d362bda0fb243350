"""The app on real stores and a real desk, and browsers that visit it."""

from __future__ import annotations

import json as jsonlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from mtrade.store.access import Access
from mtrade.store.settings import SettingStore
from mtrade.trading.desk import Desk
from mtrade.web.app import create_app
from tests.clocks import FakeClock
from tests.web.desk import real_desk
from tests.web.fakes import Control, Net, Rows

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "http://127.0.0.1:5000"
PASSWORD = "violet-teapot-on-the-roof"
LOOPBACK, PHONE = "127.0.0.1", "192.168.1.20"


@dataclass
class Site:
    """A server with its password set."""

    folder: Path
    stack: ExitStack
    with_password: bool = True
    clock: FakeClock = field(default_factory=FakeClock)
    audit: Rows = field(default_factory=Rows)
    control: Control = field(default_factory=Control)

    def __post_init__(self) -> None:
        self.access = Access(self.folder / "access.db", self.folder / "setup_code.txt")
        self.stack.callback(self.access.close)
        self.settings = SettingStore(self.folder / "desk.db")
        self.stack.callback(self.settings.close)
        self.desk: Desk
        self.net: Net
        self.desk, self.net = real_desk(self.stack, self.folder, self.clock)
        if self.with_password:
            self.access.set_password(PASSWORD)
        self.app: Flask = create_app(
            desk=self.desk,
            access=self.access,
            audit=self.audit,
            settings=self.settings,
            control=self.control,  # type: ignore[arg-type]
            clock=self.clock,
            root=ROOT,
            allowed_hosts=["desk.example"],
            database_bytes=lambda: 123,
        )

    @property
    def account(self) -> str:
        return self.desk.accounts.list()[0].id

    def stranger(self, **changes: Any) -> Browser:
        return Browser(self, **changes)

    def browser(self, role: str = "owner", *, elevated: bool = False, **changes: Any) -> Browser:
        """A signed-in browser of that role."""
        browser = Browser(self, **changes)
        secret, _ = self.access.open_session(
            role=role, device="test", address=browser.address, remember=False,
            now_ms=self.clock.now_ms(),
        )  # fmt: skip
        if elevated:
            secret, _ = self.access.elevate(
                secret, PASSWORD, address=browser.address, now_ms=self.clock.now_ms()
            )
        browser.take(secret)
        return browser

    def script(self, role: str) -> Browser:
        """A script with an API token: no cookie, no Origin."""
        name = f"script {role} {self.clock.now_ms()} {len(self.access.tokens.list())}"
        token, _ = self.access.tokens.add(name, role, now_ms=self.clock.now_ms())
        return Browser(self, headers={"Authorization": f"Bearer {token}"}, origin=None)


@dataclass
class Browser:
    """Sends what a browser would: cookie, CSRF token, Origin, JSON."""

    site: Site
    address: str = LOOPBACK
    scheme: str = "http"
    host: str = "127.0.0.1:5000"
    origin: str | None = ORIGIN
    headers: dict[str, str] = field(default_factory=dict)
    secret: str = ""

    def take(self, secret: str) -> None:
        """Keep a session cookie and learn its CSRF token."""
        self.secret = secret
        self.headers["Cookie"] = f"mt_s_5000={secret}"
        self.headers["X-CSRF-Token"] = self.get("/api/auth/session").json["csrf"]

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, **changes: Any) -> TestResponse:
        return self.send("POST", path, body if body is not None else {}, **changes)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Any = None,
        headers: dict[str, str | None] | None = None,
        data: bytes | None = None,
        address: str | None = None,
    ) -> TestResponse:
        """One request. `headers` change or (None) remove those a browser would send."""
        sent: dict[str, str | None] = {"Host": self.host, **self.headers}
        if method in ("POST", "PATCH", "DELETE"):
            sent |= {"Content-Type": "application/json", "Origin": self.origin}
            data = jsonlib.dumps(body or {}).encode() if data is None else data
        sent |= headers or {}
        client = self.site.app.test_client(use_cookies=False)
        return client.open(
            path,
            method=method,
            base_url=f"{self.scheme}://127.0.0.1:5000",
            query_string=query,
            data=data,
            headers={name: value for name, value in sent.items() if value is not None},
            environ_overrides={"REMOTE_ADDR": address or self.address},
        )


def error_of(response: TestResponse) -> dict[str, Any]:
    """The error of a failure, after checking its shape."""
    body = response.get_json()
    assert set(body) == {"error"}, body
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "fields", "params", "label", "raw", "retry_after"}
    assert error["code"]
    assert error["message"]
    assert isinstance(error["fields"], dict)
    return error
