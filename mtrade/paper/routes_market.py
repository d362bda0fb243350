"""The routes everybody may call: market data of spot and futures."""

from __future__ import annotations

from mtrade.paper.http import Handler, Route
from mtrade.paper.public import futures, spot


def _get(path: str, handler: Handler) -> Route:
    return Route(method="GET", path=path, handler=handler, bucket="public")


_FUTURES = "/futures/{settle}"

ROUTES: tuple[Route, ...] = (
    _get("/spot/time", spot.server_time),
    _get("/spot/currencies", spot.currencies),
    _get("/spot/currencies/{currency}", spot.currency),
    _get("/spot/currency_pairs", spot.pairs),
    _get("/spot/currency_pairs/{currency_pair}", spot.pair),
    _get("/spot/tickers", spot.tickers),
    _get("/spot/order_book", spot.order_book),
    _get("/spot/trades", spot.trades),
    _get("/spot/candlesticks", spot.candlesticks),
    _get(f"{_FUTURES}/contracts", futures.contracts),
    _get(f"{_FUTURES}/contracts_all", futures.contracts),
    _get(f"{_FUTURES}/contracts/{{contract}}", futures.contract),
    _get(f"{_FUTURES}/tickers", futures.tickers),
    _get(f"{_FUTURES}/order_book", futures.order_book),
    _get(f"{_FUTURES}/trades", futures.trades),
    _get(f"{_FUTURES}/candlesticks", futures.candlesticks),
    _get(f"{_FUTURES}/premium_index", futures.premium_index),
    _get(f"{_FUTURES}/funding_rate", futures.funding_rate),
    Route(
        method="POST",
        path=f"{_FUTURES}/funding_rates",
        handler=futures.funding_rates,
        bucket="public",
    ),
    _get(f"{_FUTURES}/contract_stats", futures.contract_stats),
    _get(f"{_FUTURES}/insurance", futures.insurance),
    _get(f"{_FUTURES}/risk_limit_tiers", futures.risk_limit_tiers),
    _get(f"{_FUTURES}/risk_limit_table", futures.risk_limit_table),
    _get(f"{_FUTURES}/liq_orders", futures.liq_orders),
    _get(f"{_FUTURES}/index_constituents/{{index}}", futures.index_constituents),
    _get("/margin/currency_pairs", futures.nothing),
    _get("/margin/uni/currency_pairs", futures.nothing),
    _get("/delivery/usdt/contracts", futures.nothing),
    _get("/options/underlyings", futures.nothing),
)
