"""docs/api.md lists exactly the routes that exist, with who may call them."""

from __future__ import annotations

import re

import pytest

from mtrade.web.route import Elevation, Route
from mtrade.web.routes import ROUTES
from tests.web.site import ROOT

ROW = re.compile(r"^\| `(GET|POST|PATCH|DELETE) (/api/[^`]+)` \| ([^|]*) \|", re.MULTILINE)
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def plain(path: str) -> str:
    """A path with the names of its parts made equal."""
    return re.sub(r"{\w+}", "{}", path)


LISTED = {(method, plain(path)): who for method, path, who in ROW.findall(TEXT)}


def test_the_page_lists_exactly_the_routes() -> None:
    assert set(LISTED) == {(route.method, plain(route.path)) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=[r.endpoint for r in ROUTES])
def test_the_page_says_who_may_call(route: Route) -> None:
    if route.path.startswith(("/api/market", "/api/snapshot", "/api/events")):
        return  # their table has no such column: every GET needs viewer unless said otherwise
    who = LISTED[route.method, plain(route.path)]
    named = route.role or "anyone"
    anybody = route.role == "viewer" and "any session" in who
    assert named in who or anybody
    elevated = route.elevation is not Elevation.NEVER
    assert ("elevated" in who) is elevated


@pytest.mark.parametrize("route", ROUTES, ids=[r.endpoint for r in ROUTES])
def test_the_page_names_every_field(route: Route) -> None:
    for name in route.form.model_fields:
        assert re.search(rf"\b{name}\b", TEXT), f"{route.endpoint}: {name}"
