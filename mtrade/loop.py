"""One asyncio loop in one thread: the only place where sockets live.

Other threads reach it by `call` (wait for a coroutine, always with a time-out) or `post` (fire and
forget). `close` cancels what still runs, lets it clean up, and joins the thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Owns one event loop. Every method may be called from any thread, `call` not from its own."""

    def __init__(self, name: str = "streams") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._lock = threading.Lock()
        self._closed = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop itself, for code that already runs on it."""
        return self._loop

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def call(self, coro: Coroutine[Any, Any, T], timeout: float) -> T:
        """Run `coro` on the loop and wait `timeout` seconds for its result.

        Raises what the coroutine raises, TimeoutError (the coroutine is cancelled then), or
        RuntimeError when the loop is closed or the caller is the loop's own thread.
        """
        future = self.submit(coro)
        try:
            return future.result(timeout)
        except FutureTimeout:
            if not future.done():
                future.cancel()
            raise

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `coro` on the loop and return its future without waiting."""
        with self._lock:
            if not self._usable():
                coro.close()
                raise RuntimeError("the loop is not running, or this is its own thread")
            return asyncio.run_coroutine_threadsafe(coro, self._loop)

    def post(self, callback: Callable[..., object], *args: object) -> bool:
        """Run a plain function on the loop soon; False when the loop is closed."""
        with self._lock:
            if self._closed:
                return False
            self._loop.call_soon_threadsafe(callback, *args)
            return True

    def later(self, seconds: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Run a plain function on the loop in a while; only from the loop's own thread."""
        return self._loop.call_later(seconds, callback)

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel all tasks, stop the loop, join. True when the thread has ended; idempotent."""
        with self._lock:
            first, self._closed = not self._closed, True
            if first and self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        elif first and self._thread.ident is None:
            self._loop.close()
        return not self._thread.is_alive()

    def _usable(self) -> bool:
        alive = self._thread.is_alive() and not self._closed
        return alive and self._thread is not threading.current_thread()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_finish())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


async def _finish() -> None:
    """Cancel every other task and let it clean up."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
