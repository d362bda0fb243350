"""What each follower must hold, from the exchange's records and its link's settings alone.

The rules of sizes are written down here once more and share no code with the engine. Of the journal
only what it *claims* is read: the ratio of the present episode. The claim must be one that the
leader's history allows; then the size must follow from it to the last digit.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from tests.chaos.gate_user import Contract
from tests.sim.copying.judge import OWN, Lane, Sizes, Trade

SEEN_MS = 5_000  # so long before an exit was filled the leader may have been seen to leave
RECOVERED_MS = 60_000  # a death explains for so long that something was missed
MISSED = {("skipped", "NOT_LIVE"), ("skipped", "NOT_RECONCILED"), ("skipped", "CLOCK")}
MARK = Fraction(1, 1000)  # how far the mark price may be from what the leader has paid

Ratios = tuple[Fraction, Fraction]
LETTERS = {"single": "N", "dual_long": "L", "dual_short": "S"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a link finds its size: `equity`, `ratio` (times `value`), or a fixed `value` of USDT, of
    USDT margin or of contracts."""

    mode: str
    value: Decimal = Decimal(1)
    inverse: bool = False


@dataclass(kw_only=True)
class Copy:
    """One leg of a follower and what it follows. `leader` and `own` are fills, oldest first;
    `equity` bounds the ratio of the wallets over the whole run, `leverage` is the follower's."""

    account: str
    side: str
    rule: Rule
    contract: Contract
    leader: Sequence[Trade]
    own: Sequence[Trade]
    position: Decimal
    leverage: Decimal
    equity: Ratios
    wanted: Sizes = field(init=False)

    def __post_init__(self) -> None:
        self.wanted = [(at, self._mirrored(size)) for at, size in sums(self.leader)]

    @property
    def name(self) -> str:
        return f"{self.rule.mode} of {self.account}, {self.contract.name} {self.side}"

    def _mirrored(self, size: Decimal) -> Decimal:
        size = -size if self.rule.inverse else size
        if self.side == "single" or (size > 0) is (self.side == "dual_long"):
            return size
        return Decimal(0)

    def grows(self, index: int) -> bool:
        """Whether the leader's change of this index adds to a position or begins one."""
        size, before = self.wanted[index][1], self.wanted[index - 1][1]
        return bool(size) and (size * before <= 0 or abs(size) > abs(before))

    def shrinks(self, index: int) -> bool:
        """Whether it takes from a position."""
        size, before = self.wanted[index][1], self.wanted[index - 1][1]
        return self.leaves(index) or abs(size) < abs(before)

    def leaves(self, index: int) -> bool:
        """Whether it ends one."""
        size, before = self.wanted[index][1], self.wanted[index - 1][1]
        return bool(before) and size * before <= 0

    def entries(self) -> Iterator[int]:
        """When the follower's own part grew."""
        own = sums(self.own)
        for (_, before), (time, after) in pairwise(own):
            if abs(after) > abs(before):
                yield time

    def lane(self) -> Lane:
        """The leg for the judge of copied histories, with the ratios of the whole run."""
        low, high = self.ratios(abs(size) for _, size in self.wanted if size)
        return Lane(
            name=self.name, account=self.account, contract=self.contract.name, side=self.side,
            low=low, high=high, step=self.contract.step, wanted=self.wanted,
            worth=self.contract.worth, trades=self.own, position=self.position,
        )  # fmt: skip

    def ratios(self, sizes: Iterable[Decimal]) -> Ratios:
        """The least and the most that the ratio may be, if it was fixed at one of these sizes."""
        if self.rule.mode == "equity":
            return self.equity
        if self.rule.mode == "ratio":
            return (Fraction(self.rule.value),) * 2
        found, (least, most) = [Fraction(size) for size in sizes], self._contracts()
        return (least / max(found), most / min(found)) if found else (Fraction(0),) * 2

    def _contracts(self) -> Ratios:
        """What the fixed value is in contracts."""
        value = Fraction(self.rule.value)
        if self.rule.mode == "fixed_contracts" or not self.leader:
            return value, value
        if self.rule.mode == "fixed_margin":
            value *= Fraction(self.leverage)
        paid = [Fraction(trade.price) * Fraction(self.contract.worth) for trade in self.leader]
        return value / (max(paid) * (1 + MARK)), value / (min(paid) * (1 - MARK))

    def present(self) -> list[Decimal]:
        """The leader's sizes at one of which the ratio of the present episode was fixed: it begins
        when the follower has nothing, and is fixed before the first order is sent."""
        sign, flat_ms, first_ms = 1 if self.wanted[-1][1] > 0 else -1, 0, None
        held = Decimal(0)
        for trade in (t for t in self.own if t.text.startswith(OWN)):
            first_ms = trade.time_ms if not held else first_ms
            held += trade.size
            flat_ms, first_ms = (flat_ms, first_ms) if held else (trade.time_ms, None)
        if first_ms is None:
            return []
        sizes = [
            size for time, size in self.wanted[self._left_by(flat_ms) :]
            if time <= first_ms and size * sign > 0
        ]  # fmt: skip
        return [abs(size) for size in sizes]

    def _left_by(self, flat_ms: int) -> int:
        """The leader's change that must have been seen when the follower's last part went."""
        left = [i for i, (time, _) in enumerate(self.wanted)
                if i and self.leaves(i) and time <= flat_ms]  # fmt: skip
        late = [i for i in left if self.wanted[i][0] >= flat_ms - SEEN_MS]
        return (late[:1] or left[-1:] or [0])[0]


