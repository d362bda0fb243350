"""The order of checks: host, origin, method, type, rate, credentials, token, role, elevation."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import ConfigError, StoreError
from mtrade.web import app as web_app
from mtrade.web.ports import Role
from mtrade.web.route import CHANGES, PATH_FORMS, Elevation, Route
from mtrade.web.routes import ROUTES
from tests.web.site import PHONE, Browser, Site, error_of

SAMPLES = {
    "order_id": "77", "trigger_id": "900", "session_id": "abcd", "account_id": "paper:1",
    "intent_id": "1",
    "link_id": "1",
}  # fmt: skip
CLOSED = [route for route in ROUTES if route.role is not None]
PUBLIC = {"/api/health", "/api/setup", "/api/auth/login", "/api/server/status"}


def address_of(route: Route) -> str:
    return route.path.format(**SAMPLES)


def call(browser: Browser, route: Route, **changes: object) -> int:
    return browser.send(route.method, address_of(route), **changes).status_code  # type: ignore[arg-type]


def test_the_public_routes_are_exactly_these() -> None:
    assert {route.path for route in ROUTES if route.role is None} == PUBLIC
    assert set(SAMPLES) == set(PATH_FORMS)


def test_the_app_serves_exactly_the_table(site: Site) -> None:
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if rule.rule.startswith("/api/")
    }
    assert served == {(route.method, route.path) for route in ROUTES}


def test_a_route_outside_the_table_stops_the_start(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_unguarded(app: object) -> None:
        app.add_url_rule("/api/extra", view_func=lambda: "data")  # type: ignore[attr-defined]

    monkeypatch.setattr(web_app.errors, "install", add_unguarded)
    with pytest.raises(ConfigError, match="/api/extra"):
        web_app.build(site.app.extensions["mtrade"])


def test_a_stranger_gets_nothing(site: Site) -> None:
    stranger = site.stranger()
    for route in CLOSED:
        response = stranger.send(route.method, address_of(route))
        assert response.status_code == 401, route.endpoint
        assert error_of(response)["code"] == "login_required"


def test_unknown_addresses_are_closed_to_strangers(site: Site) -> None:
    assert site.stranger().get("/api/nothing").status_code == 401
    response = site.browser().get("/api/nothing")
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_exactly_what_the_table_says(site: Site, role: Role) -> None:
    for route in CLOSED:
        assert route.role is not None
        # A broken body stops an admitted call before it acts (a signed-in browser may log out).
        browser = site.browser(role)
        response = browser.send(route.method, address_of(route), data=b"{")
        refused = response.status_code == 403 and error_of(response)["code"] == "role"
        assert refused is not role.includes(route.role), (route.endpoint, response.data)


@pytest.mark.parametrize("role", list(Role))
def test_tokens_have_the_same_roles(site: Site, role: Role) -> None:
    script = site.script(role)
    for route in CLOSED:
        assert route.role is not None
        response = script.send(route.method, address_of(route), data=b"{")
        refused = response.status_code == 403 and error_of(response)["code"] == "role"
        assert refused is not role.includes(route.role), (route.endpoint, response.data)


def changing() -> list[Route]:
    return [route for route in CLOSED if route.method in CHANGES]


WRONG_HEADERS: list[tuple[dict[str, str | None], int, str]] = [
    ({"X-CSRF-Token": None}, 403, "csrf"),
    ({"X-CSRF-Token": "0" * 64}, 403, "csrf"),
    ({"X-CSRF-Token": "ключ".encode().decode("latin-1")}, 403, "csrf"),
    ({"Cookie": None}, 401, "login_required"),
    ({"Origin": None}, 403, "origin"),
    ({"Origin": "null"}, 403, "origin"),
    ({"Origin": "http://evil.example"}, 403, "origin"),
    ({"Origin": "http://127.0.0.1:5001"}, 403, "origin"),
    ({"Origin": "https://127.0.0.1:5000"}, 403, "origin"),
    ({"Origin": "http://127.0.0.1:5000.evil.example"}, 403, "origin"),
    ({"Sec-Fetch-Site": "cross-site"}, 403, "fetch_site"),
    ({"Sec-Fetch-Site": "same-site"}, 403, "fetch_site"),
    ({"Content-Type": None}, 415, "not_json"),
    ({"Content-Type": "text/plain"}, 415, "not_json"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "not_json"),
    ({"Authorization": "Bearer mt_" + "a" * 43}, 401, "two_credentials"),
]


@pytest.mark.parametrize(("headers", "status", "code"), WRONG_HEADERS)
def test_a_change_needs_every_proof(
    site: Site, headers: dict[str, str | None], status: int, code: str
) -> None:
    browser = site.browser(elevated=True)
    for route in changing():
        response = browser.send(route.method, address_of(route), headers=headers)
        assert (response.status_code, error_of(response)["code"]) == (status, code), route.endpoint
    assert site.audit.rows == []


def test_the_token_of_another_session_is_worthless(site: Site) -> None:
    mine, other = site.browser(), site.browser()
    mine.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    response = mine.post("/api/mode", {"mode": "copy"})
    assert (response.status_code, error_of(response)["code"]) == (403, "csrf")


def test_two_cookies_of_our_name_are_no_login(site: Site) -> None:
    browser = site.browser()
    browser.headers["Cookie"] += "; mt_s_5000=" + "b" * 43
    assert browser.get("/api/ping").status_code == 401


def test_cookies_of_neighbours_do_not_matter(site: Site) -> None:
    browser = site.browser()
    browser.headers["Cookie"] = "mt_s_5001=x; other=1; " + browser.headers["Cookie"]
    assert browser.get("/api/ping").status_code == 200


@pytest.mark.parametrize("value", ["", "short", "a" * 43, "a" * 5000, "ж" * 43, "'; DROP TABLE"])
def test_made_up_credentials_are_refused(site: Site, value: str) -> None:
    wire = value.encode().decode("latin-1")
    stranger = site.stranger()
    for headers in ({"Cookie": f"mt_s_5000={wire}"}, {"Authorization": f"Bearer {wire}"},
                    {"Authorization": f"Bearer mt_{wire}"}, {"Authorization": wire}):  # fmt: skip
        assert stranger.send("GET", "/api/ping", headers=headers).status_code == 401


def test_a_token_in_the_query_is_no_login(site: Site) -> None:
    token = site.script("owner").headers["Authorization"].removeprefix("Bearer ")
    assert site.stranger().get("/api/ping", token=token, access_token=token).status_code == 401


def test_a_script_needs_no_origin_but_a_foreign_one_is_refused(site: Site) -> None:
    script = site.script("trader")
    assert script.post("/api/mode", {"mode": "normal"}).status_code == 200
    wrong = script.send("POST", "/api/mode", {}, headers={"Origin": "http://evil.example"})
    assert wrong.status_code == 403


def test_sessions_end(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/api/ping").status_code == 200
    site.clock.advance(13 * 3600)
    response = browser.get("/api/ping")
    assert (response.status_code, error_of(response)["code"]) == (401, "session_ended")


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_not_served(site: Site, method: str) -> None:
    response = site.browser().send(method, "/api/accounts")
    assert response.status_code == 405
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)


def test_a_page_may_be_opened_by_a_person_but_not_fetched_by_a_site(site: Site) -> None:
    browser = site.browser()
    typed = {"Sec-Fetch-Site": "none"}
    followed = {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
    }  # fmt: skip
    framed = {**followed, "Sec-Fetch-Dest": "iframe"}
    assert browser.send("GET", "/", headers=typed).status_code == 200
    assert browser.send("GET", "/", headers=followed).status_code == 200
    assert browser.send("GET", "/", headers=framed).status_code == 403
    assert browser.send("GET", "/api/ping", headers=typed).status_code == 403
    assert browser.send("GET", "/api/ping", headers=followed).status_code == 403


def elevated_routes() -> list[Route]:
    return [route for route in CLOSED if route.elevation is not Elevation.NEVER]


def test_sensitive_routes_need_the_password_again(site: Site) -> None:
    plain, script = site.browser(), site.script("owner")
    for route in elevated_routes():
        for caller in (plain, script):
            response = caller.send(route.method, address_of(route), {})
            assert error_of(response)["code"] == "elevation_required", route.endpoint
            assert response.status_code == 403
    assert {r.path for r in elevated_routes()} >= {
        "/api/server/restart", "/api/server/shutdown", "/api/accounts", "/api/accounts/test",
    }  # fmt: skip


def test_an_elevation_holds_ten_minutes_and_from_one_address(site: Site) -> None:
    browser = site.browser(elevated=True)
    body = {"confirm": site.control.nonce}
    elsewhere = browser.send("POST", "/api/server/shutdown", body, address=PHONE)
    assert error_of(elsewhere)["code"] == "elevation_required"
    site.clock.advance(10 * 60 + 1)
    late = browser.post("/api/server/shutdown", body)
    assert error_of(late)["code"] == "elevation_required"
    assert site.control.asked == []


KEY = {"network": "testnet", "name": "T", "key": "k" * 32, "secret": "s" * 64}


@pytest.mark.parametrize("path", ["/api/accounts", "/api/accounts/test"])
def test_keys_are_taken_only_here_or_encrypted(site: Site, path: str) -> None:
    phone = site.browser(elevated=True, address=PHONE)
    refused = phone.post(path, KEY)
    assert (refused.status_code, error_of(refused)["code"]) == (403, "secrets_need_tls")
    assert KEY["secret"] not in refused.text
    here = site.browser(elevated=True)
    assert error_of(here.post(path, {**KEY, "extra": 1}))["code"] == "invalid_request"


def test_a_paper_account_without_a_key_is_opened_from_anywhere(site: Site) -> None:
    phone = site.browser(address=PHONE)
    response = phone.post("/api/accounts", {"network": "paper", "name": "Second"})
    assert response.status_code == 201, response.text


def test_every_change_but_view_settings_leaves_an_audit_row(site: Site) -> None:
    silent = {route.path for route in changing() if not route.act}
    assert silent == {
        "/api/auth/elevate", "/api/ui/state", "/api/trade/preview", "/api/copy/preview",
    }  # fmt: skip
    site.browser().post("/api/mode", {"mode": "copy"})
    actor, address, act, _, detail = site.audit.rows[-1]
    assert (act, address, detail) == ("mode", "127.0.0.1", '{"mode":"copy"}')
    assert actor.startswith("session:")


def test_nothing_takes_effect_without_its_audit_row_except_what_ends_risk(site: Site) -> None:
    browser = site.browser("trader")
    site.audit.fault = StoreError("disk full")
    refused = browser.post("/api/mode", {"mode": "copy"})
    assert (refused.status_code, error_of(refused)["code"]) == (503, "store")
    assert site.desk.engine.mode() == "normal"
    body = {"market": "futures"}
    assert browser.post("/api/orders/cancel_all", body).status_code == 200
    essential = {route.path for route in ROUTES if route.essential}
    assert essential == {
        "/api/orders/{order_id}", "/api/orders/cancel_all", "/api/triggers/{trigger_id}",
        "/api/positions/close", "/api/copy/pause", "/api/copy/halt", "/api/copy/flatten",
    }  # fmt: skip


def test_audit_rows_hold_no_secret(site: Site) -> None:
    body = {name: value for name, value in KEY.items() if name != "name"}
    site.browser(elevated=True).post("/api/accounts/test", body)
    detail = site.audit.rows[-1][4]
    assert KEY["secret"] not in detail
    assert KEY["key"] not in detail
    assert "kkkk" in detail
