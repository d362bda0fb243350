"""How a network stands, as a screen shows it."""

from __future__ import annotations

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeError
from mtrade.trading.ports import Networks
from mtrade.trading.views import NetworkStatus


def status_of(networks: Networks, network: Network, accounts: int) -> NetworkStatus:
    """Its host, clock and the number of its accounts; a clock that was never read is read now."""
    clock = networks.clock(network)
    try:
        if clock.age_ms is None:
            clock.sync()
        error = ""
    except ExchangeError as fault:
        error = fault.message
    return NetworkStatus(
        network=network,
        host=networks.host(network),
        accounts=accounts,
        latency_ms=clock.round_trip_ms,
        offset_ms=clock.offset_ms,
        age_ms=clock.age_ms,
        error=error,
    )
