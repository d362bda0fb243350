"""The calls about copying: shapes, roles, arming, brakes, the feed as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal as D
from typing import Any
from unittest.mock import ANY

import pytest

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.ladder import Rung
from mtrade.domain.copying.model import LinkState
from mtrade.domain.copying.params import RULES
from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.trading.copying.views import Sizing
from mtrade.trading.live.topics import CopyTopic
from mtrade.web.event_data import EventData
from tests.web.copying import BTC, ORDER, FakeCopying, event
from tests.web.site import PHONE, Site, error_of

ON = {"state": "on", "confirm": True}


@pytest.fixture
def copying(site: Site) -> FakeCopying:
    found = site.desk.copying
    assert isinstance(found, FakeCopying)
    return found


def shown(site: Site, lang: str = "en") -> Any:
    return site.browser("viewer", headers={"Accept-Language": lang}).get("/api/copy").json


def test_an_empty_desk_is_told_as_empty(site: Site) -> None:
    assert shown(site) == {
        "mode": "normal", "newest": 0, "brakes": [], "links": [], "sync": [], "alerts": [],
    }  # fmt: skip


def test_a_desk_that_cannot_copy_says_so_and_its_page_still_works(site: Site) -> None:
    object.__setattr__(site.desk, "copying", None)
    assert shown(site)["links"] == []
    refused = site.browser().post("/api/copy/pause", {"scope": "all"})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "copying_unavailable")
    assert site.browser().post("/api/mode", {"mode": "copy"}).json["mode"] == "copy"


def test_the_overview_holds_links_contracts_and_alarms(site: Site, copying: FakeCopying) -> None:
    copying.add(LinkState.ON, name="half")
    copying.why = Reason(Code.PRICE_RAN, {"bps": "42", "limit": "30"})
    copying.feed = (event(4, Act.SKIPPED, Code.DENIED), event(5, Act.ALERT, Code.HOLD))
    found = shown(site)
    [link], [row], [alarm] = found["links"], found["sync"], found["alerts"]
    assert found["newest"] == 5
    assert link["leader"] == {"id": "paper:10001", "name": "Main"}
    assert (link["state"], link["gap_bps"], link["lag_ms"], link["pnl"]) == (
        "on", "0.6", "12", "1.5",
    )  # fmt: skip
    assert "params" not in link
    assert site.browser("viewer").get("/api/copy/links/1").json == {
        **shown(site, "ru")["links"][0], "params": ANY,
    }  # fmt: skip
    assert link["counts"] == {"seen": 0, "copied": 0, "clipped": 0, "skipped": 2, "failed": 0}
    assert (row["target"], row["owned"], row["drift"], row["k"]) == ("3", "0", "3", "0.33333333")
    assert row["reason"]["text"] == "the price ran 42 bps, the limit is 30"
    assert row["pending"] is None
    assert alarm["id"] == "5"
    assert "42 б.п." in shown(site, "ru")["sync"][0]["reason"]["text"]


def test_a_new_link_watches(site: Site, copying: FakeCopying) -> None:
    body = {"leader": site.account, "follower": site.account, "params": {"multiplier": "0.5"}}
    refused = site.browser("trader").post("/api/copy/links", body)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "copy_self")
    second = site.desk.accounts.open_paper("Second").id
    made = site.browser("trader").post("/api/copy/links", {**body, "follower": second})
    assert (made.status_code, made.json["state"]) == (201, "shadow")
    assert site.audit.acts()[-1] == "copy.link.add"
    assert copying.asked[-1][0] == "create"


def test_wrong_parameters_are_named_as_the_body_names_them(
    site: Site, copying: FakeCopying
) -> None:
    copying.add()
    params = {"multiplier": "many", "size_mode": "huge", "speed": "1"}
    body = {"version": 1, "params": params}
    error = error_of(site.browser("trader").send("PATCH", "/api/copy/links/1", body))
    assert set(error["fields"]) == {"params.multiplier", "params.size_mode", "speed"}


def test_a_change_of_an_older_version_is_refused(site: Site, copying: FakeCopying) -> None:
    copying.add()
    trader = site.browser("trader")
    body = {"version": 1, "name": "Anna"}
    assert trader.send("PATCH", "/api/copy/links/1", body).json["name"] == "Anna"
    refused = trader.send("PATCH", "/api/copy/links/1", body)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "copy_version")


@pytest.mark.parametrize("state", [LinkState.OFF, LinkState.SHADOW, LinkState.TRIPPED])
def test_arming_needs_the_orders_that_were_seen(
    site: Site, copying: FakeCopying, state: LinkState
) -> None:
    copying.add(state)
    trader = site.browser("trader")
    where = "/api/copy/links/1/state"
    for body in ({"state": "on"}, ON, {**ON, "preview_hash": "0" * 16}):
        refused = trader.post(where, body)
        assert (refused.status_code, error_of(refused)["code"]) == (409, "confirm_needed")
    seen = trader.get("/api/copy/links/1/preview").json
    assert seen["rows"][0]["order"]["size"] == "3"
    copying.order = replace(ORDER, size=D(4))
    assert trader.post(where, {**ON, "preview_hash": seen["hash"]}).status_code == 409
    copying.order = replace(ORDER, price=D(61000))
    armed = trader.post(where, {**ON, "preview_hash": seen["hash"]})
    assert armed.json["state"] == "on"
    assert copying.asked == [("state", 1, LinkState.ON, True)]


def test_pausing_and_hands_off_need_no_confirmation(site: Site, copying: FakeCopying) -> None:
    copying.add(LinkState.ON)
    trader = site.browser("trader", address=PHONE)
    for state in ("close_only", "hands_off"):
        answer = trader.post("/api/copy/links/1/state", {"state": state})
        assert answer.json["state"] == state
    assert error_of(trader.post("/api/copy/links/1/state", {"state": "tripped"}))["fields"]


def test_real_money_needs_the_name_and_the_password(site: Site, copying: FakeCopying) -> None:
    copying.add(follower_id="live:1")
    where = "/api/copy/links/1/state"
    trader = site.browser("trader")
    body = {**ON, "preview_hash": trader.get("/api/copy/links/1/preview").json["hash"]}
    unnamed = error_of(trader.post(where, body))
    assert (unnamed["code"], list(unnamed["fields"])) == ("phrase_differs", ["phrase"])
    named = {**body, "phrase": "Second"}
    refused = trader.post(where, named)
    assert (refused.status_code, error_of(refused)["code"]) == (403, "elevation_required")
    assert site.browser("trader", elevated=True).post(where, named).json["state"] == "on"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/copy/pause", {"scope": "link:1"}),
        ("/api/copy/halt", {"scope": "all"}),
        ("/api/copy/flatten", {"scope": "paper:10001", "then": "halt"}),
    ],
)
def test_brakes_work_without_an_audit_row_but_not_for_viewers(
    site: Site, copying: FakeCopying, path: str, body: dict[str, Any]
) -> None:
    copying.add(LinkState.ON)
    site.audit.fault = StoreError("the disk is full")
    assert site.browser("viewer").post(path, body).status_code == 403
    assert site.browser("trader").post(path, body).status_code == 200
    loosening = site.browser("trader").post("/api/copy/resume", {"scope": "all"})
    assert loosening.status_code == 503


def test_brakes_are_never_limited(site: Site) -> None:
    trader = site.browser("trader")
    codes = {trader.post("/api/copy/pause", {"scope": "all"}).status_code for _ in range(80)}
    assert codes == {200}


def test_a_halt_is_shown_until_it_is_lifted(site: Site) -> None:
    trader = site.browser("trader")
    [brake] = trader.post("/api/copy/halt", {"scope": "all"}).json["items"]
    assert (brake["scope"], brake["state"]) == ("all", "halt")
    assert brake["actor"].startswith("session:")
    assert shown(site)["brakes"] == [brake]
    assert trader.post("/api/copy/release", {"scope": "all"}).json["items"] == []


@pytest.mark.parametrize("scope", ["link:9", "live:404"])
def test_a_scope_that_does_not_exist_is_not_found(site: Site, scope: str) -> None:
    for act in ("pause", "flatten"):
        assert site.browser("trader").post(f"/api/copy/{act}", {"scope": scope}).status_code == 404
    halted = site.browser("trader").post("/api/copy/halt", {"scope": "link:1"})
    assert error_of(halted)["code"] == "unknown_account"


def test_a_contract_is_acted_on(site: Site, copying: FakeCopying) -> None:
    copying.add(LinkState.ON)
    trader = site.browser("trader")
    body = {"instrument": "BTC_USDT", "side": "single", "action": "fix"}
    assert trader.post("/api/copy/links/1/actions", body).json["instrument"] == "BTC_USDT"
    unknown = trader.post("/api/copy/links/1/actions", {**body, "instrument": "ETH_USDT"})
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "unknown_leg")
    assert "action" in error_of(
        trader.post("/api/copy/links/1/actions", {**body, "action": "double"})
    )["fields"]  # fmt: skip


def test_unfollowing_always_says_how(site: Site, copying: FakeCopying) -> None:
    copying.add()
    trader = site.browser("trader")
    assert "how" in error_of(trader.send("DELETE", "/api/copy/links/1"))["fields"]
    gone = trader.send("DELETE", "/api/copy/links/1", query={"how": "wind_down"})
    assert gone.status_code == 204
    assert copying.asked == [("remove", 1, OnUnfollow.WIND_DOWN)]


def test_the_feed_is_paged_and_filtered(site: Site, copying: FakeCopying) -> None:
    copying.feed = tuple(event(n, Act.SKIPPED if n % 2 else Act.COPIED) for n in range(1, 7))
    viewer = site.browser("viewer")
    first = viewer.get("/api/copy/events", limit="4").json
    assert [row["id"] for row in first["items"]] == ["6", "5", "4", "3"]
    rest = viewer.get("/api/copy/events", limit="4", before=first["next"]).json
    assert ([row["id"] for row in rest["items"]], rest["next"]) == (["2", "1"], None)
    odd = viewer.get("/api/copy/events", act="skipped").json["items"]
    assert [row["id"] for row in odd] == ["5", "3", "1"]


def test_the_feed_as_a_spreadsheet_runs_no_formula(site: Site, copying: FakeCopying) -> None:
    copying.add()
    copying.feed = (event(1, Act.FAILED, Code.REFUSED, label="=HYPERLINK(1)"), event(2))
    answer = site.browser("viewer").get("/api/copy/events", format="csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "mtrade-copying.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["id"] for row in rows] == ["2", "1"]
    assert rows[1]["time_utc"] == "2023-11-14T22:13:20.001"
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    copying.feed = (event(1, Act.STATE, before="=1+1", after="x"),)
    told = site.browser("viewer").get("/api/copy/events", format="csv").text
    assert "'=1+1" in told


def test_a_preview_tells_the_size_in_real_numbers(site: Site, copying: FakeCopying) -> None:
    copying.add()
    viewer = site.browser("viewer", headers={"Accept-Language": "en"})
    assert viewer.get("/api/copy/links/1/preview").json["sizing"] is None
    cap = Reason(Code.CAP_ORDER, {"allowed": "5107", "wanted": "30000"})
    rungs = (
        Rung(leader=D(100), leader_value=D(1000), follower=D(3), follower_value=D("250.004")),
        Rung(leader=D(9), leader_value=D(2), follower=D(0), follower_value=D(0), reason=cap),
    )
    copying.sizing = Sizing(
        instrument=BTC, coin="BTC", coins=D("0.0001"), leader_equity=D(10_000),
        follower_equity=D(2_500), free_margin=D(900), rungs=rungs[:1],
    )  # fmt: skip
    found = viewer.get("/api/copy/links/1/preview").json["sizing"]
    assert found["text"] == ("leader opens 1,000 USDT → this follower opens 250 USDT = 3 cont.")
    assert (found["steps"][0]["leader_coins"], found["steps"][0]["text"]) == ("0.01", "")
    copying.sizing = replace(copying.sizing, coins=None, rungs=rungs)
    last = viewer.get("/api/copy/links/1/preview").json["sizing"]["steps"][-1]
    assert last["leader_coins"] is None
    assert last["text"] == "clipped to 5,107 of 30,000 USDT: cap of one order"
    copying.sizing = replace(copying.sizing, rungs=())
    assert viewer.get("/api/copy/links/1/preview").json["sizing"]["text"] == ""


def test_the_parameters_carry_their_words(site: Site) -> None:
    viewer = site.browser("viewer", headers={"Accept-Language": "ru"})
    found = viewer.get("/api/copy/parameters").json
    assert [item["name"] for item in found["items"]] == list(RULES)
    rows = {item["name"]: item for item in found["items"]}
    assert rows["multiplier"] == {
        "name": "multiplier", "group": "size", "kind": "number", "default": "1", "low": "0.01",
        "high": "100", "unit": "", "unit_label": "", "optional": False, "choices": None,
        "label": "Множитель", "help": rows["multiplier"]["help"],
    }  # fmt: skip
    assert (rows["max_order"]["default"], rows["daily_loss"]["default"]) == ("100%", "5%")
    assert rows["exit_steps_bps"]["default"] == ["30", "100", "300"]
    assert rows["inverse"]["default"] is False
    assert rows["max_position"]["default"] is None
    assert {"value": "bump", "label": "открыть минимум"} in rows["below_min"]["choices"]


def test_a_ticket_shows_what_each_follower_will_do(site: Site, copying: FakeCopying) -> None:
    copying.add(LinkState.ON)
    query = {"instrument": "BTC_USDT", "side": "sell", "size": "12"}
    [row] = site.browser("viewer").get("/api/copy/ticket", **query).json["items"]
    assert (row["follower"], row["order"]["side"], row["order"]["size"]) == ("Second", "sell", "3")


def test_leaving_copy_mode_with_positions_asks(site: Site, copying: FakeCopying) -> None:
    trader = site.browser("trader")
    assert trader.post("/api/mode", {"mode": "copy"}).json["mode"] == "copy"
    copying.add(LinkState.ON)
    copying.held = D(3)
    refused = trader.post("/api/mode", {"mode": "normal"})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "copied_positions")
    left = trader.post("/api/mode", {"mode": "normal", "positions": "wind_down"})
    assert (left.json["mode"], left.json["links"]) == ("normal", 1)
    assert copying.modes[-1] == ("normal", OnUnfollow.WIND_DOWN)
    wrong = trader.post("/api/mode", {"mode": "copy", "positions": "keep"})
    assert "positions" in error_of(wrong)["fields"]


def test_the_stream_tells_the_same_in_the_language_asked_for(
    site: Site, copying: FakeCopying
) -> None:
    copying.add(LinkState.ON)
    copying.why = Reason(Code.SHADOW)
    told = {}
    for language in ("ru", "en"):
        [text] = EventData(site.app.extensions["mtrade"])(CopyTopic(language))
        told[language] = json.loads(text)
    assert told["en"].pop("topic") == "copy:en"
    assert told["en"] == shown(site)
    assert told["ru"]["sync"][0]["reason"]["text"].startswith("наблюдение")
