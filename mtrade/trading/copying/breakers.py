"""What trips by itself: refusals in a row, too many unknown outcomes, refused keys."""

from __future__ import annotations

from collections import deque

from mtrade.domain.copying.booking import NO_EFFECT
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Link, LinkState
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of

UNKNOWN_MS = 300_000
RECENT = 200  # orders of a contract, more than a window of refusals holds
RECALLED = 1_000  # rows of the feed; far more than there are stops that matter
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

    def recall(self) -> None:
        """After a start: what stopped an account stops it until a person has looked, and refusals
        of the last while still count."""
        core = self._core
        rows = [
            row for code in (Code.MONITOR, Code.UNKNOWN_OUTCOME)
            for row in core.tools.shelf.events(None, None, None, RECALLED, code=code)
        ]  # fmt: skip
        for row in sorted(rows, key=lambda row: row.id):
            link = core.book.links.get(row.link_id)
            if link is None:
                continue
            if row.act is Act.HAND:
                self._forget(link.follower_id)
            elif row.act is Act.ALERT:
                known = core.gates.broken if row.code is Code.MONITOR else core.gates.unknown
                known[link.follower_id] = Reason(row.code or Code.MONITOR, row.numbers, human=True)
        for leg in core.book.legs.values():
            self._recall_refusals(core.book.links[leg.link_id], leg)
        self._refused = {key: deque(sorted(times)) for key, times in self._refused.items()}

    def _recall_refusals(self, link: Link, leg: CopyLeg) -> None:
        window_ms = link.params.reject_window_s * 1000
        since = max(self._core.now_ms(network_of(link.follower_id)) - window_ms, link.since_ms)
        if leg.planned_ms <= since:
            return
        for intent in self._core.tools.shelf.leg_intents(leg.id, None, RECENT):
            closed_ms = intent.closed_ms or 0
            if intent.state is IntentState.VOID and closed_ms > since and _counts(intent):
                self._refused.setdefault(link.id, deque()).append(closed_ms)

    def learned(self, link: Link, before: Intent, after: Intent) -> None:
        """A copy order has a new state."""
        if after.state is IntentState.VOID and after.label not in NO_EFFECT:
            self._refusal(link, after)
        elif after.state is IntentState.UNKNOWN and before.state is IntentState.SENDING:
            self._unknown_outcome(link, after)

    def close(self, account_id: str | None) -> None:
        """A person has looked: all of an account, or of everybody, may go on."""
        core, gates = self._core, self._core.gates
        stopped = sorted(gates.unknown.keys() | gates.broken.keys() | self._unknown.keys())
        looked = [account for account in stopped if account_id in (None, account)]
        for account in looked:
            self._forget(account)
        told = tuple(
            CopyEvent(
                time_ms=core.now_ms(network_of(account)), link_id=link_id, act=Act.HAND,
                code=Code.MONITOR, numbers={"action": "looked"},
            )
            for account in looked for link_id in core.book.of_follower.get(account, ())
        )  # fmt: skip
        if told:
            core.launch((), CopyChange(events=told))
        for other in sorted(gates.second):
            if account_id in (None, other):
                gates.second.discard(other)
                gates.alone_ms[other] = self._core.now_ms(network_of(other))

    def _forget(self, account_id: str) -> None:
        for known in (self._core.gates.unknown, self._core.gates.broken, self._unknown):
            known.pop(account_id, None)

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


def _counts(refused: Intent) -> bool:
    """Whether a refusal is one that pauses the link when there are more of them."""
    if refused.label in NO_EFFECT or refused.label in KEY_LABELS:
        return False
    return not is_reducing(refused.order)


def _count(times: deque[int], now: int, window_ms: int) -> int:
    times.append(now)
    while times and times[0] <= now - window_ms:
        times.popleft()
    return len(times)
