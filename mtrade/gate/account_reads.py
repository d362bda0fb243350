"""The truth of an account over REST, as one snapshot of a market. Blocking."""

from __future__ import annotations

from mtrade.domain.errors import ExchangeError
from mtrade.domain.events import AccountSnapshot
from mtrade.domain.instruments import Market
from mtrade.domain.ports import Clock, Exchange

MOST_FILLS = 1000
NO_WALLET = "USER_NOT_FOUND"  # until the first transfer into it (Gate futures docs)


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
