"""Text frames of an aiohttp connection, handed over in the very call that read their bytes.

aiohttp wakes a task for what it has parsed: two turns of the loop, for every answer to an order and
every price. This stands between the connection and aiohttp, lets it parse, and takes out what it
has put into its queue. Everything that is not text stays there, in its place, for `receive`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

TEXT = aiohttp.WSMsgType.TEXT


class Prompt(asyncio.Protocol):
    """Reads for one connection, from when it is made. On the loop only.

    What `hear` raises comes out of `turn`, whose user ends the connection: not every transport
    ends it by itself when its protocol fails. A `muted` one hands nothing over.
    """

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, hear: Callable[[str], None]) -> None:
        transport: Any = ws._writer.transport
        self._inner: Any = transport.get_protocol()
        self._queue: Any = ws._reader
        self._hear = hear
        self._turn: asyncio.Future[None] | None = None
        self._fault: BaseException | None = None
        self.muted = False
        transport.set_protocol(self)

    async def turn(self) -> None:
        """Hand over all text, now and as it comes, until `receive` has something else to take."""
        while not self._passed_text():
            self._turn = asyncio.get_running_loop().create_future()
            try:
                await self._turn
            finally:
                self._turn = None
            if self._fault is not None:
                raise self._fault

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)
        if self._turn is None:
            return
        try:
            passed = self._passed_text()
        except BaseException as fault:
            self._fault, self.muted = fault, True
            self._wake()
            raise
        if passed:
            self._wake()

    def eof_received(self) -> bool | None:
        kept: bool | None = self._inner.eof_received()
        return kept

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)
        self._wake()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _passed_text(self) -> bool:
        """Hand over the text that is next; whether anything else follows it."""
        waiting, read, hear = self._queue._buffer, self._queue.read, self._hear
        while waiting and waiting[0][0].type is TEXT:
            reading = read()
            try:
                reading.send(None)  # it has nothing to wait for: a frame is there
            except StopIteration as end:
                if not self.muted:
                    hear(end.value.data)
        return bool(waiting) or self._queue.is_eof()

    def _wake(self) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)
