"""A seeded plan of faults: what goes wrong, how often, and for whom. Pure: time comes in.

A rule is drawn whenever something happens that it matches; each rule has dice of its own, so the
same seed, rules and events give the same faults, whatever other rules there are. The shells ask
`pick` and carry out what it returns. Nothing here is reachable in the server's own exchange.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from mtrade.paper.chance import dice
from mtrade.paper.fields import choice, number, whole, word


class Kind(StrEnum):
    """What goes wrong. REST calls and socket frames share the first group."""

    DROP_REQUEST = "drop_request"  # never arrives; REST: the connection breaks after `seconds`
    DELAY_REQUEST = "delay_request"  # arrives `seconds` late
    LOSE_ANSWER = "lose_answer"  # executed, never answered
    DELAY_ANSWER = "delay_answer"  # executed, answered `seconds` late
    SERVER_ERROR = "server_error"  # `status`, not executed
    SERVER_ERROR_AFTER = "server_error_after"  # `status`, but executed
    RATE_LIMIT = "rate_limit"  # refused; the reset is `seconds` away
    TRUNCATE = "truncate"  # executed; half of the answer's text
    HTML = "html"  # executed; a web page for an answer
    CONTRADICT = "contradict"  # executed; the answer tells of an order with another text
    THIN_BOOK = "thin_book"  # before it arrives, all but `size` leaves the book in front of it

    REFUSE = "refuse"  # a subscription fails with code 3
    NO_ACK = "no_ack"  # executed, acknowledgement never sent
    REPEAT_ANSWER = "repeat_answer"  # the last frame comes twice
    FOREIGN_ANSWER = "foreign_answer"  # the last frame carries a request id nobody used
    CLOSE_BEFORE = "close_before"  # not executed, socket closed
    CLOSE_BEFORE_ACK = "close_before_ack"  # executed, socket closed before any answer
    CLOSE_BEFORE_FINAL = "close_before_final"  # acknowledged and executed, then closed
    CLOSE_MID_FRAME = "close_mid_frame"  # executed, closed within the last frame

    DROP_PUSH = "drop_push"
    DELAY_PUSH = "delay_push"  # by `seconds`, others overtake
    REPEAT_PUSH = "repeat_push"
    SWAP_PUSH = "swap_push"  # changes places with the next one
    CLOSE_ON_PUSH = "close_on_push"
    SILENCE = "silence"  # nothing leaves for `seconds` (0: for ever), the connection stays


PUSHES = frozenset(
    {Kind.DROP_PUSH, Kind.DELAY_PUSH, Kind.REPEAT_PUSH, Kind.SWAP_PUSH, Kind.CLOSE_ON_PUSH}
)
CALLS = frozenset(set(Kind) - PUSHES - {Kind.SILENCE})
SURFACES = ("rest", "ws")


_TEXT = re.compile(r'"text":"[^"]*"')


def contradicted(answer: str) -> str:
    """An answer that tells of another order than was asked for."""
    return _TEXT.sub('"text":"t-somebody-elses"', answer)


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault. `match` is a pattern (`*`, `?`) of a REST path or a channel, `method` of a call.

    `probability` is per event in 0..1, `count` how often at most (0: no limit), `skip` how many
    matching events pass first, `uid` whom it hits (0: everybody).
    """

    kind: Kind
    surface: str = "ws"
    match: str = "*"
    method: str = "*"
    uid: int = 0
    probability: Decimal = Decimal(1)
    count: int = 0
    skip: int = 0
    seconds: Decimal = Decimal(0)
    size: Decimal = Decimal(0)
    status: int = 502
    hits: int = 0
    since_ms: int = 0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Rule:
        """A rule from JSON; GateFault when a member makes no sense."""
        return cls(
            kind=Kind(choice(body, "kind", tuple(Kind))),
            surface=choice(body, "surface", SURFACES, "ws"),
            match=word(body, "match", "*"),
            method=word(body, "method", "*"),
            uid=whole(body, "uid", 0, 0, 2**53),
            probability=number(body, "probability", Decimal(1)),
            count=whole(body, "count", 0, 0, 10**9),
            skip=whole(body, "skip", 0, 0, 10**9),
            seconds=number(body, "seconds", Decimal(0)),
            size=number(body, "size", Decimal(0)),
            status=whole(body, "status", 502, 400, 599),
        )

    def concerns(self, surface: str, name: str, method: str, uid: int | None) -> bool:
        """Whether an event is one of those this rule may hit."""
        return (
            surface == self.surface
            and self.uid in (0, uid)
            and fnmatchcase(name, self.match)
            and fnmatchcase(method, self.method)
        )

    def row(self) -> dict[str, object]:
        """The rule as JSON values, with how often it has hit."""
        names = ("kind", "surface", "match", "method", "uid", "count", "skip", "status", "hits")
        amounts = ("probability", "seconds", "size")
        plain = {name: getattr(self, name) for name in names}
        return plain | {name: str(getattr(self, name)) for name in amounts}


@dataclass(slots=True)
class FaultPlan:
    """The rules in force, first match first. Mutable: tests add and clear."""

    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    _dice: dict[int, random.Random] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        rules, self.rules = self.rules, []
        self.add(rules)

    def add(self, rules: Iterable[Rule], now_ms: int = 0) -> None:
        """Let more rules come into force; a silence begins at `now_ms`."""
        for rule in rules:
            rule.since_ms = now_ms
            self._dice[id(rule)] = dice(self.seed, "fault", self._made)
            self._made += 1
            self.rules.append(rule)

    def clear(self) -> None:
        """End all faults."""
        self.rules.clear()
        self._dice.clear()

    def pick(
        self,
        surface: str,
        kinds: Iterable[Kind],
        name: str,
        uid: int | None = None,
        method: str = "*",
    ) -> Rule | None:
        """The fault that hits this event, if any. Draws, so ask once per event."""
        for rule in self.rules:
            if (
                rule.kind in kinds
                and rule.concerns(surface, name, method, uid)
                and self._hits(rule)
            ):
                return rule
        return None

    def silent(self, channel: str, uid: int | None, now_ms: int) -> bool:
        """Whether nothing may leave on a channel now."""
        return any(
            rule.kind is Kind.SILENCE
            and rule.concerns("ws", channel, "*", uid)
            and (rule.seconds.is_zero() or now_ms < rule.since_ms + rule.seconds * 1000)
            for rule in self.rules
        )

    def _hits(self, rule: Rule) -> bool:
        if rule.count and rule.hits >= rule.count:
            return False
        if rule.skip:
            rule.skip -= 1
            return False
        if self._dice[id(rule)].random() >= float(rule.probability):
            return False
        rule.hits += 1
        return True
