"""The checklist: a key is revoked, loses a right, or its address list changes mid-run."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.errors import AuthenticationFailed
from mtrade.domain.orders import IntentState
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import FIRST, LEADER, SECOND, name


class Lock:
    """Refuses an account's calls; `calls` are the times of refused ones."""

    def __init__(self, stand: Follow, uid: int, label: str, *, reads: bool = True) -> None:
        self._stand = stand
        self._line: Any = stand.lines[name(uid)]
        self._label = label
        self._reads = reads
        self.calls: list[float] = []

    def __enter__(self) -> Lock:
        self._line._create = self._refuse
        self._line.set_leverage = self._refuse
        if self._reads:
            self._line._read = self._refuse
        return self

    def __exit__(self, *fault: object) -> None:
        for known in ("_create", "set_leverage", "_read"):
            self._line.__dict__.pop(known, None)

    def a_minute(self) -> int:
        """The most refused calls of any minute."""
        return max(
            (sum(at <= other < at + 60 for other in self.calls) for at in self.calls), default=0
        )

    def _refuse(self, *anything: object, **more: object) -> Any:
        self.calls.append(self._stand.stage.now)
        raise AuthenticationFailed("no", label=self._label)


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    """Two followers that own 40 each. The streams' own reads are not what is counted here."""
    stand = Follow(tmp_path, 2)
    stand.streams._snapshot = lambda account_id: None  # type: ignore[method-assign]
    for uid in (FIRST, SECOND):
        stand.follow(uid)
    stand.trade("40")
    stand.run(30)
    assert stand.held(FIRST) == stand.held(SECOND) == D(40)
    return stand


@pytest.mark.parametrize("label", ["INVALID_KEY", "INVALID_SIGNATURE", "IP_FORBIDDEN"])
def test_c38_a_refused_key_parks_its_account_and_no_other(stand: Follow, label: str) -> None:
    """Loud, at most one failing call a minute, and everything is made good when it works again."""
    with Lock(stand, FIRST, label) as lock:
        stand.run(20)
        stand.trade("20")
        stand.run(10)
        stand.trade("-50")
        stand.run(200)
        assert stand.held(SECOND) == D(10)
        assert stand.held(FIRST) == D(40)
        assert lock.a_minute() <= 1
        assert 3 <= len(lock.calls) <= 5
        why = stand.why(FIRST)
        assert why is not None
        assert (why.code, why.numbers) == (Code.KEY, {"label": label})
        (link,) = [x for x in stand.core.book.links.values() if x.follower_id == name(FIRST)]
        assert Code.KEY in {reason.code for reason in stand.view(link.id).warnings}
        assert "KEY" in stand.alarms()
        assert {row.link_id for row in stand.told(Code.KEY) if row.act is Act.ALERT} == {link.id}
    stand.run(130)
    assert stand.owned(FIRST) == stand.held(FIRST) == D(10)
    assert "KEY" not in stand.alarms()


@pytest.mark.parametrize("label", ["READ_ONLY", "FORBIDDEN"])
@pytest.mark.parametrize("change", ["20", "-20"])
def test_c38_a_key_that_may_only_read_tries_one_order_a_minute(
    stand: Follow, label: str, change: str
) -> None:
    with Lock(stand, FIRST, label, reads=False) as lock:
        stand.trade(change)
        stand.run(190)
        assert stand.held(SECOND) == 40 + D(change)
        assert stand.held(FIRST) == D(40)
        assert lock.a_minute() <= 1
        assert 2 <= len(lock.calls) <= 4
        why = stand.why(FIRST)
        assert why is not None
        assert why.numbers == {"label": label}
    refused = [i for i in stand.intents() if i.state is IntentState.VOID]
    assert {intent.label for intent in refused} == {label}
    assert len({intent.order.text for intent in refused}) == len(refused)
    stand.run(80)
    assert stand.owned(FIRST) == stand.held(FIRST) == 40 + D(change)


def test_c38_a_leader_whose_key_is_refused_is_not_seen_and_nothing_is_sent(stand: Follow) -> None:
    """Its stream is gone too, as the exchange closes that of a dead key."""
    sent = len(stand.bourse.arrivals)
    with Lock(stand, LEADER, "INVALID_KEY") as lock:
        stand.streams.cut(name(LEADER), 200.0)
        stand.run(5)
        stand.trade("20")
        stand.run(190)
        assert len(stand.bourse.arrivals) == sent
        assert lock.a_minute() <= 1
        assert {"KEY", "NOT_LIVE"} <= set(stand.alarms())
    stand.trade("-20")
    stand.run(130)
    assert stand.held(FIRST) == stand.held(SECOND) == D(40)


def test_c38_an_exit_is_the_first_thing_a_key_does_that_works_again(stand: Follow) -> None:
    with Lock(stand, FIRST, "INVALID_KEY"):
        stand.run(10)
        stand.trade("-40")
        stand.run(400)
        assert stand.held(FIRST) == D(40)
    stand.run(130)
    assert stand.held(FIRST) == D(0)


def test_c38_a_restart_with_a_refused_key_knocks_once_a_minute_too(stand: Follow) -> None:
    with Lock(stand, FIRST, "IP_FORBIDDEN"):
        stand.run(10)
    stand.kill()
    stand.begin()
    stand.streams._snapshot = lambda account_id: None  # type: ignore[method-assign]
    with Lock(stand, FIRST, "IP_FORBIDDEN") as lock:
        stand.trade("-10")
        stand.run(200)
        assert stand.held(SECOND) == D(30)
        first = lock.calls[0]
        assert sum(at >= first + 1 for at in lock.calls) <= 4
    stand.run(130)
    assert stand.held(FIRST) == D(30)
