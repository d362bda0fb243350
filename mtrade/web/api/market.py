"""Public market data of a network."""

from __future__ import annotations

from mtrade.domain.accounts import Network
from mtrade.web import codec, codec_market
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.queries import (
    BookQuery,
    CandlesQuery,
    FundingQuery,
    InstrumentQuery,
    MarketQuery,
    TradesQuery,
)


def instruments(call: Call, form: MarketQuery) -> Json:
    """Trading rules of a whole market."""
    network = _network(call, form.network)
    aged = call.desk.state.instruments(network, form.market, form.settle_text())
    rows = map(codec_market.instrument, aged.value)
    return codec.items(rows, {"network": network, "age_ms": aged.age_ms})


def tickers(call: Call, form: MarketQuery) -> Json:
    """Last prices and day statistics of a whole market."""
    network = _network(call, form.network)
    aged = call.desk.state.tickers(network, form.market, form.settle_text())
    return codec.items(
        map(codec_market.ticker, aged.value), {"network": network, "age_ms": aged.age_ms}
    )


def book(call: Call, form: BookQuery) -> Json:
    """The order book."""
    network = _known(call, form)
    aged = call.desk.state.book(network, form.instrument_id(), form.depth)
    return {**codec_market.book(aged.value, aged.age_ms), "network": network}


def trades(call: Call, form: TradesQuery) -> Json:
    """The latest prints, newest first."""
    network = _known(call, form)
    aged = call.desk.state.trades(network, form.instrument_id(), form.limit)
    return codec.items(
        map(codec_market.trade, aged.value), {"network": network, "age_ms": aged.age_ms}
    )


def candles(call: Call, form: CandlesQuery) -> Json:
    """Candles, oldest first."""
    network = _known(call, form)
    aged = call.desk.state.candles(network, form.instrument_id(), form.interval, form.limit)
    return codec.items(
        map(codec_market.candle, aged.value), {"network": network, "age_ms": aged.age_ms}
    )


def funding(call: Call, form: FundingQuery) -> Json:
    """Settled funding rates, newest first."""
    network = _known(call, form)
    aged = call.desk.state.funding(network, form.instrument_id())
    return codec.items(
        map(codec_market.funding, aged.value), {"network": network, "age_ms": aged.age_ms}
    )


def _known(call: Call, form: InstrumentQuery | FundingQuery) -> Network:
    """The network, after making sure that it has this instrument. Raises NotFound."""
    network = _network(call, form.network)
    call.desk.state.instrument(network, form.instrument_id())
    return network


def _network(call: Call, wanted: Network | None) -> Network:
    return wanted or call.desk.accounts.get(None).network
