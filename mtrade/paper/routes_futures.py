"""Everything private under `/futures/{settle}`."""

from __future__ import annotations

from mtrade.paper.futures import (
    routes_history,
    routes_orders,
    routes_positions,
    routes_triggers,
)
from mtrade.paper.http import Route

ROUTES: tuple[Route, ...] = (
    *routes_orders.ROUTES,
    *routes_positions.ROUTES,
    *routes_history.ROUTES,
    *routes_triggers.ROUTES,
)
