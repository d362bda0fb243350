"""Futures positions."""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.accounts import Account, PositionMode
from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import Instrument
from mtrade.domain.positions import Position
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.order_forms import (
    CloseForm,
    LeverageForm,
    MarginForm,
    PositionModeForm,
    ProtectForm,
)
from mtrade.web.queries import SettleQuery


def listing(call: Call, form: SettleQuery) -> Json:
    """Open positions of one settle currency."""
    account = call.desk.accounts.get(form.account)
    aged = call.desk.state.positions(account.id, form.settle)
    mode = call.desk.state.position_mode(account.id, form.settle)
    rows = positions_json(call, account, aged.value)
    return codec.items(rows, {"position_mode": mode, **codec.origin(account, aged.age_ms)})


def positions_json(call: Call, account: Account, rows: Iterable[Position]) -> list[Json]:
    """Positions with their coins, as far as the contract's rules are known."""
    return [codec.position(row, account.id, _rules(call, account, row)) for row in rows]


def close(call: Call, form: CloseForm) -> Json:
    """Close a part or all of a position."""
    done = call.desk.engine.close_position(form.wish(call.account_id(form.account)))
    return {"intent": codec.intent(done)}


def protect(call: Call, form: ProtectForm) -> Json:
    """Place take profit and stop loss for an open position."""
    done = call.desk.engine.protect(form.wish(call.account_id(form.account)))
    return codec.items(map(codec.intent, done))


def leverage(call: Call, form: LeverageForm) -> Json:
    """Set leverage and margin mode of a contract."""
    account = call.desk.accounts.get(form.account)
    rows = call.desk.engine.set_leverage(
        account.id, form.instrument_id(), form.leverage, form.margin_mode
    )
    return codec.items(positions_json(call, account, rows))


def margin(call: Call, form: MarginForm) -> Json:
    """Add or take out isolated margin."""
    account = call.desk.accounts.get(form.account)
    rows = call.desk.engine.change_margin(account.id, form.instrument_id(), form.leg, form.change)
    return codec.items(positions_json(call, account, rows))


def mode(call: Call, form: PositionModeForm) -> Json:
    """Switch between one-way and hedge."""
    account_id = call.account_id(form.account)
    wanted = PositionMode(form.mode)
    changed = call.desk.engine.set_position_mode(account_id, form.settle, wanted)
    return {"position_mode": changed.mode}


def closed(call: Call, form: SettleQuery) -> Json:
    """Finished positions, newest first."""
    account = call.desk.accounts.get(form.account)
    aged = call.desk.state.position_closes(account.id, form.settle)
    return codec.items(map(codec.position_close, aged.value), codec.origin(account, aged.age_ms))


def _rules(call: Call, account: Account, row: Position) -> Instrument | None:
    """Market data may fail while positions are there; then only the coins are unknown."""
    try:
        return call.desk.state.instrument(account.network, row.instrument)
    except MTradeError:
        return None
