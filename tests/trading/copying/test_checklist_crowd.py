"""The checklist: twenty followers, of which one hangs, one is refused and one has no socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal as D
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from mtrade.domain.copying.choices import LeverageMode, MarginChoice
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import OutcomeUnknown
from mtrade.domain.orders import Intent, IntentState, OrderPath
from mtrade.gate.faults import refused
from tests.trading.copying.follow import Follow, sized
from tests.trading.copying.stand import FIRST, name

MOST = 20
ALL = range(FIRST, FIRST + MOST)
HANGS, REFUSES, WIRELESS = FIRST + 3, FIRST + 7, FIRST + 11
WELL = [uid for uid in ALL if uid not in (HANGS, REFUSES, WIRELESS)]


class Crowd(Follow):
    """`batches` are the orders of each commit. Leverage is left alone: where it has to be set, the
    first order of each follower leaves when its own is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MOST)
        params = sized(
            late_band_bps=D(2000), leverage_mode=LeverageMode.LEAVE, margin_mode=MarginChoice.LEAVE
        )
        for uid in ALL:
            self.link(uid, params=params)
        self.run(10)
        self.batches: list[int] = []
        real = self.journal.commit

        def commit(intents: Sequence[Intent], *more: Any) -> Any:
            self.batches.append(len(intents))
            return real(intents, *more)

        self.journal.commit = commit  # type: ignore[method-assign]

    def spoil(self) -> None:
        """One line hangs, one is refused, one has no socket."""
        hangs: Any = self.lines[name(HANGS)]
        read = hangs._read

        def silent(*anything: object) -> str:
            self.stage.sleep(30.0)
            return str(read())

        def unanswered(order: Any, expires_ms: int, done: Callable[[Any], None]) -> None:
            self.stage.at(5.0, done, OutcomeUnknown("no answer"))

        hangs._send, hangs._read, hangs._create = unanswered, silent, silent
        self.streams.silence(name(HANGS), 600.0)
        refuses: Any = self.lines[name(REFUSES)]

        def no(*anything: object) -> Any:
            raise refused(400, "TRADE_RESTRICTED", "no", changing=True)

        refuses._create = no
        wireless: Any = self.lines[name(WIRELESS)]
        wireless._send = lambda order, expires_ms, done: done(None)

    def mend(self) -> None:
        for uid in (HANGS, REFUSES, WIRELESS):
            for patched in ("_send", "_read", "_create"):
                self.lines[name(uid)].__dict__.pop(patched, None)

    def holding(self, size: str) -> list[int]:
        return [uid for uid in ALL if self.held(uid) == D(size)]

    def arrived(self, uid: int, since: float) -> list[float]:
        """Seconds from `since` until orders reached the exchange."""
        start = self.clock.now_ms() - (self.stage.now - since) * 1000
        return [
            (a.time_ms - start) / 1000
            for a in self.bourse.arrivals if a.uid == uid and a.time_ms >= start
        ]  # fmt: skip


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(tmp_path)


def test_c43_one_commit_carries_the_orders_of_all(crowd: Crowd) -> None:
    crowd.trade("40")
    crowd.run(1)
    assert crowd.batches == [MOST]
    assert crowd.holding("40") == list(ALL)
    crowd.trade("-15")
    crowd.run(1)
    assert crowd.batches == [MOST, MOST]
    assert crowd.holding("25") == list(ALL)


def test_c43_three_troubled_followers_delay_and_stop_no_other(crowd: Crowd) -> None:
    """The seventeen are as quick as without the three, for entries and exits, many times over."""
    crowd.spoil()
    crowd.run(40)
    crowd.batches.clear()
    size = D(0)
    for change in ("40", "20", "-30", "15", "-45"):
        size += D(change)
        began = crowd.stage.now
        crowd.trade(change)
        crowd.run(1.0)
        assert set(WELL) | {WIRELESS} <= set(crowd.holding(str(size)))
        delays = [crowd.arrived(uid, began)[0] for uid in WELL]
        assert max(delays) < 0.2
        crowd.run(14)
    assert crowd.batches[0] == MOST
    assert all(crowd.owned(uid) == crowd.held(uid) == 0 for uid in WELL)


def test_c43_who_has_no_socket_goes_by_rest_at_the_same_moment(crowd: Crowd) -> None:
    crowd.spoil()
    began = crowd.stage.now
    crowd.trade("40")
    crowd.run(1.0)
    assert crowd.held(WIRELESS) == D(40)
    assert crowd.arrived(WIRELESS, began)[0] < 0.2
    paths = {i.account_id: i.path for i in crowd.intents() if i.state is IntentState.DONE}
    assert paths.pop(name(WIRELESS)) is OrderPath.REST
    assert set(paths.values()) == {OrderPath.WS}


def test_c43_the_refused_one_says_why_and_only_its_own_link_is_paused(crowd: Crowd) -> None:
    crowd.spoil()
    crowd.trade("40")
    crowd.run(30)
    states = {link.follower_id: link.state for link in crowd.store.load().links}
    assert states.pop(name(REFUSES)) is LinkState.CLOSE_ONLY
    assert set(states.values()) == {LinkState.ON}
    told = crowd.told(Code.REFUSED)
    assert {row.numbers.get("label") for row in told} == {"TRADE_RESTRICTED"}
    assert Act.FAILED in {row.act for row in told}


def test_c43_the_hanging_one_is_proven_and_made_good_when_it_answers(crowd: Crowd) -> None:
    """Its order had no effect: one execution in the end, under a new text."""
    crowd.spoil()
    crowd.trade("40")
    crowd.run(60)
    assert crowd.held(HANGS) == 0
    assert crowd.holding("40") == sorted([*WELL, WIRELESS])
    crowd.mend()
    crowd.run(90)
    assert crowd.owned(HANGS) == crowd.held(HANGS) == D(40)
    texts = [a.text for a in crowd.bourse.arrivals if a.uid == HANGS]
    assert len(texts) == len(set(texts)) == 1


def test_c43_a_burst_of_200_fills_in_2_s_starves_nobody(crowd: Crowd) -> None:
    """All are there ten seconds later, and the slowest is at most three times the median."""
    for n in range(200):
        crowd.stage.at(n / 100, crowd.trade, "1")
    crowd.run(2.0)
    began = crowd.stage.now
    reached: dict[int, float] = {}
    while crowd.stage.now < began + 10 and len(reached) < MOST:
        crowd.run(0.01)
        for uid in crowd.holding("200"):
            reached.setdefault(uid, crowd.stage.now - began)
    assert sorted(reached) == list(ALL)
    assert max(reached.values()) <= max(3 * median(reached.values()), 0.3)
    crowd.run(1)
    assert [crowd.owned(uid) for uid in ALL] == [D(200)] * MOST
