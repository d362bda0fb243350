"""The futures half of the paper exchange: accounts, positions, orders, triggers, liquidation."""

from mtrade.paper.futures.venue import FuturesVenue

__all__ = ["FuturesVenue"]
