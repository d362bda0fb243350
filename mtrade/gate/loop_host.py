"""The real world of a stream: the loop's clock and timers, sockets, and a pool of readers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, TypeVar

from mtrade.domain.errors import ExchangeUnavailable, MTradeError
from mtrade.gate.socket import Listener, Socket, Sockets

log = logging.getLogger(__name__)

T = TypeVar("T")


class LoopHost:
    """Implements the stream's Host; everything but the blocking jobs happens on the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sockets: Sockets,
        readers: Executor,
        chance: Callable[[], float],
    ) -> None:
        self._loop = loop
        self._sockets = sockets
        self._readers = readers
        self.chance = chance
        self.now = time.monotonic  # for each frame

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def later(self, delay: float, call: Callable[[], None]) -> Callable[[], None]:
        return self._loop.call_later(delay, call).cancel

    def ask(self, job: Callable[[], T], answer: Callable[[T | MTradeError], None]) -> None:
        """A job that fails in a way nobody foresaw is an unavailable exchange to the stream, which
        then asks again; the log has the whole story."""

        def done(future: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                if not future.cancelled():
                    self._loop.call_soon_threadsafe(answer, _result(future))

        try:
            self._readers.submit(job).add_done_callback(done)
        except RuntimeError:
            log.debug("a read was asked for while closing")

    def open(self, url: str, listener: Listener) -> Socket:
        return self._sockets.open(url, listener)


def _result(future: Future[Any]) -> Any:
    """What the job returned, or its failure as one of our errors."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, MTradeError):
        return error
    log.error("a read failed", exc_info=error)
    return ExchangeUnavailable(f"internal error: {type(error).__name__}")
