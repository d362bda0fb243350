"""What coins and wallets are worth in USDT. Pure; a price that is not known makes the sum None."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from mtrade.domain.accounts import SpotBalance
from mtrade.domain.numbers import ZERO
from mtrade.trading.views import FuturesBalance, ValuedCoin

STABLE = "USDT"

PriceOf = Callable[[str], Decimal | None]  # a currency's last price in USDT


def worth(currency: str, amount: Decimal, price_of: PriceOf) -> Decimal | None:
    """Worth of an amount in USDT."""
    if currency == STABLE or amount.is_zero():
        return amount
    price = price_of(currency)
    return None if price is None else amount * price


def valued(balances: Iterable[SpotBalance], price_of: PriceOf) -> tuple[ValuedCoin, ...]:
    """Spot balances with their worth."""
    return tuple(
        ValuedCoin(b, worth(b.currency, b.available + b.locked, price_of)) for b in balances
    )


def total_worth(
    coins: Iterable[ValuedCoin], wallets: Iterable[FuturesBalance], price_of: PriceOf
) -> Decimal | None:
    """Worth of everything, futures wallets with their unrealised profit."""
    parts = [coin.value_usdt for coin in coins]
    for wallet in wallets:
        equity = wallet.account.total + wallet.account.unrealised_pnl
        parts.append(worth(wallet.account.currency.upper(), equity, price_of))
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None
