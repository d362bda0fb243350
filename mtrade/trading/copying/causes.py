"""Which trades of a leader wait to be consumed by an order of a follower. Engine thread only.

One leader trade is consumed by at most one order of a follower, for ever: the journal refuses a
second time. A trade of before the start, or of before the link, may have been consumed by an
earlier run, or by an earlier link of the same two accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtrade.domain.copying.model import Cause, CopyLeg, Link
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import Fill

MOST = 400  # of one contract of a link; older ones are given up

Consumed = Callable[[str, str, Iterable[str]], frozenset[str]]
Lane = tuple[int, InstrumentId]


class Causes:
    """`consumed` asks the journal."""

    def __init__(self, consumed: Consumed) -> None:
        self._consumed = consumed
        self._waiting: dict[Lane, dict[str, None]] = {}
        self._flying: dict[str, tuple[Lane, tuple[str, ...]]] = {}
        self.since_ms = 0

    def heard(self, links: Iterable[Link], fills: Iterable[Fill]) -> None:
        """The leader of these links traded."""
        named = [(fill, f"{fill.instrument.name}:{fill.trade_id}") for fill in fills]
        for link in links:
            for fill, name in named:
                if link.settle and fill.instrument.settle == link.settle:
                    self._heard(link, fill, name)

    def _heard(self, link: Link, fill: Fill, name: str) -> None:
        if fill.time_ms < max(self.since_ms, link.created_ms) and self._consumed(
            link.follower_id, link.leader_id, (name,)
        ):
            return
        lane = (link.id, fill.instrument)
        waiting = self._waiting.get(lane)
        if waiting is None:
            self._waiting[lane] = {name: None}
            return
        waiting[name] = None
        if len(waiting) > MOST:
            del waiting[next(iter(waiting))]

    def named(self, link: Link, leg: CopyLeg, text: str) -> tuple[Cause, ...]:
        """All that waits, as consumed by the order `text`; empty: it cancelled out."""
        return tuple(
            Cause(follower_id=link.follower_id, leader_id=link.leader_id, trade_id=name, text=text)
            for name in self._waiting.get((link.id, leg.instrument), ())
        )

    def taken(self, link: Link, leg: CopyLeg, text: str) -> tuple[Cause, ...]:
        """As `named`, and nothing of it waits any more."""
        causes = self.named(link, leg, text)
        lane = (link.id, leg.instrument)
        names = tuple(self._waiting.pop(lane, ()))
        if names and text:
            self._flying[text] = (lane, names)
        return causes

    def waits(self, link: Link, leg: CopyLeg) -> bool:
        """Whether trades wait."""
        return (link.id, leg.instrument) in self._waiting

    def ended(self, text: str, *, effect: bool) -> None:
        """An order has ended; without any effect its trades wait again."""
        lane, names = self._flying.pop(text, (None, ()))
        if lane is not None and not effect:
            waiting = self._waiting.pop(lane, {})
            self._waiting[lane] = {**dict.fromkeys(names), **waiting}

    def forget(self) -> None:
        """The journal may know more than we do: take no trade for granted."""
        self._waiting.clear()
        self._flying.clear()
