"""Own executions."""

from __future__ import annotations

from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.queries import FillsQuery


def listing(call: Call, form: FillsQuery) -> Json:
    """Own executions of a market, newest first."""
    account = call.desk.accounts.get(form.account)
    wanted = call.known(account.network, form.instrument_id())
    aged = call.desk.state.fills(account.id, form.market, form.settle_text(), wanted, form.limit)
    return codec.items(map(codec.fill, aged.value), codec.origin(account, aged.age_ms))
