"""What a browser may ask to hear of: one topic is one thing whose newest state it wants.

The written forms are those of docs/api.md, "Events".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mtrade.domain.accounts import Network
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import InstrumentId, Market

INTERVALS = ("10s", "1m", "5m", "15m", "30m", "1h", "4h", "8h", "1d", "7d", "30d")
MOST_TOPICS = 32
_NAME = re.compile(r"[A-Z0-9]{1,24}_[A-Z0-9]{1,12}")
_ACCOUNT = re.compile(r"[a-z]{1,16}:[A-Za-z0-9]{1,32}")
_LANGUAGES = (["ru"], ["en"])
_PLACES = {
    "spot": (Market.SPOT, ""),
    "usdt": (Market.FUTURES, "usdt"),
    "btc": (Market.FUTURES, "btc"),
}


@dataclass(frozen=True, slots=True)
class MarketTopic:
    """Ticker, book and tape of one instrument."""

    network: Network
    instrument: InstrumentId

    kind = "market"

    def __str__(self) -> str:
        return f"market:{self.network}:{self.instrument}"


@dataclass(frozen=True, slots=True)
class CandleTopic:
    """The candles of one instrument and interval."""

    network: Network
    instrument: InstrumentId
    interval: str

    kind = "candles"

    def __str__(self) -> str:
        return f"candles:{self.network}:{self.instrument}:{self.interval}"


@dataclass(frozen=True, slots=True)
class AccountTopic:
    """Orders, positions, money and journal of one account."""

    account_id: str

    kind = "account"

    def __str__(self) -> str:
        return f"account:{self.account_id}"


@dataclass(frozen=True, slots=True)
class ServerTopic:
    """This server: streams, health, mode."""

    kind = "server"

    def __str__(self) -> str:
        return "server"


@dataclass(frozen=True, slots=True)
class CopyTopic:
    """Copying: links, contracts, brakes. `language` is that of its sentences, empty for the desk's
    own."""

    language: str = ""

    kind = "copy"

    def __str__(self) -> str:
        return f"copy:{self.language}" if self.language else "copy"


Topic = MarketTopic | CandleTopic | AccountTopic | ServerTopic | CopyTopic


def parse_topics(text: str) -> tuple[Topic, ...]:
    """The topics of a comma-separated list, each once. Raises InvalidRequest(topics)."""
    parts = [part for part in text.split(",") if part]
    if not parts:
        raise _fault("is required")
    if len(parts) > MOST_TOPICS:
        raise _fault(f"maximum is {MOST_TOPICS}")
    return tuple(dict.fromkeys(_parse(part) for part in parts))


def _parse(text: str) -> Topic:
    kind, *rest = text.split(":")
    if kind == "server" and not rest:
        return ServerTopic()
    if kind == "copy" and (not rest or rest in _LANGUAGES):
        return CopyTopic(*rest)
    if kind == "account" and _ACCOUNT.fullmatch(":".join(rest)):
        return AccountTopic(":".join(rest))
    if kind == "market" and len(rest) == 3:
        return MarketTopic(_network(rest[0]), _instrument(rest[1], rest[2]))
    if kind == "candles" and len(rest) == 4 and rest[3] in INTERVALS:
        return CandleTopic(_network(rest[0]), _instrument(rest[1], rest[2]), rest[3])
    raise _fault("does not have the expected form")


def _network(text: str) -> Network:
    if text not in set(Network):
        raise _fault("names an unknown network")
    return Network(text)


def _instrument(place: str, name: str) -> InstrumentId:
    if place not in _PLACES or not _NAME.fullmatch(name):
        raise _fault("names an unknown instrument")
    return InstrumentId(*_PLACES[place], name)


def _fault(reason: str) -> InvalidRequest:
    return InvalidRequest(f"topics {reason}", fields={"topics": reason})
