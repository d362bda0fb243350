"""An account with a history: what the exchange did, what it pushed, and what a read shows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal as D

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode, SpotBalance
from mtrade.domain.events import (
    AccountEvent,
    AccountSnapshot,
    Filled,
    FuturesBalanceChanged,
    OrderChanged,
    PositionChanged,
    PositionUpdate,
    TriggerChanged,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side, futures
from mtrade.domain.orders import (
    Fill,
    OrderRequest,
    OrderType,
    TimeInForce,
    Trigger,
    VenueOrder,
    VenueTrigger,
)
from mtrade.domain.positions import Leg, Position

ACCOUNT = "paper:1"
BTC, ETH = futures("BTC_USDT"), futures("ETH_USDT")


def order(order_id: str, time_ms: int, *, left: int = 10, open: bool = True) -> VenueOrder:
    """A resting limit buy of 10, of which `left` are left."""
    return VenueOrder(
        instrument=BTC, order_id=order_id, text=f"t-{order_id}", side=Side.BUY,
        type=OrderType.LIMIT, size=D(10), left=D(left), filled=D(10 - left), price=D(60000),
        average=None if left == 10 else D(60000), tif=TimeInForce.GTC, open=open,
        finish_as="" if open else "filled", created_ms=time_ms, updated_ms=time_ms,
    )  # fmt: skip


def fill(trade_id: str, time_ms: int, order_id: str = "1") -> Fill:
    return Fill(
        trade_id=trade_id, order_id=order_id, instrument=BTC, time_ms=time_ms, side=Side.BUY,
        size=D(1), price=D(60000), fee=D("0.003"), fee_currency="USDT", role="taker",
        text=f"t-{order_id}",
    )  # fmt: skip


def position(instrument: InstrumentId, size: int, update_id: int, **changes: object) -> Position:
    """A full row as a read gives it."""
    base = Position(
        instrument=instrument, leg=Leg.NET, size=D(size), entry_price=D(60000),
        mark_price=D(60000), liq_price=D(50000), leverage=D(10), leverage_max=D(100),
        margin_mode=MarginMode.ISOLATED, margin=D(6), initial_margin=D(6),
        maintenance_margin=D(1), value=D(60), unrealised_pnl=D(0), realised_pnl=D(0),
        update_id=update_id,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def update(instrument: InstrumentId, size: int, update_id: int, time_ms: int) -> PositionChanged:
    """A position push."""
    return PositionChanged(
        account_id=ACCOUNT,
        update=PositionUpdate(
            instrument=instrument, leg=Leg.NET, size=D(size), entry_price=D(60000),
            leverage=D(10), margin_mode=MarginMode.ISOLATED, margin=D(6), realised_pnl=D(0),
            update_id=update_id, time_ms=time_ms,
        ),
    )  # fmt: skip


def wallet(total: str = "1000") -> FuturesAccount:
    zero = D(0)
    return FuturesAccount(
        uid="1", currency="USDT", total=D(total), available=D(total), unrealised_pnl=zero,
        position_margin=zero, order_margin=zero, maintenance_margin=zero,
        mode=PositionMode.SINGLE,
    )  # fmt: skip


def trigger(trigger_id: str, time_ms: int, status: str = "open") -> VenueTrigger:
    wanted = OrderRequest(
        instrument=BTC, side=Side.SELL, type=OrderType.MARKET, size=D(1), text=f"t-t{trigger_id}",
        reduce_only=True, trigger=Trigger(price=D(50000), above=False),
    )  # fmt: skip
    ended = None if status == "open" else time_ms
    return VenueTrigger(
        trigger_id=trigger_id, order=wanted, status=status, created_ms=time_ms, finished_ms=ended
    )


def snapshot(read_ms: int, **parts: object) -> AccountSnapshot:
    base = AccountSnapshot(
        account_id=ACCOUNT, market=Market.FUTURES, settle="usdt", read_ms=read_ms, orders=(),
        triggers=(), fills=(), futures=wallet(),
    )  # fmt: skip
    return replace(base, **parts)  # type: ignore[arg-type]


@dataclass
class History:
    """An exchange that does random things, one per millisecond, and remembers its pushes."""

    seed: int
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    triggers: dict[str, VenueTrigger] = field(default_factory=dict)
    sizes: dict[InstrumentId, int] = field(default_factory=dict)
    ids: dict[InstrumentId, int] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    total: int = 1000
    now: int = 1_000_000
    pushes: list[tuple[int, AccountEvent]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.now += 1
            self._random.choice((self._place, self._fill, self._trigger, self._end_trigger))()

    def read(self) -> AccountSnapshot:
        """What REST shows now; the read begins in a millisecond of its own."""
        self.now += 1
        rows = [position(i, size, self.ids[i]) for i, size in self.sizes.items() if size]
        return snapshot(
            self.now,
            orders=tuple(o for o in self.orders.values() if o.open),
            triggers=tuple(t for t in self.triggers.values() if t.status == "open"),
            fills=tuple(self.fills.values()),
            positions=tuple(rows),
            futures=wallet(str(self.total)),
        )

    def _push(self, event: AccountEvent) -> None:
        self.pushes.append((self.now, event))

    def _place(self) -> None:
        new = order(str(len(self.orders) + 1), self.now)
        self.orders[new.order_id] = new
        self._push(OrderChanged(account_id=ACCOUNT, order=new))

    def _fill(self) -> None:
        resting = [o for o in self.orders.values() if o.open]
        if not resting:
            return self._place()
        found = self._random.choice(resting)
        left = found.left - self._random.choice((2, 5, 10))
        changed = replace(
            order(found.order_id, self.now, left=max(int(left), 0), open=left > 0),
            created_ms=found.created_ms,
        )
        self.orders[found.order_id] = changed
        done = fill(f"f{len(self.fills)}", self.now, found.order_id)
        self.fills[done.trade_id] = done
        instrument = self._random.choice((BTC, ETH))
        self.sizes[instrument] = self._random.choice((-5, 0, 0, 5, 7))
        self.ids[instrument] = self.ids.get(instrument, 0) + 1
        self.total -= 1
        self._push(update(instrument, self.sizes[instrument], self.ids[instrument], self.now))
        self._push(Filled(account_id=ACCOUNT, fills=(done,)))
        self._push(OrderChanged(account_id=ACCOUNT, order=changed))
        self._push(
            FuturesBalanceChanged(
                account_id=ACCOUNT, settle="usdt", total=D(self.total), time_ms=self.now
            )
        )
        return None

    def _trigger(self) -> None:
        new = trigger(str(len(self.triggers) + 1), self.now)
        self.triggers[new.trigger_id] = new
        self._push(TriggerChanged(account_id=ACCOUNT, trigger=new))

    def _end_trigger(self) -> None:
        waiting = [t for t in self.triggers.values() if t.status == "open"]
        if not waiting:
            return self._trigger()
        found = self._random.choice(waiting)
        ended = replace(found, status="finished", finished_ms=self.now)
        self.triggers[found.trigger_id] = ended
        self._push(TriggerChanged(account_id=ACCOUNT, trigger=ended))
        return None


def coins(currency: str, available: str) -> SpotBalance:
    return SpotBalance(currency=currency, available=D(available), locked=D(0))
