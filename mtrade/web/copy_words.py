"""What copying decided, in the caller's language: sentences with the numbers in them.

A sentence whose numbers are not all there has a shorter form with fewer of them or a plain one
without any, so nothing half said is shown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from mtrade.domain.copying.codes import Act, Reason
from mtrade.domain.copying.model import CopyEvent
from mtrade.web.i18n import Catalogue

_NUMBER = re.compile(r"-?\d{1,24}(\.\d{1,24})?")
_GAP = re.compile(r"\{\w+\}")
_EARLIEST_MS = 1_000_000_000_000  # a larger number in a `*_ms` or `since` place is a moment
_FORMS = ("", ".short", ".plain")
_MOMENTS = ("since", "at")
_NBSP = "\u00a0"


class Words:
    """The catalogue in one language."""

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self._catalogue = catalogue
        self.language = language

    def reason(self, reason: Reason) -> str:
        """One sentence with the deciding numbers."""
        return self.sentence(f"copy.reason.{reason.code}", reason.numbers)

    def event(self, event: CopyEvent) -> str:
        """What a row of the feed says: its reason, else what was done."""
        if event.code is not None and event.act is not Act.SHADOW:
            return self.reason(Reason(event.code, event.numbers))
        return self.sentence(f"copy.event.{event.act}", event.numbers)

    def sentence(self, key: str, numbers: Mapping[str, str]) -> str:
        """The fullest form of `key` that has all its numbers; the key itself when there is none."""
        shown = {name: self._shown(name, value) for name, value in numbers.items()}
        forms = [self.text(f"{key}{form}", shown) for form in _FORMS]
        return next((text for text in forms if text and not _GAP.search(text)), key)

    def text(self, key: str, params: Mapping[str, object] | None = None) -> str | None:
        """A text of the catalogue; None when it lacks the key."""
        return self._catalogue.text(self.language, key, params or {})

    def _shown(self, name: str, value: str) -> str:
        if not _NUMBER.fullmatch(value):
            return self._word(value)
        if name.removesuffix("_ms") in _MOMENTS and "." not in value:
            return moment(int(value)) if int(value) >= _EARLIEST_MS else value
        return number(value, self.language)

    def _word(self, value: str) -> str:
        """A value that is a word of ours, translated; anything else as it is."""
        found = (self.text(f"copy.{kind}.{value}") for kind in ("word", "state", "leg_do", "param"))
        return next((word for word in found if word), value)


def moment(at_ms: int) -> str:
    """Time of day in this computer's zone."""
    return time.strftime("%H:%M:%S", time.localtime(at_ms // 1000))


def number(plain: str, language: str) -> str:
    """A decimal text as people of that language write it."""
    sign, digits = ("\u2212", plain[1:]) if plain.startswith("-") else ("", plain)
    whole, _, fraction = digits.partition(".")
    mark, point = (_NBSP, ",") if language == "ru" else (",", ".")
    grouped = f"{int(whole):,}".replace(",", mark)
    return f"{sign}{grouped}{point}{fraction}" if fraction else f"{sign}{grouped}"
