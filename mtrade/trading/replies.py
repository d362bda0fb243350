"""What a caller is told when the engine's reply does not come in time: only what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future

from mtrade.domain.errors import MTradeError, OutcomeUnknown, StoreError
from mtrade.domain.orders import Intent


def committed(
    reply: Future[tuple[Intent, ...]], timeout: float, written: Callable[[], Intent | None]
) -> tuple[Intent, ...]:
    """The outcome of a commit, or what the journal holds of it after `timeout` seconds.

    Raises StoreError only when the order certainly never leaves, and OutcomeUnknown while the
    engine is still at writing it down.
    """
    try:
        return reply.result(timeout)
    except TimeoutError:
        if reply.cancel():  # the engine has not taken it up, and now never will
            raise StoreError("the journal was not ready in time; nothing was sent") from None
    if (known := written()) is not None:
        return (known,)
    if reply.done():
        return reply.result(0)
    raise OutcomeUnknown("the order is still being written down and will be sent after that")


class Waiters:
    """Callers who wait for the outcome of an order they committed. For the engine thread only."""

    def __init__(self) -> None:
        self._replies: dict[int, list[Future[tuple[Intent, ...]]]] = {}

    def add(self, intent_id: int, reply: Future[tuple[Intent, ...]]) -> None:
        """One more waits for this order."""
        self._replies.setdefault(intent_id, []).append(reply)

    def tell(self, intent: Intent, live: Iterable[Intent]) -> None:
        """Its outcome is known: give it to all, with those of `live` that wait for its fill."""
        for reply in self._replies.pop(intent.id, []):
            family = [i for i in live if i.parent == intent.order.text]
            reply.set_result((intent, *family))


def overridden(reply: Future[Intent], timeout: float) -> Intent:
    """The order a human ended. Raises StoreError when the engine had no time for it."""
    try:
        return reply.result(timeout)
    except TimeoutError:
        if reply.cancel():
            raise StoreError("the engine was not ready in time; nothing was changed") from None
    return reply.result(timeout)


def answer(reply: Future[Intent], act: Callable[[], Intent]) -> None:
    """Give a caller who still waits what `act` returns or raises; else do not act."""
    if not reply.set_running_or_notify_cancel():
        return
    try:
        reply.set_result(act())
    except MTradeError as fault:
        reply.set_exception(fault)
