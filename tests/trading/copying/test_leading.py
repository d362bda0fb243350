"""What made a leader grow: the newest executions that explain it, and how old they are."""

from __future__ import annotations

from collections import deque
from decimal import Decimal as D

from mtrade.domain.copying.model import CopyLeg, Episode
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.positions import Leg
from mtrade.trading.copying.holdings import Held
from mtrade.trading.copying.leading import leader_facts
from mtrade.trading.copying.memory import KEPT_FILLS, Grown, Memory, Sight
from tests.trading.fakes import BTC, fill_of, request, venue_order

NOW = 1_700_000_000_000
DAY = 86_400_000


def held(size: str) -> Held:
    return Held(size=D(size), update_id=9, read_ms=NOW, moved_ms=NOW - 100, same_ms=NOW - 100)


def sight(*parts: tuple[int, str, str]) -> Sight:
    """Executions as (age in ms, size, price); a size below 0 was a sale."""
    grown = deque(
        Grown(
            number=n, time_ms=NOW - age, side=Side.BUY if D(size) > 0 else Side.SELL,
            size=abs(D(size)), price=D(price), order_id=str(n),
        )
        for n, (age, size, price) in enumerate(parts, 1)
    )  # fmt: skip
    return Sight(
        grown={BTC: grown}, read_ms=NOW - 1000, live_from_ms=NOW - DAY,
        trades_from_ms=NOW - 600_000, trades_read_ms=NOW - 50_000,
    )  # fmt: skip


def leg(anchor: str | None = None) -> CopyLeg:
    episode = None
    if anchor is not None:
        episode = Episode(number=1, sign=1, started_ms=NOW - DAY, joined="", anchor=D(anchor))
    return CopyLeg(
        id=1, link_id=1, follower_id="paper:2", instrument=BTC, side=Leg.NET, episode=episode
    )


def facts(seen: Sight, size: str, of: CopyLeg, mark: int = 0):  # type: ignore[no-untyped-def]
    return leader_facts(seen, held(size), of, mark, NOW, 3000)


def test_the_price_is_the_average_of_what_opened_the_position() -> None:
    found = facts(sight((900, "1", "100"), (300, "3", "104")), "4", leg())
    assert found.increase_price == D(103)
    assert found.increase_ms == NOW - 900
    assert found.order_id == "2"
    assert found.live


def test_an_add_is_not_as_old_as_the_opening_of_yesterday() -> None:
    seen = sight((DAY, "10", "90"), (200, "2", "100"))
    found = facts(seen, "12", leg("10"))
    assert (found.increase_price, found.increase_ms) == (D(100), NOW - 200)


def test_executions_of_the_other_side_explain_nothing() -> None:
    found = facts(sight((300, "-5", "80"), (200, "2", "100")), "2", leg())
    assert (found.increase_price, found.increase_ms) == (D(100), NOW - 200)


def test_what_was_reckoned_with_does_not_count_again() -> None:
    found = facts(sight((300, "5", "80"), (200, "2", "100")), "7", leg(), mark=1)
    assert found.increase_price == D(100)


def test_growth_that_no_execution_explains_is_older_than_all_that_are_known() -> None:
    seen = sight()
    seen.trades_read_ms = NOW + 10_000  # long after the push, so that every trade is listed
    found = facts(seen, "7", leg())
    assert (found.increase_price, found.increase_ms) == (None, NOW - 600_000)


def test_a_push_that_is_ahead_of_its_execution_is_not_taken_for_old() -> None:
    assert facts(sight(), "7", leg()).increase_ms is None


def test_nobody_is_live_before_the_executions_of_the_leader_are_known() -> None:
    seen = sight((200, "2", "100"))
    seen.trades_from_ms = 0
    assert not facts(seen, "2", leg()).live


def test_the_net_of_two_legs_may_grow_by_a_reduction_that_no_execution_explains() -> None:
    seen = sight()
    seen.trades_read_ms = NOW + 10_000
    netted = replace(held("7"), netted=True)
    assert leader_facts(seen, netted, leg(), 0, NOW, 3000).increase_ms == NOW - 100


def test_older_executions_that_are_listed_later_do_not_stand_for_the_newest() -> None:
    """After a start: the stream tells the newest ones, then ten minutes of them are listed."""
    memory, order = Memory(), venue_order(request())
    memory.keep([("paper:1", "usdt")])
    seen = memory.sight("paper:1", "usdt")
    assert seen is not None
    newest = fill_of(order, trade_id="n", size=D(7), price=D(100), time_ms=NOW - 200)
    older = [
        fill_of(order, trade_id=str(n), size=D(7), price=D(80), time_ms=NOW - 400_000 + n)
        for n in range(KEPT_FILLS)
    ]
    memory.fills("paper:1", [newest])
    memory.fills("paper:1", older)
    found = facts(seen, "7", leg())
    assert (found.increase_price, found.increase_ms) == (D(100), NOW - 200)
