"""What of the market survives a restart: prices, funding rates and candles, as rows.

Candles are saved an hour of minutes and a day of hours per row, in whole steps; rows older than the
horizon of their interval disappear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import FundingRate
from mtrade.domain.numbers import text
from mtrade.paper.chart import CHUNKS, HORIZON, Chart
from mtrade.paper.room import Room
from mtrade.paper.series import Bar

_PRICES = ("last", "mark", "index", "funding_rate", "funding_rate_indicative", "traded")

Dirty = Callable[[str, str], None]


class Keeper:
    """Turns rooms into rows and back. `dirty` is told which rows have changed."""

    kinds = ("market", "room", "funding_rates", "candles")

    def __init__(self, rooms: Mapping[InstrumentId, Room], dirty: Dirty) -> None:
        self.birth_ms = 0
        self._rooms = {str(key): room for key, room in rooms.items()}
        self._dirty = dirty
        self._chunks: dict[str, int] = {}
        self._charts = {
            f"{what}|{name}": chart
            for name, room in self._rooms.items()
            for what, chart in charts(room)
        }

    def note_birth(self, now_ms: int) -> None:
        """Remember when this market opened for the first time, and the rates made up for it."""
        self.birth_ms = now_ms
        self._dirty("market", "birth")
        for room in self._rooms.values():
            if room.funding:
                self.note_funding(room)

    def note_prices(self) -> None:
        """Prices have moved."""
        for name in self._rooms:
            self._dirty("room", name)

    def note_funding(self, room: Room) -> None:
        """A rate was settled."""
        self._dirty("funding_rates", str(room.id))

    def note_candles(self, at_ms: int) -> None:
        """Candles that contain `at_ms` have changed."""
        for interval, length in CHUNKS.items():
            start = at_ms - at_ms % length
            for name in self._charts:
                self._note_chunk(f"{interval}|{name}|{start}", start)

    def prune(self, now_ms: int) -> None:
        """Let rows beyond the horizon go."""
        old = [key for key, start in self._chunks.items() if start < now_ms - _horizon(key)]
        for key in old:
            del self._chunks[key]
            self._dirty("candles", key)

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed row; None when it is gone."""
        if kind == "market":
            return {"birth_ms": self.birth_ms}
        if kind == "room":
            return _room_row(self._rooms[key])
        if kind == "funding_rates":
            return {"rates": [[r.time_ms, text(r.rate)] for r in self._rooms[key].funding]}
        return self._candle_row(key) if key in self._chunks else None

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved row back; rows of instruments that are gone are ignored."""
        if kind == "market":
            self.birth_ms = int(data["birth_ms"])
        elif kind == "candles":
            self._restore_candles(key, data)
        elif key in self._rooms and kind == "room":
            _restore_room(self._rooms[key], data)
        elif key in self._rooms:
            rates = [FundingRate(time_ms=at, rate=Decimal(rate)) for at, rate in data["rates"]]
            self._rooms[key].funding.clear()
            self._rooms[key].funding.extend(rates)

    def _note_chunk(self, key: str, start: int) -> None:
        self._chunks[key] = start
        self._dirty("candles", key)

    def _candle_row(self, key: str) -> Mapping[str, Any]:
        interval, name, start = _parts(key)
        chart = self._charts[name]
        return {
            "price_step": text(chart.scale.price),
            "size_step": text(chart.scale.size),
            "bars": [list(bar) for bar in chart.chunk(interval, start)],
        }

    def _restore_candles(self, key: str, data: Mapping[str, Any]) -> None:
        interval, name, start = _parts(key)
        chart = self._charts.get(name)
        # Bars are counted in steps: saved under other steps they would show wrong prices.
        if chart is None or data["price_step"] != text(chart.scale.price):
            return
        if data["size_step"] == text(chart.scale.size):
            self._chunks[key] = start
            chart.restore(interval, [Bar(*numbers) for numbers in data["bars"]])


def charts(room: Room) -> Iterator[tuple[str, Chart]]:
    """The charts of a room with what each shows."""
    yield "trades", room.tape.chart
    if room.mark_chart is not None:
        yield "mark", room.mark_chart
    if room.index_chart is not None:
        yield "index", room.index_chart


def _parts(key: str) -> tuple[str, str, int]:
    interval, what, name, start = key.split("|")
    return interval, f"{what}|{name}", int(start)


def _horizon(key: str) -> int:
    return HORIZON[key.split("|", 1)[0]]


def _room_row(room: Room) -> Mapping[str, Any]:
    prices = {name: text(getattr(room, name)) for name in _PRICES}
    return {**prices, "funding_next_ms": room.funding_next_ms, "trade_id": room.trade_id}


def _restore_room(room: Room, data: Mapping[str, Any]) -> None:
    for name in _PRICES:
        setattr(room, name, Decimal(data[name]))
    room.funding_next_ms = int(data["funding_next_ms"])
    room.trade_id = int(data["trade_id"])
