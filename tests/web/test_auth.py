"""First password, login, elevation, sessions."""

from __future__ import annotations

import re

import pytest

from mtrade.domain.errors import StoreError
from tests.web.site import PASSWORD, PHONE, Browser, Site, error_of

NEW = "quiet-orange-lantern-9"


def cookie_of(response: object) -> str:
    match = re.match(r"mt_s_5000=([A-Za-z0-9_-]+);", response.headers["Set-Cookie"])  # type: ignore[attr-defined]
    assert match is not None
    return match[1]


def signed_in(site: Site, password: str = PASSWORD) -> Browser:
    browser = site.stranger()
    response = browser.post("/api/auth/login", {"password": password})
    assert response.status_code == 200
    browser.take(cookie_of(response))
    return browser


def test_the_first_password_needs_the_code_and_signs_in(fresh: Site) -> None:
    code = fresh.access.issue_setup_code(fresh.clock.now_ms())
    stranger = fresh.stranger()
    wrong = stranger.post("/api/setup", {"code": "AAAAA-AAAAA", "password": PASSWORD})
    assert (wrong.status_code, error_of(wrong)["code"]) == (403, "wrong_setup_code")
    weak = stranger.post("/api/setup", {"code": code, "password": "short"})
    assert (weak.status_code, list(error_of(weak)["fields"])) == (400, ["password"])
    done = stranger.post("/api/setup", {"code": code, "password": PASSWORD})
    assert (done.status_code, done.json["role"]) == (201, "owner")
    stranger.take(cookie_of(done))
    assert stranger.get("/api/ping").status_code == 200
    again = stranger.post("/api/setup", {"code": code, "password": PASSWORD})
    assert (again.status_code, error_of(again)["code"]) == (409, "already_set_up")
    assert fresh.audit.acts() == ["setup.fail", "setup.ok"]


def test_before_the_first_password_only_setup_answers(fresh: Site) -> None:
    stranger = fresh.stranger()
    assert stranger.get("/api/server/status").json == {
        "app": "mtrade", "ok": True, "setup": True, "instance": "0123abcd",
    }  # fmt: skip
    assert stranger.get("/api/accounts").status_code == 401
    assert stranger.post("/api/auth/login", {"password": PASSWORD}).status_code == 403


def test_login_sets_a_strict_cookie_and_gives_the_token(site: Site) -> None:
    response = site.stranger().post("/api/auth/login", {"password": PASSWORD, "remember": True})
    assert set(response.json) == {"role", "csrf"}
    cookie = response.headers["Set-Cookie"]
    assert "Max-Age=7776000" in cookie
    once = site.stranger().post("/api/auth/login", {"password": PASSWORD})
    assert "Max-Age" not in once.headers["Set-Cookie"]
    for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert "Secure" not in cookie
    assert PASSWORD not in response.text


def test_a_wrong_password_gets_one_constant_answer_and_then_waits(site: Site) -> None:
    stranger = site.stranger(address=PHONE)
    bodies = set()
    for _ in range(5):
        response = stranger.post("/api/auth/login", {"password": "not-the-password"})
        assert response.status_code == 403
        bodies.add(response.data)
    assert len(bodies) == 1
    slowed = stranger.post("/api/auth/login", {"password": PASSWORD})
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) == error_of(slowed)["retry_after"] > 0
    assert site.stranger().post("/api/auth/login", {"password": PASSWORD}).status_code == 200
    assert site.audit.acts() == ["login.fail"] * 5 + ["login.ok"]
    assert "not-the-password" not in str(site.audit.rows)


def test_every_login_is_a_fresh_session_and_ends_the_one_brought_along(site: Site) -> None:
    browser = site.browser()
    planted = browser.secret
    fresh = cookie_of(browser.post("/api/auth/login", {"password": PASSWORD}))
    assert fresh != planted
    assert browser.get("/api/ping").status_code == 401


