"""The exchange's time as a deadline needs it, and whether it is known well enough to add risk.

A deadline made with a wrong clock would let an order act after it is thought dead, so an order that
adds risk waits for a clock that is known; one that only reduces goes out at once.
"""

from __future__ import annotations

from collections.abc import Callable

from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, MTradeError
from mtrade.trading.ports import NetworkClock

TOO_OLD_MS = 600_000
TOO_VAGUE_MS = 1_000  # a round trip; the error of the clock is half of it


def trusted_ms(clock: NetworkClock, *, reducing: bool) -> int:
    """The exchange's time in UTC ms. Raises ExchangeUnavailable(clock_unknown) for new risk."""
    age = clock.age_ms
    if age is None or age > TOO_OLD_MS:
        try:
            clock.sync()
        except ExchangeError as fault:
            if not reducing:
                raise _unknown(fault.message) from fault
    if not reducing and (clock.round_trip_ms or 0) > TOO_VAGUE_MS:
        raise _unknown(f"an answer takes {clock.round_trip_ms} ms")
    return clock.now_ms()


def or_zero(exchange_ms: Callable[[str], int]) -> Callable[[str], int]:
    """`exchange_ms` of an account, or 0, which is before every deadline, when it is gone."""

    def now_ms(account_id: str) -> int:
        try:
            return exchange_ms(account_id)
        except MTradeError:
            return 0

    return now_ms


def _unknown(why: str) -> ExchangeUnavailable:
    return ExchangeUnavailable(
        f"the exchange's time is not known well enough, so nothing was sent: {why}",
        code="clock_unknown",
    )
