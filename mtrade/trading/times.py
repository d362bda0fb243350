"""The exchange's time as a deadline needs it, and whether it is known well enough to add risk.

A deadline made with a wrong clock would let an order act after it is thought dead, so an order that
adds risk waits for a clock that is known; one that only reduces goes out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, MTradeError
from mtrade.trading.ports import NetworkClock
from mtrade.trading.views import Problem

TOO_OLD_MS = 600_000
TOO_VAGUE_MS = 1_000  # a round trip; the error of the clock is half of it
TOO_FAR_MS = 1_000  # of this computer's clock: it is reckoned with, but should be set


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


def clock_problems(
    networks: Iterable[Network], clock_of: Callable[[Network], NetworkClock]
) -> tuple[Problem, ...]:
    """What a person should know of the clocks: one that adds no risk, this computer's when it is
    far off."""
    found = []
    for network in sorted(networks):
        clock = clock_of(network)
        age, trip, offset = clock.age_ms, clock.round_trip_ms or 0, clock.offset_ms or 0
        if age is None:
            continue  # it is being asked for
        if age > TOO_OLD_MS or trip > TOO_VAGUE_MS:
            found.append(_unsure(network, trip // 2, age // 60_000))
        if abs(offset) > TOO_FAR_MS:
            found.append(_far(network, abs(offset)))
    return tuple(found)


def _unsure(network: Network, error_ms: int, minutes: int) -> Problem:
    params = {"network": network.value, "ms": str(error_ms), "minutes": str(minutes)}
    said = f"the time of {network} is known to {error_ms} ms, {minutes} min ago: no new risk"
    return Problem("clock_unsure", said, params=params)


def _far(network: Network, offset_ms: int) -> Problem:
    seconds = f"{offset_ms // 1000}.{offset_ms % 1000 // 100}"
    said = f"this computer's clock differs from {network} by {seconds} s; set it by the internet"
    return Problem("clock_offset", said, params={"network": network.value, "seconds": seconds})


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
