"""What trips by itself: refusals in a row, too many unknown outcomes, refused keys."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from mtrade.domain.copying.booking import NO_EFFECT
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyChange, CopyEvent, Link, LinkState
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of

UNKNOWN_MS = 300_000
KEY_LABELS = frozenset(
    {"INVALID_KEY", "INVALID_SIGNATURE", "INVALID_CREDENTIALS", "IP_FORBIDDEN", "READ_ONLY",
     "FORBIDDEN", "ACCOUNT_LOCKED"}
)  # fmt: skip

# The order broke a rule of the contract, so what is known of the contract is not true any more.
RULE_LABELS = frozenset(
    {"INVALID_PARAM_VALUE", "INVALID_PRECISION", "SIZE_TOO_SMALL", "SIZE_TOO_LARGE",
     "CONTRACT_NOT_FOUND", "CONTRACT_IN_DELISTING"}
)  # fmt: skip


class Breakers:
    """Engine thread only."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._refused: dict[int, deque[int]] = {}
        self._unknown: dict[str, deque[int]] = {}

    def learned(self, link: Link, before: Intent, after: Intent) -> None:
        """A copy order has a new state."""
        if after.state is IntentState.VOID and after.label not in NO_EFFECT:
            self._refusal(link, after)
        elif after.state is IntentState.UNKNOWN and before.state is IntentState.SENDING:
            self._unknown_outcome(link, after)

    def close(self, account_id: str | None) -> None:
        """A person has looked: all of an account, or of everybody, may go on."""
        gates = self._core.gates
        for known in (gates.unknown, gates.broken, self._unknown):
            if account_id is None:
                known.clear()
            else:
                known.pop(account_id, None)
        for other in sorted(gates.second):
            if account_id in (None, other):
                gates.second.discard(other)
                gates.alone_ms[other] = self._core.now_ms(network_of(other))

    def _refusal(self, link: Link, after: Intent) -> None:
        if after.label in KEY_LABELS:
            self._core.key_refused(after.account_id, after.label, by_order=True)
            return
        if after.label in RULE_LABELS:
            place = network_of(after.account_id), after.order.instrument
            self._core.markets.doubt(*place, after.label)
        if is_reducing(after.order):
            return
        params, now = link.params, self._core.now_ms(network_of(link.follower_id))
        times = self._refused.setdefault(link.id, deque())
        if _count(times, now, params.reject_window_s * 1000) < params.reject_count:
            return
        times.clear()
        self.pause(link.id, Reason(Code.REFUSED, {"label": after.label}))

    def pause(self, link_id: int, why: Reason) -> None:
        """Only exits from here on, until a person switches the link on again."""
        link = self._core.book.links[link_id]
        if link.state is not LinkState.ON:
            return
        now = self._core.now_ms(network_of(link.follower_id))
        tripped = replace(
            link, state=LinkState.CLOSE_ONLY, since_ms=now, why=why, version=link.version + 1
        )
        told = CopyEvent(
            time_ms=now, link_id=link.id, act=Act.STATE, code=why.code,
            numbers={**why.numbers, "state": LinkState.CLOSE_ONLY},
        )  # fmt: skip
        events = (told, self._core.alarm(link, why))
        self._core.launch((), CopyChange(links=(tripped,), events=events))
        self._core.touch_link(link.id)

    def _unknown_outcome(self, link: Link, after: Intent) -> None:
        now = self._core.now_ms(network_of(link.follower_id))
        times = self._unknown.setdefault(after.account_id, deque())
        if _count(times, now, UNKNOWN_MS) <= self._core.tools.unknown_limit:
            return
        why = Reason(Code.UNKNOWN_OUTCOME, {"count": str(len(times))}, human=True)
        if after.account_id not in self._core.gates.unknown:
            self._core.gates.unknown[after.account_id] = why
            self._core.launch((), CopyChange(events=(self._core.alarm(link, why),)))


def _count(times: deque[int], now: int, window_ms: int) -> int:
    times.append(now)
    while times and times[0] <= now - window_ms:
        times.popleft()
    return len(times)
