"""Which part of a leader's position a follower's leg mirrors, for every pair of position modes."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.choices import HedgeToOneWay
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.frozen import replace
from mtrade.domain.positions import Leg
from mtrade.trading.copying.holdings import Held
from mtrade.trading.copying.pairing import first_leg, mirrored, sides

PLAIN = CopyParams()
INVERSE = CopyParams(inverse=True)


def held(size: str, at: int = 1) -> Held:
    return Held(size=D(size), update_id=3, read_ms=9, moved_ms=at, same_ms=at)


def size(rows: dict[Leg, Held], side: Leg, params: CopyParams = PLAIN) -> D | None:
    found = mirrored(rows, side, params, first_leg(rows, None))
    return None if found is None else found.size


@pytest.mark.parametrize(
    ("leader", "side", "params", "expected"),
    [
        ("5", Leg.NET, PLAIN, "5"),
        ("-5", Leg.NET, PLAIN, "-5"),
        ("5", Leg.LONG, PLAIN, "5"),
        ("5", Leg.SHORT, PLAIN, "0"),
        ("-5", Leg.SHORT, PLAIN, "-5"),
        ("-5", Leg.LONG, PLAIN, "0"),
        ("5", Leg.SHORT, INVERSE, "5"),
        ("5", Leg.LONG, INVERSE, "0"),
    ],
)
def test_of_a_one_way_leader(leader: str, side: Leg, params: CopyParams, expected: str) -> None:
    assert size({Leg.NET: held(leader)}, side, params) == D(expected)


def test_of_a_hedge_leader_each_leg_mirrors_its_own() -> None:
    rows = {Leg.LONG: held("5"), Leg.SHORT: held("-3")}
    assert (size(rows, Leg.LONG), size(rows, Leg.SHORT)) == (D(5), D(-3))
    assert (size(rows, Leg.LONG, INVERSE), size(rows, Leg.SHORT, INVERSE)) == (D(-3), D(5))


def test_a_one_way_follower_nets_a_hedge_leader_or_keeps_to_the_first_leg() -> None:
    rows = {Leg.LONG: held("5", at=2), Leg.SHORT: held("-3", at=1)}
    net = replace(PLAIN, hedge_to_one_way=HedgeToOneWay.NET)
    first = replace(PLAIN, hedge_to_one_way=HedgeToOneWay.FIRST_LEG)
    assert size(rows, Leg.NET, net) == D(2)
    assert size(rows, Leg.NET, first) == D(-3)


def test_a_net_position_moved_when_one_of_its_legs_did() -> None:
    """Even when that leg's number is the lower one: numbers of two legs cannot be compared."""
    older = replace(held("5", at=2), update_id=9)
    for rows in ({Leg.LONG: older, Leg.SHORT: held("-3", at=7)},
                 {Leg.LONG: held("5", at=7), Leg.SHORT: replace(older, size=D(-3))}):  # fmt: skip
        found = mirrored(rows, Leg.NET, PLAIN, None)
        assert found is not None
        assert (found.moved_ms, found.same_ms) == (7, 7)


def test_the_first_leg_stays_the_first_until_it_is_flat() -> None:
    rows = {Leg.LONG: held("5", at=1), Leg.SHORT: held("-3", at=2)}
    assert first_leg(rows, Leg.SHORT) is Leg.SHORT
    assert first_leg({**rows, Leg.SHORT: held("0")}, Leg.SHORT) is Leg.LONG


def test_nothing_known_is_not_flat() -> None:
    assert mirrored({}, Leg.NET, PLAIN, None) is None
    assert mirrored({}, Leg.LONG, PLAIN, None) is None


@pytest.mark.parametrize(
    ("mode", "leader", "inverse", "side"),
    [
        (PositionMode.SINGLE, "5", False, Leg.NET),
        (PositionMode.DUAL, "5", False, Leg.LONG),
        (PositionMode.DUAL, "-5", False, Leg.SHORT),
        (PositionMode.DUAL, "5", True, Leg.SHORT),
    ],
)
def test_which_leg_of_a_follower_takes_part(
    mode: PositionMode, leader: str, inverse: bool, side: Leg
) -> None:
    assert sides(mode, D(leader), inverse) is side
