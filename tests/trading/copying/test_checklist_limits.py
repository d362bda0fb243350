"""The checklist: what the exchange refuses: too many requests, too little margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal as D
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import MarginPolicy
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable
from mtrade.domain.orders import IntentState, OrderRequest
from mtrade.gate.faults import refused
from mtrade.trading.copying.commands import Commands
from tests.trading.copying.follow import FIRST, Follow
from tests.trading.copying.stand import ETH, SECOND, name


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
        line.prepared = lambda order, expires_ms: lambda done: done(None)  # over REST

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


# C-13: the first follower has too little margin, the second has plenty


@dataclass
class Poor:
    """A leader's entry of 40 contracts, 66 USDT at leverage 1, met by a wallet of less."""

    stand: Follow
    link: int

    def refused(self) -> list[str]:
        """What the exchange said to orders of the poor follower."""
        return [a.label for a in self.stand.bourse.arrivals if a.uid == FIRST and not a.accepted]


def poor(folder: Path, policy: MarginPolicy, *, known: bool, money: str = "40") -> Poor:
    """`known`: the wallet was read since the money left, so the estimate says no; else it is the
    exchange that does."""
    stand = Follow(folder, followers=2)
    link = stand.follow(FIRST, insufficient_margin=policy, max_leverage=D(1), daily_loss=None,
                        drawdown_pct=None)  # fmt: skip
    stand.follow(SECOND, max_leverage=D(1))
    stand.trade("1")
    stand.run(3)
    futures, now = stand.bourse.world.futures, stand.clock.now_ms()
    free = futures.exposure.available(futures.state.account(FIRST, "usdt"))
    if known:
        futures.withdraw(FIRST, "usdt", free - D(money), now)
        stand.run(12)
    else:
        stand.core.errands.wallet_soon(name(FIRST), "usdt")
        stand.run(1)
        futures.withdraw(FIRST, "usdt", free - D(money), stand.clock.now_ms())
    stand.trade("40")
    stand.run(6)
    assert stand.held(SECOND) == stand.owned(SECOND) == D(41)
    return Poor(stand, link)


def reasons(stand: Follow, code: Code) -> list[tuple[Act, dict[str, str]]]:
    return [(row.act, dict(row.numbers)) for row in stand.told(code)]


def test_c13_estimate_clip(tmp_path: Path) -> None:
    """As much as there is margin for, nothing that would be refused, and later in proportion."""
    case = poor(tmp_path, MarginPolicy.CLIP, known=True)
    stand = case.stand
    assert case.refused() == []
    got = stand.owned()
    assert D(15) < got < D(30)
    ((act, said),) = reasons(stand, Code.CAP_MARGIN)
    assert act is Act.CLIPPED
    assert D(said["allowed"]) < 40 < D(said["wanted"])
    stand.trade("-21")
    stand.run(3)
    assert stand.owned() == stand.held() == got * 20 // 41


def test_c13_estimate_skip(tmp_path: Path) -> None:
    case = poor(tmp_path, MarginPolicy.SKIP, known=True)
    assert case.refused() == []
    assert case.stand.owned() == D(1)
    ((act, said),) = reasons(case.stand, Code.CAP_MARGIN)
    assert act is Act.SKIPPED
    assert D(said["allowed"]) < 40 < D(said["wanted"])
    assert case.stand.core.book.links[case.link].state is LinkState.ON


def paused(case: Poor, code: Code) -> None:
    """The whole link takes nothing new, loudly; exits go on; a person switches it on again."""
    stand = case.stand
    link = stand.core.book.links[case.link]
    assert (link.state, link.why and link.why.code) == (LinkState.CLOSE_ONLY, code)
    assert stand.owned() == D(1)
    assert code in stand.alarms()
    stand.trade("0.1", ETH)
    stand.trade("-41")
    stand.run(4)
    assert stand.owned() == stand.held() == D(0)
    assert stand.held(FIRST, ETH) == D(0)
    assert stand.held(SECOND, ETH) == D("0.1")
    futures = stand.bourse.world.futures
    futures.deposit(FIRST, "usdt", D(100_000), stand.clock.now_ms())
    commands = Commands(stand.core)
    stand.ask(lambda: commands.set_state(case.link, LinkState.ON, confirm=True))
    stand.run(12)
    stand.trade("7")
    stand.run(3)
    assert stand.owned() == D(7)


def test_c13_estimate_pause_link(tmp_path: Path) -> None:
    case = poor(tmp_path, MarginPolicy.PAUSE_LINK, known=True)
    assert case.refused() == []
    (skipped, alert) = [row for row in reasons(case.stand, Code.CAP_MARGIN)
                        if row[0] in (Act.SKIPPED, Act.ALERT)]  # fmt: skip
    assert (skipped[0], alert[0]) == (Act.SKIPPED, Act.ALERT)
    assert skipped[1] == alert[1]
    assert D(skipped[1]["allowed"]) < 40 < D(skipped[1]["wanted"])
    paused(case, Code.CAP_MARGIN)


def test_c13_refusal_clip(tmp_path: Path) -> None:
    """What the exchange refused is made again, as large as the wallet then read allows."""
    case = poor(tmp_path, MarginPolicy.CLIP, known=False)
    stand = case.stand
    assert case.refused() == ["BALANCE_NOT_ENOUGH"] or case.refused() == ["INSUFFICIENT_AVAILABLE"]
    assert D(15) < stand.owned() == stand.held() < D(30)
    ((act, said),) = reasons(stand, Code.NO_MARGIN)
    assert act is Act.DELAYED
    assert D(60) < D(said["needed"]) < D(80)
    assert [act for act, _ in reasons(stand, Code.CAP_MARGIN)] == [Act.CLIPPED]


def test_c13_refusal_skip(tmp_path: Path) -> None:
    case = poor(tmp_path, MarginPolicy.SKIP, known=False)
    stand = case.stand
    assert len(case.refused()) == 1
    assert stand.owned() == stand.held() == D(1)
    ((act, said),) = reasons(stand, Code.NO_MARGIN)
    assert act is Act.SKIPPED
    assert D(60) < D(said["needed"]) < D(80)
    stand.trade("-41")
    stand.run(3)
    assert stand.owned() == D(0)


def test_c13_refusal_pause_link(tmp_path: Path) -> None:
    case = poor(tmp_path, MarginPolicy.PAUSE_LINK, known=False)
    assert len(case.refused()) == 1
    paused(case, Code.NO_MARGIN)
