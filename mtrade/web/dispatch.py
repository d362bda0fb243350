"""From an admitted request to an answer: read the form, write the audit row, call, encode."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import DecimalException
from typing import Any

from flask import Response, g, request
from pydantic import SecretStr

from mtrade.domain import numbers
from mtrade.domain.errors import InvalidRequest, StoreError
from mtrade.web.context import Call
from mtrade.web.forms import Form
from mtrade.web.read import json_object, query_object, read_form
from mtrade.web.route import PATH_FORMS, Route

log = logging.getLogger(__name__)

LONGEST_DETAIL = 2000


def view_of(route: Route) -> Callable[..., Response]:
    """The Flask view of a route."""

    def view(**path: str) -> Response:
        call: Call = g.call
        _check_path(path)
        form = _form(route)
        if route.act:
            _audit(call, route, path, form)
        try:
            result = route.handler(call, form, **path)
        except DecimalException:
            raise InvalidRequest(
                "these numbers are too extreme to compute with", code="number_range"
            ) from None
        return result if isinstance(result, Response) else json_response(result, route.status)

    view.__doc__ = route.handler.__doc__
    return view


def json_response(body: object, status: int = 200) -> Response:
    """A JSON answer; money becomes text. Without a body it is empty."""
    text = "" if body is None else numbers.dumps(body)
    return Response(text, status, mimetype="application/json")


def _check_path(path: dict[str, str]) -> None:
    for name, value in path.items():
        if not PATH_FORMS[name].fullmatch(value):
            reason = "does not have the expected form"
            raise InvalidRequest(f"{name} {reason}", fields={name: reason})


def _form(route: Route) -> Form:
    if route.reads_query:
        return read_form(route.form, query_object(request.args))
    return read_form(route.form, json_object(request.get_data()))


def _audit(call: Call, route: Route, path: dict[str, str], form: Form) -> None:
    try:
        call.audit(route.act, " ".join(path.values()), _detail(form))
    except StoreError:
        if not route.essential:
            raise
        log.exception("audit row of %s could not be written", route.act)


def _detail(form: Form) -> str:
    """The form without its secrets, as compact JSON."""
    return numbers.dumps(_open_fields(form))[:LONGEST_DETAIL]


def _open_fields(form: Form) -> dict[str, Any]:
    return {name: _open(name, getattr(form, name)) for name in form.model_fields_set}


def _open(name: str, value: object) -> object:
    if isinstance(value, SecretStr):
        return "***"
    if name == "key" and isinstance(value, str):
        return f"…{value[-4:]}"
    return _open_fields(value) if isinstance(value, Form) else value
