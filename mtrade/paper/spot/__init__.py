"""The spot venue of the paper exchange: balances, orders, triggers, with Gate's semantics."""

from mtrade.paper.spot.venue import SpotVenue

__all__ = ["SpotVenue"]
