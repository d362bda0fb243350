"""The bad-input sweep once more, against the whole server: real stores and the paper exchange."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtrade.bootstrap import build
from mtrade.config.settings import load
from mtrade.store import passwords
from mtrade.web import buckets
from mtrade.web.route import Route
from tests.web.fakes import Control
from tests.web.samples import SAMPLES, address, fields_of, spoiled
from tests.web.site import PASSWORD, Browser, error_of
from tests.web.test_bad_input import NEVER_RIGHT, WITH_FORM

pytestmark = pytest.mark.full

# Right somewhere: numbers at the edges, words of other fields, instruments of other markets.
PLAUSIBLE = [
    "0", "-1", "1", "0.1", "99999999", "1000000000000000", "0.000000000001", "NOPE_USDT",
    "BTC_USD", "ETH_BTC", "spot", "futures", "btc", "dual_long", "quote", "base", "margin",
    "percent", "fok", "poc", "cross", "market", "limit", "paper:1",
]  # fmt: skip
ROUTES = [r for r in WITH_FORM if not r.path.startswith(("/api/auth", "/api/server", "/api/setup"))]


class Server:
    """What a Browser needs to know of a site."""

    def __init__(self, app: Any) -> None:
        context = app.extensions["mtrade"]
        self.app, self.access, self.clock = app, context.access, context.clock
        self.account = context.desk.accounts.list()[0].id


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    home = tmp_path_factory.mktemp("home")
    key = tmp_path_factory.mktemp("key") / "machine.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "RATES", {})
        patch.setattr(passwords, "_MEMORY_KIB", 64)
        environ = {"MTRADE_KEY_FILE": str(key), "MTRADE_PAPER_PRICES": "synthetic"}
        settings = load({"home": str(home)}, environ=environ)
        with build(settings, Control(home=Path(home))) as app:  # type: ignore[arg-type]
            yield signed_in(Server(app))


def signed_in(server: Server) -> Browser:
    now = server.clock.now_ms()
    server.access.set_password(PASSWORD)
    browser = Browser(server)  # type: ignore[arg-type]
    secret, _ = server.access.open_session(
        role="owner", device="", address=browser.address, remember=False, now_ms=now
    )
    secret, _ = server.access.elevate(secret, PASSWORD, address=browser.address, now_ms=now)
    browser.take(secret)
    return browser


@pytest.mark.parametrize("route", ROUTES, ids=[r.endpoint for r in ROUTES])
def test_no_value_makes_the_server_fail(owner: Browser, route: Route) -> None:
    sample = SAMPLES[route.endpoint]
    where = address(owner.site, route)
    for number, (path, value) in enumerate((p, v) for p in fields_of(sample) for v in values()):
        if route.reads_query and (not isinstance(value, str) or value == "\ud800"):
            continue
        body = spoiled(sample, path, value)
        if "request_id" in body and path != ("request_id",):
            body["request_id"] = f"sweep-{number:06d}"
        if body.get("network") == "testnet":
            body["network"] = "paper"  # a test never leaves this computer
        response = (
            owner.send(route.method, where, query=body)
            if route.reads_query
            else owner.send(route.method, where, body)
        )
        assert response.status_code < 500, (path, value, response.text)
        if response.status_code >= 400:
            error_of(response)


def values() -> list[Any]:
    return [*NEVER_RIGHT, *PLAUSIBLE]


def test_the_server_is_whole_afterwards(owner: Browser) -> None:
    assert owner.get("/api/server/status").json["health"] == {"ok": True, "problems": []}