def test_no_session_without_an_audit_row(site: Site) -> None:
    site.audit.fault = StoreError("disk full")
    response = site.stranger().post("/api/auth/login", {"password": PASSWORD})
    assert response.status_code == 503
    assert "Set-Cookie" not in response.headers


def test_the_session_tells_who_is_here(site: Site) -> None:
    shown = site.browser("trader").get("/api/auth/session").json
    assert (shown["role"], shown["device"], shown["elevated_until_ms"]) == ("trader", "test", None)
    script = site.script("viewer").get("/api/auth/session").json
    assert (script["role"], script["csrf"]) == ("viewer", None)


def test_elevation_changes_cookie_and_token(site: Site) -> None:
    browser = signed_in(site)
    before = browser.headers["X-CSRF-Token"]
    response = browser.post("/api/auth/elevate", {"password": PASSWORD})
    assert response.status_code == 200
    assert response.json["csrf"] != before
    assert response.json["elevated_until_ms"] == site.clock.now_ms() + 600_000
    assert browser.get("/api/ping").status_code == 401
    browser.take(cookie_of(response))
    assert browser.get("/api/auth/session").json["elevated_until_ms"] > site.clock.now_ms()
    assert browser.post("/api/auth/elevate", {"password": "wrong"}).status_code == 403
    assert site.audit.acts()[-2:] == ["elevate.ok", "elevate.fail"]


def test_a_script_can_neither_elevate_nor_log_out(site: Site) -> None:
    script = site.script("owner")
    for path, body in (("/api/auth/elevate", {"password": PASSWORD}), ("/api/auth/logout", {})):
        response = script.post(path, body)
        assert (response.status_code, error_of(response)["code"]) == (403, "session_required")


def test_logout_ends_the_session_on_the_server(site: Site) -> None:
    browser = signed_in(site)
    response = browser.post("/api/auth/logout")
    assert (response.status_code, response.data) == (204, b"")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert browser.get("/api/ping").status_code == 401


def test_a_new_password_ends_all_other_sessions(site: Site) -> None:
    other, browser = site.browser(), site.browser(elevated=True)
    wrong = browser.post("/api/auth/password", {"current": "wrong", "new": NEW})
    assert (wrong.status_code, error_of(wrong)["code"]) == (403, "wrong_password")
    weak = browser.post("/api/auth/password", {"current": PASSWORD, "new": "short"})
    assert list(error_of(weak)["fields"]) == ["new"]
    done = browser.post("/api/auth/password", {"current": PASSWORD, "new": NEW})
    assert done.status_code == 204
    assert browser.get("/api/ping").status_code == 200
    assert other.get("/api/ping").status_code == 401
    signed_in(site, NEW)
    assert NEW not in str(site.audit.rows)


def test_the_owner_sees_devices_and_signs_them_out(site: Site) -> None:
    phone, owner = site.browser("viewer", address=PHONE), site.browser(elevated=True)
    rows = owner.get("/api/auth/sessions").json["items"]
    assert {row["address"] for row in rows} == {"127.0.0.1", PHONE}
    assert [row["current"] for row in rows if row["address"] == "127.0.0.1"] == [True]
    lost = next(row["id"] for row in rows if row["address"] == PHONE)
    assert owner.send("DELETE", f"/api/auth/sessions/{lost}").status_code == 204
    assert phone.get("/api/ping").status_code == 401
    again = owner.send("DELETE", f"/api/auth/sessions/{lost}")
    assert (again.status_code, error_of(again)["code"]) == (404, "unknown_session")


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (Linux; Android 15) Chrome/150 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/150.0", "Firefox · Windows"),
        ("<script>alert(1)</script>", "unknown device"),
    ],
)
def test_devices_are_named_without_keeping_the_header(site: Site, agent: str, label: str) -> None:
    stranger = site.stranger(headers={"User-Agent": agent})
    stranger.take(cookie_of(stranger.post("/api/auth/login", {"password": PASSWORD})))
    assert stranger.get("/api/auth/session").json["device"] == label
