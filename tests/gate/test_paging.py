"""Walking through pages gives every row once and never more than asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mtrade.gate.paging import collect


@given(total=st.integers(0, 60), limit=st.integers(1, 70), size=st.integers(1, 20))
def test_every_row_once_up_to_the_limit(total: int, limit: int, size: int) -> None:
    asked: list[int] = []

    def page(index: int, count: int) -> tuple[int, ...]:
        asked.append(index)
        return tuple(range(total)[index * count : (index + 1) * count])

    assert collect(page, limit, size) == tuple(range(min(total, limit)))
    assert asked == list(range(len(asked)))


def test_it_stops_at_a_page_that_is_not_full() -> None:
    calls: list[int] = []

    def page(index: int, count: int) -> tuple[int, ...]:
        calls.append(index)
        return (1,)

    assert collect(page, 1000, 10) == (1,)
    assert calls == [0]
