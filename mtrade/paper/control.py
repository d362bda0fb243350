"""The test paths of an exchange started with `--control`; answered to loopback only.

`POST /paper/v1/price {"market","instrument","price","settle"?}` moves a market,
`GET /paper/v1/arrivals` lists every create-order request that reached the exchange.
`POST /paper/v1/fault` adds a rule of `faultplan.py` (or a list of them), or at once does
`{"kind":"upgrade","market"?}`, `{"kind":"break","market"?}` (cut the sockets) or
`{"kind":"liquidate","uid","contract","settle"?}`; `GET` lists the rules with their hits, `DELETE`
ends all faults.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import dumps, loads
from mtrade.paper.admission import Incoming
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.faultplan import FaultPlan, Rule
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, choice, number, whole, word
from mtrade.paper.gateway import Outgoing

PRICE, ARRIVALS, FAULT = "/paper/v1/price", "/paper/v1/arrivals", "/paper/v1/fault"
_JSON = {"Content-Type": "application/json"}


class Owner(Protocol):
    """What the test paths move."""

    arrivals: Arrivals

    async def set_price(self, instrument: InstrumentId, price: Decimal) -> None: ...

    async def liquidate(self, uid: int, settle: str, contract: str) -> None: ...

    def announce_upgrade(self, market: Market | None) -> None: ...

    def break_sockets(self, market: Market | None) -> None: ...


class Control:
    """See the module."""

    def __init__(self, owner: Owner, plan: FaultPlan, now_ms: Callable[[], int]) -> None:
        self._owner = owner
        self._plan = plan
        self._now_ms = now_ms

    def serves(self, path: str) -> bool:
        """Whether a path is one of these."""
        return path in (PRICE, ARRIVALS, FAULT)

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Do it. A stranger sees no such path."""
        if not ipaddress.ip_address(incoming.remote).is_loopback:
            return Outgoing(404, {}, b"")
        try:
            return Outgoing(200, dict(_JSON), dumps(await self._done(incoming)).encode())
        except GateFault as fault:
            told = {"label": fault.label, "message": fault.message}
            return Outgoing(fault.status, dict(_JSON), dumps(told).encode())

    async def _done(self, incoming: Incoming) -> object:
        match (incoming.method, incoming.path):
            case ("GET", "/paper/v1/arrivals"):
                return self._owner.arrivals.rows()
            case ("POST", "/paper/v1/price"):
                await self._set_price(as_object(_parsed(incoming)))
            case ("GET", "/paper/v1/fault"):
                return [rule.row() for rule in self._plan.rules]
            case ("POST", "/paper/v1/fault"):
                await self._fault(_parsed(incoming))
            case ("DELETE", "/paper/v1/fault"):
                self._plan.clear()
            case _:
                raise GateFault("METHOD_NOT_ALLOWED", "Method not allowed", 405)
        return {}

    async def _set_price(self, body: Mapping[str, Any]) -> None:
        market = Market(choice(body, "market", tuple(Market)))
        settle = word(body, "settle", "usdt") if market is Market.FUTURES else ""
        instrument = InstrumentId(market, settle, word(body, "instrument"))
        await self._owner.set_price(instrument, number(body, "price"))

    async def _fault(self, body: object) -> None:
        wishes = [as_object(item) for item in (body if isinstance(body, list) else [body])]
        for wish in wishes:
            kind = word(wish, "kind")
            if kind == "liquidate":
                uid, contract = whole(wish, "uid", 0, 1, 2**53), word(wish, "contract")
                await self._owner.liquidate(uid, word(wish, "settle", "usdt"), contract)
            elif kind == "upgrade":
                self._owner.announce_upgrade(_market(wish))
            elif kind == "break":
                self._owner.break_sockets(_market(wish))
            else:
                self._plan.add([Rule.read(wish)], self._now_ms())


def _market(body: Mapping[str, Any]) -> Market | None:
    named = choice(body, "market", ("", *Market), "")
    return Market(named) if named else None


def _parsed(incoming: Incoming) -> Any:
    try:
        return loads(incoming.body)
    except (ValueError, RecursionError):
        raise GateFault("INVALID_REQUEST_BODY", "the body is not valid JSON") from None
