"""The checklist: orders under repeated, lost and late messages, lost answers, and restarts.

Everything is real except time and the wire: rules, engine, journal, and the paper exchange's
matching.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.choices import SizeMode
from mtrade.domain.copying.codes import Act
from mtrade.domain.events import Event
from mtrade.domain.orders import IntentState
from tests.sim.copying import line
from tests.trading.copying.follow import DOGE, FIRST, LEADER, Follow
from tests.trading.copying.stand import name


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def test_c01_open_add_and_full_close_with_lag_and_slippage_on_record(stand: Follow) -> None:
    """owned follows T, the episode ends at 0; every copied order tells its delay and its price
    against the leader's, now and in the journal."""
    link = stand.follow()
    for size, held in (("40", D(40)), ("10", D(50)), ("-50", D(0))):
        stand.trade(size)
        stand.run(3)
        assert stand.owned() == stand.held() == stand.row().target == held
        if held:
            assert stand.row().in_sync
            assert stand.view(link).gap_bps is not None
    assert stand.leg().episode is None
    lag = stand.view(link).lag_ms
    assert lag is not None
    assert 0 < lag < 1_000
    entries = stand.feed(Act.COPIED)[:2]
    assert [row.numbers["size"] for row in entries] == ["40", "10"]
    for row in entries:
        assert 0 < int(row.numbers["lag_ms"]) < 1_000
        assert abs(D(row.numbers["gap_bps"])) < 30
    begun, ended = stand.feed(Act.EPISODE)
    assert begun.numbers == {"leader": "40"}
    assert {"leader_vwap", "own_vwap", "gap_bps"} == set(ended.numbers)


def test_c02_five_partial_closes_within_a_second_end_exact(stand: Follow) -> None:
    stand.follow(multiplier=D("0.37"))
    stand.trade("100")
    stand.run(3)
    assert stand.owned() == D(37)
    for part in ("-20", "-19", "-18", "-21", "-22"):
        stand.trade(part)
        stand.run(0.2)
    stand.run(3)
    exits = [i for i in stand.intents() if i.order.reduce_only]
    assert stand.owned() == stand.held() == D(0)
    assert 1 <= len(exits) <= 5
    assert sum(stand.executed()) == 0


def rested(stand: Follow, size: str) -> None:
    """The leader's limit order waits at the front of the book."""
    best = stand.bourse.ticker(DOGE)
    assert best.bid is not None
    assert best.ask is not None
    stand.rest(LEADER, size, (best.bid + best.ask) / 2)


def test_c04_one_leader_order_in_forty_fills_is_copied_in_few_orders(tmp_path: Path) -> None:
    stand = Follow(tmp_path, followers=2)
    stand.follow()
    rested(stand, "40")
    for _ in range(40):
        stand.trade("-1", uid=FIRST + 1)
        stand.run(0.02)
    stand.run(3)
    assert stand.bourse.held(LEADER, DOGE) == D(40)
    assert stand.owned() == stand.held() == D(40)
    assert len(stand.executed()) <= 8


@pytest.mark.parametrize(
    ("mode", "amount", "size"),
    [(SizeMode.FIXED_NOTIONAL, D(33), 20), (SizeMode.FIXED_CONTRACTS, D(7), 7)],
)
def test_c04_a_fixed_size_is_obtained_once_however_many_fills(
    mode: SizeMode, amount: D, size: int, tmp_path: Path
) -> None:
    stand = Follow(tmp_path, followers=2)
    stand.follow(size_mode=mode, amount=amount)
    rested(stand, "40")
    for _ in range(40):
        assert stand.executed() == []
        stand.trade("-1", uid=FIRST + 1)
        stand.run(0.05)
    stand.run(3)
    assert stand.executed() == [D(size)]
    stand.trade("-20")
    stand.run(3)
    assert stand.owned() == size // 2


# C-05: what the leader's stream does to its messages

Heard = Callable[[int, Event], None]


def thrice(stand: Follow, hear: Heard) -> Heard:
    """Every message three times."""

    def repeat(uid: int, event: Event) -> None:
        for delay in (0.0, 0.4, 2.0):
            stand.stage.at(delay, hear, uid, event)

    return repeat


def none(stand: Follow, hear: Heard) -> Heard:
    """No message at all of the leader."""
    return lambda uid, event: None if uid == LEADER else hear(uid, event)


def backwards(stand: Follow, hear: Heard) -> Heard:
    """Each message comes before those that were sent ahead of it."""
    sent = [0]

    def delay(uid: int, event: Event) -> None:
        sent[0] += 1
        stand.stage.at(max(0.05, 1.5 - 0.1 * sent[0]), hear, uid, event)

    return delay


def late(stand: Follow, hear: Heard) -> Heard:
    """Every message half a minute late."""
    return lambda uid, event: stand.stage.at(30.0, hear, uid, event)


def _story(folder: Path, twist: Callable[[Follow, Heard], Heard] | None) -> tuple[object, ...]:
    folder.mkdir()
    stand = Follow(folder)
    stand.follow(multiplier=D("0.37"))
    if twist is not None:
        stand.bourse.hear = twist(stand, stand.bourse.hear)
    for size in ("100", "40", "-60", "30", "-110", "-50"):
        stand.trade(size)
        stand.run(0.3)
    stand.run(50)
    leg, episode = stand.leg(), stand.leg().episode
    assert stand.owned() == stand.held() == sum(stand.executed())
    return leg.owned, episode and episode.k_eff, episode and episode.sign, leg.status, leg.pending


