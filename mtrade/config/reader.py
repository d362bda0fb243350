"""Read `config.json` and `.env` strictly; every fault names file, line, column, key and remedy."""

from __future__ import annotations

import difflib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtrade.config.files import replace_text
from mtrade.config.model import Config, config_text
from mtrade.config.positions import Refused, line_column, locate
from mtrade.domain.errors import ConfigError

GOOD_COPY = "config.json.bak"
MAX_BYTES = 1_048_576


def fault(
    file: str,
    reason: str,
    *,
    code: str = "config_value",
    at: tuple[int, int] | None = None,
    key: str = "",
    allowed: str = "",
    near: str = "",
) -> ConfigError:
    """A ConfigError whose text and params name the place and what would be right."""
    where = f"{file}, line {at[0]}, column {at[1]}" if at else file
    message = f"{where}: {key + ': ' if key else ''}{reason}"
    if allowed:
        message += f"; allowed: {allowed}"
    if near:
        message += f'; did you mean "{near}"?'
    line, column = (str(at[0]), str(at[1])) if at else ("", "")
    params = {"file": file, "line": line, "column": column, "key": key}
    params |= {"reason": reason, "allowed": allowed, "near": near}
    return ConfigError(message, code=code, params=params)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or empty."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def _unusable(path: Path, verb: str, error: OSError) -> ConfigError:
    reason = f"cannot be {verb}: {error.strerror or type(error).__name__}"
    return fault(path.name, reason, code="config_unreadable")


def read_text(path: Path) -> str:
    """The file's text; a byte order mark is tolerated, anything else that is not UTF-8 is not."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise _unusable(path, "read", error) from error
    if raw is None:
        raise fault(path.name, "is larger than 1 MiB", code="config_unreadable")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = line_column(raw[: error.start].decode("utf-8", "replace") + "?", error.start)
        raise fault(path.name, "is not UTF-8 text", code="config_unreadable", at=at) from None


def read_config(path: Path) -> Config:
    """The validated content of `path`; writes the defaults when there is no file yet."""
    if not path.exists() and not path.is_symlink():
        config = Config()
        try:
            replace_text(path, config_text(config))
        except OSError as error:
            raise _unusable(path, "written", error) from error
        return config
    try:
        return parse_config(read_text(path), path.name)
    except ConfigError as error:
        good = path.with_name(GOOD_COPY)
        if good.exists():
            error.params["backup"] = good.name
            error.message += f" (last good copy: {good.name})"
            error.args = (error.message,)
        raise


def remember_good(path: Path) -> None:
    """Keep a copy of a configuration the server started with, for the day it gets damaged."""
    good = path.with_name(GOOD_COPY)
    try:
        text = path.read_text("utf-8")
        if not good.exists() or good.read_text("utf-8", errors="replace") != text:
            replace_text(good, text)
    except (OSError, UnicodeDecodeError):
        return  # a convenience; the start does not depend on it


def parse_config(text: str, file: str) -> Config:
    """`text` as a Config. Raises ConfigError for the first fault, with its place."""
    places = _places(text, file)
    try:
        return Config.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _explain(first, text, places, file) from None


def _places(text: str, file: str) -> dict[tuple[str | int, ...], int]:
    try:
        whole = json.loads(text)
        places = locate(text, json.loads)
    except json.JSONDecodeError as error:
        at = (error.lineno, error.colno)
        raise fault(file, error.msg, code="config_syntax", at=at) from None
    except Refused as error:
        at = line_column(text, error.offset)
        raise fault(
            file, error.message, code="config_syntax", at=at, key=_dotted(error.path)
        ) from None
    except RecursionError:
        raise fault(file, "is nested too deeply", code="config_syntax") from None
    if not isinstance(whole, dict):
        raise fault(file, "must be a JSON object", code="config_syntax", at=(1, 1))
    return places


def _explain(
    error: ErrorDetails, text: str, places: Mapping[tuple[str | int, ...], int], file: str
) -> ConfigError:
    path = error["loc"]
    while path not in places and path:
        path = path[:-1]
    at = line_column(text, places.get(path, 0))
    key = _dotted(error["loc"])
    if error["type"] == "extra_forbidden":
        near = nearest(str(path[-1]), _known_keys(path[:-1]))
        return fault(file, "unknown key", code="config_unknown_key", at=at, key=key, near=near)
    return fault(file, _reason(error), at=at, key=key, allowed=_allowed(error))


def _reason(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "value_error" and "quotes" not in error["msg"]:
        return str(context["error"])
    return "missing" if error["type"] == "missing" else "wrong value"


_KINDS = {
    "bool_type": "true, false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text in quotes",
    "model_type": "an object { }",
    "model_attributes_type": "an object { }",
    "tuple_type": "a list [ ]",
    "value_error": 'a number in quotes, like "0.5"',
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _allowed(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "value_error" and "quotes" not in error["msg"]:
        return ""
    if "expected" in context:
        return str(context["expected"]).replace(" or ", ", ").replace("'", "")
    bounds = [f"{word} {context[name]}" for name, word in _BOUNDS.items() if name in context]
    return bounds[0] if bounds else _KINDS.get(error["type"], error["msg"])


def _known_keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at `path`: names as they are written in the file."""
    model: type[BaseModel] = Config
    for name in path:
        field = next(f for n, f in model.model_fields.items() if (f.alias or n) == name)
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        model = field.annotation
    return [field.alias or name for name, field in model.model_fields.items()]


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def read_env_file(path: Path, *, lenient: bool = False) -> dict[str, tuple[str, int]]:
    """Names and values of a `.env` with their line; an absent file is an empty one.

    Values are taken literally (no `${}`), and the process's own environment is not touched.
    `lenient` passes over lines that are none: stopping must not depend on a tidy file.
    """
    if not path.exists() and not path.is_symlink():
        return {}
    found: dict[str, tuple[str, int]] = {}
    for binding in parse_stream(io.StringIO(read_text(path))):
        leading = len(binding.original.string) - len(binding.original.string.lstrip())
        line = binding.original.line + binding.original.string[:leading].count("\n")
        broken = binding.error or (binding.key is not None and binding.value is None)
        if broken and lenient:
            continue
        if broken:
            raise fault(path.name, "expected NAME=value", code="config_syntax", at=(line, 1))
        if binding.key is not None:
            found[binding.key] = (binding.value or "", line)
    return found
