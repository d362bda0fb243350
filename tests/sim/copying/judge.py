"""Judges a copied history from outside: the exchange's own records against the journal's file.

Shares no code with the engine: the rules are written down here once more, in their plainest form.
A *lane* is one follower's leg of one contract; its `wanted` is what the leader held, as far as the
lane mirrors it, and since when.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

OWN = "t-mt1c"  # copy orders of this installation; the letter after it is the leg
LATEST_MS = 45_000  # how long ago a target may have been valid for a fill made now
RESPECT_MS = 30_000  # until a reduction by others must have been noticed
D = Decimal
ZERO = D(0)

Sizes = Sequence[tuple[int, Decimal]]
Owned = Mapping[tuple[str, str, str], Decimal]


@dataclass(frozen=True)
class Trade:
    """A fill at the exchange; `size` is signed."""

    time_ms: int
    size: Decimal
    price: Decimal
    text: str


@dataclass
class Lane:
    """What is known of one follower leg. The ratio of follower to leader contracts lies between
    `low` and `high`. `exact` says that nothing else may decide the size, `touched` that others than
    copying traded there; `shrunk_ms` is when they made it smaller. `cap` bounds its value. From and
    until the times in `halts` a person had everything withheld."""

    name: str
    account: str
    contract: str
    side: str
    low: Fraction
    high: Fraction
    step: Decimal
    wanted: Sizes
    worth: Decimal  # of one contract at price 1
    exact: bool = True
    touched: bool = False
    foreign: bool = False
    bumps: bool = False
    cap: Decimal | None = None
    parts: Sequence[Sizes] = ()  # of `wanted`, where it nets two legs that are told of one by one
    trades: Sequence[Trade] = ()
    position: Decimal = ZERO
    shrunk_ms: list[tuple[int, int]] = field(default_factory=list)
    halts: Sequence[tuple[int, int]] = ()

    def bounds(self, leader: Decimal) -> tuple[Decimal, Decimal]:
        """The least and the most the follower should hold, in this order."""
        sign = 1 if leader > 0 else -1
        most = self._rounded(leader, self.high)
        if self.bumps and leader:
            most = max(most, self.step)
        least = self._rounded(leader, self.low) if self.exact else ZERO
        return (least, most) if sign > 0 else (-most, -least)

    def _rounded(self, leader: Decimal, ratio: Fraction) -> Decimal:
        return int(Fraction(abs(leader)) * ratio / Fraction(self.step)) * self.step


def breaches(file: Path, lanes: Iterable[Lane], reducing: set[str]) -> list[str]:
    """Everything that must not be. `reducing` are the texts of orders that were reduce-only."""
    with closing(sqlite3.connect(file)) as db:
        owned = _owned(db)
        wrong = [*_causes(db), *_pending(db), *_found(db)]
    for lane in lanes:
        wrong += _ended(lane, owned)
        wrong += _fills(lane, reducing)
        wrong += _within(lane, reducing)
    return wrong


def _owned(db: sqlite3.Connection) -> Owned:
    rows = db.execute("SELECT follower_id, instrument, side, owned FROM copy_leg").fetchall()
    return {(account, name, side): D(size) for account, name, side, size in rows}


def _causes(db: sqlite3.Connection) -> Iterable[str]:
    """One leader trade, at most one order of a follower; none of an order without any effect."""
    twice = db.execute(
        "SELECT follower_id, leader_id, trade_id, COUNT(*) FROM intent_cause GROUP BY 1, 2, 3"
        " HAVING COUNT(*) > 1"
    ).fetchall()
    yield from (f"leader trade {row[2]} was consumed {row[3]} times by {row[0]}" for row in twice)
    void = db.execute(
        "SELECT trade_id, intent_id FROM intent_cause c JOIN intent i ON i.id=c.intent_id"
        " WHERE i.state='VOID'"
    ).fetchall()
    yield from (
        f"leader trade {row[0]} is consumed by order {row[1]}, which is void" for row in void
    )


def _pending(db: sqlite3.Connection) -> Iterable[str]:
    """In the end no leg waits, and every leg's own record agrees with its orders."""
    rows = db.execute("SELECT id, pending FROM copy_leg WHERE pending IS NOT NULL").fetchall()
    yield from (f"leg {row[0]} still waits for order {row[1]}" for row in rows)