@pytest.mark.parametrize("twist", [thrice, none, backwards, late])
def test_c05_messages_repeated_lost_or_out_of_order_change_nothing(
    twist: Callable[[Follow, Heard], Heard], tmp_path: Path
) -> None:
    """The same end state as without the fault."""
    clean = _story(tmp_path / "clean", None)
    assert clean[0] == -18  # 0.37 of 50, rounded down
    assert _story(tmp_path / "twisted", twist) == clean


# C-06 and C-08: one execution, whatever became of the answer or of the process


def failing_once(stand: Follow, fault: str, *, socket: bool) -> None:
    """The next create request of the follower meets this fault."""
    left = [fault]
    stand.troubles.sending = lambda: left.pop() if left else ""  # type: ignore[method-assign]
    stand.troubles.on = True
    stand.troubles.order_lag_ms = stand.troubles.position_lag_ms = 0
    stand.troubles.reading = stand.troubles.pushing = lambda: ""  # type: ignore[method-assign]
    stand.troubles.no_socket = 0.0 if socket else 1.0


def sent(stand: Follow) -> list[str]:
    """Texts of the follower's create requests that reached the exchange."""
    return [a.text for a in stand.bourse.arrivals if a.uid == FIRST]


@pytest.mark.parametrize("socket", [True, False], ids=["socket", "rest"])
@pytest.mark.parametrize("fault", ["answer_lost", "error_with_effect"])
def test_c06_a_time_out_after_the_order_landed(fault: str, socket: bool, stand: Follow) -> None:
    """Found by its text, never sent again."""
    stand.follow()
    failing_once(stand, fault, socket=socket)
    stand.streams.cut(name(FIRST), 30)  # nor does its own stream tell
    stand.trade("40")
    stand.run(30)
    assert stand.executed() == [D(40)]
    assert stand.owned() == stand.held() == D(40)
    (intent,) = stand.intents()
    assert intent.state is IntentState.DONE
    assert intent.evidence == "found at the exchange"
    assert sent(stand) == [intent.order.text]


@pytest.mark.parametrize("socket", [True, False], ids=["socket", "rest"])
@pytest.mark.parametrize("fault", ["lost", "late", "error_without"])
def test_c06_a_time_out_of_an_order_that_never_landed(
    fault: str, socket: bool, stand: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proven to have had no effect after its deadline, also when it comes at last; then once
    more, under another name."""
    monkeypatch.setattr(line, "LATE_S", (6.0,))  # after its deadline
    stand.follow()
    failing_once(stand, fault, socket=socket)
    stand.trade("40")
    stand.run(60)
    assert stand.executed() == [D(40)]
    assert stand.owned() == stand.held() == D(40)
    first, second = stand.intents()
    assert (first.state, first.label) == (IntentState.VOID, "FENCED")
    assert second.state is IntentState.DONE
    assert first.order.text != second.order.text
    assert max(map(sent(stand).count, sent(stand))) == 1


@pytest.mark.parametrize("exit_", [False, True], ids=["entry", "exit"])
def test_c08_a_restart_between_journal_and_send(exit_: bool, stand: Follow) -> None:
    """What was written and never left is proven void, then the difference goes out once."""
    stand.follow()
    if exit_:
        stand.trade("40")
        stand.run(3)
    before = len(stand.intents())
    stand.loop.dead = True  # the commit is made, nothing is written to a socket
    stand.trade("-40" if exit_ else "40")
    stand.run(1)
    assert len(stand.intents()) == before + 1
    assert len(sent(stand)) == before
    stand.kill()
    stand.begin()
    stand.run(0.5)
    assert stand.intents()[before].state is IntentState.UNKNOWN
    stand.run(25)
    lost, again = stand.intents()[before:]
    assert (lost.state, lost.label) == (IntentState.VOID, "FENCED")
    assert again.state is IntentState.DONE
    assert lost.order.text not in sent(stand)
    assert sum(stand.executed()) == stand.owned() == stand.held() == (D(0) if exit_ else D(40))


@pytest.mark.parametrize("exit_", [False, True], ids=["entry", "exit"])
def test_c08_a_restart_after_the_send(exit_: bool, stand: Follow) -> None:
    """What left and was not answered is found; nothing is sent a second time."""
    stand.follow()
    if exit_:
        stand.trade("40")
        stand.run(3)
    before = len(stand.intents())
    stand.trade("-40" if exit_ else "40")
    while len(sent(stand)) == before:
        stand.run(0.001)
    stand.kill()
    stand.begin()
    assert stand.intents()[before].state is not IntentState.DONE
    stand.run(20)
    assert stand.intents()[before].state is IntentState.DONE
    assert len(sent(stand)) == before + 1
    assert sum(stand.executed()) == stand.owned() == stand.held() == (D(0) if exit_ else D(40))


def test_c08_the_leader_moves_on_between_crash_and_restart(stand: Follow) -> None:
    """First what is in flight is resolved, then the leg is reconciled with the leader."""
    stand.follow()
    stand.trade("40")
    while not sent(stand):
        stand.run(0.001)
    stand.kill()
    stand.trade("-25")
    stand.run(2)
    stand.begin()
    stand.run(20)
    assert stand.executed() == [D(40), D(-25)]
    assert stand.owned() == stand.held() == D(15)
