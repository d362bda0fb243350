"""What travels into the engine's inbox. Frozen; nothing else crosses into that thread."""

from __future__ import annotations

from concurrent.futures import Future
from typing import ClassVar

from msgspec import Struct

from mtrade.domain.events import Event
from mtrade.domain.orders import Fill, Intent, VenueOrder
from mtrade.domain.risk import is_reducing
from mtrade.trading.inbox import Rank
from mtrade.trading.intents import Answer
from mtrade.trading.resolver import Evidence


class Answered(Struct, frozen=True):
    """The exchange (or the line to it) answered a send."""

    rank: ClassVar[Rank] = Rank.RESULT

    intent_id: int
    answer: Answer


class AnsweredAll(Struct, frozen=True):
    """Answers of a fan-out that came close together: one transaction is enough for all."""

    rank: ClassVar[Rank] = Rank.RESULT

    answers: tuple[Answered, ...]

    def joined(self, other: object) -> AnsweredAll | None:
        """Both, when the other one is of the same kind."""
        return AnsweredAll(self.answers + other.answers) if isinstance(other, AnsweredAll) else None


class Seen(Struct, frozen=True):
    """One look at the exchange for an unfinished intent."""

    rank: ClassVar[Rank] = Rank.RESULT

    intent_id: int
    evidence: Evidence


class Heard(Struct, frozen=True):
    """A stream tells something that the engine or its guest follows."""

    event: Event
    rank: Rank = Rank.NEWS


class FillsRead(Struct, frozen=True):
    """Executions of an own order."""

    account_id: str
    fills: tuple[Fill, ...]


class Commit(Struct, frozen=True):
    """Write these intents down and send them; `reply` gets the first one's outcome."""

    intents: tuple[Intent, ...]
    reply: Future[tuple[Intent, ...]]

    @property
    def rank(self) -> Rank:
        """The way out waits for nothing."""
        return Rank.CONTROL if is_reducing(self.intents[0].order) else Rank.COMMAND


class Look(Struct, frozen=True):
    """An order was changed or cancelled on request: see what it is now."""

    rank: ClassVar[Rank] = Rank.RESULT

    account_id: str
    order_id: str
    changed: VenueOrder | None


class Override(Struct, frozen=True):
    """A human ends an order on HOLD."""

    rank: ClassVar[Rank] = Rank.COMMAND

    intent_id: int
    reason: str
    reply: Future[Intent]
