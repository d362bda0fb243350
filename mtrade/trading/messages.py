"""What travels into the engine's inbox. Frozen; nothing else crosses into that thread."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import ClassVar

from mtrade.domain.events import Event
from mtrade.domain.orders import Fill, Intent, VenueOrder
from mtrade.domain.risk import is_reducing
from mtrade.trading.inbox import Rank
from mtrade.trading.intents import Answer
from mtrade.trading.resolver import Evidence


@dataclass(frozen=True, slots=True)
class Answered:
    """The exchange (or the line to it) answered a send."""

    rank: ClassVar[Rank] = Rank.RESULT

    intent_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class AnsweredAll:
    """Answers of a fan-out that came close together: one transaction is enough for all."""

    rank: ClassVar[Rank] = Rank.RESULT

    answers: tuple[Answered, ...]

    def joined(self, other: object) -> AnsweredAll | None:
        """Both, when the other one is of the same kind."""
        return AnsweredAll(self.answers + other.answers) if isinstance(other, AnsweredAll) else None


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the exchange for an unfinished intent."""

    rank: ClassVar[Rank] = Rank.RESULT

    intent_id: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Heard:
    """A stream tells something that the engine or its guest follows."""

    event: Event
    rank: Rank = Rank.NEWS


@dataclass(frozen=True, slots=True)
class FillsRead:
    """Executions of an own order."""

    account_id: str
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Write these intents down and send them; `reply` gets the first one's outcome."""

    intents: tuple[Intent, ...]
    reply: Future[tuple[Intent, ...]]

    @property
    def rank(self) -> Rank:
        """The way out waits for nothing."""
        return Rank.CONTROL if is_reducing(self.intents[0].order) else Rank.COMMAND


@dataclass(frozen=True, slots=True)
class Look:
    """An order was changed or cancelled on request: see what it is now."""

    rank: ClassVar[Rank] = Rank.RESULT

    account_id: str
    order_id: str
    changed: VenueOrder | None


@dataclass(frozen=True, slots=True)
class Override:
    """A human ends an order on HOLD."""

    rank: ClassVar[Rank] = Rank.COMMAND

    intent_id: int
    reason: str
    reply: Future[Intent]
