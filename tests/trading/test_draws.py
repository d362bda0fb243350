"""Random numbers that are fetched for many at a time are as good as one by one."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from mtrade.trading import draws
from mtrade.trading.draws import Draws


def test_no_number_comes_twice_also_across_fetches() -> None:
    draw = Draws()
    count = 3 * draws.FETCH // draws.BYTES
    assert len({draw(1 << 80) for _ in range(count)}) == count


def test_every_number_below_is_drawn_about_as_often() -> None:
    draw = Draws()
    seen = Counter(draw(10) for _ in range(10_000))
    assert sorted(seen) == list(range(10))
    assert all(800 < times < 1200 for times in seen.values())  # 30 is one standard deviation


def test_the_system_is_asked_for_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = os.urandom

    def urandom(size: int) -> bytes:
        asked.append(size)
        return real(size)

    monkeypatch.setattr(draws.os, "urandom", urandom)
    draw = Draws()
    for _ in range(draws.FETCH // draws.BYTES):
        draw(1 << 80)
    assert asked == [draws.FETCH]
    draw(2)
    assert asked == [draws.FETCH] * 2


@pytest.mark.parametrize("below", [0, -1, (1 << 80) + 1])
def test_what_it_cannot_draw_is_refused(below: int) -> None:
    with pytest.raises(ValueError, match="2\\*\\*80"):
        Draws()(below)
