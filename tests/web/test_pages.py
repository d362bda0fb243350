"""Pages: who sees them, what they hold, how files are served."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from mtrade.web import pages
from tests.web.site import Browser, Site

DESK_PAGES = [
    "/", "/positions", "/copy", "/accounts", "/settings", "/more",
    "/trade/spot/BTC_USDT", "/trade/futures/usdt/BTC_USDT", "/trade/futures/btc/BTC_USD",
]  # fmt: skip


@pytest.mark.parametrize("path", DESK_PAGES)
def test_a_signed_in_page_holds_first_data(site: Site, path: str) -> None:
    response = site.browser("viewer").get(path)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert b'id="boot"' in response.data


@pytest.mark.parametrize("path", [*DESK_PAGES, "/openapi/", "/openapi/openapi.json", "/nowhere"])
def test_a_stranger_is_sent_to_the_login(site: Site, path: str) -> None:
    response = site.stranger().get(path)
    assert response.status_code == 303
    known = path in DESK_PAGES and path != "/"
    back = f"?next={quote(path, safe='')}" if known else ""
    assert response.headers["Location"] == f"/login{back}"
    assert response.data == b""


def test_before_the_first_password_everything_leads_to_setup(fresh: Site) -> None:
    stranger = fresh.stranger()
    for path in ("/", "/login", "/settings"):
        response = stranger.get(path)
        assert (response.status_code, response.headers["Location"]) == (303, "/setup")
    assert stranger.get("/setup").status_code == 200


def test_setup_is_gone_once_a_password_exists(site: Site) -> None:
    response = site.stranger().get("/setup")
    assert (response.status_code, response.headers["Location"]) == (303, "/login")


def test_the_login_page_is_skipped_when_signed_in(site: Site) -> None:
    assert site.stranger().get("/login").status_code == 200
    response = site.browser().get("/login")
    assert (response.status_code, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/trade/spot/btc", "/trade/futures/eur/BTC_USDT", "/nowhere"])
def test_an_address_that_names_nothing_is_not_a_page(site: Site, path: str) -> None:
    response = site.browser().get(path)
    assert response.status_code == 404
    assert response.content_type.startswith("text/plain")


def test_the_language_is_asked_for_then_chosen_then_the_browsers(site: Site) -> None:
    browser = site.browser()
    english = {"Accept-Language": "en-US,en;q=0.9"}
    assert b'<html lang="ru"' in browser.get("/").data
    assert b'<html lang="en"' in browser.send("GET", "/", headers=english).data
    browser.send("PATCH", "/api/ui/state", {"changes": {"lang": "ru"}})
    assert b'<html lang="ru"' in browser.send("GET", "/", headers=english).data
    assert b'<html lang="en"' in browser.get("/", lang="en").data


def test_the_page_opens_where_it_was_left(site: Site) -> None:
    browser = site.browser()
    place = {"market": "spot", "settle": "", "instrument": "ETH_USDT"}
    browser.send("PATCH", "/api/ui/state", {"changes": {"place": place}})
    assert b'"instrument": "ETH_USDT"' in browser.get("/").data
    browser.send("PATCH", "/api/ui/state", {"changes": {"place": {"market": "<b>"}}})
    assert b'"instrument": "BTC_USDT"' in browser.get("/").data


def _file(site: Site, browser: Browser, path: str) -> str:
    return site.app.extensions["mtrade"].assets.url(path)


def test_files_are_public_typed_packed_and_kept_for_a_year(site: Site) -> None:
    stranger = site.stranger()
    url = _file(site, stranger, "css/tokens.css")
    plain = stranger.get(url)
    assert plain.status_code == 200
    assert plain.content_type == "text/css; charset=utf-8"
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    packed = stranger.send("GET", url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data)
    known = stranger.send("GET", url, headers={"If-None-Match": plain.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")


def test_a_file_under_an_old_build_is_served_but_not_kept(site: Site) -> None:
    response = site.stranger().get("/static/000000000000/css/tokens.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["../mtrade/__init__.py", "..%2Fpyproject.toml", "css/../../pyproject.toml", "css",
     ".hidden.css", "css\\tokens.css", "C:/windows/win.ini", "nothing.css", "%00.css"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served(site: Site, path: str) -> None:
    response = site.stranger().get(f"/static/x/{path}")
    assert response.status_code in (303, 404)


def test_only_static_files_and_entrances_are_public() -> None:
    assert {"page login", "page setup", "static"} == pages.PUBLIC
