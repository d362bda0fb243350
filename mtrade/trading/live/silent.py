"""Feeds that bring nothing: every view is then read over REST, as without any stream."""

from __future__ import annotations

from mtrade.domain.accounts import Network
from mtrade.domain.instruments import InstrumentId


class SilentFeeds:
    """Implements Feeds."""

    def watch(self, network: Network, instrument: InstrumentId) -> None:
        """Nothing flows."""

    def unwatch(self, network: Network, instrument: InstrumentId) -> None:
        """Nothing flowed."""

    def watch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """Nothing flows."""

    def unwatch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """Nothing flowed."""

    def open_account(self, account_id: str) -> None:
        """Nothing flows."""

    def close_account(self, account_id: str) -> None:
        """Nothing flowed."""
