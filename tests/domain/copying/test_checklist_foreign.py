"""The checklist: a position of the user's that was there before the first copy."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.acting import acted
from mtrade.domain.copying.choices import OnForeign
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench


def beside(position: str, rule: OnForeign = OnForeign.BLOCK_CONTRACT, **params: object) -> Bench:
    """A follower whose user holds this already."""
    bench = Bench(on_foreign=rule, **params)
    bench.follower = replace(bench.follower, position=D(position))
    return bench


def pressed(bench: Bench, action: str) -> None:
    """A person decides about the contract."""
    position = bench.follower.position
    bench.leg, event = acted(bench.leg, bench.link, action, position, bench.now)
    bench.events.append(event)


def skipped(bench: Bench) -> list[Code]:
    return [event.code for event in bench.events if event.act is Act.SKIPPED]


@pytest.mark.parametrize("rule", [OnForeign.BLOCK_CONTRACT, OnForeign.ADOPT])
def test_c26_the_opposite_side_blocks_until_it_is_gone(rule: OnForeign) -> None:
    """Nothing is sent, the feed says once why, and copying begins by itself when it is gone."""
    bench = beside("-5", rule)
    outcome = bench.to("10")
    assert outcome.why is not None
    assert (outcome.why.code, outcome.why.numbers) == (Code.FOREIGN_OPPOSITE, {"foreign": "-5"})
    assert not outcome.why.human
    bench.now += 1_000
    bench.look()
    told = [event for event in bench.events if event.code is Code.FOREIGN_OPPOSITE]
    assert [event.act for event in told] == [Act.DELAYED]
    assert bench.sent == []
    bench.follower = replace(bench.follower, position=D(0))
    bench.to("10")
    assert (bench.sent, bench.leg.owned) == ([D(10)], D(10))


def test_c26_what_was_blocked_to_the_end_is_told_as_skipped() -> None:
    bench = beside("-5")
    bench.to("10")
    bench.to("0")
    assert (skipped(bench), bench.sent) == ([Code.FOREIGN_OPPOSITE], [])
    assert bench.leg.episode is None


@pytest.mark.parametrize("rule", [OnForeign.BLOCK_CONTRACT, OnForeign.CLOSE_FIRST])
def test_c26_the_same_side_coexists_and_only_the_owned_part_is_closed(rule: OnForeign) -> None:
    bench = beside("5", rule)
    bench.to("10")
    bench.to("4")
    bench.to("0")
    assert bench.sent == [D(10), D(-6), D(-4)]
    assert bench.follower.position == D(5)


def test_c26_adopt_counts_the_same_side_as_copied_and_buys_the_rest() -> None:
    """The ledger goes up by what stood there, audited in the feed; the leader's exit takes all."""
    bench = beside("4", OnForeign.ADOPT)
    bench.to("10")
    assert (bench.sent, bench.leg.owned) == ([D(6)], D(10))
    (told,) = [event for event in bench.events if event.act is Act.HAND]
    assert (told.code, told.numbers) == (
        Code.MANUAL, {"action": "adopt", "before": "0", "after": "4"}
    )  # fmt: skip
    bench.to("0")
    assert bench.sent == [D(6), D(-10)]
    assert bench.follower.position == D(0)


def test_c26_adopt_of_more_than_the_target_sends_nothing_and_stays_in_proportion() -> None:
    bench = beside("20", OnForeign.ADOPT)
    bench.to("10")
    assert (bench.sent, bench.leg.owned) == ([], D(20))
    bench.to("5")
    assert (bench.sent, bench.leg.owned) == ([D(-10)], D(10))


@pytest.mark.parametrize("action", ["fix", "catch_up"])
def test_c26_close_first_asks_and_then_closes_and_copies(action: str) -> None:
    """It is the user's own position, so a person confirms each closing of one."""
    bench = beside("-5", OnForeign.CLOSE_FIRST)
    outcome = bench.to("10")
    assert outcome.why is not None
    assert (outcome.why.code, outcome.why.human) == (Code.FOREIGN_OPPOSITE, True)
    assert (bench.sent, bench.alerts) == ([], [outcome.why])
    pressed(bench, action)
    bench.to("10")
    assert bench.sent == [D(5), D(10)]
    assert (bench.leg.owned, bench.follower.position) == (D(10), D(10))
    told = [event.numbers for event in bench.events if event.code is Code.MANUAL]
    assert told == [{"action": "close_first", "before": "0", "after": "-5"}]


def test_c26_close_first_that_is_not_wanted_leaves_the_position_alone() -> None:
    bench = beside("-5", OnForeign.CLOSE_FIRST)
    bench.to("10")
    pressed(bench, "skip")
    bench.to("10")
    bench.to("0")
    assert (bench.sent, bench.follower.position) == ([], D(-5))


def test_c26_block_closes_nothing_whatever_button_is_pressed() -> None:
    bench = beside("-5")
    bench.to("10")
    pressed(bench, "fix")
    assert bench.to("10").why is not None
    assert bench.sent == []


def test_c26_an_own_exit_that_is_not_read_yet_is_no_foreign_position() -> None:
    """A flip must not take the follower's old, not yet updated position for the user's."""
    for rule in OnForeign:
        bench = Bench(on_foreign=rule)
        bench.to("10")
        bench.size = D(-4)
        bench.now += 500
        bench.fill(bench.look())
        bench.follower = replace(bench.follower, position=D(10), position_ms=bench.now - 100)
        bench.to("-4")
        assert bench.sent == [D(10), D(-10), D(-4)]
