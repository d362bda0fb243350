"""The model exchange's two faces: REST answers and trading-socket frames, without any network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.storm.venue import Refusal, Venue, dumped, shown, shown_trade

Answer = tuple[int, bytes]


class RestFace:
    """`answer` is one request arriving now."""

    def __init__(self, venue: Venue, now_ms: Callable[[], int]) -> None:
        self._venue = venue
        self._now = now_ms

    def answer(
        self, method: str, path: str, query: Mapping[str, str], exptime: str | None, body: Any
    ) -> Answer:
        """Status and body."""
        try:
            status, value = self._do(method, path.strip("/").split("/"), query, exptime, body)
        except Refusal as refusal:
            said = {"label": refusal.label, "message": "no"}
            return refusal.status, dumped(said).encode()
        return status, dumped(value).encode()

    def _do(
        self, method: str, path: list[str], query: Mapping[str, str], exptime: str | None, body: Any
    ) -> tuple[int, Any]:
        market, rest = path[0], path[2:] if path[0] == "futures" else path[1:]
        venue = self._venue
        match method, rest:
            case "POST", ["orders"]:
                return 201, shown(venue.create(market, body, exptime, "rest"))
            case "GET", ["orders", reference]:
                return 200, shown(venue.find(market, reference))
            case "DELETE", ["orders", reference]:
                return 200, shown(venue.cancel(market, reference))
            case (("PUT" | "PATCH"), ["orders", reference]):
                return 200, shown(venue.amend(market, reference, body, exptime))
            case "GET", ["orders"]:
                return 200, self._orders(market, query, open=query["status"] == "open")
            case "GET", ["orders_timerange"]:
                return 200, self._orders(market, query, open=False)
            case "GET", ["my_trades" | "my_trades_timerange"]:
                return 200, self._trades(market, query)
            case "GET", ["accounts"]:
                return 200, {"total": "1000", "available": "900", "position_mode": "single"}
            case "GET", ["positions"]:
                return 200, self._positions()
        raise AssertionError(f"the model exchange has no {method} {path}")

    def _orders(self, market: str, query: Mapping[str, str], *, open: bool) -> list[dict[str, Any]]:
        since = int(query.get("from", "0")) * 1000
        found = [o for o in self._venue.listed(market, open=open) if o.created_ms >= since]
        return [shown(o) for o in _page(found, query)]

    def _trades(self, market: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = query.get("order", query.get("order_id", ""))
        since, now = int(query.get("from", "0")) * 1000, self._now()
        found = [
            (order, trade)
            for order in self._venue.orders
            for trade in order.trades
            if order.market == market and wanted in ("", order.id)
            and trade[2] >= since and trade[3] <= now
        ]  # fmt: skip
        found.sort(key=lambda pair: -pair[1][2])
        return [shown_trade(order, trade) for order, trade in _page(found, query)]

    def _positions(self) -> list[dict[str, Any]]:
        size = self._venue.position()
        row = {"contract": "BTC_USDT", "size": str(size), "mode": "single", "leverage": "5"}
        return [row] if size else []


class ApiFace:
    """`replies` is one frame arriving now: the acknowledgement, if there is one, and the final."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def replies(self, text: str) -> tuple[str, ...]:
        """Frames to send back, in order; a pong for a ping."""
        frame = json.loads(text)
        channel = frame["channel"]
        if channel.endswith(".ping"):
            return (dumped({"channel": channel.replace("ping", "pong"), "event": ""}),)
        asked = frame["payload"]
        number = asked["req_id"]
        try:
            result = self._do(channel, asked)
        except Refusal as refusal:
            return (final(number, channel, refusal.status, label=refusal.label),)
        done = final(number, channel, 200, result=result)
        if channel.endswith("order_place"):
            return ack(number, channel, asked["req_param"]), done
        return (done,)

    def _do(self, channel: str, asked: Any) -> Any:
        market, _, act = channel.partition(".")
        param = asked.get("req_param")
        exptime = asked.get("req_header", {}).get("x-gate-exptime")
        match act:
            case "login":
                return {"api_key": asked["api_key"], "uid": "42"}
            case "order_place":
                return shown(self._venue.create(market, param, exptime, "ws"))
            case "order_cancel":
                return shown(self._venue.cancel(market, param["order_id"]))
            case "order_amend":
                return shown(self._venue.amend(market, param["order_id"], param, exptime))
            case "order_status":
                return shown(self._venue.find(market, param["order_id"]))
        raise AssertionError(f"the model exchange has no {channel}")


def final(number: str, channel: str, status: int, *, result: Any = None, label: str = "") -> str:
    """A final frame."""
    head = {"status": str(status), "channel": channel, "event": "api"}
    data = {"errs": {"label": label, "message": "no"}} if label else {"result": result}
    return dumped({"request_id": number, "ack": False, "header": head, "data": data})


def ack(number: str, channel: str, param: Any) -> str:
    """An acknowledgement."""
    head = {"status": "200", "channel": channel, "event": "api"}
    data = {"result": {"req_id": number, "req_header": None, "req_param": param}}
    return dumped({"request_id": number, "ack": True, "header": head, "data": data})


def _page(found: list[Any], query: Mapping[str, str]) -> list[Any]:
    limit = int(query.get("limit", "100"))
    first = int(query.get("offset", "0")) or (int(query.get("page", "1")) - 1) * limit
    return found[first : first + limit]
