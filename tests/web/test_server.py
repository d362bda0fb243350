"""Status, restart and stop, mode, view state."""

from __future__ import annotations

from mtrade.domain.instruments import Market
from mtrade.domain.orders import OrderSocket
from tests.web.site import Site, error_of

REDUCED = {"app": "mtrade", "ok": True, "setup": False, "instance": "0123abcd"}


def test_a_stranger_learns_only_that_it_is_alive(site: Site) -> None:
    stranger = site.stranger()
    assert stranger.get("/api/health").json == {"ok": True}
    assert stranger.get("/api/server/status").json == REDUCED
    bad = stranger.send("GET", "/api/server/status", headers={"Cookie": "mt_s_5000=" + "a" * 43})
    assert bad.json == REDUCED


def test_the_status_is_whole_and_the_nonce_is_the_owners(site: Site) -> None:
    shown = site.browser("trader").get("/api/server/status").json
    assert shown | REDUCED == shown
    assert (shown["pid"], shown["version"], shown["db_bytes"]) == (4242, "1.2.3", 123)
    assert shown["mode"] == "normal"
    assert shown["active_account"] == site.account
    assert shown["health"] == {"ok": True, "problems": []}
    assert shown["addresses"][0] == {"url": "http://127.0.0.1:5000", "adapter": ""}
    line = shown["networks"][0]
    assert (line["network"], line["host"], line["accounts"]) == ("paper", "paper.example", 1)
    assert "nonce" not in shown
    owner = site.browser().get("/api/server/status").json
    assert owner["nonce"] == site.control.nonce
    assert owner["home"] == "home"


def test_the_status_tells_of_the_trading_sockets(site: Site) -> None:
    socket = OrderSocket(
        market=Market.FUTURES, settle="usdt", ready=True, ack_ms=3, round_trip_ms=None
    )
    site.desk.accounts.line(site.account).sockets = (socket,)  # type: ignore[attr-defined]
    shown = site.browser("viewer").get("/api/server/status").json
    assert shown["order_sockets"] == [
        {"account": site.account, "market": "futures", "settle": "usdt", "ready": True,
         "ack_ms": 3, "round_trip_ms": None}
    ]  # fmt: skip


def test_restart_and_stop_need_the_nonce_of_this_run(site: Site) -> None:
    owner = site.browser(elevated=True)
    wrong = owner.post("/api/server/restart", {"confirm": "another-run"})
    assert (wrong.status_code, list(error_of(wrong)["fields"])) == (400, ["confirm"])
    assert site.control.asked == []
    body = {"confirm": site.control.nonce}
    assert owner.post("/api/server/restart", body).status_code == 202
    assert owner.post("/api/server/shutdown", body).status_code == 202
    assert [word.split()[0] for word in site.control.asked] == ["restart", "stop"]
    assert site.audit.acts()[-2:] == ["server.restart", "server.shutdown"]


def test_a_stopping_server_is_not_stopped_twice(site: Site) -> None:
    site.control.stopping = True
    body = {"confirm": site.control.nonce}
    response = site.browser(elevated=True).post("/api/server/shutdown", body)
    assert (response.status_code, error_of(response)["code"]) == (409, "stopping")


def test_restarts_are_few(site: Site) -> None:
    owner = site.browser(elevated=True)
    codes = [owner.post("/api/server/restart", {"confirm": "x"}).status_code for _ in range(4)]
    assert codes == [400, 400, 400, 429]


def test_ping_tells_the_servers_time(site: Site) -> None:
    assert site.browser("viewer").get("/api/ping").json == {"now_ms": site.clock.now_ms()}


def test_the_mode_is_switched_honestly(site: Site) -> None:
    trader = site.browser("trader")
    assert trader.get("/api/mode").json == {"mode": "normal", "links": 0, "message": ""}
    copy = trader.post("/api/mode", {"mode": "copy"}).json
    assert (copy["mode"], copy["links"]) == ("copy", 0)
    assert copy["message"]
    assert site.browser("viewer").get("/api/mode").json == copy


def test_view_state_is_merged_by_key_and_given_back_as_it_was(site: Site) -> None:
    desktop, phone = site.browser("viewer"), site.browser("viewer")
    state = {"theme": "dark", "split": 0.4, "tickets": {"BTC": {"size": "0.1", "n": 3}}}
    first = desktop.send("PATCH", "/api/ui/state", {"changes": state}).json
    assert first["state"] == state
    second = phone.send("PATCH", "/api/ui/state", {"changes": {"theme": None, "x": [1.5]}}).json
    assert second["version"] > first["version"]
    assert desktop.get("/api/ui/state").json["state"] == {
        "split": 0.4, "tickets": state["tickets"], "x": [1.5],
    }  # fmt: skip


def test_view_state_has_a_size(site: Site) -> None:
    huge = {"changes": {"a": "x" * 70_000}}
    response = site.browser("viewer").send("PATCH", "/api/ui/state", huge)
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_request")
