"""One shape for every failure, also for those nobody foresaw."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from mtrade.domain.errors import ExchangeUnavailable, OutcomeUnknown, StoreError
from tests.web.site import Site, error_of

SECRET = "inner-detail-that-stays-inside"


def _raising(error: Exception) -> object:
    def mode() -> str:
        raise error

    return mode


def test_an_unforeseen_error_is_logged_marks_health_and_tells_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owner = site.browser()
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(site.desk.engine, "mode", _raising(RuntimeError(SECRET)))
        response = owner.get("/api/mode")
    assert (response.status_code, error_of(response)["code"]) == (500, "internal")
    assert SECRET not in response.text
    assert SECRET in caplog.text
    health = owner.get("/api/server/status").json["health"]
    assert not health["ok"]
    assert [problem["code"] for problem in health["problems"]] == ["view"]
    assert SECRET not in health["problems"][0]["message"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreError("x"), 503, "store"),
        (ExchangeUnavailable("x", label="TOO_BUSY", raw="<b>"), 503, "exchange_unavailable"),
        (OutcomeUnknown("x"), 504, "outcome_unknown"),
    ],
)
def test_our_errors_keep_their_status(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    monkeypatch.setattr(site.desk.engine, "mode", _raising(error))
    response = site.browser().get("/api/mode")
    assert (response.status_code, error_of(response)["code"]) == (status, code)
    assert error_of(response)["label"] == (getattr(error, "label", "") or None)


def test_numbers_beyond_arithmetic_are_the_callers_fault(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mode() -> str:
        return str(Decimal("1e30") % Decimal("1e-10"))

    monkeypatch.setattr(site.desk.engine, "mode", mode)
    response = site.browser().get("/api/mode")
    assert (response.status_code, error_of(response)["code"]) == (400, "number_range")


def test_messages_follow_the_desks_language(site: Site) -> None:
    browser = site.browser()
    english = {"Accept-Language": "en"}
    told = error_of(browser.send("GET", "/api/trade/999", headers=english))["message"]
    assert told.isascii()
    browser.send("PATCH", "/api/ui/state", {"changes": {"lang": "ru"}})
    told = error_of(browser.send("GET", "/api/trade/999", headers=english))["message"]
    assert not told.isascii()


def test_api_answers_are_packed_when_that_pays(site: Site) -> None:
    browser = site.browser()
    gzip = {"Accept-Encoding": "gzip"}
    large = browser.send("GET", "/openapi/openapi.json", headers=gzip)
    assert large.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in large.headers["Vary"]
    assert "Content-Encoding" not in browser.send("GET", "/api/ping", headers=gzip).headers
