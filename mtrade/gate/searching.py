"""Finding out about an order when the direct way does not tell: from lists, or by its own state."""

from __future__ import annotations

from mtrade.domain.errors import ExchangeError, ExchangeUnavailable
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import VenueOrder
from mtrade.domain.ports import Exchange

SEARCH_LIMIT = 5000


def search(
    exchange: Exchange, instrument: InstrumentId, text: str, since_ms: int
) -> VenueOrder | None:
    """Scan open orders, finished orders and trades since then for `text`."""
    market, settle = instrument.market, instrument.settle
    listed = exchange.open_orders(market, settle, instrument)
    listed += exchange.finished_orders(instrument, since_ms, SEARCH_LIMIT)
    named = [order for order in listed if order.text == text]
    if named:
        return max(named, key=lambda order: order.created_ms)
    return _by_trades(exchange, instrument, text, since_ms)


def proven_end(exchange: Exchange, instrument: InstrumentId, order_id: str) -> VenueOrder | None:
    """The order if a read shows that it has ended; None while it is open or cannot be read."""
    try:
        found = exchange.find(instrument, order_id)
    except ExchangeError:
        return None
    return None if found is None or found.open else found


def _by_trades(
    exchange: Exchange, instrument: InstrumentId, text: str, since_ms: int
) -> VenueOrder | None:
    """An order whose trades are listed exists, even when the lists of orders are behind."""
    fills = exchange.fills(
        instrument.market,
        instrument.settle,
        instrument=instrument,
        since_ms=since_ms,
        limit=SEARCH_LIMIT,
    )
    order_id = next((fill.order_id for fill in fills if fill.text == text), "")
    if not order_id:
        return None
    order = exchange.find(instrument, order_id)
    if order is None:
        raise ExchangeUnavailable(f"order {order_id} has trades but cannot be read yet")
    return order
