"""An append-only log of every create-order request that reached the exchange.

It is an independent witness: tests count arrivals by `text` to prove that an order was sent once.
Reads only what was asked and answered, never the venues.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mtrade.paper.faults import GateFault
from mtrade.paper.http import Reply, Route

_SINGLE = ("/orders", "/bbo_orders")
_BATCH = "/batch_orders"


class Arrival(NamedTuple):
    """One order asked for: by whom, over which path (`rest` or `ws`), with which `text`, and how it
    was answered."""

    seq: int
    time_ms: int
    uid: int
    path: str
    route: str
    text: str
    accepted: bool
    label: str
    order_id: str


class Arrivals:
    """Grows only. The shell notes after a call what came of it."""

    def __init__(self) -> None:
        self._log: list[Arrival] = []

    def note(
        self,
        route: Route,
        uid: int,
        body: object,
        answer: Reply | GateFault,
        now_ms: int,
        *,
        path: str,
    ) -> None:
        """Record the orders of one request, if it was one that creates orders."""
        if route.method != "POST":
            return
        if route.path.endswith(_BATCH) and isinstance(body, list):
            for index, item in enumerate(body):
                self._add(route, uid, item, _part(answer, index), now_ms, path)
        elif route.path.endswith(_SINGLE):
            self._add(route, uid, body, answer, now_ms, path)

    def rows(self) -> list[dict[str, Any]]:
        """All arrivals, oldest first, as JSON objects."""
        return [arrival._asdict() for arrival in self._log]

    def _add(
        self,
        route: Route,
        uid: int,
        order: object,
        answer: Reply | GateFault,
        now_ms: int,
        path: str,
    ) -> None:
        label = answer.label if isinstance(answer, GateFault) else ""
        made = answer.body if isinstance(answer, Reply) else None
        self._log.append(
            Arrival(
                seq=len(self._log) + 1,
                time_ms=now_ms,
                uid=uid,
                path=path,
                route=route.path,
                text=_text(order),
                accepted=not label,
                label=label,
                order_id=str(made.get("id", "")) if isinstance(made, dict) else "",
            )
        )


def _part(answer: Reply | GateFault, index: int) -> Reply | GateFault:
    """What one item of a batch was answered."""
    if isinstance(answer, GateFault) or not isinstance(answer.body, list):
        return answer
    item = answer.body[index]
    if item.get("succeeded") is False:
        return GateFault(str(item.get("label", "")), "")
    return Reply(item)


def _text(order: object) -> str:
    return str(order.get("text", "")) if isinstance(order, Mapping) else ""
