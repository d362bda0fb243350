"""What each follower leg should have held, computed from a schedule's cast and the leader alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal as D
from fractions import Fraction
from itertools import pairwise, product

from mtrade.domain.copying.choices import BelowMin, SizeMode
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Leg
from tests.sim.copying.bourse import Bourse
from tests.sim.copying.cast import Cast, Follower
from tests.sim.copying.judge import Lane, Sizes, Trade
from tests.sim.copying.script import Hands, Leader

DRIFT = Fraction(2, 100)  # how much fees and results may move an equity within a schedule


def lanes(
    cast: Cast, bourse: Bourse, leader: Leader, hands: Hands, halts: Sequence[tuple[int, int]]
) -> Iterator[Lane]:
    """Every leg of every follower."""
    for follower in cast.followers:
        for contract in cast.contracts:
            for leg in legs(follower):
                lane = _lane(cast, follower, contract, leg, bourse, leader, hands)
                yield replace(lane, halts=halts)


def legs(follower: Follower) -> tuple[Leg, ...]:
    """The legs of an account."""
    return (Leg.LONG, Leg.SHORT) if follower.hedge else (Leg.NET,)


def _lane(
    cast: Cast,
    follower: Follower,
    contract: InstrumentId,
    leg: Leg,
    bourse: Bourse,
    leader: Leader,
    hands: Hands,
) -> Lane:
    wanted = _wanted(leader, contract, leg, inverse=follower.params.inverse)
    parts = _parts(leader, contract, follower) if cast.leader_hedge else []
    low, high = _ratio(cast, follower, wanted, [{size for _, size in part} for part in parts])
    rules = bourse.world.rooms[contract].instrument
    uid, key = follower.uid, (follower.uid, contract.name, leg.value)
    touched = uid in hands.grown or any(k[0] == uid for k in hands.shrunk)
    return Lane(
        name=f"paper:{uid} {contract.name} {leg.value}",
        account=f"paper:{uid}",
        contract=contract.name,
        side=leg.value,
        low=low,
        high=high,
        step=rules.size_step,
        wanted=wanted,
        worth=rules.value(D(1), D(1)),
        exact=follower.exact and not touched,
        touched=touched,
        foreign=uid in hands.grown,
        bumps=follower.params.below_min is BelowMin.BUMP,
        cap=follower.params.max_position,
        parts=parts,
        trades=_trades(bourse, uid, contract, leg, hedge=follower.hedge),
        position=bourse.held(uid, contract, leg),
        shrunk_ms=hands.shrunk.get(key, []),
    )


def _wanted(leader: Leader, contract: InstrumentId, leg: Leg, *, inverse: bool) -> Sizes:
    """The leader's size over time, as this leg mirrors it."""
    changes = [
        (at, side, size)
        for (name, side), history in leader.sizes.items()
        if name == contract.name
        for at, size in history
    ]
    changes.sort(key=lambda change: change[0])  # several at one instant stay in their order
    now: dict[str, D] = {}
    found: list[tuple[int, D]] = [(0, D(0))]
    for at, side, size in changes:
        now[side] = size
        parts = [-part if inverse else part for part in now.values()]
        if leg is Leg.LONG:
            parts = [part for part in parts if part > 0]
        elif leg is Leg.SHORT:
            parts = [part for part in parts if part < 0]
        found.append((at, sum(parts, D(0))))
    return found


def _parts(leader: Leader, contract: InstrumentId, follower: Follower) -> list[Sizes]:
    """Both legs of a hedge leader, for a follower that nets them."""
    if follower.hedge:
        return []
    sign = -1 if follower.params.inverse else 1
    return [
        [(at, size * sign) for at, size in history]
        for (name, _), history in leader.sizes.items()
        if name == contract.name
    ]


def _ratio(
    cast: Cast, follower: Follower, wanted: Sizes, parts: Sequence[set[D]]
) -> tuple[Fraction, Fraction]:
    params = follower.params
    given = Fraction(params.multiplier)
    if params.size_mode is SizeMode.RATIO:
        return given, given
    if params.size_mode is SizeMode.EQUITY:
        ratio = given * Fraction(follower.money) / Fraction(cast.leader_money)
        return ratio * (1 - DRIFT), ratio * (1 + DRIFT)
    sizes = [Fraction(abs(size)) for _, size in wanted if size]
    if parts:  # the net opens with what was believed of each part
        sizes += [Fraction(abs(sum(each))) for each in product(*parts) if sum(each)]
    if not follower.exact:  # what it found when it joined may not count: any add may be the first
        steps = pairwise(size for _, size in wanted)
        sizes += [Fraction(abs(after - before)) for before, after in steps if after != before]
    amount = Fraction(params.amount or 0)
    return (amount / max(sizes), amount / min(sizes)) if sizes else (Fraction(0), Fraction(0))


def _trades(
    bourse: Bourse, uid: int, contract: InstrumentId, leg: Leg, *, hedge: bool
) -> list[Trade]:
    """Its fills, oldest first; the letter in an own order's text names the leg."""
    letter = {Leg.NET: "N", Leg.LONG: "L", Leg.SHORT: "S"}[leg]
    found = [
        Trade(t.time_ms, t.size, t.price, t.text)
        for t in bourse.world.futures.state.trades.of(uid, "usdt")
        if t.contract == contract.name and (not hedge or t.text[6:7] == letter)
    ]
    return found[::-1]
