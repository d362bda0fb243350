"""Printing: UTF-8, words in brackets, no colour without a terminal. Standard library only."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

from mtrade.process import messages

_COLOURS = {"ok": "32", "warn": "33", "error": "31"}


class Console:
    """Where a command speaks. With `as_json`, people read stderr and programs read stdout."""

    def __init__(self, lang: str, *, as_json: bool = False) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, ValueError):
                stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        self.lang = lang
        self.as_json = as_json
        self._out: TextIO = sys.stderr if as_json else sys.stdout

    def text(self, key: str, /, **params: object) -> str:
        """The sentence in the console's language."""
        return messages.text(key, self.lang, **params)

    def say(self, line: str = "") -> None:
        """One line for people."""
        print(line, file=self._out, flush=True)

    @property
    def interactive(self) -> bool:
        """Whether a person is looking at it."""
        return not self.as_json and self._out.isatty()

    def complain(self, line: str) -> None:
        """One line about a failure."""
        print(line, file=sys.stderr, flush=True)

    def mark(self, mark: str, line: str) -> None:
        """A line with a word in brackets before it: ok, wait, warn or error."""
        out = sys.stderr if mark == "error" else self._out
        print(f"{self._painted(mark, out)} {line}", file=out, flush=True)

    def result(self, value: dict[str, object]) -> None:
        """The one object of `--json`."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)

    def _painted(self, mark: str, out: TextIO) -> str:
        word = self.text(mark)
        plain = "NO_COLOR" in os.environ or not out.isatty() or mark not in _COLOURS
        return word if plain else f"\x1b[{_COLOURS[mark]}m{word}\x1b[0m"
