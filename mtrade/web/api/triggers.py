"""Conditional orders, kept and fired by the exchange."""

from __future__ import annotations

from mtrade.domain.errors import ExchangeUnavailable, OrderRejected
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.order_forms import TriggerForm
from mtrade.web.queries import ObjectQuery, OrdersQuery


def listing(call: Call, form: OrdersQuery) -> Json:
    """Waiting or finished conditional orders of a market."""
    account = call.desk.accounts.get(form.account)
    wanted = call.known(account.network, form.instrument_id())
    aged = call.desk.state.triggers(
        account.id, form.market, form.settle_text(), open=form.status == "open"
    )
    rows = [row for row in aged.value if wanted is None or row.order.instrument == wanted]
    return codec.items(map(codec.trigger, rows[: form.limit]), codec.origin(account, aged.age_ms))


def place(call: Call, form: TriggerForm) -> Json:
    """Place a conditional order, once per `request_id`."""
    done = call.desk.engine.submit(form.wish(call.account_id(form.account)))
    return {"intent": codec.intent(done.intent)}


def cancel(call: Call, form: ObjectQuery, trigger_id: str) -> Json:
    """Withdraw a conditional order."""
    account_id = call.account_id(form.account)
    try:
        ended = call.desk.engine.cancel_trigger(account_id, form.instrument_id(), trigger_id)
    except ExchangeUnavailable as fault:
        # It is looked up first, and a look-up that finds nothing comes as a failed read.
        if not fault.label.endswith("ORDER_NOT_FOUND"):
            raise
        raise OrderRejected(fault.message, label=fault.label, raw=fault.raw) from fault
    return codec.trigger(ended)
