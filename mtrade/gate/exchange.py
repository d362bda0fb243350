"""The exchange port on top of Gate: everything one account can do, on any network."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from mtrade.domain.accounts import (
    Fees,
    FuturesAccount,
    Identity,
    LedgerEntry,
    MarginMode,
    PositionMode,
    SpotBalance,
)
from mtrade.domain.errors import (
    ExchangeUnavailable,
    InvalidRequest,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.orders import Fill, OrderRequest, OrderSocket, VenueOrder, VenueTrigger
from mtrade.domain.ports import Send
from mtrade.domain.positions import Leg, Liquidation, Position, PositionClose
from mtrade.gate.client import GateClient, has_label
from mtrade.gate.futures import FuturesApi
from mtrade.gate.labels import BENIGN_ON_CANCEL, UNKNOWN_ORDER
from mtrade.gate.market_data import GateMarketData
from mtrade.gate.paths import Change, Chosen, Paths, Sockets
from mtrade.gate.positions import FuturesAccountApi
from mtrade.gate.searching import proven_end, search
from mtrade.gate.spot import SpotApi
from mtrade.gate.wallet import WalletApi

NO_POSITION = frozenset({"POSITION_NOT_FOUND"})
SETTLES = ("usdt", "btc")
_SPOT = Market.SPOT  # looked up once: on Python 3.11 that costs as much as a call

T = TypeVar("T")


class GateExchange(GateMarketData):
    """One account on one network; implements the domain's Exchange. Blocking, thread-safe."""

    def __init__(self, client: GateClient, sockets: Sockets | None = None) -> None:
        super().__init__(client)
        self.paths = Paths(client, sockets)
        self.spot = SpotApi(client, self.paths)
        self.wallet = WalletApi(client)
        self._orders = {settle: FuturesApi(client, settle, self.paths) for settle in SETTLES}
        self._accounts = {settle: FuturesAccountApi(client, settle) for settle in SETTLES}

    def futures_orders(self, settle: str) -> FuturesApi:
        """The order endpoints of a settle currency, with batches and single price orders."""
        return _known(self._orders, settle)

    def futures_wallet(self, settle: str) -> FuturesAccountApi:
        """The account endpoints of a settle currency, with margin mode and single positions."""
        return _known(self._accounts, settle)

    def identity(self) -> Identity:
        return self.wallet.identity()

    def spot_balances(self) -> tuple[SpotBalance, ...]:
        return self.spot.balances()

    def futures_account(self, settle: str) -> FuturesAccount:
        return self.futures_wallet(settle).account()

    def positions(self, settle: str) -> tuple[Position, ...]:
        return self.futures_wallet(settle).positions()

    def contract(self, instrument: InstrumentId) -> tuple[Position, ...]:
        wallet = self.futures_wallet(instrument.settle)
        try:
            return wallet.position(instrument.name, dual=self._is_dual(instrument.settle))
        except ExchangeUnavailable as error:
            if has_label(error, NO_POSITION):
                return ()
            raise

    def fees(self, instrument: InstrumentId) -> Fees:
        if instrument.market is Market.SPOT:
            return self.spot.fees(instrument.name)
        return self.futures_wallet(instrument.settle).fees(instrument.name)

    def place(
        self, order: OrderRequest, *, expires_ms: int, chosen: Chosen = lambda path: None
    ) -> VenueOrder:
        return self.paths.change(self._placing(order, expires_ms), chosen)

    def prepared(self, order: OrderRequest, expires_ms: int) -> Send:
        """An order made ready for the trading socket; only on the loop's thread."""
        return self.paths.prepared(self._placing(order, expires_ms))

    def find(self, instrument: InstrumentId, reference: str) -> VenueOrder | None:
        try:
            if instrument.market is Market.SPOT:
                return self.spot.get(instrument.name, reference)
            return self.futures_orders(instrument.settle).get(reference)
        except ExchangeUnavailable as error:
            if has_label(error, UNKNOWN_ORDER):
                return None
            raise

    def search(self, instrument: InstrumentId, text: str, since_ms: int) -> VenueOrder | None:
        return search(self, instrument, text, since_ms)

    def open_orders(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]:
        name = instrument.name if instrument else None
        if market is Market.SPOT:
            return self.spot.open_orders(name)
        return self.futures_orders(settle).open_orders(name)

    def finished_orders(
        self, instrument: InstrumentId, since_ms: int, limit: int = 100
    ) -> tuple[VenueOrder, ...]:
        if instrument.market is Market.SPOT:
            return self.spot.finished_orders(instrument.name, since_ms, limit)
        return self.futures_orders(instrument.settle).finished_orders(
            instrument.name, since_ms, limit
        )

    def amend(
        self,
        instrument: InstrumentId,
        order_id: str,
        *,
        price: Decimal | None,
        size: Decimal | None,
        expires_ms: int,
    ) -> VenueOrder:
        """Change an open order; `size` is the new total, including what is filled."""
        if price is None and size is None:
            raise InvalidRequest(
                "nothing to change", fields={"price": "is required, or size", "size": "see price"}
            )
        if instrument.market is Market.SPOT:
            return self.spot.amend(
                instrument.name, order_id, price=price, size=size, expires_ms=expires_ms
            )
        signed = None if size is None else size * self._sign(instrument, order_id)
        return self.futures_orders(instrument.settle).amend(
            order_id, price=price, signed_size=signed, expires_ms=expires_ms
        )

    def cancel(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        """Cancel; when that came too late or its outcome is unknown, the order itself is read."""
        try:
            if instrument.market is Market.SPOT:
                return self.spot.cancel(instrument.name, order_id)
            return self.futures_orders(instrument.settle).cancel(order_id)
        except OrderRejected as error:
            ended = self.find(instrument, order_id) if has_label(error, BENIGN_ON_CANCEL) else None
            if ended is None:
                raise
            return ended
        except OutcomeUnknown:
            ended = proven_end(self, instrument, order_id)
            if ended is None:
                raise
            return ended

    def cancel_all(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]:
        name = instrument.name if instrument else None
        if market is Market.SPOT:
            return self.spot.cancel_all(name)
        return self.futures_orders(settle).cancel_all(name)

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
        name = instrument.name if instrument else None
        source = self.spot if market is Market.SPOT else self.futures_orders(settle)
        found = source.fills(name, since_ms=since_ms, order_id=order_id, limit=limit)
        return tuple(fill for fill in found if since_ms is None or fill.time_ms >= since_ms)

    def triggers(
        self, market: Market, settle: str = "", *, open: bool = True
    ) -> tuple[VenueTrigger, ...]:
        if market is Market.SPOT:
            return self.spot.triggers(open=open)
        return self.futures_orders(settle).triggers(open=open)

    def place_trigger(self, order: OrderRequest) -> str:
        if order.instrument.market is Market.SPOT:
            return self.spot.create_trigger(order)
        return self.futures_orders(order.instrument.settle).create_trigger(order)

    def cancel_trigger(self, instrument: InstrumentId, trigger_id: str) -> VenueTrigger:
        source = (
            self.spot
            if instrument.market is Market.SPOT
            else self.futures_orders(instrument.settle)
        )
        try:
            return source.cancel_trigger(trigger_id)
        except OrderRejected as error:
            if not has_label(error, BENIGN_ON_CANCEL):
                raise
            return source.trigger(trigger_id)

    def set_leverage(
        self, instrument: InstrumentId, leverage: Decimal, mode: MarginMode
    ) -> tuple[Position, ...]:
        account = self.futures_wallet(instrument.settle)
        return account.set_leverage(
            instrument.name, leverage, mode, dual=self._is_dual(instrument.settle)
        )

    def change_margin(
        self, instrument: InstrumentId, change: Decimal, leg: Leg
    ) -> tuple[Position, ...]:
        account = self.futures_wallet(instrument.settle)
        return account.change_margin(instrument.name, change, leg)

    def set_position_mode(self, settle: str, mode: PositionMode) -> FuturesAccount:
        """Switch, unless the account is in that mode already: Gate may call that an error."""
        account = self.futures_account(settle)
        if account.mode is mode:
            return account
        return self.futures_wallet(settle).set_position_mode(mode)

    def position_closes(self, settle: str, limit: int = 100) -> tuple[PositionClose, ...]:
        return self.futures_wallet(settle).position_closes(limit)

    def liquidations(self, settle: str, limit: int = 100) -> tuple[Liquidation, ...]:
        return self.futures_wallet(settle).liquidations(limit)

    def account_book(
        self, settle: str, *, kind: str = "", limit: int = 100
    ) -> tuple[LedgerEntry, ...]:
        return self.futures_wallet(settle).account_book(kind=kind, limit=limit)

    def countdown_cancel_all(self, market: Market, settle: str, timeout_s: int) -> int:
        source = self.spot if market is Market.SPOT else self.futures_orders(settle)
        return source.countdown_cancel_all(timeout_s)

    def transfer(self, currency: str, amount: Decimal, source: str, target: str) -> str:
        return self.wallet.transfer(currency, amount, source, target)

    def total_balance(self) -> Decimal:
        return self.wallet.total_balance()

    def order_sockets(self) -> tuple[OrderSocket, ...]:
        return self.paths.sockets.states()

    def close(self) -> None:
        """Close the sockets and connections of this account."""
        self.paths.sockets.close()
        super().close()

    def _placing(self, order: OrderRequest, expires_ms: int) -> Change[VenueOrder]:
        if order.instrument.market is _SPOT:
            return self.spot.placing(order, expires_ms=expires_ms)
        return self.futures_orders(order.instrument.settle).placing(order, expires_ms=expires_ms)

    def _is_dual(self, settle: str) -> bool:
        """Read each time: the mode can be changed on Gate's own page."""
        return self.futures_account(settle).mode is not PositionMode.SINGLE

    def _sign(self, instrument: InstrumentId, order_id: str) -> int:
        order = self.find(instrument, order_id)
        if order is None:
            raise OrderRejected("there is no such order", label="ORDER_NOT_FOUND")
        return order.side.sign


def _known(by_settle: Mapping[str, T], settle: str) -> T:
    found = by_settle.get(settle)
    if found is None:
        raise InvalidRequest(
            "there are no futures settled in this currency",
            fields={"settle": f"must be one of {', '.join(SETTLES)}"},
        )
    return found
