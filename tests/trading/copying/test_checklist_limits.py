"""The checklist: what the exchange refuses: too many requests, too little margin."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable
from mtrade.domain.orders import IntentState, OrderRequest
from mtrade.gate.faults import refused
from tests.trading.copying.follow import FIRST, Follow
from tests.trading.copying.stand import ETH, name


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def slow_down() -> ExchangeError:
    return refused(429, "TOO_MANY_REQUESTS", "slow down", wait_s=5, changing=True)


def nameless() -> ExchangeError:
    return refused(429, "", "<html>", changing=True)


def unreachable() -> ExchangeError:
    return ExchangeUnavailable("no connection")


class Door:
    """Turns the follower's orders away for a while; `tries` are moments and whether exits."""

    def __init__(
        self,
        stand: Follow,
        seconds: float,
        fault: Callable[[], ExchangeError],
        shut_for: Callable[[OrderRequest], bool] = lambda order: True,
    ) -> None:
        self.tries: list[tuple[float, bool]] = []
        line: Any = stand.lines[name(FIRST)]
        real, until = line._create, stand.stage.now + seconds
        line.send = lambda order, expires_ms, done: done(None)  # over REST

        def create(order: OrderRequest, expires_ms: int, path: str) -> Any:
            self.tries.append((stand.stage.now, order.reduce_only))
            if stand.stage.now < until and shut_for(order):
                raise fault()
            return real(order, expires_ms, path)

        line._create = create


@pytest.mark.parametrize("fault", [slow_down, nameless])
def test_c12_entries_are_limited_while_an_exit_waits(
    fault: Callable[[], ExchangeError], stand: Follow
) -> None:
    """The exit goes at once; the entry is asked for ever more rarely and is not lost."""
    link = stand.follow()
    stand.trade("40")
    stand.run(3)
    door = Door(stand, 15, fault, lambda order: not order.reduce_only)
    stand.trade("0.8", ETH)
    stand.run(2)
    stand.trade("-40")
    stand.run(1)
    assert stand.owned() == stand.held() == D(0)
    assert [out for _, out in door.tries].count(True) == 1
    stand.run(27)
    assert stand.owned(contract=ETH) == stand.held(contract=ETH) == D("0.8")
    assert len(door.tries) <= 10
    assert stand.core.book.links[link].state is LinkState.ON
    texts = [a.text for a in stand.bourse.arrivals if a.uid == FIRST]
    assert len(texts) == len(set(texts)) == 3


def test_c12_a_limited_exit_of_one_contract_is_not_lost_behind_its_own_entry(
    stand: Follow,
) -> None:
    """The same contract: an entry that was turned away does not hold up the way out."""
    stand.follow()
    stand.trade("40")
    stand.run(3)
    door = Door(stand, 60, slow_down, lambda order: not order.reduce_only)
    stand.trade("10")
    stand.run(20)
    assert len(door.tries) > 1
    stand.trade("-50")
    stand.run(1)
    assert stand.executed() == [D(40), D(-40)]
    assert stand.owned() == D(0)


@pytest.mark.parametrize("fault", [slow_down, unreachable])
def test_c12_exits_are_tried_for_ever_at_most_ten_seconds_apart(
    fault: Callable[[], ExchangeError], stand: Follow
) -> None:
    """Neither lost nor written down six times a second."""
    stand.follow()
    stand.trade("40")
    stand.run(3)
    door = Door(stand, 300, fault)
    stand.trade("-40")
    stand.run(300)
    times = [at for at, _ in door.tries]
    gaps = [b - a for a, b in pairwise(times)]
    assert 30 <= len(times) <= 60
    assert max(gaps) <= 11
    assert Code.REFUSED in stand.alarms()
    stand.run(11)
    assert stand.executed() == [D(40), D(-40)]
    assert stand.owned() == D(0)
    voids = [i for i in stand.intents() if i.state is IntentState.VOID]
    assert len(voids) <= 60
