"""A trading line over a wire that only remembers: the exchange's part is played by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from mtrade.domain.accounts import Credentials, Secret
from mtrade.domain.instruments import Market
from mtrade.domain.numbers import dumps
from mtrade.gate.trading_core import TradingCore
from mtrade.gate.trading_frames import Reply
from mtrade.gate.trading_line import TradingLine
from tests.clocks import FakeClock

KEY = Credentials("demo-key", Secret("demo-secret"))


def final(
    number: str,
    channel: str,
    result: Any = None,
    *,
    status: int | str = 200,
    label: str | None = None,
    text: str = "why",
    **header: Any,
) -> str:
    """A final frame: a result, or an error when there is a label or a status outside 2xx."""
    head = {"response_time": "1700000000001", "status": str(status), "channel": channel} | header
    errs = {"message": text} | ({"label": label} if label is not None else {})
    failed = label is not None or str(status) != "200"
    data = {"errs": errs} if failed else {"result": result}
    return dumps({"request_id": number, "ack": False, "header": head, "data": data})


def ack(number: str, channel: str, param: Any = None) -> str:
    """The frame that only says: received."""
    head = {"response_time": "1700000000001", "status": "200", "channel": channel}
    data = {"result": {"req_id": number, "req_header": None, "req_param": param}}
    return dumps({"request_id": number, "ack": True, "header": head, "data": data})


@dataclass
class Wire:
    """Remembers what was written; `waiting` bytes pretend to be stuck."""

    written: list[str] = field(default_factory=list)
    waiting: int = 0
    fault: OSError | None = None
    dropped: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.written.append(text)

    def buffered(self) -> int:
        return self.waiting

    def drop(self, reason: str) -> None:
        self.dropped.append(reason)


class Bench:
    """One line, its wire and a clock. `play` runs while a call waits."""

    def __init__(self, market: Market = Market.FUTURES) -> None:
        self.clock = FakeClock()
        self.market = market
        self.core = TradingCore(market, KEY, self.clock)
        self.expired: list[bool] = []
        self.play: Callable[[], None] = lambda: None
        self.stalled = False
        self.line = TradingLine(
            self.core,
            self._post,
            wait=self._wait,
            on_expired=lambda: self.expired.append(True),
        )
        self.wire = Wire()

    def connect(self) -> Wire:
        """A new connection, opened but not logged in."""
        self.wire = Wire()
        self.line.opened(self.wire)
        return self.wire

    def make_ready(self) -> Wire:
        """A new connection, logged in and proven."""
        self.connect()
        self.answer({"api_key": "demo-key", "uid": "42"})
        self.answer(None, status=404, label="ORDER_NOT_FOUND")
        assert self.line.ready()
        return self.wire

    def last(self, back: int = 1) -> Any:
        """A frame that was written, parsed."""
        return json.loads(self.wire.written[-back])

    def answer(self, result: Any, **more: Any) -> None:
        """The final frame for the last request written."""
        frame = self.last()
        self.line.received(final(frame["payload"]["req_id"], frame["channel"], result, **more))

    def pass_time(self, seconds: float) -> None:
        """Let time go by, with the ticks that belong to it."""
        for _ in range(round(seconds * 4)):
            self.clock.advance(0.25)
            self.line.tick()

    def _post(self, callback: Callable[..., object], *args: object) -> bool:
        if not self.stalled:
            callback(*args)
        return True

    def _wait(self, answer: Future[Reply], seconds: float) -> Reply:
        self.play()
        return answer.result(0)
