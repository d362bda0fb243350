"""One account's line to the bourse: the domain's exchange port, with faults, in virtual time.

A call runs at one instant; the virtual time it would take is added where its result is posted. A
read may be old, a create request may arrive long after its caller gave up.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from decimal import Decimal as D
from functools import partial
from typing import Any

from mtrade.domain.accounts import FuturesAccount, Identity, MarginMode, Permission, PositionMode
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, OutcomeUnknown
from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.instruments import futures as futures_id
from mtrade.domain.market import RiskTier, Ticker
from mtrade.domain.orders import Fill, OrderPath, OrderRequest, VenueOrder, VenueTrigger
from mtrade.domain.ports import Send, Sent
from mtrade.domain.positions import Position
from mtrade.gate import bodies, confirm, parse_futures
from mtrade.gate.faults import refused
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.history_views import trade_view
from tests.sim.copying.bourse import CONTRACTS, Bourse
from tests.sim.copying.troubles import LATE_S, Troubles
from tests.storm.stage import Stage

KEPT_MS = 3_500


class SimLine:
    """Implements what copying uses of the port, for one user."""

    def __init__(
        self, stage: Stage, bourse: Bourse, troubles: Troubles, pick: random.Random, uid: int
    ) -> None:
        self._stage = stage
        self._bourse = bourse
        self._troubles = troubles
        self._pick = pick
        self.uid = uid
        self.dead = False
        self._past: deque[tuple[int, tuple[Position, ...]]] = deque()
        self.leverage_calls = 0
        self.leaves: Callable[[str], None] = lambda text: None  # told of each order that leaves

    # changing calls

    def place(
        self,
        order: OrderRequest,
        *,
        expires_ms: int,
        chosen: Callable[[OrderPath], None] = lambda path: None,
    ) -> VenueOrder:
        chosen(OrderPath.REST)
        self.leaves(order.text)
        return self._create(order, expires_ms, "rest")

    def prepared(self, order: OrderRequest, expires_ms: int) -> Send:
        return partial(self._send, order, expires_ms)

    def _send(self, order: OrderRequest, expires_ms: int, done: Sent) -> None:
        if self._troubles.hits(self._troubles.no_socket):
            done(None)
            return
        self.leaves(order.text)
        self._stage.at(self._pick.uniform(0.0002, 0.05), self._arrive, order, expires_ms, done)

    def _arrive(self, order: OrderRequest, expires_ms: int, done: Callable[[Any], None]) -> None:
        try:
            answer: Any = self._create(order, expires_ms, "ws")
        except ExchangeError as fault:
            answer = fault
            if isinstance(fault, ExchangeUnavailable) and not isinstance(fault, OutcomeUnknown):
                answer = OutcomeUnknown("the connection was lost")
        wait = 5.0 if isinstance(answer, OutcomeUnknown) else self._pick.uniform(0.0002, 0.1)
        self._stage.at(wait * self._pick.uniform(0.1, 1.0), self._unless_dead, done, answer)

    def _unless_dead(self, done: Callable[[Any], None], answer: Any) -> None:
        if not self.dead:
            done(answer)

    def _create(self, order: OrderRequest, expires_ms: int, path: str) -> VenueOrder:
        body = bodies.futures_order(order)
        fault = self._troubles.sending()
        if fault == "refused_line":
            raise ExchangeUnavailable("no connection")
        if fault == "lost":
            raise OutcomeUnknown("no answer")
        if fault == "late":
            delay = self._pick.choice(LATE_S)
            self._stage.at(delay, self._too_late, body, expires_ms, path)
            raise OutcomeUnknown("no answer")
        if fault == "limited":
            raise refused(429, "TOO_MANY_REQUESTS", "slow down", changing=True)
        if fault == "error_without":
            raise refused(502, "", "<html>", changing=True)
        found = self._execute(body, expires_ms, path)
        if fault == "answer_lost":
            raise OutcomeUnknown("no answer")
        if fault == "error_with_effect":
            raise refused(504, "", "<html>", changing=True)
        return confirm.placed(found, order)

    def _too_late(self, body: dict[str, Any], expires_ms: int, path: str) -> None:
        try:
            self._bourse.create(self.uid, body, expires_ms, path)
        except GateFault:
            return

    def _execute(self, body: dict[str, Any], expires_ms: int, path: str) -> VenueOrder:
        try:
            order = self._bourse.create(self.uid, body, expires_ms, path)
        except GateFault as fault:
            raise refused(fault.status, fault.label, fault.message, changing=True) from None
        return self._seen(order)

    def cancel(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        self._read()
        found = self.find(instrument, order_id)
        if found is None:
            raise ExchangeUnavailable("no such order")
        return found

    def set_leverage(
        self, instrument: InstrumentId, leverage: D, mode: MarginMode
    ) -> tuple[Position, ...]:
        self._read()
        self.leverage_calls += 1
        futures = self._bourse.world.futures
        legs = futures.state.legs(futures.state.account(self.uid, "usdt"), instrument.name)
        wanted = (leverage, D(0)) if mode is MarginMode.ISOLATED else (D(0), leverage)
        try:
            futures.settings.leverage(legs, *wanted, self._bourse.now_ms())
        except GateFault as fault:
            raise refused(fault.status, fault.label, fault.message, changing=True) from None
        finally:
            self._bourse.flush()
        return self.contract(instrument)

    def set_position_mode(self, settle: str, mode: PositionMode) -> FuturesAccount:
        futures = self._bourse.world.futures
        account = futures.state.account(self.uid, "usdt")
        futures.settings.dual_mode(account, dual=mode is PositionMode.DUAL)
        return self.futures_account(settle)

    # reads

    def _read(self) -> str:
        fault = self._troubles.reading()
        if fault == "down":
            raise ExchangeUnavailable("no answer")
        return fault

    def identity(self) -> Identity:
        self._read()
        rights = tuple(Permission(name=n, read_only=False) for n in ("futures", "wallet"))
        return Identity(uid=str(self.uid), permissions=rights)

    def futures_account(self, settle: str) -> FuturesAccount:
        self._read()
        futures = self._bourse.world.futures
        raw = futures.views.account(futures.state.account(self.uid, settle))
        return parse_futures.account(raw, settle)

    def positions(self, settle: str) -> tuple[Position, ...]:
        fault = self._read()
        now, rows = self._bourse.now_ms(), self._positions()
        self._past.append((now, rows))
        while self._past and self._past[0][0] < now - KEPT_MS:
            self._past.popleft()
        lag = self._troubles.position_lag_ms if self._troubles.on else 0
        if fault == "stale" or lag:
            old = [row for at, row in self._past if at <= now - self._pick.randint(0, max(lag, 1))]
            return old[-1] if old else rows
        return rows

    def remember(self) -> None:
        """Keep what positions are now, for a read that is late."""
        if self._troubles.position_lag_ms and self._troubles.on:
            self._past.append((self._bourse.now_ms(), self._positions()))

    def _positions(self) -> tuple[Position, ...]:
        futures = self._bourse.world.futures
        held = futures.state.held(self.uid, "usdt")
        return tuple(self._row(position) for position in held if position.size)

    def _row(self, position: Any) -> Position:
        """A position as it is read; what did not change is not read twice."""
        mark = self._bourse.world.rooms[futures_id(position.contract)].mark
        key = (position.uid, position.contract, position.leg, position.update_id, mark)
        known = self._bourse.rows.get(key)
        if known is None:
            view = self._bourse.world.futures.views.position(position, True)
            known = self._bourse.rows[key] = parse_futures.position(view, "usdt")
        return known

    def contract(self, instrument: InstrumentId) -> tuple[Position, ...]:
        self._read()
        futures = self._bourse.world.futures
        account = futures.state.account(self.uid, instrument.settle)
        try:
            legs = futures.state.legs(account, instrument.name)
        except GateFault as fault:
            raise refused(fault.status, fault.label, fault.message, changing=False) from None
        return tuple(self._row(leg) for leg in legs)

    def find(self, instrument: InstrumentId, reference: str) -> VenueOrder | None:
        self._read()
        desk = self._bourse.world.futures.desk
        try:
            order = desk.find(self.uid, "usdt", reference, self._bourse.now_ms())
        except GateFault:
            return None
        if self._hidden(order.create_ms):
            return None
        return self._seen(order)

    def search(self, instrument: InstrumentId, text: str, since_ms: int) -> VenueOrder | None:
        self._read()
        for order in self._bourse.world.futures.state.all_orders(self.uid, "usdt"):
            known = order.text == text and not self._hidden(order.create_ms)
            if known and (order.open or order.filled > 0):
                return self._seen(order)
        return None

    def open_orders(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]:
        self._read()
        rows = self._bourse.world.futures.state.open_orders(self.uid, "usdt")
        return tuple(self._seen(o) for o in rows if instrument in (None, o.instrument))

    def finished_orders(
        self, instrument: InstrumentId, since_ms: int, limit: int = 100
    ) -> tuple[VenueOrder, ...]:
        self._read()
        rows = self._bourse.world.futures.state.all_orders(self.uid, "usdt")
        return tuple(self._seen(o) for o in rows if not o.open and o.instrument == instrument)

    def fills(
        self,
        market: Market,
        settle: str = "",
        *,
        instrument: InstrumentId | None = None,
        since_ms: int | None = None,
        order_id: str = "",
        limit: int = 100,
    ) -> tuple[Fill, ...]:
        self._read()
        found: list[Fill] = []
        for trade in self._bourse.world.futures.state.trades.of(self.uid, "usdt"):
            if since_ms is not None and trade.time_ms < since_ms:
                break
            if self._hidden(trade.time_ms) or len(found) >= limit:
                continue
            fill = self._fill(trade)
            if instrument in (None, fill.instrument) and order_id in ("", fill.order_id):
                found.append(fill)
        return tuple(found)

    def _fill(self, trade: Any) -> Fill:
        key = (trade.contract, trade.id, trade.order_id)
        known = self._bourse.fills.get(key)
        if known is None:
            raw = trade_view(trade, True) | {"create_time_ms": trade.time_ms}
            known = self._bourse.fills[key] = parse_futures.fill(raw, "usdt")
        return known

    def triggers(
        self, market: Market, settle: str = "", *, open: bool = True
    ) -> tuple[VenueTrigger, ...]:
        return ()

    def liquidations(self, settle: str, limit: int = 100) -> tuple[Any, ...]:
        self._read()
        return ()

    def position_closes(self, settle: str, limit: int = 100) -> tuple[Any, ...]:
        self._read()
        return ()

    def account_book(self, settle: str, *, kind: str = "", limit: int = 100) -> tuple[Any, ...]:
        self._read()
        return ()

    # public data

    def instruments(self, market: Market, settle: str = "") -> tuple[Instrument, ...]:
        self._read()
        return tuple(self._bourse.world.rooms[i].instrument for i in CONTRACTS)

    def tickers(self, market: Market, settle: str = "") -> tuple[Ticker, ...]:
        self._read()
        return tuple(self._bourse.ticker(i) for i in CONTRACTS)

    def risk_tiers(self, instrument: InstrumentId) -> tuple[RiskTier, ...]:
        self._read()
        return self._bourse.world.rooms[instrument].listing.tiers

    def server_time(self) -> int:
        return self._bourse.now_ms()

    def close(self) -> None:
        """Nothing is open."""

    def _seen(self, order: Any) -> VenueOrder:
        return parse_futures.order(
            _read_back(self._bourse.world.futures.views.order(order, True)), "usdt"
        )

    def _hidden(self, born_ms: int) -> bool:
        """Whether something so young is not to be seen over REST yet."""
        lag = self._troubles.order_lag_ms if self._troubles.on else 0
        return lag > 0 and self._bourse.now_ms() - born_ms < lag


def _read_back(view: dict[str, Any]) -> dict[str, Any]:
    """As a client has it that reads fractions as Decimals."""
    return {k: D(repr(v)) if isinstance(v, float) else v for k, v in view.items()}
