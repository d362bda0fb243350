"""Orders as the exchange has them."""

from __future__ import annotations

from collections.abc import Sequence

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import VenueOrder
from mtrade.trading.views import Aged
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.order_forms import AmendForm, CancelAllForm, settle_of
from mtrade.web.queries import ObjectQuery, OrdersQuery

Orders = Aged[tuple[VenueOrder, ...]]


def listing(call: Call, form: OrdersQuery) -> Json:
    """Open orders of a market, or the history of one instrument."""
    account = call.desk.accounts.get(form.account)
    wanted = call.known(account.network, form.instrument_id())
    read = _history if form.status == "history" else _open
    aged = read(call, account.id, form, wanted)
    rows = orders_json(call, account.id, aged.value)
    return codec.items(rows, codec.origin(account, aged.age_ms))


def amend(call: Call, form: AmendForm, order_id: str) -> Json:
    """Change price or size of a resting order."""
    account_id = call.account_id(form.account)
    changed = call.desk.engine.amend(
        account_id, form.instrument_id(), order_id, price=form.price, size=form.size
    )
    return orders_json(call, account_id, [changed])[0]


def cancel(call: Call, form: ObjectQuery, order_id: str) -> Json:
    """Cancel an order; one that had ended is returned as it ended."""
    account_id = call.account_id(form.account)
    ended = call.desk.engine.cancel(account_id, form.instrument_id(), order_id)
    return orders_json(call, account_id, [ended])[0]


def cancel_all(call: Call, form: CancelAllForm) -> Json:
    """Cancel all resting orders of a market, or of one instrument."""
    account_id = call.account_id(form.account)
    settle = settle_of(form.market, form.settle)
    wanted = form.instrument and InstrumentId(form.market, settle, form.instrument)
    ended = call.desk.engine.cancel_all(account_id, form.market, settle, wanted or None)
    return codec.items(orders_json(call, account_id, ended))


def orders_json(call: Call, account_id: str, rows: Sequence[VenueOrder]) -> list[Json]:
    """Orders with their source: ours by the journal, or foreign."""
    own = call.desk.engine.source_of(account_id, [row.text for row in rows if row.text])
    return [codec.order(row, own) for row in rows]


def _open(call: Call, account_id: str, form: OrdersQuery, wanted: InstrumentId | None) -> Orders:
    aged = call.desk.state.open_orders(account_id, form.market, form.settle_text())
    if wanted is None:
        return aged
    return Aged(tuple(row for row in aged.value if row.instrument == wanted), aged.age_ms)


def _history(call: Call, account_id: str, form: OrdersQuery, wanted: InstrumentId | None) -> Orders:
    if wanted is None:
        reason = "is required"
        raise InvalidRequest(f"instrument {reason}", fields={"instrument": reason})
    return call.desk.state.order_history(account_id, wanted, form.limit)