def _found(db: sqlite3.Connection) -> Iterable[str]:
    """The product's own monitor must have nothing to say of a history that is right."""
    rows = db.execute("SELECT link_id, numbers FROM copy_event WHERE code='MONITOR'").fetchall()
    yield from (f"link {row[0]}: the monitor found {row[1]}" for row in rows)


def _ended(lane: Lane, owned: Owned) -> Iterable[str]:
    ledger = owned.get((lane.account, lane.contract, lane.side), ZERO)
    total = sum((t.size for t in _mine(lane)), ZERO)
    leader = lane.wanted[-1][1]
    if not lane.touched:
        if ledger != total:
            yield f"{lane.name}: the ledger says {ledger}, its own fills sum to {total}"
        if lane.position != ledger:
            yield f"{lane.name}: owned {ledger}, the exchange says {lane.position}"
    elif not lane.foreign and (abs(ledger) > abs(lane.position) or ledger * lane.position < 0):
        yield f"{lane.name}: owned {ledger}, but the exchange says {lane.position}"
    low, high = lane.bounds(leader)
    if not low <= ledger <= high:
        yield f"{lane.name}: owned {ledger}, but the target is {low} to {high} (leader {leader})"


def _mine(lane: Lane) -> list[Trade]:
    return [t for t in lane.trades if t.text.startswith(OWN)]


def _fills(lane: Lane, reducing: set[str]) -> Iterable[str]:
    """No fill moves away from every target that was valid lately; closing never opens."""
    held = ZERO
    for trade in _mine(lane):
        after = held + trade.size
        grows = trade.text not in reducing
        if not lane.touched:
            bounds = [lane.bounds(size) for size in _valid(lane, trade.time_ms)]
            if all(_off(after, *b) > _off(held, *b) for b in bounds):
                shown = ", ".join(f"{low} to {high}" for low, high in bounds)
                yield f"{lane.name}: {trade.text} moved {held} to {after}, targets {shown}"
            if grows and held * trade.size < 0:
                yield f"{lane.name}: {trade.text} shrank {held} without being reduce-only"
            if not grows and abs(after) > abs(held):
                yield f"{lane.name}: reduce-only {trade.text} moved {held} to {after}"
        elif grows:
            yield from _reentry(lane, trade)
        held = after


def _off(size: Decimal, low: Decimal, high: Decimal) -> Decimal:
    """How far a size is from a target."""
    return max(low - size, size - high, ZERO)


def _within(lane: Lane, reducing: set[str]) -> Iterable[str]:
    """No order grew a position beyond its cap."""
    if lane.cap is None or lane.touched:
        return
    held: dict[str, Decimal] = defaultdict(Decimal)
    size = ZERO
    for trade in _mine(lane):
        size += trade.size
        held[trade.text] = abs(size) * lane.worth * trade.price
        if trade.text not in reducing and held[trade.text] > lane.cap * D("1.02"):
            yield f"{lane.name}: {trade.text} grew to {held[trade.text]}, the cap is {lane.cap}"


def _reentry(lane: Lane, trade: Trade) -> Iterable[str]:
    """After a forced or manual reduction nothing is bought back until the leader was flat."""
    before = [
        at for at, way in lane.shrunk_ms if at + RESPECT_MS < trade.time_ms and way * trade.size > 0
    ]
    if before and not _was_flat(lane.wanted, before[-1], trade.time_ms):
        yield f"{lane.name}: {trade.text} came back in after a reduction by others"


def _was_flat(history: Sizes, since: int, until: int) -> bool:
    signs = {(size > 0) - (size < 0) for size in _between(history, since, until)}
    return 0 in signs or len(signs) > 1


def _valid(lane: Lane, at: int) -> list[Decimal]:
    """What the leader may have been believed to hold: each leg's push may be lost by itself. What
    was withheld by a halt is done after it."""
    since = at - LATEST_MS
    since = min(
        [since, *(begin - LATEST_MS for begin, end in lane.halts if begin < at and end > since)]
    )
    parts = [set(_between(part, since, at)) for part in lane.parts or (lane.wanted,)]
    return sorted({sum(sizes, ZERO) for sizes in product(*parts)})


def _between(history: Sizes, since: int, until: int) -> list[Decimal]:
    times = [time for time, _ in history]
    first = max(bisect_right(times, since) - 1, 0)
    return [size for _, size in history[first : bisect_right(times, until)]] or [ZERO]
