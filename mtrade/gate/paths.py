"""The two ways a changing call can take: the account's warm trading socket, or REST.

The way is chosen once, before the first byte. What has been written to the socket is never sent
again over REST, whatever happens; only a frame that provably was not written goes there instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Raw, Struct

from mtrade.domain.errors import ExchangeError
from mtrade.domain.orders import OrderPath, OrderSocket
from mtrade.gate.bodies import Param
from mtrade.gate.client import GateClient, Query, has_label
from mtrade.gate.labels import EXPIRED
from mtrade.gate.trading_frames import Frame, Reply, outcome
from mtrade.gate.trading_line import NotWritten, Result, TradingLine

T = TypeVar("T")
Chosen = Callable[[OrderPath], None]
Done = Callable[[T | ExchangeError | None], None]


class Change(Struct, Generic[T], frozen=True, kw_only=True):
    """A changing call in both its forms: a REST request, and a channel with its `param`.

    `parse` reads the result, the same on both ways; `quick` reads it from its text as it comes over
    the socket, or says None. `bucket` is the budget both draw on; an `urgent` call is never held
    back. Without a `channel` there is only REST.
    """

    method: str
    path: str
    parse: Callable[[Any], T]
    bucket: str
    query: Query | None = None
    body: object = None
    expires_ms: int | None = None
    urgent: bool = False
    channel: str = ""
    settle: str = ""
    param: Param = None
    quick: Callable[[Raw], T | None] = lambda text: None


class Sockets(Protocol):
    """The trading sockets of the account."""

    def line(self, settle: str) -> TradingLine | None:
        """The ready socket for futures of a settle currency, or for spot when it is empty."""
        ...

    def states(self) -> tuple[OrderSocket, ...]:
        """Every socket that is kept, ready or not."""
        ...

    def close(self) -> None: ...


class NoSockets:
    """An account that has only REST."""

    def line(self, settle: str) -> TradingLine | None:
        return None

    def states(self) -> tuple[OrderSocket, ...]:
        return ()

    def close(self) -> None:
        """Nothing is open."""


class Paths:
    """Sends changing calls of one account. `change` may be called from any thread but the loop's,
    `prepared` from the loop's only."""

    def __init__(self, client: GateClient, sockets: Sockets | None = None) -> None:
        self._client = client
        self.sockets = sockets or NoSockets()

    def change(self, call: Change[T], chosen: Chosen = lambda path: None) -> T:
        """Send once and parse the answer; `chosen` is told the path before the first byte.

        Raises what `GateClient.change` raises.
        """
        line = self.sockets.line(call.settle) if call.channel else None
        if line is not None:
            self._client.budgets.enter(call.bucket, urgent=call.urgent)
            chosen(OrderPath.WS)
            try:
                reply = line.call(line.core.frame(call.channel, call.param, call.expires_ms))
            except NotWritten:
                line = None
            else:
                return self._result(call, reply)
        chosen(OrderPath.REST)
        return self._client.change(
            call.method,
            call.path,
            call.parse,
            bucket=call.bucket,
            query=call.query,
            body=call.body,
            expires_ms=call.expires_ms,
            urgent=call.urgent,
        )

    def prepared(self, call: Change[T]) -> Callable[[Done[T]], None]:
        """Make a call ready; what comes back writes it at once and answers by callback, for many
        orders in one pass of the loop.

        The callback gets the result, the error, or None when nothing was written: then REST may be
        used.
        """
        line = self.sockets.line(call.settle) if call.channel else None
        if line is None:
            return _not_written
        frame = line.core.frame(call.channel, call.param, call.expires_ms)
        return partial(self._write, call, line, frame)

    def _write(self, call: Change[T], line: TradingLine, frame: Frame, done: Done[T]) -> None:
        if self._client.budgets.take(call.bucket) > 0 and not call.urgent:
            done(None)
        else:
            line.send(frame, partial(self._settle, call, done))

    def _settle(self, call: Change[T], done: Done[T], result: Result) -> None:
        if not isinstance(result, Reply):
            done(None if isinstance(result, NotWritten) else result)
            return
        try:
            answer = self._result(call, result)
        except ExchangeError as error:
            done(error)
        else:
            done(answer)

    def _result(self, call: Change[T], reply: Reply) -> T:
        if reply.budget is not None:
            self._client.budgets.learn(call.bucket, *reply.budget)
        try:
            return outcome(reply, call.parse, self._client.clock.now_ms(), call.quick)
        except ExchangeError as error:
            if has_label(error, EXPIRED):
                self._client.mistimed()
            raise


def _not_written(done: Callable[[None], None]) -> None:
    done(None)
