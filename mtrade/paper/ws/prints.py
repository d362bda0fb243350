"""Tickers, trades, candles, statistics and public liquidations of one instrument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Market
from mtrade.domain.market import Candle, PublicTrade
from mtrade.domain.numbers import ZERO, text
from mtrade.paper.chart import Chart
from mtrade.paper.http import Call
from mtrade.paper.intervals import starter
from mtrade.paper.public import futures as public_futures
from mtrade.paper.public import spot as public_spot
from mtrade.paper.room import Room
from mtrade.paper.wire import wire_size
from mtrade.paper.world import World
from mtrade.paper.ws.feed import Body, Feed

_SPOT_TICKER = (
    "currency_pair",
    "last",
    "lowest_ask",
    "highest_bid",
    "change_percentage",
    "base_volume",
    "quote_volume",
    "high_24h",
    "low_24h",
)
_STATS_MS = 10_000


class Tickers(Feed):
    """`tickers`: once a second."""

    period_ms = 1_000

    def __init__(self, channel: str, room: Room, world: World) -> None:
        super().__init__(channel, room)
        self._world = world

    def poll(self, now_ms: int) -> Sequence[Body]:
        key = self.room.id
        if key.market is Market.SPOT:
            call = _call(now_ms, {}, {"currency_pair": key.name})
            (row,) = _rows(public_spot.tickers(self._world, call).body)
            result = {name: row[name] for name in _SPOT_TICKER}
            return (lambda _: result,)
        call = _call(now_ms, {"settle": key.settle}, {"contract": key.name})
        listed = _rows(public_futures.tickers(self._world, call).body)
        return (lambda _: listed,)

    def first(self, now_ms: int) -> Sequence[Body]:
        return self.poll(now_ms)


class Trades(Feed):
    """`trades`: every print, oldest first; one a push on spot, a list on futures."""

    def __init__(self, channel: str, room: Room) -> None:
        super().__init__(channel, room)
        self._sent = room.trade_id

    def poll(self, now_ms: int) -> Sequence[Body]:
        if self.room.trade_id == self._sent:
            return ()
        fresh: list[PublicTrade] = []
        for trade in reversed(self.room.tape.trades):
            if int(trade.id) <= self._sent:
                break
            fresh.append(trade)
        fresh.reverse()
        self._sent = self.room.trade_id
        if self.room.id.market is Market.SPOT:
            return [_spot_trade(trade) for trade in fresh]
        return (lambda sizes: [_trade(trade, sizes) for trade in fresh],)


class Candles(Feed):
    """`candlesticks`: the running candle every two seconds, and the last word of a closed one."""

    period_ms = 2_000

    def __init__(
        self, channel: str, room: Room, chart: Chart, interval: str, name: str, *, traded: bool
    ) -> None:
        super().__init__(channel, room)
        self._chart = chart
        self._interval = interval
        self._name = f"{interval}_{name}"
        self._traded = traded
        self._sent: Candle | None = None

    def poll(self, now_ms: int) -> Sequence[Body]:
        bars = self._chart.newest(self._interval, 2, now_ms)
        before, self._sent = self._sent, bars[-1] if bars else None
        if self._sent is None or self._sent == before:
            return ()
        rolled = before is not None and before.start_ms < self._sent.start_ms
        closed = [
            bar for bar in bars[:-1] if before is not None and bar.start_ms == before.start_ms
        ]
        done = [self._body(bar, True) for bar in closed if rolled]
        return [*done, *self.first(now_ms)]

    def first(self, now_ms: int) -> Sequence[Body]:
        if self._sent is None:
            return ()
        over = starter(self._interval)(now_ms) > self._sent.start_ms
        return (self._body(self._sent, over),)

    def _body(self, bar: Candle, over: bool) -> Body:
        if self.room.id.market is Market.SPOT:
            head = {"t": str(bar.start_ms // 1000), "v": text(bar.volume_quote)}
            tail = {"n": self._name, "a": text(bar.volume), "w": over}
            return lambda _: {**head, **_prices(bar), **tail}
        volume, value = (bar.volume, bar.volume_quote) if self._traded else (ZERO, ZERO)
        return lambda sizes: [
            {
                "t": bar.start_ms // 1000,
                "v": wire_size(volume, sizes),
                **_prices(bar),
                "n": self._name,
                "a": text(value),
                "w": over,
            }
        ]


class Stats(Feed):
    """`contract_stats`: open interest and mark price of the running interval."""

    period_ms = _STATS_MS

    def __init__(self, channel: str, room: Room, interval: str) -> None:
        super().__init__(channel, room)
        self._interval = interval

    def poll(self, now_ms: int) -> Sequence[Body]:
        room = self.room
        worth = room.instrument.value(room.open_interest, room.mark)
        start = starter(self._interval)(now_ms)
        return (
            lambda sizes: [
                {
                    "time": start // 1000,
                    "contract": room.id.name,
                    "mark_price": room.mark,
                    "open_interest": wire_size(room.open_interest, sizes),
                    "open_interest_usd": worth,
                    "lsr_taker": ZERO,
                    "lsr_account": ZERO,
                    "top_lsr_account": ZERO,
                    "top_lsr_size": ZERO,
                    "long_liq_size": wire_size(ZERO, sizes),
                    "short_liq_size": wire_size(ZERO, sizes),
                    "long_liq_amount": ZERO,
                    "short_liq_amount": ZERO,
                    "long_liq_usd": ZERO,
                    "short_liq_usd": ZERO,
                }
            ],
        )

    def first(self, now_ms: int) -> Sequence[Body]:
        return self.poll(now_ms)


class PublicLiquidations(Feed):
    """`public_liquidates`: at most one a second, the latest, as Gate does."""

    period_ms = 1_000

    def __init__(self, channel: str, room: Room) -> None:
        super().__init__(channel, room)
        self._latest: Mapping[str, Any] | None = None

    def note(self, body: Mapping[str, Any]) -> None:
        """Somebody was liquidated; `body` is the private push of it."""
        self._latest = body

    def poll(self, now_ms: int) -> Sequence[Body]:
        body, self._latest = self._latest, None
        if body is None:
            return ()
        price, size = Decimal(body["order_price"]), Decimal(body["size"])
        head = {"contract": self.room.id.name, "price": price, "time_ms": body["time_ms"]}
        return (lambda sizes: [{**head, "size": wire_size(size, sizes)}],)


def _spot_trade(trade: PublicTrade) -> Body:
    body = {
        "id": int(trade.id),
        "create_time": trade.time_ms // 1000,
        "create_time_ms": f"{trade.time_ms}.000",
        "side": trade.side.value,
        "currency_pair": trade.instrument.name,
        "amount": text(trade.size),
        "price": text(trade.price),
        "range": f"{trade.id}-{trade.id}",
        "id_market": int(trade.id),
    }
    return lambda _: body


def _trade(trade: PublicTrade, sizes: bool) -> dict[str, object]:
    return {
        "contract": trade.instrument.name,
        "id": int(trade.id),
        "create_time": trade.time_ms // 1000,
        "create_time_ms": trade.time_ms,
        "price": text(trade.price),
        "size": wire_size(trade.size * trade.side.sign, sizes),
    }


def _prices(bar: Candle) -> dict[str, object]:
    prices = {"c": bar.close, "h": bar.high, "l": bar.low, "o": bar.open}
    return {name: text(price) for name, price in prices.items()}


def _call(now_ms: int, args: dict[str, str], query: dict[str, str]) -> Call:
    return Call(args=args, query=query, body=None, user=None, now_ms=now_ms, decimal_sizes=True)


def _rows(body: object) -> list[dict[str, object]]:
    if not isinstance(body, list):
        raise TypeError("a list of tickers")
    return body
