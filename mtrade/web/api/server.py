"""This server: alive, who it is, restart and stop."""

from __future__ import annotations

import hmac

from mtrade.domain.errors import Conflict, InvalidRequest
from mtrade.web.codec import Json
from mtrade.web.context import Call
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
    health = desk.engine.health()
    problems: list[Json] = [
        {"code": p.code, "message": call.text(f"problems.{p.code}", p.message, p.params)}
        for p in (*health.problems, *call.context.faults.problems())
    ]
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
        "unfinished": desk.engine.unfinished(),
        "health": {"ok": health.ok and not problems, "problems": problems},
    }


def _confirm(call: Call, form: PowerForm) -> None:
    control = call.context.control
    if control.stopping:
        raise Conflict("the server is already stopping", code="stopping")
    if not hmac.compare_digest(form.confirm, control.nonce):
        reason = "is not the nonce of this server run"
        raise InvalidRequest(f"confirm {reason}", fields={"confirm": reason})
