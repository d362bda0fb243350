"""Calls a person when a copied position gets more dangerous although nobody trades: the leader
changes leverage or adds margin, a follower comes near its liquidation. Engine thread only.

Each is told once when it happens; what was so before the start is not news.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Link, LinkState
from mtrade.domain.copying.perils import (
    Stand,
    distance_pct,
    geared,
    is_near,
    merged,
    near,
    padded,
)
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.holdings import Held, Key
from mtrade.trading.copying.memory import Place
from mtrade.trading.copying.world import network_of

Known = tuple[int, Stand]  # when the contract was flat last, and how it stood then

_IDLE = frozenset({LinkState.OFF, LinkState.SHADOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """Liquidation prices of follower and leader, and how far mark is from them in percent; None is
    "not known now". `near`: within the link's limit."""

    price: Decimal | None = None
    distance: Decimal | None = None
    near: bool = False
    leader_price: Decimal | None = None
    leader_distance: Decimal | None = None


class Perils:
    """`run` is called about four times a second."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[tuple[Place, Key], Known] = {}
        self._near: dict[int, Reason] = {}  # by leg: what was told last

    def run(self) -> None:
        """Look at all that leaders hold, and at all that is copied."""
        events = [*self._leaders(), *self._followers()]
        if events:
            self._core.launch((), CopyChange(events=tuple(events)))

    def _leaders(self) -> Iterator[CopyEvent]:
        core = self._core
        places = {(link.leader_id, link.settle) for link in core.active()}
        self._known = {key: known for key, known in self._known.items() if key[0] in places}
        for place in sorted(places):
            sight = core.memory.sight(*place)
            if sight is None:
                continue
            for key, held in list(sight.positions.items()):
                yield from self._leader(place, key, held, sight.flat_ms.get(key[0], 0))

    def _leader(self, place: Place, key: Key, held: Held, flat_ms: int) -> Iterator[CopyEvent]:
        if held.size.is_zero():
            self._known.pop((place, key), None)
            return
        now = _stand(held)
        known = self._known.get((place, key))
        if known is None or known[0] != flat_ms:
            self._known[place, key] = (flat_ms, now)
            return
        before, now = known[1], merged(known[1], now)
        if now == before:
            return
        self._known[place, key] = (flat_ms, now)
        for link, leg in self._copies(place, key, held):
            own = _held(self._core, link, leg)
            stand = None if own is None else _stand(own)
            for why in (geared(before, now, stand), padded(before, now, stand)):
                if why is not None:
                    yield self._core.alarm(link, why, leg)

    def _copies(self, place: Place, key: Key, held: Held) -> Iterator[tuple[Link, CopyLeg]]:
        """The legs that own a copy of this position."""
        book = self._core.book
        for link_id in book.of_leader.get(place[0], ()):
            link = book.links[link_id]
            if link.settle != place[1] or link.state in _IDLE:
                continue
            sign = -1 if link.params.inverse else 1
            for leg_id in book.of_contract.get((link_id, key[0]), ()):
                leg = book.legs[leg_id]
                if leg.owned * held.size * sign > 0:
                    yield link, leg

    def _followers(self) -> Iterator[CopyEvent]:
        """Who came near its liquidation. Who is there still is kept among the problems."""
        core, before = self._core, self._near
        self._near = {}
        for leg in list(core.book.legs.values()):
            link = core.book.links.get(leg.link_id)
            if link is None or link.state in _IDLE or leg.owned.is_zero():
                continue
            why = self._nearness(link, leg, before.get(leg.id))
            if why is None:
                continue
            self._near[leg.id] = why
            core.shout(link, leg, why)
            if leg.id not in before:
                yield core.row(link, leg, why)
        for leg_id in before.keys() - self._near.keys():
            gone = core.book.legs.get(leg_id)
            if gone is not None:
                core.over(core.book.links[gone.link_id], gone, Code.LIQ_NEAR)

    def _nearness(self, link: Link, leg: CopyLeg, known: Reason | None) -> Reason | None:
        """The present distance when that is near; what was known stands while nothing is read."""
        limit, held = link.params.liq_guard_pct, _held(self._core, link, leg)
        if limit.is_zero() or held is None:
            return None
        mark = _mark(self._core, link, leg)
        distance = distance_pct(held.size, mark, held.liq_price)
        if distance is None or mark is None or held.liq_price is None:
            return known
        if not is_near(distance, limit, was_near=known is not None):
            return None
        return near(distance, limit, mark, held.liq_price, _leaders(self._core, link, leg, mark)[1])


def danger_of(core: Core, link: Link, leg: CopyLeg) -> Danger:
    """How far a leg is from its liquidation, and the leader from his. From any thread."""
    mark, held = _mark(core, link, leg), _held(core, link, leg)
    leader_price, leader_distance = _leaders(core, link, leg, mark)
    if held is None or held.size.is_zero():
        return Danger(leader_price=leader_price, leader_distance=leader_distance)
    distance = distance_pct(held.size, mark, held.liq_price)
    return Danger(
        price=held.liq_price,
        distance=distance,
        near=distance is not None and distance <= link.params.liq_guard_pct,
        leader_price=leader_price,
        leader_distance=leader_distance,
    )


def _mark(core: Core, link: Link, leg: CopyLeg) -> Decimal | None:
    network = network_of(link.follower_id)
    return core.world.mark_of(network, leg.instrument, core.now_ms(network))


def _held(core: Core, link: Link, leg: CopyLeg) -> Held | None:
    """The whole position of a follower's leg."""
    sight = core.memory.sight(link.follower_id, link.settle)
    return None if sight is None else sight.positions.get((leg.instrument, leg.side))


def _leaders(
    core: Core, link: Link, leg: CopyLeg, mark: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """The leader's liquidation price and his distance to it."""
    leader = core.world.leader_size(link, leg)
    if leader is None or leader.size.is_zero():
        return None, None
    return leader.liq_price, distance_pct(leader.size, mark, leader.liq_price)


def _stand(held: Held) -> Stand:
    return Stand(
        size=held.size,
        leverage=held.leverage,
        margin_mode=held.margin_mode,
        margin=held.margin,
        liq_price=held.liq_price,
    )
