"""Links, legs and events come back from their rows exactly, whatever is in them."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import Control, CopyEvent, CopyLeg, Episode, Guard, Link
from mtrade.domain.positions import Leg
from mtrade.store import copy_rows
from tests.store import copy_samples as samples


def row(columns: tuple[str, ...], values: copy_rows.Row) -> sqlite3.Row:
    """The values as SQLite gives them back."""
    with sqlite3.connect(":memory:") as db:
        db.row_factory = sqlite3.Row
        marks = ", ".join(f"? AS {name}" for name in columns)
        found: sqlite3.Row = db.execute(f"SELECT {marks}", values).fetchone()
    db.close()
    return found


@given(samples.links)
def test_a_link_comes_back(link: Link) -> None:
    assert copy_rows.link_from(row(copy_rows.LINK, copy_rows.link_row(link))) == link


@given(samples.legs)
def test_a_leg_comes_back_with_its_episode_in_exact_fractions(leg: CopyLeg) -> None:
    assert copy_rows.leg_from(row(copy_rows.LEG, copy_rows.leg_row(leg))) == leg


@pytest.mark.parametrize(
    "event",
    [
        CopyEvent(time_ms=1, link_id=2, act=Act.STATE),
        CopyEvent(
            time_ms=1,
            link_id=2,
            act=Act.SKIPPED,
            code=Code.CAP_ORDER,
            instrument=samples.BTC,
            side=Leg.SHORT,
            numbers={"limit": "250", "wanted": "300.5"},
            intent_id=7,
        ),
    ],
)
def test_an_event_comes_back(event: CopyEvent) -> None:
    values = (0, *copy_rows.event_row(event))
    assert copy_rows.event_from(row(("id", *copy_rows.EVENT), values)) == event


def test_a_brake_has_its_columns() -> None:
    control = Control(scope="all", state="halt", since_ms=5, actor="owner", why="news")
    stored = row(copy_rows.CONTROL, copy_rows.control_row(control))
    assert copy_rows.control_from(stored) == control


def test_a_fraction_that_no_decimal_can_hold_is_kept() -> None:
    third = Episode(number=1, sign=1, started_ms=0, joined="", k=Fraction(1, 3))
    leg = samples.leg(episode=third)
    back = copy_rows.leg_from(row(copy_rows.LEG, copy_rows.leg_row(leg)))
    assert back.episode is not None
    assert back.episode.k == Fraction(1, 3)


def test_every_field_is_drawn_by_the_round_trips() -> None:
    """A field that a strategy leaves at its default would come back by luck."""
    for kind, strategy in (
        (Link, samples.links),
        (CopyLeg, samples.legs),
        (Episode, samples.episodes),
        (Guard, samples.guards),
    ):
        drawn: Any = strategy
        assert set(kind.__struct_fields__) == set(drawn.wrapped_strategy.kwargs)


@pytest.mark.parametrize("number", ["1e5x", "", "NaN?"])
def test_what_is_no_number_is_refused(number: str) -> None:
    values = list(copy_rows.leg_row(samples.leg(owned=Decimal(1))))
    values[copy_rows.LEG.index("owned")] = number
    with pytest.raises(ArithmeticError):
        copy_rows.leg_from(row(copy_rows.LEG, tuple(values)))
