"""This server: alive, who it is, restart and stop."""

from __future__ import annotations

import hmac

from mtrade.domain.errors import Conflict, InvalidRequest
from mtrade.trading.accounts import AccountManager
from mtrade.trading.live.board import Board
from mtrade.web.codec import Json
from mtrade.web.context import Call, WebContext
from mtrade.web.forms import Empty, PowerForm
from mtrade.web.ports import Role

API_VERSION = 1


def health(call: Call, form: Empty) -> Json:
    """Alive."""
    return {"ok": True}


def ping(call: Call, form: Empty) -> Json:
    """For measuring round trips."""
    return {"now_ms": call.now_ms}


def status(call: Call, form: Empty) -> Json:
    """The state of this server; a stranger learns only that it is an mTrade and which run."""
    reduced = _reduced(call)
    if call.caller.role is None:
        return reduced
    full = {**reduced, **_run(call), **_desk(call)}
    if call.caller.is_at_least(Role.OWNER):
        full |= {"nonce": call.context.control.nonce, "home": str(call.context.control.home)}
    return full


def restart(call: Call, form: PowerForm) -> Json:
    """End gracefully and start again; answered before it happens."""
    _confirm(call, form)
    call.context.control.request_restart(call.caller.actor)
    return {}


def shutdown(call: Call, form: PowerForm) -> Json:
    """End gracefully; answered before it happens."""
    _confirm(call, form)
    call.context.control.request_stop(call.caller.actor)
    return {}


def _reduced(call: Call) -> Json:
    return {
        "app": "mtrade",
        "ok": True,
        "setup": not call.context.access.has_password(),
        "instance": call.context.control.instance,
    }


def _run(call: Call) -> Json:
    control = call.context.control
    return {
        "api": API_VERSION,
        "pid": control.pid,
        "started_ms": control.started_ms,
        "now_ms": call.now_ms,
        "version": control.version,
        "addresses": [{"url": a.url, "adapter": a.adapter} for a in control.addresses()],
        "db_bytes": call.context.database_bytes(),
        "restart_failure": control.last_restart_failure(),
    }


def _desk(call: Call) -> Json:
    desk = call.desk
    networks = [
        {
            "network": line.network,
            "host": line.host,
            "accounts": line.accounts,
            "latency_ms": line.latency_ms,
            "offset_ms": line.offset_ms,
            "age_ms": line.age_ms,
            "error": line.error,
        }
        for line in desk.accounts.network_status()
    ]
    return {
        "mode": desk.engine.mode(),
        "active_account": desk.accounts.active_id(),
        "networks": networks,
        "streams": streams_json(desk.hub.board),
        "order_sockets": order_sockets_json(desk.accounts),
        "unfinished": desk.engine.unfinished(),
        "health": problems_json(call.context, call.language),
    }


def problems_json(context: WebContext, language: str) -> Json:
    """Whether all is whole; each problem in a language, with its code for those who translate."""
    health = context.desk.engine.health()
    problems: list[Json] = [
        {
            "code": problem.code,
            "message": context.catalogue.text(language, f"problems.{problem.code}", problem.params)
            or problem.message,
        }
        for problem in (*health.problems, *context.faults.problems())
    ]
    return {"ok": health.ok and not problems, "problems": problems}


def streams_json(board: Board) -> list[Json]:
    """Every socket to an exchange: which it is, its state, its last sign of life."""
    return [
        {
            "network": stream.network,
            "market": stream.market,
            "settle": stream.settle,
            "account": stream.account_id or None,
            "status": known.status,
            "heard_ms_ago": board.heard_ms_ago(stream),
            "round_trip_ms": known.round_trip_ms,
            "reconnects": known.reconnects,
            "reason": known.reason,
        }
        for stream, known in sorted(board.streams.copy().items(), key=lambda row: row[0])
    ]


def order_sockets_json(accounts: AccountManager) -> list[Json]:
    """Every trading socket: whether orders leave over it, how fast the exchange last answered."""
    return [
        {
            "account": account_id,
            "market": row.market,
            "settle": row.settle,
            "ready": row.ready,
            "ack_ms": row.ack_ms,
            "round_trip_ms": row.round_trip_ms,
        }
        for account_id, row in accounts.order_sockets()
    ]


def _confirm(call: Call, form: PowerForm) -> None:
    control = call.context.control
    if control.stopping:
        raise Conflict("the server is already stopping", code="stopping")
    if not hmac.compare_digest(form.confirm, control.nonce):
        reason = "is not the nonce of this server run"
        raise InvalidRequest(f"confirm {reason}", fields={"confirm": reason})