def sums(trades: Iterable[Trade]) -> Sizes:
    """What was held after each fill."""
    found, size = [(0, Decimal(0))], Decimal(0)
    for trade in trades:
        size += trade.size
        found.append((trade.time_ms, size))
    return found


def of_leg(trades: Iterable[Trade], side: str) -> list[Trade]:
    """Those of a leg: on a hedge account the letter in an own text names it."""
    letter = LETTERS[side]
    return [t for t in trades if side == "single" or t.text[len(OWN) : len(OWN) + 1] == letter]


def differences(file: Path, copies: Iterable[Copy], died: Sequence[int]) -> Iterator[str]:
    """Every leg that does not hold what it should, and everything that was left out: with the
    settings of this test nothing but the leader decides, so only what he left again before mTrade
    had recovered from a death (at the times `died`) may be missing."""
    known = {(copy.account, copy.contract.name, copy.side): copy for copy in copies}
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute("SELECT follower_id, instrument, side, owned, episode FROM copy_leg")
        legs = {(a, c, s): (Decimal(owned), text) for a, c, s, owned, text in rows}
        told = db.execute(
            "SELECT follower_id, instrument, side, time_ms, act, code, numbers FROM copy_event e"
            " JOIN copy_link l ON l.id=e.link_id WHERE code IS NOT NULL"
            " AND act IN ('clipped', 'skipped', 'failed', 'alert', 'hand', 'state')"
        ).fetchall()
    for account, name, side, at, act, code, numbers in told:
        copy = known.get((account, name, side))
        if copy is None or (act, code) not in MISSED or not _left_before(copy, at, died):
            yield f"{account} was told {act} {code} of {name} {side} at {at}: {numbers}"
    for leg, copy in known.items():
        owned, episode = legs.get(leg, (Decimal(0), None))
        yield from _differs(copy, owned, json.loads(episode) if episode else None)


def _left_before(copy: Copy, at: int, died: Sequence[int]) -> bool:
    """Whether the leader had more and took it back by then without a copy, soon after a death."""
    ends = [i for i, (time, _) in enumerate(copy.wanted) if i and time <= at and copy.shrinks(i)]
    if not ends:
        return False
    end = ends[-1]
    began = next((i for i in reversed(range(1, end)) if copy.grows(i)), 0)
    since, until = copy.wanted[began][0], copy.wanted[end][0]
    copied = any(since <= time <= at for time in copy.entries())
    return not copied and any(0 <= until - death <= RECOVERED_MS for death in died)


def _differs(copy: Copy, owned: Decimal, episode: Mapping[str, str] | None) -> Iterator[str]:
    leader = copy.wanted[-1][1]
    if not leader:
        if owned or copy.position:
            yield f"{copy.name}: owns {owned} of {copy.position} although the leader is flat"
        return
    if episode is None or episode["k"] is None:
        yield f"{copy.name}: nothing is followed although the leader holds {leader}"
        return
    ratio, sizes = Fraction(episode["k"]), copy.present()
    if not any(low <= ratio <= high for low, high in (copy.ratios([size]) for size in sizes)):
        yield f"{copy.name}: the ratio is {float(ratio)}, the leader had {sizes} when it was fixed"
    if Fraction(episode["k_eff"]) != ratio:
        yield f"{copy.name}: the ratio fell from {ratio} to {episode['k_eff']}"
    steps = int(ratio * abs(Fraction(leader)) / Fraction(copy.contract.step))
    target = copy.contract.step * steps * (1 if leader > 0 else -1)
    if not target == owned == copy.position:
        yield f"{copy.name}: target {target}, owned {owned}, position {copy.position}"
