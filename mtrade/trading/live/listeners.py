"""Who listens to what, and which topics have news. Owned by the hub's thread."""

from __future__ import annotations

from collections.abc import Mapping

from mtrade.domain.events import (
    AccountSnapshot,
    BookChanged,
    CandleChanged,
    StreamChanged,
    TickerChanged,
    TopChanged,
    Traded,
)
from mtrade.trading.live.board import Board
from mtrade.trading.live.mailbox import Mailbox
from mtrade.trading.live.topics import (
    AccountTopic,
    CandleTopic,
    MarketTopic,
    ServerTopic,
    Topic,
)

KEEP_S = 2.0  # a quiet topic is told again, because its age is news


class Listeners:
    """A topic nobody listens to is never marked, so it costs nothing."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._boxes: dict[Topic, list[Mailbox]] = {}
        self._news: set[Topic] = set()
        self._told: dict[Topic, float] = {}

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Everything anybody listens to."""
        return tuple(self._boxes)

    @property
    def any_news(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._news)

    def add(self, mailbox: Mailbox) -> None:
        """A browser listens from now on."""
        for topic in mailbox.topics:
            self._boxes.setdefault(topic, []).append(mailbox)
            self._told.setdefault(topic, self._board.clock.monotonic())

    def remove(self, mailbox: Mailbox) -> None:
        """A browser is gone; a second time changes nothing."""
        for topic in mailbox.topics:
            left = [box for box in self._boxes.get(topic, ()) if box is not mailbox]
            if left:
                self._boxes[topic] = left
            else:
                self._boxes.pop(topic, None)
                self._told.pop(topic, None)
                self._news.discard(topic)

    def mark(self, topic: Topic) -> None:
        """A topic has news."""
        if topic in self._boxes:
            self._news.add(topic)

    def heard(self, event: object) -> None:
        """Mark what an event changed."""
        match event:
            case TickerChanged():
                self.mark(MarketTopic(event.network, event.ticker.instrument))
            case TopChanged() | BookChanged() | Traded():
                self.mark(MarketTopic(event.network, event.instrument))
            case CandleChanged():
                self.mark(CandleTopic(event.network, event.instrument, event.interval))
            case StreamChanged():
                self.mark(ServerTopic())
            case AccountSnapshot():
                self.mark(AccountTopic(event.account_id))
                self.mark(ServerTopic())
            case _:
                self.mark(AccountTopic(event.account_id))  # type: ignore[attr-defined]

    def mark_kind(self, kind: type[object]) -> None:
        """Mark every topic of a kind: copying tells of all links at once, at a steady pace."""
        self._news |= {topic for topic in self._boxes if isinstance(topic, kind)}

    def mark_quiet(self, now: float) -> None:
        """Mark what has been quiet for long."""
        self._news |= {topic for topic, at in self._told.items() if now - at >= KEEP_S}

    def take_news(self, now: float) -> tuple[Topic, ...]:
        """The topics with news, which are told now."""
        found = tuple(self._news)
        self._news.clear()
        for topic in found:
            self._told[topic] = now
        return found

    def deliver(self, frames: Mapping[Topic, bytes]) -> None:
        """Put each frame into the mailboxes of its topic, together with the others of one box."""
        by_box: dict[Mailbox, list[bytes]] = {}
        for topic, frame in frames.items():
            if frame:
                for box in self._boxes.get(topic, ()):
                    by_box.setdefault(box, []).append(frame)
        for box, parts in by_box.items():
            box.put(b"".join(parts))

    def close(self) -> None:
        """Wake everybody for good."""
        for boxes in self._boxes.values():
            for box in boxes:
                box.close()
