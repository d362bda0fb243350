"""The checklist: what was counted and what was stopped outlives a restart (C-45)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.copying.params import Share
from mtrade.domain.errors import ExchangeError, OrderRejected, OutcomeUnknown
from mtrade.trading.copying.braking import LINK, Braking
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import ETH, FIRST, name

MONITOR_S = 62.0


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def restart(stand: Follow) -> None:
    """The process dies as it is, and another one starts on its folder."""
    stand.kill()
    stand.begin()
    stand.run(8)


def until(stand: Follow, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        stand.run(0.05)
    raise AssertionError("it never came to that")


def go_on(stand: Follow) -> None:
    """A person has looked."""
    brakes = Braking(stand.core, stand.copier.breakers)
    stand.ask(lambda: brakes.resume(name(FIRST), "me"))


def break_journal(stand: Follow, owned: str) -> None:
    with closing(sqlite3.connect(stand.folder / "mtrade.db")) as db, db:
        db.execute("UPDATE copy_leg SET owned=? WHERE id=?", (owned, stand.leg().id))


def answer(stand: Follow, fault: ExchangeError) -> None:
    """What comes of every order of the follower from now on."""
    line: Any = stand.lines[name(FIRST)]
    line.prepared = lambda order, expires_ms: lambda done: done(fault)


def test_c45_a_restart_loses_no_counter(stand: Follow) -> None:
    """Seen, copied, clipped, skipped and failed of today, the base of the day's loss, and what the
    link has earned."""
    link = stand.follow(max_order=Share(D(2), False))
    for size in ("40", "-10", "20", "-50"):
        stand.trade(size)
        stand.run(4)
    stand.trade("1", ETH)
    stand.run(4)
    before = stand.view(link)
    restart(stand)
    after = stand.view(link)
    assert after.counts == before.counts
    assert {Act.SEEN, Act.COPIED, Act.CLIPPED, Act.SKIPPED} <= after.counts.keys()
    assert after.link.guard == before.link.guard
    assert after.link.guard is not None
    assert (after.pnl, after.last_action) == (before.pnl, before.last_action)


def test_c45_a_stop_by_the_monitor_holds_until_a_person_has_looked(stand: Follow) -> None:
    link = stand.follow()
    stand.trade("40")
    stand.run(8)
    break_journal(stand, "41")
    stand.run(MONITOR_S)
    break_journal(stand, "40")
    restart(stand)
    assert Code.MONITOR in [reason.code for reason in stand.view(link).warnings]
    stand.trade("10")
    stand.run(8)
    assert stand.owned() == D(40)
    go_on(stand)
    restart(stand)
    stand.run(3)
    assert stand.view(link).warnings == ()
    assert stand.owned() == D(50)


def test_c45_a_stop_after_unknown_outcomes_holds_until_a_person_has_looked(stand: Follow) -> None:
    link = stand.follow(late_band_bps=D(2000))
    answer(stand, OutcomeUnknown("no answer"))
    stand.trade("40")
    stand.run(90)
    restart(stand)
    (why,) = stand.view(link).warnings
    assert (why.code, why.numbers, why.human) == (Code.UNKNOWN_OUTCOME, {"count": "4"}, True)
    stand.run(20)
    assert stand.held() == D(0)
    go_on(stand)
    restart(stand)
    assert stand.view(link).warnings == ()
    stand.run(20)
    assert stand.held() == stand.owned() == D(40)


def test_c45_refusals_before_a_restart_count(stand: Follow) -> None:
    """Five within a minute pause the link; the fifth came after a restart."""
    link = stand.follow(reject_count=5)
    refusal = OrderRejected("not today", label="RISK_CONTROL")
    answer(stand, refusal)
    stand.trade("40")
    until(stand, lambda: len(stand.intents()) == 3)
    stand.kill()
    stand.begin()
    answer(stand, refusal)
    until(stand, lambda: stand.core.book.links[link].state is LinkState.CLOSE_ONLY)
    assert [intent.label for intent in stand.intents()] == ["RISK_CONTROL"] * 5


def test_c45_refusals_before_a_person_switched_on_again_do_not_count(stand: Follow) -> None:
    link = stand.follow(reject_count=5)
    refusal = OrderRejected("not today", label="RISK_CONTROL")
    answer(stand, refusal)
    stand.trade("40")
    until(stand, lambda: stand.core.book.links[link].state is LinkState.CLOSE_ONLY)
    brakes = Braking(stand.core, stand.copier.breakers)
    stand.ask(lambda: brakes.resume(f"{LINK}{link}", "me"))
    restart(stand)
    assert stand.core.book.links[link].state is LinkState.ON
