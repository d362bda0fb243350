"""Values with other fields: equal to what the standard library makes, and as strict."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal as D

import pytest

from mtrade.domain.copying.model import CopyLeg, Episode
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import futures
from mtrade.domain.positions import Leg

EPISODE = Episode(number=1, sign=1, started_ms=5, joined="open", anchor=D(40))
LEG = CopyLeg(id=1, link_id=2, follower_id="paper:3", instrument=futures("BTC_USDT"), side=Leg.NET)


@dataclass(frozen=True)
class Loose:
    one: int
    two: int


@dataclass(frozen=True, slots=True)
class Checked:
    one: int
    two: int

    def __post_init__(self) -> None:
        raise AssertionError


def test_it_makes_what_the_standard_one_makes_and_leaves_the_value_alone() -> None:
    changed = replace(LEG, episode=EPISODE, owned=D(7))
    assert changed == dataclasses.replace(LEG, episode=EPISODE, owned=D(7))
    assert hash(changed) == hash(dataclasses.replace(LEG, episode=EPISODE, owned=D(7)))
    assert (LEG.episode, LEG.owned) == (None, D(0))
    assert type(changed) is CopyLeg


def test_no_change_is_an_equal_value() -> None:
    assert replace(EPISODE) == EPISODE


def test_what_it_makes_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(LEG, owned=D(1)).owned = D(2)  # type: ignore[misc]


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(LEG, onwed=D(1))  # type: ignore[call-arg]


def test_a_class_it_could_not_copy_faithfully_is_refused() -> None:
    for value in (Loose(1, 2), object.__new__(Checked)):
        with pytest.raises(TypeError):
            replace(value, one=3)
