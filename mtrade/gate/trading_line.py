"""One trading socket as its users see it: ready or not, a call that waits, a send that does not.

No socket is in here: `Wire` writes bytes, `post` brings a function to the socket's own thread (the
loop's), where everything happens except `ready`, `frame` and `call`. A frame is written at most
once; whoever gives up waiting before it is written has taken it back, provably.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import Protocol

from mtrade.domain.errors import ExchangeError
from mtrade.gate.faults import transport_failure
from mtrade.gate.labels import EXPIRED
from mtrade.gate.trading_core import SILENCE_S, Step, TradingCore
from mtrade.gate.trading_frames import Frame, Reply

log = logging.getLogger(__name__)

GRACE_S = 2.0  # the loop judges silence itself; this is for a loop that stands still


class NotWritten(Exception):
    """No byte of the frame left and none will: another way may be taken."""


class Wire(Protocol):
    """An open connection."""

    def write(self, text: str) -> None:
        """Write one frame now. Raises OSError; then a part of it may have left."""
        ...

    def buffered(self) -> int:
        """How many bytes wait to be taken by the system."""
        ...

    def drop(self, reason: str) -> None:
        """Close; `closed` is called on the line later."""
        ...


Result = Reply | NotWritten | ExchangeError
Done = Callable[[Result], None]


class TradingLine:
    """Requests to one market of one account over its trading socket."""

    def __init__(
        self,
        core: TradingCore,
        post: Callable[..., bool],
        *,
        wait: Callable[[Future[Reply], float], Reply] = Future.result,
        on_expired: Callable[[], None] = lambda: None,
    ) -> None:
        self.core = core
        self._post = post
        self._wait = wait
        self._on_expired = on_expired
        self._wire: Wire | None = None
        self._done: dict[str, Done] = {}
        self.refused = ""

    def ready(self) -> bool:
        """Whether a frame would be written now. Any thread."""
        wire = self._wire
        return wire is not None and not self.core.objection(None, 0)

    def call(self, frame: Frame) -> Reply:
        """Write a frame and wait for its reply. Not from the socket's own thread.

        Raises NotWritten, or OutcomeUnknown when it was written and no reply came.
        """
        answer: Future[Reply] = Future()
        if not self._post(self._begin, frame, answer):
            raise NotWritten("the loop is closed")
        try:
            return self._wait(answer, SILENCE_S + GRACE_S)
        except FutureTimeout:
            if answer.cancel():
                raise NotWritten("the loop did not come to it in time") from None
            raise _lost("no answer in time") from None

    def send(self, frame: Frame, done: Done) -> None:
        """Write a frame now; `done` gets what came of it, later or at once. Own thread only."""
        wire = self._wire
        why = self.core.objection(frame, wire.buffered() if wire else 0)
        if wire is None or why:
            done(NotWritten(why or "the socket is not ready"))
            return
        self.core.wrote(frame)
        self._done[frame.request_id] = done
        self._write(wire, frame.text)

    def opened(self, wire: Wire) -> None:
        """A fresh connection: log in, prove it."""
        self._wire = wire
        self.refused = ""
        self._write(wire, self.core.open())

    def received(self, text: str) -> None:
        """A text frame came."""
        self._follow(self.core.take(text))

    def tick(self) -> None:
        """Time has passed; call a few times a second."""
        self._follow(self.core.tick())

    def closed(self, reason: str) -> None:
        """The connection is gone: what was written and not answered is unknown."""
        self._wire = None
        for number in self.core.close():
            done = self._done.pop(number, None)
            if done is not None:
                done(_lost(reason))

    def _begin(self, frame: Frame, answer: Future[Reply]) -> None:
        if answer.set_running_or_notify_cancel():
            self.send(frame, partial(_settle, answer))

    def _follow(self, step: Step) -> None:
        for note in step.notes:
            log.warning("trading socket: %s", note)
        for reply in step.replies:
            done = self._done.pop(reply.request_id, None)
            if done is not None:
                done(reply)
        if step.label:
            log.warning("trading socket: %s", step.broken)
            self.refused = step.label
            if step.label in EXPIRED:
                self._on_expired()
        wire = self._wire
        if wire is None:
            return
        for text in step.write:
            self._write(wire, text)
        if step.broken:
            self._tear_down(wire, step.broken)

    def _write(self, wire: Wire, text: str) -> None:
        try:
            wire.write(text)
        except OSError as fault:
            self._tear_down(wire, f"writing failed: {type(fault).__name__}")

    def _tear_down(self, wire: Wire, reason: str) -> None:
        """Nothing is read from this connection any more; the next one has to prove itself."""
        self.closed(reason)
        wire.drop(reason)


def _settle(answer: Future[Reply], result: Result) -> None:
    if isinstance(result, Reply):
        answer.set_result(result)
    else:
        answer.set_exception(result)


def _lost(reason: str) -> ExchangeError:
    return transport_failure(reason, written=True, changing=True)
