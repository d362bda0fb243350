"""What a user's wallets are worth in one currency, at last prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import spot as pair_id
from mtrade.domain.numbers import ONE, ZERO
from mtrade.paper.world import World

SETTLES = ("usdt", "btc")


@dataclass(frozen=True, slots=True)
class Worth:
    """Values in USDT. `futures` excludes unrealised profit."""

    spot: Decimal
    futures: Decimal
    unrealised: Decimal

    @property
    def total(self) -> Decimal:
        """Both wallets, without unrealised profit."""
        return self.spot + self.futures


def price_of(world: World, currency: str) -> Decimal:
    """USDT per coin; 1 for the dollars, 0 for a coin nobody trades."""
    if currency in ("USDT", "USD"):
        return ONE
    room = world.rooms.get(pair_id(f"{currency}_USDT"))
    return room.last if room else ZERO


def worth_of(world: World, uid: int) -> Worth:
    """All wallets of a user."""
    held = world.spot.purse.of(uid)
    coins = sum(
        ((own.available + own.locked) * price_of(world, currency) for currency, own in held), ZERO
    )
    futures = unrealised = ZERO
    for settle in SETTLES:
        rate = price_of(world, settle.upper())
        total, profit = world.futures.worth(uid, settle)
        futures += total * rate
        unrealised += profit * rate
    return Worth(coins, futures, unrealised)
