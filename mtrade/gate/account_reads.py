"""The truth of an account over REST: a whole snapshot of a market, or a glance. Blocking."""

from __future__ import annotations

from mtrade.domain.accounts import FuturesAccount, SpotBalance
from mtrade.domain.errors import ExchangeError
from mtrade.domain.events import AccountSnapshot
from mtrade.domain.instruments import Market
from mtrade.domain.orders import VenueOrder
from mtrade.domain.ports import Clock, Exchange

MOST_FILLS = 1000
NO_WALLET = "USER_NOT_FOUND"  # until the first transfer into it (Gate futures docs)


Glance = frozenset[tuple[object, ...]]


def glance(exchange: Exchange, market: Market, settle: str) -> Glance:
    """What changes with every order and fill, for one or two calls. Raises ExchangeError."""
    if market is Market.SPOT:
        return _seen(exchange.spot_balances(), None, ())
    return _seen((), exchange.futures_account(settle), exchange.open_orders(market, settle))


def glance_of(read: AccountSnapshot) -> Glance:
    """What a glance at the same moment would have shown."""
    if read.market is Market.SPOT:
        return _seen(read.spot, None, ())
    return _seen((), read.futures, read.orders)


def read_account(
    exchange: Exchange, clock: Clock, account_id: str, market: Market, settle: str, since_ms: int
) -> AccountSnapshot:
    """Everything that is open, and the fills since then. `clock` is the exchange's.

    Fills come last, so that they explain at least what the balances say. Raises ExchangeError.
    """
    read_ms = clock.now_ms()
    if market is Market.SPOT:
        spot = exchange.spot_balances()
        return AccountSnapshot(
            account_id=account_id,
            market=market,
            settle="",
            read_ms=read_ms,
            orders=exchange.open_orders(market),
            triggers=exchange.triggers(market),
            fills=exchange.fills(market, since_ms=since_ms, limit=MOST_FILLS),
            spot=spot,
        )
    try:
        wallet = exchange.futures_account(settle)
    except ExchangeError as fault:
        if fault.label != NO_WALLET or not 400 <= fault.http_status < 500:
            raise
        return AccountSnapshot(
            account_id=account_id,
            market=market,
            settle=settle,
            read_ms=read_ms,
            orders=(),
            triggers=(),
            fills=(),
        )
    return AccountSnapshot(
        account_id=account_id,
        market=market,
        settle=settle,
        read_ms=read_ms,
        futures=wallet,
        positions=exchange.positions(settle),
        orders=exchange.open_orders(market, settle),
        triggers=exchange.triggers(market, settle),
        fills=exchange.fills(market, settle, since_ms=since_ms, limit=MOST_FILLS),
    )


def _seen(
    coins: tuple[SpotBalance, ...], wallet: FuturesAccount | None, orders: tuple[VenueOrder, ...]
) -> Glance:
    """On spot every order locks coins; on futures a reducing one locks nothing. Empty where
    nothing can be traded with."""
    seen: set[tuple[object, ...]] = {(c.currency, c.available, c.locked) for c in coins}
    seen |= {(order.order_id, order.left, order.price) for order in orders}
    if wallet is not None and not wallet.total.is_zero():
        seen.add((wallet.currency, wallet.total))
    return frozenset(seen)
