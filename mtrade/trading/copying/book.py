"""Links, legs and brakes in memory: exactly what the journal has. For the engine's thread; others
may read single entries, which are frozen and replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from mtrade.domain.copying.model import Control, CopyChange, CopyLeg, CopyState, Link
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Leg

K = TypeVar("K")
LegKey = tuple[int, InstrumentId, Leg]  # a link's id, a contract and a side of the follower


class Book:
    """What `CopyStore.load` gave, kept up with every change that was written."""

    def __init__(self) -> None:
        self.links: dict[int, Link] = {}
        self.legs: dict[int, CopyLeg] = {}
        self.controls: dict[str, Control] = {}
        self.by_key: dict[LegKey, int] = {}
        self.of_link: dict[int, tuple[int, ...]] = {}
        self.of_contract: dict[tuple[int, InstrumentId], tuple[int, ...]] = {}
        self.of_leader: dict[str, tuple[int, ...]] = {}  # links by leader
        self.of_follower: dict[str, tuple[int, ...]] = {}
        self._last_link = 0
        self._last_leg = 0

    def load(self, state: CopyState) -> None:
        """Begin anew with what is stored."""
        self.links = {link.id: link for link in state.links}
        self.legs = {leg.id: leg for leg in state.legs}
        self.controls = {control.scope: control for control in state.controls}
        self._last_link = max(state.last_link_id, self._last_link)
        self._last_leg = max(state.last_leg_id, self._last_leg)
        self._index()

    def apply(self, change: CopyChange) -> None:
        """A change was written."""
        shape = bool(change.links or change.removed)
        for link in change.links:
            self.links[link.id] = link
        for link_id in change.removed:
            self.links.pop(link_id, None)
            for leg_id in self.of_link.get(link_id, ()):
                self.legs.pop(leg_id, None)
        for leg in change.legs:
            shape = shape or leg.id not in self.legs
            self.legs[leg.id] = leg
        for scope in change.lifted:
            self.controls.pop(scope, None)
        for control in change.controls:
            self.controls[control.scope] = control
        if shape:
            self._index()

    def next_link_id(self) -> int:
        """An id that no link ever had."""
        self._last_link += 1
        return self._last_link

    def next_leg_id(self) -> int:
        """An id that no leg ever had."""
        self._last_leg += 1
        return self._last_leg

    def legs_of(self, link_id: int) -> list[CopyLeg]:
        """The legs of a link."""
        return [self.legs[key] for key in self.of_link.get(link_id, ()) if key in self.legs]

    def leg(self, link_id: int, instrument: InstrumentId, side: Leg) -> CopyLeg | None:
        """The leg of a link, if it exists."""
        key = self.by_key.get((link_id, instrument, side))
        return None if key is None else self.legs.get(key)

    def fresh_leg(self, link: Link, instrument: InstrumentId, side: Leg) -> CopyLeg:
        """A leg that is not stored yet."""
        return CopyLeg(
            id=self.next_leg_id(),
            link_id=link.id,
            follower_id=link.follower_id,
            instrument=instrument,
            side=side,
        )

    def _index(self) -> None:
        self.by_key = {
            (leg.link_id, leg.instrument, leg.side): leg.id for leg in self.legs.values()
        }
        legs = self.legs.values()
        self.of_link = _grouped((leg.link_id, leg.id) for leg in legs)
        self.of_contract = _grouped(((leg.link_id, leg.instrument), leg.id) for leg in legs)
        self.of_leader = _grouped((link.leader_id, link.id) for link in self.links.values())
        self.of_follower = _grouped((link.follower_id, link.id) for link in self.links.values())


def _grouped(pairs: Iterable[tuple[K, int]]) -> dict[K, tuple[int, ...]]:
    found: dict[K, list[int]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
