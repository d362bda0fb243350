"""Positions, leverage, margin and position mode over REST (Gate futures docs, positions).

These calls take their parameters from the query; `cross_mode` also from a JSON body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.numbers import ZERO, text
from mtrade.domain.positions import Leg
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, choice, flag, number, word
from mtrade.paper.futures.entities import Account, Position
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_offset
from mtrade.paper.public.rooms import settle_of
from mtrade.paper.world import World

_BASE = "/futures/{settle}"
_DUAL_SIDES = (str(Leg.LONG), str(Leg.SHORT))


def account(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/accounts`."""
    return Reply(world.futures.views.account(_account(world, call)))


def positions(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/positions`: in dual mode both legs of a contract."""
    account_ = _account(world, call)
    held = world.futures.state.held(account_.uid, account_.settle)
    touched = sorted({p.contract for p in held if p.update_id and _shown(account_, p)})
    rows = [leg for name in touched for leg in world.futures.state.legs(account_, name)]
    if flag(call.query, "holding"):
        rows = [position for position in rows if position.size]
    page, headers = by_offset(rows, call.query)
    return Reply(_views(world, call, page), headers=headers)


def position(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/positions/{contract}`."""
    return Reply(_view(world, call, _one(world, call)))


def legs(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/dual_comp/positions/{contract}`."""
    return Reply(_views(world, call, _legs(world, call)))


def margin(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/positions/{contract}/margin?change=`."""
    chosen = _one(world, call)
    world.futures.settings.margin(chosen, number(call.query, "change"), call.now_ms)
    return Reply(_view(world, call, chosen))


def leg_margin(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/dual_comp/positions/{contract}/margin?change=&dual_side=`."""
    both = _legs(world, call)
    side = choice(call.query, "dual_side", _DUAL_SIDES)
    chosen = world.futures.settings.leg(_account(world, call), call.args["contract"], side)
    world.futures.settings.margin(chosen, number(call.query, "change"), call.now_ms)
    return Reply(_views(world, call, both))


def leverage(world: World, call: Call) -> Reply:
    """`POST .../positions/{contract}/leverage`: an array when the account hedges, as live Gate."""
    both = _set_leverage(world, call)
    return Reply(_answer(world, call, both))


def leg_leverage(world: World, call: Call) -> Reply:
    """`POST .../dual_comp/positions/{contract}/leverage`: for both legs."""
    return Reply(_views(world, call, _set_leverage(world, call)))


def set_leverage(world: World, call: Call) -> Reply:
    """`POST .../positions/{contract}/set_leverage`: leverage and margin mode in one call."""
    query, both = call.query, _legs(world, call)
    multiple = number(query, "leverage")
    mode = choice(query, "margin_mode", tuple(MarginMode))
    side = choice(query, "dual_side", ("", *_DUAL_SIDES), "")
    chosen = [leg for leg in both if side in ("", leg.leg) or leg.leg is Leg.NET]
    wanted = (multiple, ZERO) if mode == MarginMode.ISOLATED else (ZERO, multiple)
    if multiple <= 0:
        raise GateFault("LEVERAGE_TOO_LOW", "leverage must be above 0")
    world.futures.settings.leverage(chosen, *wanted, call.now_ms)
    return Reply(_view(world, call, chosen[0]))


def get_leverage(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/get_leverage/{contract}`; Gate's client reads `Lever`."""
    both = _legs(world, call)
    side = choice(call.query, "dual_side", ("", *_DUAL_SIDES), "")
    chosen = next((leg for leg in both if side == leg.leg), both[0])
    lever = text(world.futures.exposure.leverage(chosen))
    return Reply({"lever": lever, "Lever": lever})


def cross_mode(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/positions/cross_mode`."""
    body, account_ = _source(call), _account(world, call)
    chosen = world.futures.settings.one(account_, word(body, "contract"))
    _switch(world, call, [chosen], body)
    return Reply(_view(world, call, chosen))


def leg_cross_mode(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/dual_comp/positions/cross_mode`."""
    body, account_ = _source(call), _account(world, call)
    contract = word(body, "contract")
    world.futures.state.room(account_.settle, contract)
    both = world.futures.state.legs(account_, contract)
    _switch(world, call, both, body)
    return Reply(_views(world, call, both))


def risk_limit(world: World, call: Call) -> Reply:
    """`POST .../positions/{contract}/risk_limit`: accepted; tiers follow the position's value."""
    number(call.query, "risk_limit")
    return Reply(_answer(world, call, _legs(world, call)))


def leg_risk_limit(world: World, call: Call) -> Reply:
    """`POST .../dual_comp/positions/{contract}/risk_limit`: likewise."""
    number(call.query, "risk_limit")
    return Reply(_views(world, call, _legs(world, call)))


def dual_mode(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/dual_mode?dual_mode=`."""
    word(call.query, "dual_mode")
    return _switch_mode(world, call, dual=flag(call.query, "dual_mode"))


def position_mode(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/set_position_mode?position_mode=`; without `dual_plus` here."""
    modes = (PositionMode.SINGLE, PositionMode.DUAL)
    chosen = choice(call.query, "position_mode", modes)
    return _switch_mode(world, call, dual=chosen == PositionMode.DUAL)


def _switch_mode(world: World, call: Call, *, dual: bool) -> Reply:
    account_ = _account(world, call)
    world.futures.settings.dual_mode(account_, dual=dual)
    return Reply(world.futures.views.account(account_))


def _switch(world: World, call: Call, legs_: Iterable[Position], body: Any) -> None:
    mode = word(body, "mode").lower()
    if mode not in tuple(MarginMode):
        raise GateFault("INVALID_PARAM_VALUE", "mode is ISOLATED or CROSS")
    cross = mode == MarginMode.CROSS
    world.futures.settings.cross_mode(legs_, cross=cross, now_ms=call.now_ms)


def _set_leverage(world: World, call: Call) -> tuple[Position, ...]:
    both = _legs(world, call)
    multiple = number(call.query, "leverage")
    cross_limit = number(call.query, "cross_leverage_limit", ZERO)
    # A cross limit beside an isolated leverage is ignored (gate-notes, positions).
    limit = cross_limit if multiple.is_zero() else ZERO
    world.futures.settings.leverage(both, multiple, limit, call.now_ms)
    return both


def _account(world: World, call: Call) -> Account:
    return world.futures.state.account(call.owner.uid, settle_of(call))


def _one(world: World, call: Call) -> Position:
    return world.futures.settings.one(_account(world, call), call.args["contract"])


def _legs(world: World, call: Call) -> tuple[Position, ...]:
    account_, contract = _account(world, call), call.args["contract"]
    world.futures.state.room(account_.settle, contract)
    return world.futures.state.legs(account_, contract)


def _source(call: Call) -> dict[str, Any]:
    """Body and query together: clients differ in where they put these parameters."""
    body = as_object(call.body) if call.body is not None else {}
    return {**call.query, **body}


def _shown(account_: Account, position_: Position) -> bool:
    return account_.dual is (position_.leg is not Leg.NET)


def _answer(world: World, call: Call, both: tuple[Position, ...]) -> object:
    return _view(world, call, both[0]) if len(both) == 1 else _views(world, call, both)


def _view(world: World, call: Call, position_: Position) -> dict[str, Any]:
    return world.futures.views.position(position_, call.decimal_sizes)


def _views(world: World, call: Call, rows: Iterable[Position]) -> list[dict[str, Any]]:
    return [_view(world, call, row) for row in rows]


def _route(method: str, path: str, handler: Callable[[World, Call], Reply]) -> Route:
    return Route(method=method, path=_BASE + path, handler=handler, permission="futures")


ROUTES = (
    _route("GET", "/accounts", account),
    _route("GET", "/positions", positions),
    _route("GET", "/positions/{contract}", position),
    _route("GET", "/dual_comp/positions/{contract}", legs),
    _route("GET", "/get_leverage/{contract}", get_leverage),
    _route("POST", "/positions/cross_mode", cross_mode),
    _route("POST", "/positions/{contract}/margin", margin),
    _route("POST", "/positions/{contract}/leverage", leverage),
    _route("POST", "/positions/{contract}/set_leverage", set_leverage),
    _route("POST", "/positions/{contract}/risk_limit", risk_limit),
    _route("POST", "/dual_comp/positions/cross_mode", leg_cross_mode),
    _route("POST", "/dual_comp/positions/{contract}/margin", leg_margin),
    _route("POST", "/dual_comp/positions/{contract}/leverage", leg_leverage),
    _route("POST", "/dual_comp/positions/{contract}/risk_limit", leg_risk_limit),
    _route("POST", "/dual_mode", dual_mode),
    _route("POST", "/set_position_mode", position_mode),
)
