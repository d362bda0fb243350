"""Asks the public routes the way a client would, through JSON."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from mtrade.domain.numbers import dumps
from mtrade.paper.http import Call
from mtrade.paper.routes_market import ROUTES
from mtrade.paper.routing import RouteTable
from mtrade.paper.world import World
from tests.paper.floor import NOW, open_market

TABLE = RouteTable(ROUTES)
AT = NOW + 300_000


@cache
def running_market() -> World:
    """A market that has been running for five minutes. It is shared: nobody may change it."""
    market, engine, _ = open_market()
    for number in range(76):
        engine.tick(NOW + number * 4000)
    return market


def ask(
    world: World,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    decimal_sizes: bool = True,
    **query: object,
) -> Any:
    """The answer as a client reads it, through JSON."""
    route, args, _ = TABLE.find(method, path)
    assert route is not None, path
    assert route.permission is None
    words = {name.rstrip("_"): str(value) for name, value in query.items()}
    call = Call(
        args=args, query=words, body=body, user=None, now_ms=AT, decimal_sizes=decimal_sizes
    )
    reply = route.handler(world, call)
    assert reply.status == 200
    return json.loads(dumps(reply.body))
