"""The headers of every answer."""

from __future__ import annotations

import pytest

from tests.web.site import PASSWORD, Site


@pytest.mark.parametrize("path", ["/api/health", "/api/nothing", "/login", "/", "/openapi/"])
def test_every_answer_carries_the_security_headers(site: Site, path: str) -> None:
    for visitor in (site.stranger(), site.browser()):
        headers = visitor.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Server" not in headers


def test_pages_forbid_inline_code_and_the_api_forbids_everything(site: Site) -> None:
    browser = site.browser()
    page = browser.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in page
    assert "require-trusted-types-for 'script'" in page
    assert "unsafe" not in page
    assert browser.get("/api/ping").headers["Content-Security-Policy"].endswith("sandbox")


def test_over_tls_the_cookie_is_bound_to_the_host(site: Site) -> None:
    secure = site.stranger(scheme="https", origin="https://127.0.0.1:5000")
    response = secure.post("/api/auth/login", {"password": PASSWORD})
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-mt_s_5000=")
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
