"""What is remembered of an account."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.trading.copying.memory import Memory
from tests.trading.fakes import BTC, fill_of, request, venue_order

PLACE = ("paper:1", "usdt")


def test_a_trade_that_is_told_twice_counts_once() -> None:
    """By a push and by a list, in any order; another trade of the same size is another one."""
    memory = Memory()
    memory.keep([PLACE])
    order = venue_order(request())
    first, second = (fill_of(order, trade_id=name, size=D(3)) for name in ("7", "8"))
    assert memory.fills("paper:1", [first, first]) == [first]
    assert memory.fills("paper:1", [second, first]) == [second]
    sight = memory.sight(*PLACE)
    assert sight is not None
    assert [part.size for part in sight.grown[BTC]] == [D(3), D(3)]
