"""The checklist: sizes and prices as they reach the exchange."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import BelowMin, SizeMode
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.orders import OrderType
from tests.trading.copying.follow import DOGE, FIRST, LEADER, Follow
from tests.trading.copying.stand import ETH

PIECES = 40


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path, followers=2)


def opens_in_forty(stand: Follow, multiplier: str, **params: Any) -> None:
    """The leader's limit order is taken contract by contract."""
    stand.follow(multiplier=D(multiplier), **params)
    best = stand.bourse.ticker(DOGE)
    assert best.bid is not None
    assert best.ask is not None
    stand.rest(LEADER, str(PIECES), (best.bid + best.ask) / 2)
    for _ in range(PIECES):
        stand.trade("-1", uid=FIRST + 1)
        stand.run(0.05)
    stand.run(6)
    assert stand.bourse.held(LEADER, DOGE) == D(PIECES)


@pytest.mark.parametrize(
    ("below_min", "multiplier", "executed", "code"),
    [
        (BelowMin.SKIP, "0.02", [], Code.MIN_SIZE),
        (BelowMin.SKIP, "0.05", [D(1), D(1)], None),
        (BelowMin.BUMP, "0.02", [D(1)], None),
        (BelowMin.BUMP, "0.005", [], Code.BUMP_REFUSED),
        (BelowMin.ACCUMULATE, "0.02", [], None),
        (BelowMin.ACCUMULATE, "0.05", [D(1), D(1)], None),
    ],
)
def test_c14_a_leader_order_of_forty_fills(
    below_min: BelowMin, multiplier: str, executed: list[D], code: Code | None, stand: Follow
) -> None:
    """Judged once, when the order has ended, except for what only gathers."""
    opens_in_forty(stand, multiplier, below_min=below_min)
    assert stand.executed() == executed
    assert [row.code for row in stand.feed(Act.SKIPPED)] == ([] if code is None else [code])
    assert all(row.numbers for row in stand.feed(Act.SKIPPED))


def test_c15_tenths_of_a_contract_reach_the_exchange_exactly(stand: Follow) -> None:
    """Sizes leave as decimal text, and come back into the ledger to the last tenth."""
    stand.follow(multiplier=D("0.37"))
    for size in ("10", "1.3", "-4.1", "-7.2"):
        stand.trade(size, ETH)
        stand.run(3)
    sizes = [body["size"] for body in stand.bodies if body["uid"] == FIRST]
    assert sizes == ["3.7", "0.4", "-1.5", "-2.6"]
    assert stand.owned(contract=ETH) == stand.held(contract=ETH) == D(0)
    assert [str(i.filled) for i in stand.intents()] == ["3.7", "0.4", "1.5", "2.6"]


def test_c15_a_fixed_number_of_tenths(stand: Follow) -> None:
    stand.follow(size_mode=SizeMode.FIXED_CONTRACTS, amount=D("0.7"))
    stand.trade("3", ETH)
    stand.run(4)
    stand.trade("-1", ETH)
    stand.run(3)
    sizes = [body["size"] for body in stand.bodies if body["uid"] == FIRST]
    assert sizes == ["0.7", "-0.3"]
    assert stand.owned(contract=ETH) == stand.held(contract=ETH) == D("0.4")


def test_c17_the_price_runs_while_the_rest_is_retried(stand: Follow) -> None:
    """A thin book gives a part; the price runs; ten seconds later the rest is given up."""
    stand.follow()
    stand.trade("1")
    stand.run(3)
    stand.trade("99")
    stand.bourse.depth = D("0.0001")
    stand.bourse.requote(DOGE)
    stand.run(1)
    got = stand.owned()
    assert D(1) < got < D(100)
    stand.bourse.depth = D(1)
    stand.bourse.move(DOGE, D("0.01"))
    stand.run(8)
    assert stand.told(Code.PRICE_RAN) == []
    stand.run(4)
    (row,) = [row for row in stand.told(Code.PRICE_RAN) if row.act is Act.SKIPPED]
    assert D(row.numbers["bps"]) > D(row.numbers["limit"]) == D(30)
    assert stand.owned() == got
    stand.bourse.move(DOGE, D("-0.01"))
    stand.run(5)
    assert stand.owned() == got
    stand.trade("-50")
    stand.run(4)
    assert stand.owned() == stand.held() == got // 2


def test_c18_an_exit_in_an_empty_book(stand: Follow) -> None:
    """0.3, 1 and 3 % away, then at any price; the alarm after three tries; it never gives up."""
    stand.follow()
    stand.trade("40")
    stand.run(3)
    mark = stand.bourse.world.rooms[DOGE].mark
    stand.trade("-40")
    stand.empty_book()

    def tried() -> list[dict[str, Any]]:
        return [body for body in stand.bodies if body["uid"] == FIRST and body.get("reduce_only")]

    while len(tried()) < 3:
        stand.run(0.05)
        assert stand.alarms() == []
    stand.run(2)
    assert Code.ZERO_FILL in stand.alarms()
    stand.run(60)
    exits = [D(body["price"]) for body in tried()]
    steps = [round(float(1 - price / mark), 3) for price in exits[:3]]
    assert steps == [0.003, 0.01, 0.03]
    assert len(exits) > 10
    assert set(exits[3:]) == {D(0)}
    assert {i.order.type for i in stand.intents()[4:]} == {OrderType.MARKET}
    assert stand.owned() == stand.held() == D(40)
    stand.fill_book()
    stand.run(8)
    assert stand.owned() == stand.held() == D(0)
    assert stand.executed() == [D(40), D(-40)]
