"""Judges a copied history from outside: the exchange's own records against the journal's file.

Shares no code with the engine: the rules are written down here once more, in their plainest form.
A *lane* is one follower's leg of one contract. `sizes` is what the leader held and since when.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

OWN = "t-mt1c"  # copy orders of this installation; the letter after it is the leg
LATEST_MS = 120_000  # how long ago a target may have been valid for a fill made now
D = Decimal
ZERO = D(0)


@dataclass(frozen=True)
class Trade:
    """A fill at the exchange; `size` is signed."""

    time_ms: int
    size: Decimal
    text: str


@dataclass
class Lane:
    """What is known of one follower leg. `ratio` is follower contracts per leader contract and
    `exact` says that nothing else may decide the size; `sign` is -1 for an inverse link."""

    name: str
    account: str
    contract: str
    side: str
    ratio: Decimal
    step: Decimal
    sign: int = 1
    exact: bool = True
    trades: list[Trade] = field(default_factory=list)
    position: Decimal = ZERO
    moved_ms: list[int] = field(default_factory=list)  # when others than copying shrank it

    def target(self, leader: Decimal) -> Decimal:
        """What the follower should hold."""
        steps = (abs(leader) * self.ratio / self.step).to_integral_value(ROUND_DOWN)
        return steps * self.step * (1 if leader > 0 else -1) * self.sign


Sizes = Sequence[tuple[int, Decimal]]


def breaches(
    file: Path, lanes: Iterable[Lane], sizes: Mapping[tuple[str, str], Sizes], reducing: set[str]
) -> list[str]:
    """Everything that must not be. `sizes` is by contract and side of the leader, `reducing` the
    texts of orders that were sent reduce-only."""
    with closing(sqlite3.connect(file)) as db:
        owned = _owned(db)
        wrong = list(_causes(db))
    for lane in lanes:
        history = sizes.get((lane.contract, lane.side), [(0, D(0))])
        wrong += _lane(lane, history, owned, reducing)
    return wrong


def _owned(db: sqlite3.Connection) -> dict[tuple[str, str, str], Decimal]:
    rows = db.execute("SELECT follower_id, instrument, side, owned FROM copy_leg").fetchall()
    return {(account, name, side): D(size) for account, name, side, size in rows}


def _causes(db: sqlite3.Connection) -> Iterable[str]:
    """One leader trade, at most one order of a follower."""
    twice = db.execute(
        "SELECT follower_id, leader_id, trade_id, COUNT(*) FROM intent_cause GROUP BY 1, 2, 3"
        " HAVING COUNT(*) > 1"
    ).fetchall()
    yield from (f"leader trade {row[2]} was consumed {row[3]} times by {row[0]}" for row in twice)


def _lane(
    lane: Lane,
    history: Sizes,
    owned: Mapping[tuple[str, str, str], Decimal],
    reducing: set[str],
) -> Iterable[str]:
    ledger = owned.get((lane.account, lane.contract, lane.side), D(0))
    mine = [t for t in lane.trades if t.text.startswith(OWN)]
    total = sum((t.size for t in mine), D(0))
    leader = history[-1][1]
    if lane.exact:
        if ledger != total:
            yield f"{lane.name}: the ledger says {ledger}, its own fills sum to {total}"
        if ledger != lane.target(leader):
            yield f"{lane.name}: owned {ledger}, but the target is {lane.target(leader)}"
        if lane.position != ledger:
            yield f"{lane.name}: owned {ledger}, the exchange says {lane.position}"
    elif leader == 0 and ledger != 0:
        yield f"{lane.name}: owned {ledger} although the leader is flat"
    elif abs(ledger) > abs(lane.target(leader)) or ledger * lane.target(leader) < 0:
        yield f"{lane.name}: owned {ledger} is beyond the target {lane.target(leader)}"
    yield from _fills(lane, mine, history, reducing)


def _fills(lane: Lane, mine: Sequence[Trade], history: Sizes, reducing: set[str]) -> Iterable[str]:
    """No fill moves away from every target that was valid lately; closing never opens."""
    held = D(0)
    grown: dict[str, Decimal] = defaultdict(Decimal)
    for trade in mine:
        after = held + trade.size
        targets = [lane.target(size) for size in _valid(history, trade.time_ms)]
        if all(abs(after - target) > abs(held - target) for target in targets):
            yield f"{lane.name}: {trade.text} moved {held} to {after}, targets {set(targets)}"
        if trade.text in reducing and abs(after) > abs(held) and lane.exact:
            yield f"{lane.name}: reduce-only {trade.text} moved {held} to {after}"
        if trade.text not in reducing:
            grown[trade.text] += trade.size
            if held * trade.size < 0 and lane.exact:
                yield f"{lane.name}: {trade.text} shrank {held} without being reduce-only"
        if lane.moved_ms and trade.text not in reducing:
            yield from _reentry(lane, trade, history)
        held = after


def _reentry(lane: Lane, trade: Trade, history: Sizes) -> Iterable[str]:
    """After a forced or manual reduction nothing is bought back until the leader was flat."""
    before = [at for at in lane.moved_ms if at + LATEST_MS < trade.time_ms]
    if before and not _was_flat(history, before[-1], trade.time_ms):
        yield f"{lane.name}: {trade.text} came back in after a reduction by others"


def _was_flat(history: Sizes, since: int, until: int) -> bool:
    signs = {(size > 0) - (size < 0) for size in _between(history, since, until)}
    return 0 in signs or len(signs) > 1


def _valid(history: Sizes, at: int) -> list[Decimal]:
    return _between(history, at - LATEST_MS, at)


def _between(history: Sizes, since: int, until: int) -> list[Decimal]:
    times = [time for time, _ in history]
    first = max(bisect_right(times, since) - 1, 0)
    return [size for _, size in history[first : bisect_right(times, until)]] or [D(0)]
