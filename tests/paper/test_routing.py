"""Routes are found by path and method; literals win over parameters."""

from __future__ import annotations

from mtrade.paper.exchange import ROUTES
from mtrade.paper.http import Reply, Route
from mtrade.paper.limits import BUDGETS
from mtrade.paper.routing import RouteTable


def route(method: str, path: str) -> Route:
    return Route(method=method, path=path, handler=lambda world, call: Reply(None))


def test_a_literal_wins_over_a_parameter_whatever_the_order():
    table = RouteTable([route("GET", "/a/{id}"), route("GET", "/a/mode")])
    found, args, _ = table.find("GET", "/a/mode")
    assert (found.path, args) == ("/a/mode", {})
    assert table.find("GET", "/a/x")[1] == {"id": "x"}


def test_settle_is_lower_cased_and_other_arguments_are_not():
    table = RouteTable([route("GET", "/futures/{settle}/positions/{contract}")])
    args = table.find("GET", "/futures/USDT/positions/BTC_USDT")[1]
    assert args == {"settle": "usdt", "contract": "BTC_USDT"}


def test_a_known_path_with_another_method_is_told_apart():
    table = RouteTable([route("GET", "/a")])
    assert table.find("POST", "/a") == (None, {}, True)
    assert table.find("GET", "/b") == (None, {}, False)


def test_every_route_is_reachable_once_and_names_a_real_budget():
    seen = [(route.method, route.path) for route in ROUTES]
    assert len(seen) == len(set(seen))
    table = RouteTable(ROUTES)
    for route in ROUTES:
        assert table.find(route.method, route.path)[0] is route
        assert route.bucket in BUDGETS
