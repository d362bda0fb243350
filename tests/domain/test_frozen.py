"""Values with other fields, whichever of the two kinds of frozen classes they are of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal as D

import pytest

from mtrade.domain.copying.model import CopyLeg, Episode
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import futures
from mtrade.domain.positions import Leg

EPISODE = Episode(number=1, sign=1, started_ms=5, joined="open", anchor=D(40))
LEG = CopyLeg(id=1, link_id=2, follower_id="paper:3", instrument=futures("BTC_USDT"), side=Leg.NET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    one: int
    two: int


PLAIN = Plain(one=1, two=2)


def test_the_other_fields_stay_and_so_does_the_value_it_was_made_of() -> None:
    changed = replace(LEG, episode=EPISODE, owned=D(7))
    assert changed == CopyLeg(
        id=1,
        link_id=2,
        follower_id="paper:3",
        instrument=futures("BTC_USDT"),
        side=Leg.NET,
        episode=EPISODE,
        owned=D(7),
    )
    assert (LEG.episode, LEG.owned) == (None, D(0))
    assert replace(PLAIN, two=3) == Plain(one=1, two=3)
    assert PLAIN.two == 2


@pytest.mark.parametrize("value", [EPISODE, PLAIN])
def test_no_change_is_an_equal_value(value: Episode | Plain) -> None:
    assert replace(value) == value
    assert hash(replace(value)) == hash(value)


def test_what_it_makes_is_frozen() -> None:
    with pytest.raises(AttributeError):
        replace(LEG, owned=D(1)).owned = D(2)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        replace(PLAIN, one=3).one = 4  # type: ignore[misc]


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="onwed"):
        replace(LEG, onwed=D(1))  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="three"):
        replace(PLAIN, three=1)  # type: ignore[call-arg]
