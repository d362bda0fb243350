"""Order book updates read from their text in one match, without a JSON object for each level.

A busy stream is mostly these frames, and Gate writes them all alike (WebSocket docs: futures levels
are objects, spot levels are pairs). What is written otherwise in any way is None here and goes the
ordinary way through JSON, so nothing is accepted that would not be accepted there. Pure.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_WHOLE = r"(0|[1-9][0-9]{0,17})"
_DECIMAL = r'"[0-9]++(?:\.[0-9]++)?+"'
_OBJECT = rf'\{{"p":{_DECIMAL},"s":(?:{_DECIMAL}|0|[1-9][0-9]{{0,17}}+)\}}'
_PAIR = rf"\[{_DECIMAL},{_DECIMAL}\]"
_SIDE = rf"\[((?:{_OBJECT}(?:,{_OBJECT})*+)?+|{_PAIR}(?:,{_PAIR})*+)\]"

# Possessive throughout: a text that does not fit is given up at once.
_UPDATE = re.compile(
    rf'\{{"time":{_WHOLE}(?:,"time_ms":{_WHOLE})?+,'
    r'"channel":"((?:spot|futures)\.order_book_update)","event":"update",(?:"error":null,)?+'
    rf'"result":\{{"t":{_WHOLE},(?:"e":"depthUpdate","E":(?:0|[1-9][0-9]{{0,17}}),)?+'
    rf'"s":"([A-Z0-9_]{{1,40}})","U":{_WHOLE},"u":{_WHOLE},'
    rf'"b":{_SIDE},"a":{_SIDE}(?:,"l":"[0-9]{{1,4}}")?+\}}\}}'
)
_OBJECTS = re.compile(r'"p":"([0-9.]+)","s":"?([0-9.]+)')
_PAIRS = re.compile(r'"([0-9.]+)","([0-9.]+)"')


class Change(NamedTuple):
    """One `order_book_update`: it holds what happened from `first` to `last`.

    A level is a pair of price and size, or the object Gate sends; `name` is the instrument's.
    """

    name: str
    first: int
    last: int
    bids: list[Any]
    asks: list[Any]
    full: bool
    time_ms: int


class Update(NamedTuple):
    """A whole frame; `time_ms` is when the exchange sent it, 0 when it does not say."""

    channel: str
    time_ms: int
    change: Change


def read(text: str) -> Update | None:
    """The update in a frame that is written as usual; None for every other text."""
    found = _UPDATE.fullmatch(text)
    if found is None:
        return None
    _, sent, channel, time_ms, name, first, last, bids, asks = found.groups()
    item = Change(name, int(first), int(last), _levels(bids), _levels(asks), False, int(time_ms))
    return Update(channel, int(sent or 0), item) if item.first <= item.last else None


def _levels(side: str) -> list[Any]:
    return (_PAIRS if side[:1] == "[" else _OBJECTS).findall(side)
