"""Carries out the fault rules that hit REST calls. Runs on the exchange's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from mtrade.domain.numbers import dumps, loads
from mtrade.domain.ports import Clock
from mtrade.paper.admission import Incoming
from mtrade.paper.faultplan import CALLS, FaultPlan, Kind, Rule, contradicted
from mtrade.paper.gateway import Outgoing
from mtrade.paper.thinning import thin
from mtrade.paper.world import World

Answer = Callable[[Incoming], Awaitable[Outgoing]]

_PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_EARLY = (Kind.DROP_REQUEST, Kind.SERVER_ERROR, Kind.RATE_LIMIT)
_BROKEN = (Kind.DROP_REQUEST, Kind.LOSE_ANSWER, Kind.CLOSE_MID_FRAME)
_LATE = (Kind.DROP_REQUEST, Kind.DELAY_REQUEST, Kind.DELAY_ANSWER)


class Trouble:
    """Stands between the front door and the gateway."""

    def __init__(self, plan: FaultPlan, world: World, clock: Clock) -> None:
        self._plan = plan
        self._world = world
        self._clock = clock

    def rule_for(self, incoming: Incoming) -> Rule | None:
        """The fault that hits a call, if any. `uid` rules go by the key, proven or not."""
        user = self._world.by_key.get(incoming.headers.get("key", ""))
        uid = user.uid if user else None
        return self._plan.pick("rest", CALLS, incoming.path, uid, incoming.method)

    async def answer(
        self, request: web.BaseRequest, incoming: Incoming, rule: Rule, answer: Answer
    ) -> Outgoing | None:
        """What leaves under a fault; None when the connection is cut instead."""
        outgoing = Outgoing(rule.status, {}, _PAGE)
        if rule.kind is Kind.THIN_BOOK:
            thin(self._world, _body(incoming), rule.size)
        if rule.kind is Kind.DELAY_REQUEST:
            await asyncio.sleep(float(rule.seconds))
        if rule.kind not in _EARLY:
            outgoing = await answer(incoming)
        if rule.kind in _LATE and rule.kind is not Kind.DELAY_REQUEST:
            await asyncio.sleep(float(rule.seconds))
        if rule.kind in _BROKEN:
            _cut(request, outgoing if rule.kind is Kind.CLOSE_MID_FRAME else None)
            return None
        return self._twisted(rule, outgoing)

    def _twisted(self, rule: Rule, outgoing: Outgoing) -> Outgoing:
        headers, body = outgoing.headers, outgoing.body
        if rule.kind is Kind.RATE_LIMIT:
            return self._limited(rule)
        if rule.kind is Kind.SERVER_ERROR_AFTER:
            return Outgoing(rule.status, {}, _PAGE)
        if rule.kind is Kind.TRUNCATE:
            return Outgoing(outgoing.status, headers, body[: len(body) // 2])
        if rule.kind is Kind.CONTRADICT:
            return Outgoing(outgoing.status, headers, contradicted(body.decode()).encode())
        if rule.kind is Kind.HTML:
            return Outgoing(200, headers, _PAGE)
        return outgoing

    def _limited(self, rule: Rule) -> Outgoing:
        reset_s = (self._clock.now_ms() + int(rule.seconds * 1000)) // 1000
        headers = {
            "X-Gate-RateLimit-Requests-Remain": "0",
            "X-Gate-RateLimit-Limit": "100",
            "X-Gate-RateLimit-Reset-Timestamp": str(reset_s),
        }
        told = {"label": "TOO_MANY_REQUESTS", "message": "Request rate limit exceeded"}
        return Outgoing(429, headers, dumps(told).encode())


def is_page(outgoing: Outgoing) -> bool:
    """Whether an answer is a web page instead of JSON."""
    return outgoing.body == _PAGE


def _cut(request: web.BaseRequest, half: Outgoing | None) -> None:
    """End the connection; with `half`, in the middle of that answer."""
    transport = request.transport
    if transport is None:
        return
    if half is None:
        transport.abort()
        return
    size = len(half.body)
    head = f"HTTP/1.1 {half.status} OK\r\nContent-Type: application/json\r\n"
    transport.write(f"{head}Content-Length: {size}\r\n\r\n".encode() + half.body[: size // 2])
    transport.close()


def _body(incoming: Incoming) -> object:
    try:
        return loads(incoming.body)
    except (ValueError, RecursionError):
        return None
