"""The catalogue: screen and error texts in Russian and English, from `static/i18n/*.json`.

`<lang>.json` holds what pages show, `server.<lang>.json` and `server.copy.<lang>.json` what the
server says. Keys are flat, `{name}` in a text is replaced. The same page files are read by the
scripts in the browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

LANGUAGES = ("ru", "en")
DEFAULT_LANGUAGE = "ru"

_PLACE = re.compile(r"\{(\w+)\}")


class Catalogue:
    """Texts of both languages, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        return {lang: self._load(lang) for lang in LANGUAGES}

    @cached_property
    def _sentences(self) -> list[tuple[re.Pattern[str], str]]:
        """English field reasons as patterns, so that one made below the web can be translated."""
        english = self._texts["en"].items()
        return [(_pattern(text), key) for key, text in english if key.startswith("fields.")]

    def _load(self, lang: str) -> dict[str, str]:
        texts: dict[str, str] = {}
        for name in (f"server.copy.{lang}.json", f"server.{lang}.json", f"{lang}.json"):
            path = self._folder / name
            if path.exists():
                found = json.loads(path.read_text(encoding="utf-8"))
                texts.update({k: v for k, v in found.items() if isinstance(v, str)})
        return texts

    def text(self, lang: str, key: str, params: Mapping[str, object]) -> str | None:
        """The text of a key with its places filled; None when the catalogue lacks it."""
        found = self._texts.get(lang, {}).get(key)
        return None if found is None else fill(found, params)

    def outcome(self, lang: str, code: str, params: Mapping[str, object]) -> str | None:
        """The words of a failure or key check: by its code, or the exchange's label in it."""
        bare = code.removeprefix("key_")
        keys = (f"errors.{code}", f"checks.{bare}", f"errors.{bare}", f"labels.{bare.upper()}")
        return next(filter(None, (self.text(lang, key, params) for key in keys)), None)

    def reason(self, lang: str, english: str) -> str:
        """A field reason in the caller's language; English when no pattern fits."""
        for pattern, key in self._sentences:
            match = pattern.fullmatch(english)
            if match is not None:
                return self.text(lang, key, match.groupdict()) or english
        return english


def fill(text: str, params: Mapping[str, object]) -> str:
    """Replace `{name}`; an unknown name stays visible instead of failing."""
    return _PLACE.sub(lambda m: str(params.get(m[1], m[0])), text)


def preferred(accept_language: str) -> str | None:
    """The first language of an Accept-Language header that we speak."""
    for part in accept_language.split(","):
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return None


def _pattern(text: str) -> re.Pattern[str]:
    parts = enumerate(_PLACE.split(text))
    return re.compile("".join(f"(?P<{p}>.+)" if i % 2 else re.escape(p) for i, p in parts))
