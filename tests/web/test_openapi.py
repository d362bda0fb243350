"""The description: every route of the table, every field of its form, shown after login only."""

from __future__ import annotations

import json

import pytest

from mtrade.web.routes import ROUTES
from tests.web.site import Site


def test_every_route_is_described_with_its_fields(site: Site) -> None:
    found = site.browser("viewer").get("/openapi/openapi.json").json
    assert found["openapi"].startswith("3.")
    described = {(m.upper(), path) for path, row in found["paths"].items() for m in row}
    assert described == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        operation = found["paths"][route.path][route.method.lower()]
        assert operation["summary"], route.endpoint
        assert str(route.status) in operation["responses"]
        if route.reads_query:
            names = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
            assert names == set(route.form.model_fields)
        else:
            schema = found["components"]["schemas"][route.form.__name__]
            assert set(schema.get("properties", {})) == set(route.form.model_fields)


def test_every_reference_leads_somewhere(site: Site) -> None:
    text = site.browser("viewer").get("/openapi/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    for part in text.split('"$ref":"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas


def test_the_page_needs_only_files_of_this_server(site: Site) -> None:
    viewer = site.browser("viewer")
    page = viewer.get("/openapi/")
    assert page.status_code == 200
    assert "http" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    for name in ("start.js", "swagger-ui.css", "swagger-ui-bundle.js"):
        assert name in page.text
        assert viewer.get(f"/openapi/{name}").status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2fplugins.py", "oauth2-redirect.html"])
def test_other_files_of_the_package_are_not_served(site: Site, name: str) -> None:
    assert site.browser().get(f"/openapi/{name}").status_code == 404
