"""The truth of the model exchange about one account, on futures or on spot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode, SpotBalance
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.orders import Fill, OrderType, TimeInForce, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg, Position
from tests.sim.feed_venue import Venue

ZERO = Decimal(0)
PRICE = Decimal(100)


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
                margin=ZERO,
                initial_margin=ZERO,
                maintenance_margin=ZERO,
                value=ZERO,
                unrealised_pnl=ZERO,
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
