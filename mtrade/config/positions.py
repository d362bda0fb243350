"""Where each key of a JSON text stands, so that a complaint can name line and column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+)', re.DOTALL)
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})


class Refused(ValueError):
    """Text that a lenient JSON reader accepts and we do not; `offset` says where."""

    def __init__(self, message: str, offset: int, path: Path) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.path = path


@dataclass(slots=True)
class _Walk:
    text: str
    unescape: Callable[[str], str]
    places: dict[Path, int]
    at: int = 0

    def token(self) -> tuple[str, int]:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise Refused("unexpected end", len(self.text), ())
        self.at = match.end()
        return match.group(1), match.start(1)

    def value(self, path: Path) -> None:
        word, start = self.token()
        if word == "{":
            self._members(path)
        elif word == "[":
            self._items(path)
        elif word in _CONSTANTS:
            raise Refused(f"{word} is not a number", start, path)

    def _members(self, path: Path) -> None:
        word, start = self.token()
        while word != "}":
            if word == ",":
                word, start = self.token()
            here = (*path, self.unescape(word))
            if here in self.places:
                raise Refused("this key stands here a second time", start, here)
            self.places[here] = start
            self.token()
            self.value(here)
            word, start = self.token()

    def _items(self, path: Path) -> None:
        index, mark = 0, self.at
        if self.token()[0] == "]":
            return
        self.at = mark
        word = ","
        while word == ",":
            self.places[(*path, index)] = self._next_start()
            self.value((*path, index))
            index += 1
            word, _ = self.token()

    def _next_start(self) -> int:
        match = _TOKEN.match(self.text, self.at)
        return match.start(1) if match else self.at


def locate(text: str, unescape: Callable[[str], str]) -> dict[Path, int]:
    """Offset of every key and list item of `text`, which is known to be JSON.

    `unescape` turns a JSON string token into its value. Raises Refused for a repeated key or for
    NaN and infinities.
    """
    walk = _Walk(text, unescape, {})
    walk.value(())
    return walk.places


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both counted from 1 as editors do."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
