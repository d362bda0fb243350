"""The machine-readable description of the API, made of the table of routes and its forms.

The page that shows it comes out of an installed package; its files are served from there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from mtrade.domain import numbers
from mtrade.web.api.server import API_VERSION
from mtrade.web.assets import TYPES
from mtrade.web.context import web_context
from mtrade.web.forms import Form
from mtrade.web.route import PATH_FORMS, Elevation, Route
from mtrade.web.routes import ROUTES

ENDPOINTS = frozenset({"openapi page", "openapi json", "openapi file"})

_FILES = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
_START = """"use strict";
window.ui = SwaggerUIBundle({url: "openapi.json", dom_id: "#api", deepLinking: true,
  defaultModelsExpandDepth: 0, supportedSubmitMethods: [], validatorUrl: null});
"""
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>mTrade API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="swagger-ui.css"></head>
<body><div id="api"></div>
<script src="swagger-ui-bundle.js"></script><script src="start.js"></script></body>
</html>
"""


def install(app: Flask) -> None:
    """Add the page, its files and the description. All need a login."""
    for rule, endpoint, view in (
        ("/openapi/", "openapi page", page),
        ("/openapi/openapi.json", "openapi json", description),
        ("/openapi/<name>", "openapi file", file),
    ):
        app.add_url_rule(
            rule,
            endpoint=endpoint,
            view_func=view,
            methods=["GET"],
            provide_automatic_options=False,
        )


def page() -> Response:
    """The browsable description."""
    return Response(_PAGE, mimetype="text/html")


def description() -> Response:
    """The description itself."""
    version = web_context().control.version
    return Response(numbers.dumps(document(version)), mimetype="application/json")


def file(name: str) -> Response:
    """A file of the browsable page."""
    if name == "start.js":
        return Response(_START, content_type=TYPES[".js"])
    if name not in _FILES:
        raise NotFound
    response = Response(_packaged(_FILES[name]), content_type=TYPES[f".{name.rpartition('.')[2]}"])
    response.headers["Cache-Control"] = "private, max-age=86400"
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache(maxsize=1)
def document(version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of all routes."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "mTrade", "version": version, "x-api": API_VERSION},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "mt_s_<port>"},
}
_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": _TEXT,
                "message": _TEXT,
                "fields": {"type": "object", "additionalProperties": _TEXT},
                "params": {"type": "object", "additionalProperties": _TEXT},
                "label": {"type": ["string", "null"]},
                "raw": {"type": ["string", "null"]},
                "retry_after": {"type": ["integer", "null"]},
            },
        }
    },
}


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(route.form, schemas)
    operation: dict[str, Any] = {
        "tags": [route.path.split("/")[2]],
        "summary": (route.handler.__doc__ or "").partition("\n")[0],
        "description": _who(route),
        "security": [{"session": []}, {"token": []}] if route.role else [],
        "parameters": _path_parameters(route) + (_query(schema) if route.reads_query else []),
        "responses": _responses(route),
    }
    if not route.reads_query:
        content = {"application/json": {"schema": {"$ref": _reference(route.form.__name__)}}}
        operation["requestBody"] = {"required": True, "content": content}
        schemas.setdefault(route.form.__name__, schema)
    return operation


def _schema(form: type[Form], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = form.model_json_schema(ref_template=_reference("{model}"))
    schemas.update(schema.pop("$defs", {}))
    return schema


def _reference(name: str) -> str:
    return f"#/components/schemas/{name}"


def _who(route: Route) -> str:
    who = f"Role: {route.role or 'anyone'}."
    if route.elevation is Elevation.NEVER:
        return who
    unless = ", unless the network is paper" if route.elevation is Elevation.UNLESS_PAPER else ""
    return f"{who} The password must have been given again within 10 minutes{unless}."


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{PATH_FORMS[name].pattern}$"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _responses(route: Route) -> dict[str, Any]:
    failure = {"application/json": {"schema": {"$ref": _reference("Error")}}}
    return {
        str(route.status): {"description": "done"},
        "default": {"description": "refused or failed", "content": failure},
    }


@lru_cache(maxsize=4)
def _packaged(path: str) -> bytes:
    place = files("flask_openapi3_swagger").joinpath("templates", "swagger", *path.split("/"))
    return place.read_bytes()
