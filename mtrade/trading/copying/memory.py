"""What copying knows of accounts: positions, wallets, fills, orders, and how old each is.

Written by the engine's thread; each entry is a frozen value that is replaced as a whole, so any
thread may read one at any time.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

from mtrade.domain.accounts import FuturesAccount
from mtrade.domain.copying.interference import is_forced
from mtrade.domain.errors import MTradeError
from mtrade.domain.events import (
    AccountSnapshot,
    Filled,
    Liquidated,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    StreamChanged,
    StreamStatus,
)
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Leg, Position
from mtrade.trading.copying import holdings
from mtrade.trading.copying.holdings import Held

KEPT_FILLS = 200
KEPT_IDS = 5_000
READ_FRESH_MS = 20_000  # a live stream also needs a read of the positions this young

Place = tuple[str, str]  # an account's id and a settle currency


class Grown(Struct, frozen=True, kw_only=True):
    """A part of a fill that made a position larger. `number` counts up as they are heard, which
    need not be the order in which they happened."""

    number: int
    time_ms: int
    side: Side
    size: Decimal
    price: Decimal
    order_id: str


class Settings(Struct, frozen=True):
    """Leverage and margin mode of one contract, flat or not."""

    rows: tuple[Position, ...]
    read_ms: int


@dataclass(slots=True)
class Sight:
    """One account in one settle currency. `read_ms` is when the last good read of its positions
    began, `live_from_ms` since when its stream is live, None while it is not. All executions from
    `trades_from_ms` until `trades_read_ms` are known, and those heard of since. By contract:
    `forced_ms` and `freely_ms` are the newest executions that closed something by force and by own
    will, `larger_ms` is when the position had come to the size from which it was last reduced."""

    positions: dict[holdings.Key, Held] = field(default_factory=dict)
    settings: dict[InstrumentId, Settings] = field(default_factory=dict)
    wallet: FuturesAccount | None = None
    wallet_ms: int = 0
    read_ms: int = 0
    first_read_ms: int = 0
    missing: bool = False  # the last read was without a row that is not proven flat
    live_from_ms: int | None = None
    live_ms: int = 0
    error: MTradeError | None = None
    grown: dict[InstrumentId, deque[Grown]] = field(default_factory=dict)
    flat_ms: dict[InstrumentId, int] = field(default_factory=dict)
    forced_ms: dict[InstrumentId, int] = field(default_factory=dict)
    freely_ms: dict[InstrumentId, int] = field(default_factory=dict)
    larger_ms: dict[InstrumentId, int] = field(default_factory=dict)
    orders: OrderedDict[str, bool] = field(default_factory=OrderedDict)
    known_fills: OrderedDict[str, None] = field(default_factory=OrderedDict)
    jumped: bool = False
    jump_ms: int = 0
    trades_from_ms: int = 0
    trades_read_ms: int = 0

    def is_live(self, now_ms: int, signal_max_age_ms: int) -> bool:
        """Whether increases may follow what is known."""
        if not self.trades_from_ms:
            return False
        age = now_ms - self.read_ms
        since = self.live_from_ms
        if since is not None and self.read_ms >= since and age <= READ_FRESH_MS:
            return True
        return self.read_ms > 0 and age <= signal_max_age_ms


class Memory:
    """Everything, by place; what nobody follows is not kept."""

    def __init__(self) -> None:
        self.sights: dict[Place, Sight] = {}
        self._numbers = 0

    def keep(self, places: Iterable[Place]) -> None:
        """Follow exactly these."""
        wanted = set(places)
        self.sights = {place: self.sights.get(place) or Sight() for place in sorted(wanted)}

    def sight(self, account_id: str, settle: str) -> Sight | None:
        """What is known of an account; None when nobody follows it."""
        return self.sights.get((account_id, settle))

    # events; each returns the contracts that may have changed

    def stream(self, event: StreamChanged, now_ms: int) -> bool:
        """A socket came or went; True when that changes what is known of an account."""
        stream = event.stream
        sight = self.sights.get((stream.account_id, stream.settle))
        if sight is None or stream.market is not Market.FUTURES:
            return False
        live = event.status is StreamStatus.LIVE
        if live is (sight.live_from_ms is not None):
            return False
        sight.live_from_ms = now_ms if live else None
        return True

    def position(self, event: PositionChanged) -> bool:
        """A push; False when it tells nothing new."""
        update = event.update
        sight = self.sights.get((event.account_id, update.instrument.settle))
        if sight is None:
            return False
        known = sight.positions.get((update.instrument, update.leg))
        held = holdings.pushed(known, update)
        if held is None:
            return False
        if known is not None and held.update_id > known.update_id + 1:
            sight.jumped, sight.jump_ms = True, update.time_ms
        self._put(sight, (update.instrument, update.leg), held)
        return known is None or known.size != held.size or known.leverage != held.leverage

    def closed(self, event: PositionClosed) -> None:
        """A position ended; the next read decides."""
        close = event.close
        sight = self.sights.get((event.account_id, close.instrument.settle))
        for key, held in list(sight.positions.items()) if sight is not None else ():
            long = held.size > 0
            if sight is not None and key[0] == close.instrument and long is (close.side == "long"):
                sight.positions[key] = holdings.closed(held, close.time_ms)

    def rows(self, place: Place, rows: Sequence[Position], read_ms: int) -> set[InstrumentId]:
        """A read of all positions that are not flat; the contracts whose size changed."""
        sight = self.sights.get(place)
        if sight is None or read_ms < sight.read_ms:
            return set()
        sight.read_ms = read_ms
        sight.first_read_ms = sight.first_read_ms or read_ms
        sight.error = None
        sight.missing = False
        changed, listed = set(), {(row.instrument, row.leg) for row in rows}
        for key, held in holdings.read(sight.positions, rows, read_ms, place[1]).items():
            known = sight.positions.get(key)
            if known is None or known.size != held.size:
                changed.add(key[0])
                sight.jumped, sight.jump_ms = True, read_ms  # what brought it there was not heard
            sight.missing = sight.missing or (key not in listed and not held.size.is_zero())
            self._put(sight, key, held)
        return changed

    def settings(self, place: Place, instrument: InstrumentId, settings: Settings) -> None:
        """Leverage and margin mode were read."""
        sight = self.sights.get(place)
        if sight is not None:
            sight.settings[instrument] = settings

    def fills(self, account_id: str, fills: Iterable[Fill]) -> list[Fill]:
        """Executions; those not heard of before."""
        fresh = []
        for fill in fills:
            sight = self.sights.get((account_id, fill.instrument.settle))
            key = f"{fill.instrument.name}:{fill.trade_id}"
            if sight is None or fill.instrument.market is not Market.FUTURES:
                continue
            if key in sight.known_fills:
                continue
            sight.known_fills[key] = None
            if len(sight.known_fills) > KEPT_IDS:
                sight.known_fills.popitem(last=False)
            fresh.append(fill)
            self._fill(sight, fill)
        return fresh

    def order(self, event: OrderChanged) -> bool:
        """An order of an account; True when it ended just now."""
        order = event.order
        sight = self.sights.get((event.account_id, order.instrument.settle))
        if sight is None or order.instrument.market is not Market.FUTURES:
            return False
        if sight.orders.get(order.order_id) is False:
            return False
        sight.orders[order.order_id] = order.open
        sight.orders.move_to_end(order.order_id)
        if len(sight.orders) > KEPT_FILLS:
            sight.orders.popitem(last=False)
        return not order.open

    def forced(self, event: Liquidated) -> bool:
        """A forced close; True when it is of an account that is followed."""
        told = event.liquidation
        sight = self.sights.get((event.account_id, told.instrument.settle))
        if sight is None:
            return False
        sight.forced_ms[told.instrument] = told.time_ms
        return True

    def snapshot(self, event: AccountSnapshot) -> set[InstrumentId]:
        """All of an account, read over REST; the contracts whose size changed. Its executions are
        for `fills`."""
        place = (event.account_id, event.settle)
        sight = self.sights.get(place)
        if sight is None or event.market is not Market.FUTURES:
            return set()
        working = {order.order_id for order in event.orders}
        for fill in event.fills:
            sight.orders[fill.order_id] = fill.order_id in working
        if event.futures is not None and event.read_ms > sight.wallet_ms:
            sight.wallet, sight.wallet_ms = event.futures, event.read_ms
        return self.rows(place, event.positions, event.read_ms)

    def contract(self, sight: Sight, rows: Sequence[Position], read_ms: int) -> bool:
        """One contract read by itself, flat legs too; True when a size changed."""
        changed = False
        for row in rows:
            key = (row.instrument, row.leg)
            known = sight.positions.get(key)
            if known is None or row.update_id <= known.update_id:
                continue  # nothing that a list of all positions would not tell
            held = holdings.read({key: known}, (row,), read_ms, row.instrument.settle).get(key)
            if held is not None:
                changed = changed or held.size != known.size
                self._put(sight, key, held)
        return changed

    def heard_fills(self, event: Filled) -> list[Fill]:
        """A push of executions."""
        return self.fills(event.account_id, event.fills)

    def _put(self, sight: Sight, key: holdings.Key, held: Held) -> None:
        """Remember a leg, and forget what grew it once it is flat or has turned around."""
        known = sight.positions.get(key)
        sight.positions[key] = held
        instrument = key[0]
        if known is not None and known.size * held.size <= 0 and not known.size.is_zero():
            sight.flat_ms[instrument] = held.moved_ms
            grown = sight.grown.get(instrument)
            if grown is not None and key[1] is Leg.NET:
                kept = [g for g in grown if g.side.sign * held.size > 0]
                sight.grown[instrument] = deque(kept)
        if known is not None and (abs(held.size) < abs(known.size) or held.size * known.size < 0):
            sight.larger_ms[instrument] = known.moved_ms
        grew = known is None or abs(held.size) > abs(known.size) or known.size * held.size < 0
        if grew and held.moved_ms > sight.forced_ms.get(instrument, 0):
            sight.forced_ms.pop(instrument, None)

    def _fill(self, sight: Sight, fill: Fill) -> None:
        size = fill.size - abs(fill.close_size)
        forced = is_forced(fill.text)
        if forced or fill.close_size:
            times = sight.forced_ms if forced else sight.freely_ms
            times[fill.instrument] = max(fill.time_ms, times.get(fill.instrument, 0))
        if forced or size <= ZERO:
            return
        self._numbers += 1
        part = Grown(
            number=self._numbers,
            time_ms=fill.time_ms,
            side=fill.side,
            size=size,
            price=fill.price,
            order_id=fill.order_id,
        )
        _insert(sight.grown.setdefault(fill.instrument, deque()), part)
        sight.orders.setdefault(fill.order_id, True)


def _insert(grown: deque[Grown], part: Grown) -> None:
    """In the order of their times: after a start older ones are listed after the newest."""
    at = len(grown)
    while at and grown[at - 1].time_ms > part.time_ms:
        at -= 1
    grown.insert(at, part)
    if len(grown) > KEPT_FILLS:
        grown.popleft()
