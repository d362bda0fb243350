"""Rates: per caller, refilled by time, and never on what ends risk."""

from __future__ import annotations

from tests.web.site import Site, error_of


def test_reading_has_a_rate_and_ending_risk_has_none(site: Site) -> None:
    browser = site.browser("trader")
    ping = [browser.get("/api/ping").status_code for _ in range(80)]
    assert ping.count(200) < 80
    limited = browser.get("/api/ping")
    assert limited.status_code == 429
    assert error_of(limited)["retry_after"] == int(limited.headers["Retry-After"]) == 1
    body = {"market": "futures"}
    ends = [browser.post("/api/orders/cancel_all", body).status_code for _ in range(80)]
    assert set(ends) == {200}
    site.clock.advance(2)
    assert browser.get("/api/ping").status_code == 200


def test_one_callers_rate_is_not_anothers(site: Site) -> None:
    loud, quiet = site.browser(), site.browser()
    for _ in range(80):
        loud.get("/api/ping")
    assert loud.get("/api/ping").status_code == 429
    assert quiet.get("/api/ping").status_code == 200
