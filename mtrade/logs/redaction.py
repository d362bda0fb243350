"""Takes secrets and terminal tricks out of whatever is about to be written to a log."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

_HIDDEN = "***"
_WORDS = r"key|secret|sign|signature|token|cookie|password|passphrase|authorization|csrf|nonce"
_NAME = re.compile(rf"(?:^|[^a-z])(?:{_WORDS})s?(?:$|[^a-z])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WHOLE_LINE = re.compile(
    r"((?:authorization|cookie)['\"]?\s*[:=]\s*)(['\"]?)[^\r\n'\"]+", re.IGNORECASE
)
_PAIR = re.compile(
    rf"((?<![a-z])(?:{_WORDS})['\"]?\s*[:=]\s*)(['\"]?)[^\s'\",;&}}\])]+", re.IGNORECASE
)
_LONG_HEX = re.compile(r"[0-9a-fA-F]{64,}")
# Controls (a terminal obeys them), line separators and text-direction marks (an eye obeys those).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Redactor:
    """Takes secrets out of whatever is about to be written."""

    def __init__(self) -> None:
        self._exact: tuple[str, ...] = ()

    def register(self, secret: str) -> None:
        """Never write `secret` again, wherever it stands; shorter than 6 characters is ignored."""
        if len(secret) >= 6 and secret not in self._exact:
            self._exact = tuple(sorted({*self._exact, secret}, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """`text` without secrets and without characters that a terminal would obey."""
        for secret in self._exact:
            text = text.replace(secret, _HIDDEN)
        text = _WHOLE_LINE.sub(rf"\1\2{_HIDDEN}", text)
        text = _PAIR.sub(rf"\1\2{_HIDDEN}", text)
        text = _LONG_HEX.sub("[hex]", text)
        return _CONTROL.sub(_escape, text)

    def value(self, name: str, value: object) -> object:
        """`value` as JSON can hold it, cleaned; hidden whole when `name` names a secret."""
        if value is None or isinstance(value, bool):
            return value
        if _NAME.search(_CAMEL.sub("_", name)):
            return _HIDDEN
        return self._inner(value)

    def _inner(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.clean(str(k)): self.value(str(k), v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._inner(item) for item in value]
        return self.clean(str(value))

    def __call__(
        self, logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """The structlog processor: the last one before the line is rendered."""
        return {self.clean(name): self.value(name, value) for name, value in event.items()}


redactor = Redactor()


def register_secret(secret: str) -> None:
    """Make every log of this process hide `secret`, wherever it would appear."""
    redactor.register(secret)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
