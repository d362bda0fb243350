"""The market of the paper exchange: builds the rooms, moves the prices, lets the house quote."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market, Side, spot
from mtrade.domain.market import FundingRate
from mtrade.domain.numbers import ONE, floor
from mtrade.paper.catalogue import COINS, catalogue
from mtrade.paper.chance import decimal_of, dice
from mtrade.paper.chart import Chart, Scale
from mtrade.paper.faults import GateFault
from mtrade.paper.following import JUMP, Following
from mtrade.paper.history import Flow, History
from mtrade.paper.house import Counter, House
from mtrade.paper.intervals import HOUR, MINUTE
from mtrade.paper.keeping import Keeper, charts
from mtrade.paper.matching import OrderBook
from mtrade.paper.prices import IndexPrices, Premium, funding_rate
from mtrade.paper.room import KEPT_FUNDING, Listing, Room, next_funding
from mtrade.paper.tape import Tape

if TYPE_CHECKING:
    from mtrade.paper.world import World

_log = logging.getLogger(__name__)

_SAVE_EVERY_MS = 5_000
_COINS = {coin.symbol: coin for coin in COINS}
_HIGHEST_TICKS = 10**10


def build_rooms(
    seed: int, now_ms: int, listed: Iterable[tuple[Instrument, Listing]] | None = None
) -> dict[InstrumentId, Room]:
    """A room for each `listed` instrument (all there are), at its first price, with a past."""
    items = catalogue() if listed is None else listed
    rooms = {item.id: _room(item, listing, now_ms) for item, listing in items}
    give_past(rooms, seed, now_ms)
    for room in rooms.values():
        if room.instrument.funding_interval_s:
            room.funding.extend(_past_rates(seed, room, now_ms))
    return rooms


def give_past(rooms: Mapping[InstrumentId, Room], seed: int, birth_ms: int) -> None:
    """Let every chart reach back before `birth_ms`."""
    history = History(seed, birth_ms)
    for room in rooms.values():
        price = Decimal(_COINS[room.instrument.base].price)
        flow = Flow.of(room.instrument, price, room.listing.turnover)
        room.tape.chart.past = _past(history, room, flow)
        for chart in (room.mark_chart, room.index_chart):
            if chart is not None:
                chart.past = _past(history, room, Flow(chart.scale, price))


class MarketEngine:
    """Moves the whole market by one tick. Needs a world with rooms; venues may come later."""

    kinds = Keeper.kinds

    def __init__(self, world: World, following: Following | None = None) -> None:
        self._world = world
        self.following = following or Following()
        self._keeper = Keeper(world.rooms, world.dirty)
        self._index: IndexPrices | None = None
        self._premiums: dict[InstrumentId, Premium] = {}
        self._houses = {
            key: House(world.seed, room, self._venue_of(key)) for key, room in world.rooms.items()
        }
        self._now_ms = 0
        self._saved_ms = 0
        self._cold = [chart for room in world.rooms.values() for _, chart in charts(room)]

    def tick(self, now_ms: int) -> None:
        """Advance prices, let the house act, then tell the venues that prices have moved."""
        index = self._opened(now_ms)
        elapsed = max(now_ms - self._now_ms, 0)
        index.advance(now_ms)
        self._follow(index, now_ms)
        open_rooms = [room for room in self._world.rooms.values() if room.instrument.tradable]
        for room in open_rooms:
            self._reprice(room, index, elapsed, now_ms)
        for room in open_rooms:
            self._houses[room.id].act(self._fair(room, index), elapsed, now_ms)
        for room in open_rooms:
            room.tape.chart.roll(now_ms)
        self._settle(now_ms)
        self._note(now_ms)
        if self._cold:
            self._cold.pop().complete()

    def set_price(self, instrument: InstrumentId, price: Decimal, now_ms: int) -> None:
        """Move the coin of `instrument` to `price`: index, mark, last and books, everywhere.

        Raises GateFault when the instrument is unknown or the price is off the scale.
        """
        target = self._world.rooms.get(instrument)
        if target is None:
            raise GateFault("INVALID_PARAM_VALUE", f"unknown instrument {instrument}")
        price = target.instrument.conform_price(price, Side.BUY)
        if not 100 <= price / target.instrument.price_step <= _HIGHEST_TICKS:
            raise GateFault("INVALID_PARAM_VALUE", "price is too far from any market")
        index = self._opened(now_ms)
        index.put(target.instrument.base, price)
        moved = [
            r for r in self._world.rooms.values() if r.instrument.base == target.instrument.base
        ]
        for room in moved:
            self._premiums[room.id].reset()
            self._reprice(room, index, 0, now_ms)
        for room in moved:
            at = max(room.instrument.conform_price(price, Side.BUY), room.instrument.price_step)
            self._houses[room.id].jump(at, now_ms)
        self._settle(now_ms)

    def _follow(self, index: IndexPrices, now_ms: int) -> None:
        """Pull coins to their outside prices; open and close what trades only with one."""
        for coin in _COINS:
            price = self.following.price(coin, now_ms)
            if self.following.live_only:
                self._open_coin(coin, price is not None, now_ms)
            if price is None:
                continue
            if abs(price / index[coin] - 1) <= JUMP or self._leap(coin, price, now_ms):
                index.put(coin, price)

    def _leap(self, coin: str, price: Decimal, now_ms: int) -> bool:
        try:
            self.set_price(spot(f"{coin}_USDT"), price, now_ms)
        except GateFault as fault:
            _log.debug("%s cannot follow the outside price: %s", coin, fault.message)
            return False
        return True

    def _open_coin(self, coin: str, trading: bool, now_ms: int) -> None:
        for room in self._world.rooms.values():
            if room.instrument.base == coin and room.instrument.tradable is not trading:
                room.instrument = replace(room.instrument, tradable=trading)
                _log.info("%s %s", room.id, "trades" if trading else "halted: no live price")
                if not trading:
                    self._houses[room.id].leave(now_ms)

    def flush(self) -> None:
        """Mark everything that is only saved now and then as changed, before the last save."""
        self._keeper.note_prices()
        self._keeper.note_candles(self._now_ms)

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed row; None when it is gone."""
        return self._keeper.row(kind, key)

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved row back, in any order, before the first tick."""
        if kind == "market":
            give_past(self._world.rooms, self._world.seed, int(data["birth_ms"]))
        self._keeper.restore(kind, key, data)

    def _opened(self, now_ms: int) -> IndexPrices:
        if self._index is None:
            rooms, seed = self._world.rooms, self._world.seed
            self._index = IndexPrices(seed, now_ms)
            self._now_ms = now_ms
            self._premiums = {key: Premium(seed, str(key), now_ms) for key in rooms}
            for room in rooms.values():
                self._index.put(room.instrument.base, room.index)
            if not self._keeper.birth_ms:
                self._keeper.note_birth(now_ms)
        return self._index

    def _reprice(self, room: Room, index: IndexPrices, elapsed: int, now_ms: int) -> None:
        rules, price = room.instrument, index[room.instrument.base]
        if rules.id.market is Market.SPOT:
            room.index = room.mark = max(floor(price, rules.price_step), rules.price_step)
            return
        premium, step = self._premiums[room.id], room.listing.mark_step
        premium.advance(elapsed)
        room.index = max(floor(price, step), step)
        room.mark = premium.mark(price, step)
        base = room.listing.interest_rate / 3
        limit, interval = room.listing.funding_rate_limit, rules.funding_interval_s
        room.funding_rate = funding_rate(premium.average, base, interval, limit)
        room.funding_rate_indicative = funding_rate(premium.present, base, interval, limit)
        if room.mark_chart is not None and room.index_chart is not None:
            room.mark_chart.record(now_ms, room.mark)
            room.index_chart.record(now_ms, room.index)

    def _fair(self, room: Room, index: IndexPrices) -> Decimal:
        price = index[room.instrument.base]
        if room.id.market is Market.SPOT:
            return price
        return self._premiums[room.id].fair(price)

    def _settle(self, now_ms: int) -> None:
        self._world.spot.on_prices(now_ms)
        self._world.futures.on_prices(now_ms)
        for room in self._world.rooms.values():
            if room.funding_next_ms and now_ms >= room.funding_next_ms:
                room.roll_funding(now_ms)
                self._premiums[room.id].settle()
                self._keeper.note_funding(room)

    def _note(self, now_ms: int) -> None:
        before, self._now_ms = self._now_ms, max(now_ms, self._now_ms)
        if now_ms - self._saved_ms >= _SAVE_EVERY_MS:
            self._saved_ms = now_ms
            self._keeper.note_prices()
        if before // MINUTE != now_ms // MINUTE:
            self._keeper.note_candles(before)
        if before // HOUR != now_ms // HOUR:
            self._keeper.prune(now_ms)

    def _venue_of(self, key: InstrumentId) -> Callable[[], Counter]:
        world = self._world
        if key.market is Market.SPOT:
            return lambda: world.spot
        return lambda: world.futures


def _room(rules: Instrument, listing: Listing, now_ms: int) -> Room:
    price = Decimal(_COINS[rules.base].price)
    room = Room(
        instrument=rules,
        listing=listing,
        book=OrderBook(rules.id),
        tape=Tape(rules),
        last=price,
        mark=price,
        index=price,
        funding_next_ms=next_funding(now_ms, rules.funding_interval_s),
    )
    if rules.id.market is Market.FUTURES:
        scale = Scale(listing.mark_step, ONE, ONE)
        room.mark_chart, room.index_chart = Chart(scale), Chart(scale)
        room.open_interest = rules.size_from_value(listing.turnover / 4, price)
    return room


def _past(history: History, room: Room, flow: Flow) -> Callable[[], Any]:
    coin = _COINS[room.instrument.base]
    return lambda: history.past(coin, flow)


def _past_rates(seed: int, room: Room, birth_ms: int) -> list[FundingRate]:
    """Funding rates before the market opened: mostly the interest, at times with a premium."""
    step = room.instrument.funding_interval_s * 1000
    last = birth_ms - birth_ms % step
    draw, drift = dice(seed, "funding", room.id), 0.0
    base = room.listing.interest_rate / 3
    rates: list[FundingRate] = []
    for number in range(KEPT_FUNDING):
        drift = drift * 0.9 + draw.gauss(0, 0.0002)
        rate = funding_rate(
            decimal_of(drift),
            base,
            room.instrument.funding_interval_s,
            room.listing.funding_rate_limit,
        )
        rates.append(FundingRate(time_ms=last - (KEPT_FUNDING - 1 - number) * step, rate=rate))
    return rates
