"""The truth of the model exchange: one book and one account, on futures or on spot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode, SpotBalance
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.market import Book, Level
from mtrade.domain.orders import Fill, OrderType, TimeInForce, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg, Position
from tests.sim.venue import Venue

ZERO = Decimal(0)
PRICE = Decimal(100)


class ModelBook:
    """Levels that change all the time, with an unbroken sequence."""

    def __init__(self, venue: Venue, instrument: InstrumentId) -> None:
        self._venue = venue
        self._instrument = instrument
        self.sequence = 1000
        self._mid = 1000
        self.sides: dict[str, dict[int, int]] = {"b": {}, "a": {}}
        for step in range(1, 30):
            self.sides["b"][self._mid - step] = self.sides["a"][self._mid + step] = step

    def move(self) -> None:
        """Some changes, and one push that tells them."""
        chance, first = self._venue.world.random, self.sequence + 1
        touched: set[tuple[str, int]] = set()
        self._mid += chance.choice((-2, -1, 0, 0, 1, 2))
        for side in ("b", "a"):
            for price in [p for p in self.sides[side] if not self._fits(side, p)]:
                self._set(side, price, 0, touched)
        for _ in range(chance.randrange(1, 6)):
            side, size = chance.choice("ba"), chance.choice((0, 0, 1, 2, 3, 7))
            price = self._mid + (1 if side == "a" else -1) * chance.randrange(1, 30)
            self._set(side, price, size, touched)
        self._publish(first, touched)

    def snapshot(self) -> Book:
        """What REST answers."""
        self._venue.rest()
        return self.truth()

    def truth(self) -> Book:
        """The book as it is."""
        bids = sorted(self.sides["b"].items(), reverse=True)
        asks = sorted(self.sides["a"].items())
        return Book(
            instrument=self._instrument,
            bids=tuple(Level(Decimal(p) / 10, Decimal(s)) for p, s in bids),
            asks=tuple(Level(Decimal(p) / 10, Decimal(s)) for p, s in asks),
            time_ms=self._venue.world.now_ms(),
            sequence=self.sequence,
        )

    def _fits(self, side: str, price: int) -> bool:
        return price < self._mid if side == "b" else price > self._mid

    def _set(self, side: str, price: int, size: int, touched: set[tuple[str, int]]) -> None:
        self.sequence += 1
        touched.add((side, price))
        if size:
            self.sides[side][price] = size
        else:
            self.sides[side].pop(price, None)

    def _publish(self, first: int, touched: set[tuple[str, int]]) -> None:
        name, spot = self._instrument.name, self._instrument.market is Market.SPOT
        result: dict[str, Any] = {
            "t": self._venue.world.now_ms(),
            "s": name,
            "U": first,
            "u": self.sequence,
            "b": [],
            "a": [],
        }
        for side, price in touched:
            text, size = str(Decimal(price) / 10), str(self.sides[side].get(price, 0))
            result[side].append([text, size] if spot else {"p": text, "s": size})
        self._venue.publish(f"{self._instrument.market}.order_book_update", result, name)


class ModelAccount:
    """Orders, fills, a position or coins; implements what the stream reads of an Exchange."""

    def __init__(self, venue: Venue, instrument: InstrumentId, uid: str) -> None:
        self._venue = venue
        self.instrument = instrument
        self._uid = uid
        self._spot = instrument.market is Market.SPOT
        self._ids = 5000
        self._last_ms = 0
        self.orders: dict[str, VenueOrder] = {}
        self.trades: list[Fill] = []
        self.size = ZERO
        self.update_id = 10
        self.total = Decimal(10_000)
        self.base = Decimal(500)

    def act(self) -> None:
        """One thing its owner, or the market, does."""
        chance, waiting = self._venue.world.random, list(self.orders)
        word = chance.choice(("place", "place", "fill", "fill", "cancel"))
        if word == "place" or not waiting:
            self._place()
        elif word == "fill":
            self._fill(self.orders[chance.choice(waiting)])
        else:
            order = self.orders[chance.choice(waiting)]
            self._end(replace(order, updated_ms=self._tick()), "cancelled")
            self._push_money()

    # What REST answers.

    def open_orders(self, market: Market, settle: str = "") -> tuple[VenueOrder, ...]:
        self._venue.rest()
        return tuple(self.orders.values())

    def triggers(self, market: Market, settle: str = "") -> tuple[VenueTrigger, ...]:
        self._venue.rest()
        return ()

    def fills(
        self, market: Market, settle: str = "", *, since_ms: int, limit: int
    ) -> tuple[Fill, ...]:
        self._venue.rest()
        return tuple(reversed([fill for fill in self.trades if fill.time_ms >= since_ms]))

    def futures_account(self, settle: str) -> FuturesAccount:
        self._venue.rest()
        return FuturesAccount(
            uid=self._uid,
            currency="USDT",
            total=self.total,
            available=self.total,
            unrealised_pnl=ZERO,
            position_margin=ZERO,
            order_margin=ZERO,
            maintenance_margin=ZERO,
            mode=PositionMode.SINGLE,
        )

    def positions(self, settle: str) -> tuple[Position, ...]:
        self._venue.rest()
        if self.size.is_zero():
            return ()
        nothing = dict.fromkeys(
            ("margin", "initial_margin", "maintenance_margin", "value", "unrealised_pnl"), ZERO
        )
        return (
            Position(
                instrument=self.instrument,
                leg=Leg.NET,
                size=self.size,
                entry_price=PRICE,
                mark_price=PRICE,
                liq_price=None,
                leverage=Decimal(10),
                leverage_max=Decimal(100),
                margin_mode=MarginMode.CROSS,
                realised_pnl=ZERO,
                update_id=self.update_id,
                **nothing,
            ),
        )

    def spot_balances(self) -> tuple[SpotBalance, ...]:
        self._venue.rest()
        return self.coins()

    def coins(self) -> tuple[SpotBalance, ...]:
        """Free and locked, as the open orders say."""
        sells = sum((o.left for o in self.orders.values() if o.side is Side.SELL), ZERO)
        buys = sum((o.left for o in self.orders.values() if o.side is Side.BUY), ZERO) * PRICE
        return (
            SpotBalance(currency="BTC", available=self.base - sells, locked=sells),
            SpotBalance(currency="USDT", available=self.total - buys, locked=buys),
        )

    # What happens.

    def _place(self) -> None:
        chance, now = self._venue.world.random, self._tick()
        size = Decimal(chance.randrange(1, 9))
        order = VenueOrder(
            instrument=self.instrument,
            order_id=self._id(),
            text="t-x",
            side=chance.choice((Side.BUY, Side.SELL)),
            type=OrderType.LIMIT,
            size=size,
            left=size,
            filled=ZERO,
            price=PRICE,
            average=None,
            tif=TimeInForce.GTC,
            open=True,
            finish_as="",
            created_ms=now,
            updated_ms=now,
        )
        self.orders[order.order_id] = order
        self._push_order(order, "put")
        self._push_money()

    def _fill(self, order: VenueOrder) -> None:
        now = self._tick()
        size = Decimal(self._venue.world.random.randrange(1, int(order.left) + 1))
        fill = Fill(
            trade_id=self._id(),
            order_id=order.order_id,
            instrument=self.instrument,
            time_ms=now,
            side=order.side,
            size=size,
            price=PRICE,
            fee=ZERO,
            fee_currency="USDT",
            role="maker",
            text="t-x",
        )
        self.trades.append(fill)
        self._settle(fill)
        left, filled = order.left - size, order.filled + size
        order = replace(order, left=left, filled=filled, average=PRICE, updated_ms=now)
        if left.is_zero():
            self._end(order, "filled", fill)
        else:
            self.orders[order.order_id] = order
            self._push_fill(fill)
            self._push_order(order, "update")
        self._push_money()

    def _settle(self, fill: Fill) -> None:
        signed = fill.size * fill.side.sign
        if self._spot:
            self.base += signed
            self.total -= signed * PRICE
        else:
            self.size += signed
            self.update_id += 1
            self.total -= Decimal("0.01")

    def _end(self, order: VenueOrder, reason: str, fill: Fill | None = None) -> None:
        del self.orders[order.order_id]
        if fill is not None:
            self._push_fill(fill)
        self._push_order(replace(order, open=False, finish_as=reason), "finish")

    def _tick(self) -> int:
        self._last_ms = max(self._last_ms + 1, self._venue.world.now_ms())
        return self._last_ms

    def _id(self) -> str:
        self._ids += 1
        return str(self._ids)

    # How Gate tells it: position, fill, order, money.

    def _push_fill(self, fill: Fill) -> None:
        row: dict[str, Any] = {
            "id": fill.trade_id,
            "order_id": fill.order_id,
            "create_time_ms": str(fill.time_ms),
            "price": str(fill.price),
            "role": "maker",
            "text": "t-x",
        }
        if self._spot:
            row |= {"side": fill.side, "amount": str(fill.size), "fee": "0"}
            row["currency_pair"] = self.instrument.name
            self._venue.publish("spot.usertrades_v2", [row], "!all")
            return
        position = {
            "contract": self.instrument.name,
            "size": str(self.size),
            "mode": "single",
            "leverage": 0,
            "cross_leverage_limit": 10,
            "entry_price": 100.0,
            "margin": 1.5,
            "realised_pnl": -0.25,
            "update_id": self.update_id,
            "time_ms": fill.time_ms,
        }
        self._venue.publish("futures.positions", [position], self._uid)
        row |= {"contract": self.instrument.name, "size": str(fill.size * fill.side.sign)}
        self._venue.publish("futures.usertrades", [row | {"fee": 0.0}], self._uid)

    def _push_order(self, order: VenueOrder, event: str) -> None:
        row: dict[str, Any] = {"id": order.order_id, "text": order.text, "finish_as": "open"}
        if order.finish_as:
            row["finish_as"] = order.finish_as
        if self._spot:
            row |= {"event": event, "currency_pair": self.instrument.name, "side": order.side}
            row |= {"amount": str(order.size), "left": str(order.left), "price": "100"}
            row |= {"avg_deal_price": "100", "update_time_ms": str(order.updated_ms)}
            self._venue.publish("spot.orders_v2", [row], "!all")
            return
        sign = order.side.sign
        row |= {"status": "open" if order.open else "finished", "contract": self.instrument.name}
        row |= {"size": str(order.size * sign), "left": str(order.left * sign), "price": 100.0}
        row |= {"fill_price": 100.0, "update_time": order.updated_ms, "finish_time": 0}
        self._venue.publish("futures.orders", [row], self._uid)

    def _push_money(self) -> None:
        now = str(self._last_ms)
        if not self._spot:
            row = {"balance": float(self.total), "time_ms": int(now), "currency": "usdt"}
            self._venue.publish("futures.balances", [row], self._uid)
            return
        rows = [
            {
                "currency": c.currency,
                "available": str(c.available),
                "freeze": str(c.locked),
                "timestamp_ms": now,
            }
            for c in self.coins()
        ]
        self._venue.publish("spot.balances", rows, "")
