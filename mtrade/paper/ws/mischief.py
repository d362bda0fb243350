"""What a fault rule makes of the frames of one connection. Pure: says how each one leaves."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from mtrade.paper.faultplan import PUSHES, FaultPlan, Kind, Rule, contradicted
from mtrade.paper.ws.frames import Out

_REQUEST_ID = re.compile(r'"request_id":"[^"]*"')

PAGE = "<html><head><title>502 Bad Gateway</title></head><body></body></html>"


class How(StrEnum):
    """What the writer does with an item."""

    SEND = "send"
    BREAK = "break"  # close the connection without a farewell
    HALF = "half"  # write half of the frame, then close


class Item(NamedTuple):
    """One step of the writer; `delay_s` from now."""

    text: str
    how: How = How.SEND
    delay_s: float = 0.0


_BREAK = Item("", How.BREAK)


class Mischief:
    """The faults of one connection. `fate` is the rule that hit the frame being answered."""

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._held: Item | None = None
        self.fate: Rule | None = None

    def leave(self, out: Out, now_ms: int) -> list[Item]:
        """How a frame leaves: not at all, as it is, or otherwise."""
        if self._plan.silent(out.channel, out.uid, now_ms):
            return []
        if out.role == "push":
            return self._push(out)
        if self.fate is None:
            return [Item(out.text)]
        return self._answer(out, self.fate)

    def _push(self, out: Out) -> list[Item]:
        rule = self._plan.pick("ws", PUSHES, out.channel, out.uid)
        held, self._held = self._held, None
        after = [held] if held else []
        item = Item(out.text)
        if rule is None:
            return [item, *after]
        if rule.kind is Kind.SWAP_PUSH and not held:
            self._held = item
            return []
        late = Item(out.text, How.SEND, float(rule.seconds))
        made = {
            Kind.DROP_PUSH: [],
            Kind.REPEAT_PUSH: [item, item],
            Kind.DELAY_PUSH: [late],
            Kind.CLOSE_ON_PUSH: [_BREAK],
        }
        return [*made.get(rule.kind, [item]), *after]

    def _answer(self, out: Out, rule: Rule) -> list[Item]:
        first = out.role in ("ack", "api_ack")
        last = out.role in ("ack", "final")
        item = Item(out.text)
        if rule.kind is Kind.LOSE_ANSWER or (rule.kind is Kind.NO_ACK and first):
            return []
        if rule.kind is Kind.CLOSE_BEFORE_ACK:
            return [_BREAK]
        if not last:
            return [item]
        made = {
            Kind.CLOSE_BEFORE_FINAL: [_BREAK],
            Kind.CLOSE_MID_FRAME: [Item(out.text, How.HALF)],
            Kind.REPEAT_ANSWER: [item, item],
            Kind.DELAY_ANSWER: [Item(out.text, How.SEND, float(rule.seconds))],
            Kind.TRUNCATE: [Item(out.text[: len(out.text) // 2])],
            Kind.HTML: [Item(PAGE)],
            Kind.CONTRADICT: [Item(contradicted(out.text))],
            Kind.FOREIGN_ANSWER: [Item(_REQUEST_ID.sub('"request_id":"nobodys"', out.text))],
        }
        return made.get(rule.kind, [item])
