"""The buttons of the sync panel."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.acting import acted
from mtrade.domain.copying.choices import LateJoin
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyEvent, CopyLeg, LegStatus
from mtrade.domain.errors import Conflict, InvalidRequest
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import NOW, Bench
from tests.domain.copying.test_interference import copying, seen


def pressed(bench: Bench, action: str, leg: CopyLeg | None = None) -> tuple[CopyLeg, CopyEvent]:
    return acted(leg or bench.leg, bench.link, action, bench.follower.position, bench.now)


def press(bench: Bench, action: str) -> None:
    leg, event = pressed(bench, action)
    assert event.act is Act.HAND
    assert event.numbers["action"] == action
    bench.leg = leg
    bench.to(str(bench.size))


def test_fix_lifts_a_latch_and_sends_the_difference() -> None:
    bench = copying()
    seen(bench, "4")
    bench.to("20")
    assert bench.leg.owned == 4
    press(bench, "fix")
    assert bench.leg.owned == 20


def test_fix_frees_a_paused_contract() -> None:
    bench = copying()
    seen(bench, "-4")
    press(bench, "fix")
    assert (bench.leg.paused, bench.leg.status, bench.leg.owned) == (
        False, LegStatus.ACTIVE, D(10),
    )  # fmt: skip


def test_adopt_takes_the_position_as_it_is_without_an_order() -> None:
    bench = copying()
    bench.follower = replace(bench.follower, position=D(14))
    press(bench, "adopt")
    assert (bench.leg.owned, bench.sent) == (D(14), [D(10)])
    bench.to("5")
    assert bench.leg.owned == 7


def test_adopt_of_the_other_side_closes_it_and_begins_again() -> None:
    bench = copying()
    bench.follower = replace(bench.follower, position=D(-3))
    press(bench, "adopt")
    assert bench.sent[1] == 3


def test_ignore_keeps_entries_out_and_lets_exits_through() -> None:
    bench = copying()
    press(bench, "ignore")
    bench.to("20")
    assert bench.leg.owned == 10
    bench.to("0")
    assert bench.leg.owned == 0
    bench.to("6")
    assert bench.leg.owned == 6


def test_close_gets_out_and_stays_out_until_the_leader_is_flat() -> None:
    bench = copying()
    press(bench, "close")
    assert bench.leg.owned == 0
    bench.to("20")
    assert bench.leg.owned == 0
    bench.to("0")
    bench.to("6")
    assert bench.leg.owned == 6


def test_catch_up_sends_what_is_too_old_and_skip_gives_it_up() -> None:
    for action, owned in (("catch_up", 10), ("skip", 0)):
        bench = Bench()
        bench.leader["increase_ms"] = NOW + 100
        bench.now = NOW + 420_000
        bench.to("10")
        assert bench.leg.reason is not None
        assert bench.leg.reason.code is Code.STALE
        press(bench, action)
        assert bench.leg.owned == owned


def test_catch_up_answers_the_question_of_a_late_join() -> None:
    bench = Bench(late_join=LateJoin.ASK)
    bench.leader["increase_ms"] = NOW - 60_000
    bench.to("10")
    assert bench.sent == []
    press(bench, "catch_up")
    assert bench.leg.owned == 10


def test_nothing_is_done_while_an_order_is_on_its_way() -> None:
    bench = copying()
    busy = replace(bench.leg, pending=5)
    with pytest.raises(Conflict) as refusal:
        pressed(bench, "close", busy)
    assert refusal.value.code == "copy_state"


def test_adopt_needs_to_know_the_position() -> None:
    bench = copying()
    bench.follower = replace(bench.follower, position=None)
    with pytest.raises(Conflict):
        pressed(bench, "adopt")


def test_another_word_is_refused_by_name() -> None:
    bench = copying()
    with pytest.raises(InvalidRequest) as refusal:
        pressed(bench, "buy")
    assert "action" in refusal.value.fields


def test_without_an_episode_most_buttons_do_nothing() -> None:
    bench = Bench()
    for action in ("fix", "ignore", "close", "catch_up", "skip"):
        parked = replace(bench.leg, reason=Reason(Code.STALE))
        assert pressed(bench, action, parked)[0].owned == 0
