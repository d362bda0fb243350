"""The chart library: exactly the tested file, found without importing its package."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from mtrade.web import vendor
from tests.web.site import Site


def test_the_installed_package_carries_the_tested_file() -> None:
    found = vendor.load(vendor.installed())
    assert found.asset is not None, found.sentence
    assert found.asset.packed is not None
    assert gzip.decompress(found.asset.packed) == found.asset.body
    assert "litecharts" not in sys.modules


@pytest.mark.parametrize("content", [b"", b"window.LightweightCharts = {}", None])
def test_another_file_is_refused_with_a_reason(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lightweight-charts.js"
    if content is not None:
        path.write_bytes(content)
    found = vendor.load(path)
    assert found.asset is None
    assert str(path) in found.sentence


def test_a_missing_package_is_no_failure() -> None:
    found = vendor.load(None)
    assert found.asset is None
    assert "not installed" in found.sentence


def test_the_file_is_served_packed_and_kept_under_its_own_mark(site: Site) -> None:
    browser = site.browser("viewer")
    plain = browser.get(vendor.PATH, v=vendor.MARK)
    assert plain.content_type == "text/javascript; charset=utf-8"
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    mark = {"v": vendor.MARK}
    gzipped = {"Accept-Encoding": "gzip"}
    packed = browser.send("GET", vendor.PATH, query=mark, headers=gzipped)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    known = {"If-None-Match": plain.headers["ETag"]}
    again = browser.send("GET", vendor.PATH, query=mark, headers=known)
    assert (again.status_code, again.data) == (304, b"")


def test_under_another_mark_it_is_served_but_not_kept(site: Site) -> None:
    response = site.browser("viewer").get(vendor.PATH, v="other")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")


def test_the_page_loads_the_library_and_says_so(site: Site) -> None:
    text = site.browser("viewer").get("/").get_data(as_text=True)
    assert f'<script defer src="{vendor.URL}"></script>' in text
    assert vendor.LIBRARY in text
