"""From bytes to a form: strict JSON, then all faults of the form together.

A refusal names fields, kinds and limits. The input is never repeated: it may be a secret.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from mtrade.domain import numbers
from mtrade.domain.errors import InvalidRequest
from mtrade.web.fields import REFUSED
from mtrade.web.forms import Form

FormT = TypeVar("FormT", bound=Form)

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")

# How pydantic's own kinds read; kinds made by `fields.fault` bring their text with them.
_REASONS = {
    "missing": "is required",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "string_pattern_mismatch": "does not have the expected form",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} characters",
    "too_long": "must have at most {max_length} characters",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "minimum is {ge}",
    "less_than_equal": "maximum is {le}",
}


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty object."""
    if not body.strip():
        return {}
    try:
        found = numbers.loads(body.decode("utf-8"))
    except (ValueError, RecursionError, ArithmeticError):
        raise InvalidRequest("the body is not valid JSON", code="malformed_json") from None
    if not isinstance(found, dict):
        raise InvalidRequest("the body must be a JSON object", code="not_an_object")
    return found


def query_object(arguments: MultiDict[str, str]) -> dict[str, Any]:
    """The query as an object; a name given twice is refused."""
    twice = {n: "is given twice" for n, values in arguments.lists() if len(values) > 1}
    if twice:
        raise _refusal(twice)
    return {name: value for name, value in arguments.items() if value != ""}


def read_form(form: type[FormT], values: Mapping[str, Any]) -> FormT:
    """The form made of `values`, or InvalidRequest with a reason for every wrong field."""
    try:
        return form.model_validate(dict(values))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _refusal(_reasons(form, found)) from None
    except (RecursionError, ArithmeticError):
        raise InvalidRequest("the body is not valid", code="malformed_json") from None


def _refusal(fields: dict[str, str]) -> InvalidRequest:
    listed = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return InvalidRequest(f"please correct: {listed}", fields=fields, params={"fields": listed})


def _reasons(form: type[Form], errors: Iterable[Any]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for error in errors:
        name = _path(error["loc"])
        reasons.setdefault(name, _reason(form, error))
    return reasons


def _reason(form: type[Form], error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return _unknown(form, str(error["loc"][-1]))
    template = _REASONS.get(kind)
    if template is not None:
        return template.format_map(error.get("ctx", {}))
    # Pydantic's own texts may hold the input; those of `fields.fault` never do.
    return str(error["msg"]) if kind == REFUSED else "is not valid"


def _unknown(form: type[Form], name: str) -> str:
    close = difflib.get_close_matches(name[:40], form.model_fields, n=1)
    return f"unknown field; did you mean {close[0]}?" if close else "unknown field"


def _path(location: tuple[str | int, ...]) -> str:
    """The dotted name of a field, as far as its parts look like names; callers may invent them."""
    harmless = itertools.takewhile(_FIELD_NAME.fullmatch, (str(part) for part in location))
    return ".".join(harmless) or "?"
