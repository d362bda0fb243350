"""The checklist: leverage that cannot be set, position modes, and both changed by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode
from mtrade.domain.copying.choices import (
    HedgeToOneWay,
    LeverageMode,
    MarginChoice,
    OnClose,
    OnFail,
)
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import Conflict
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Leg, Position
from mtrade.gate.faults import refused
from mtrade.trading.copying.commands import Commands
from tests.trading.copying.follow import DOGE, FIRST, LEADER, Follow, sized
from tests.trading.copying.stand import name

SEVEN: dict[str, Any] = {
    "leverage_mode": LeverageMode.FIXED, "fixed_leverage": D(7), "margin_mode": MarginChoice.CROSS,
}  # fmt: skip


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def unset(stand: Follow) -> list[bool]:
    """The exchange does not let anybody set the follower's leverage; emptied, it does again."""
    line: Any = stand.lines[name(FIRST)]
    real, held = line.set_leverage, [True]

    def set_leverage(
        instrument: InstrumentId, leverage: D, mode: MarginMode
    ) -> tuple[Position, ...]:
        if held:
            raise refused(400, "POSITION_CROSS_MARGIN", "not in this mode", changing=True)
        rows: tuple[Position, ...] = real(instrument, leverage, mode)
        return rows

    line.set_leverage = set_leverage
    return held


def test_c19_leverage_cannot_be_set_skip(stand: Follow) -> None:
    """No entry, parked with the reason, loudly; copied once it can be set."""
    stand.follow(**SEVEN, on_leverage_fail=OnFail.SKIP)
    held = unset(stand)
    stand.trade("40")
    stand.run(5)
    assert stand.executed() == []
    why = stand.why()
    assert why is not None
    assert why.code is Code.LEVERAGE_FAIL
    assert (why.numbers["leverage"], why.numbers["label"]) == ("7", "POSITION_CROSS_MARGIN")
    assert Code.LEVERAGE_FAIL in stand.alarms()
    assert Act.ALERT in [row.act for row in stand.told(Code.LEVERAGE_FAIL)]
    held.clear()
    stand.run(70)
    assert stand.owned() == stand.held() == D(40)
    assert stand.leverage() == D(7)
    assert Code.LEVERAGE_FAIL not in stand.alarms()


def test_c19_leverage_cannot_be_set_continue(stand: Follow) -> None:
    """The entry goes out as the contract stands, with a warning."""
    stand.follow(**SEVEN, on_leverage_fail=OnFail.CONTINUE)
    before = stand.leverage()
    unset(stand)
    stand.trade("40")
    stand.run(5)
    assert stand.owned() == stand.held() == D(40)
    assert stand.leverage() == before != D(7)
    assert Code.LEVERAGE_FAIL in stand.alarms()
    (warning,) = stand.told(Code.LEVERAGE_FAIL)
    assert (warning.act, warning.numbers["leverage"]) == (Act.ALERT, "7")


@pytest.mark.parametrize("rule", list(OnFail))
def test_c19_an_exit_asks_for_no_leverage(rule: OnFail, stand: Follow) -> None:
    stand.follow(**SEVEN, on_leverage_fail=rule)
    stand.trade("40")
    stand.run(5)
    unset(stand)
    stand.trade("-40")
    stand.run(3)
    assert stand.owned() == stand.held() == D(0)


# C-20: each row of the matrix, armed as a person arms a link


def armed(stand: Follow, **params: Any) -> int:
    """A link made and switched on. Raises what pre-flight raises."""
    commands = Commands(stand.core)
    link = stand.link(FIRST, state=LinkState.SHADOW, params=sized(**params))
    stand.run(8)
    refusals: list[Conflict] = []

    def arm() -> None:
        try:
            commands.set_state(link.id, LinkState.ON, confirm=True)
        except Conflict as refusal:
            refusals.append(refusal)

    stand.ask(arm)
    for refusal in refusals:
        raise refusal
    stand.run(1)
    return link.id


def test_c20_one_way_to_one_way_is_direct(stand: Follow) -> None:
    armed(stand)
    for size, held in (("40", D(40)), ("-60", D(-20)), ("20", D(0))):
        stand.trade(size)
        stand.run(4)
        assert stand.owned() == stand.held() == held


def test_c20_hedge_to_hedge_are_two_independent_episodes(stand: Follow) -> None:
    stand.hedge(LEADER)
    stand.hedge(FIRST)
    armed(stand)
    stand.trade("40")
    stand.trade("-15")
    stand.run(4)
    assert (stand.both(), stand.both(LEADER)) == ((D(40), D(-15)), (D(40), D(-15)))
    stand.close_leg("-40")
    stand.run(4)
    assert stand.both() == (D(0), D(-15))
    stand.trade("8")
    stand.run(4)
    assert stand.both() == (D(8), D(-15))
    assert stand.leg(side=Leg.LONG).episodes == 2
    assert stand.leg(side=Leg.SHORT).episodes == 1


def test_c20_one_way_to_hedge_the_sign_picks_the_leg(stand: Follow) -> None:
    """A flip closes one leg and opens the other; what stands on the other side is foreign."""
    stand.hedge(FIRST)
    stand.trade("-5", uid=FIRST)
    armed(stand)
    for size, held in (("40", (D(40), D(-5))), ("-60", (D(0), D(-25))), ("20", (D(0), D(-5)))):
        stand.trade(size)
        stand.run(5)
        assert stand.both() == held
    assert stand.owned(leg=Leg.SHORT) == D(0)


def test_c20_hedge_to_one_way_is_refused(stand: Follow) -> None:
    """Before anything is sent, with both modes in the refusal."""
    stand.hedge(LEADER)
    with pytest.raises(Conflict) as refusal:
        armed(stand)
    assert refusal.value.code == "copy_mode"
    assert refusal.value.params == {"leader": "dual", "follower": "single"}
    stand.trade("40")
    stand.run(5)
    assert stand.executed() == []


def test_c20_hedge_to_one_way_net(stand: Follow) -> None:
    """T = long - short."""
    stand.hedge(LEADER)
    armed(stand, hedge_to_one_way=HedgeToOneWay.NET)
    stand.trade("40")
    stand.run(4)
    assert stand.owned() == D(40)
    stand.trade("-15")
    stand.run(4)
    assert stand.owned() == stand.held() == D(25)
    stand.trade("-35")
    stand.run(5)
    assert stand.owned() == stand.held() == D(-10)
    stand.close_leg("-40")
    stand.run(5)
    assert stand.owned() == stand.held() == D(-50)


def test_c20_hedge_to_one_way_first_leg(stand: Follow) -> None:
    """The leg that came first, until it is flat; then the other one."""
    stand.hedge(LEADER)
    armed(stand, hedge_to_one_way=HedgeToOneWay.FIRST_LEG)
    stand.trade("-15")
    stand.run(4)
    stand.trade("40")
    stand.run(4)
    assert stand.owned() == stand.held() == D(-15)
    stand.close_leg("10")
    stand.run(4)
    assert stand.owned() == stand.held() == D(-5)
    stand.close_leg("5")
    stand.run(6)
    assert stand.held() in (D(0), D(40))
    assert stand.owned() == stand.held()


def moded(stand: Follow, uid: int, mode: PositionMode) -> None:
    """The exchange says that an account keeps its positions so."""
    line: Any = stand.lines[name(uid)]
    real: Callable[[str], FuturesAccount] = line.futures_account
    line.futures_account = lambda settle: replace(real(settle), mode=mode)


@pytest.mark.parametrize("uid", [LEADER, FIRST], ids=["leader", "follower"])
@pytest.mark.parametrize("rule", list(HedgeToOneWay))
def test_c20_split_is_refused_with_what_to_do(rule: HedgeToOneWay, uid: int, stand: Follow) -> None:
    moded(stand, uid, PositionMode.SPLIT)
    with pytest.raises(Conflict) as refusal:
        armed(stand, hedge_to_one_way=rule)
    assert refusal.value.code == "copy_split"
    assert refusal.value.params["leader" if uid == LEADER else "follower"] == "dual_plus"


# C-21: changed at the exchange while copying


def copying(stand: Follow, **params: Any) -> int:
    link = stand.follow(**params)
    stand.trade("40")
    stand.run(4)
    assert stand.owned() == D(40)
    return link


def parked(stand: Follow, code: Code) -> None:
    """Increases wait, loudly; reductions and the close go out."""
    stand.trade("10")
    stand.run(5)
    assert stand.owned() == D(40)
    why = stand.why()
    assert why is not None
    assert why.code is code
    assert code in stand.alarms()
    stand.trade("-30")
    stand.run(4)
    assert stand.owned() == stand.held() == D(20)
    stand.trade("-20")
    stand.run(4)
    assert stand.owned() == stand.held() == D(0)


@pytest.mark.parametrize(
    ("leverage", "mode"), [(D(3), MarginMode.ISOLATED), (D(5), MarginMode.CROSS)]
)
def test_c21_leverage_or_margin_mode_changed_outside(
    leverage: D, mode: MarginMode, stand: Follow
) -> None:
    """Of the follower, while it holds a copy; the next episode sets it as the link wants it."""
    wanted = {**SEVEN, "margin_mode": MarginChoice.ISOLATED, "fixed_leverage": D(5)}
    copying(stand, **wanted)
    stand.lines[name(FIRST)].set_leverage(DOGE, leverage, mode)
    stand.run(8)
    parked(stand, Code.SETTING_CHANGED)
    (row,) = [row for row in stand.told(Code.SETTING_CHANGED) if row.act is Act.DELAYED]
    assert row.numbers == {
        "was": "5", "was_margin": "isolated", "leverage": str(leverage), "margin": mode.value,
    }  # fmt: skip
    stand.trade("7")
    stand.run(4)
    assert stand.owned() == D(7)
    assert (stand.leverage(), stand.margin_mode()) == (D(5), MarginMode.ISOLATED)


def test_c21_leverage_changed_back_is_copied_on(stand: Follow) -> None:
    copying(stand, **{**SEVEN, "margin_mode": MarginChoice.ISOLATED})
    line = stand.lines[name(FIRST)]
    line.set_leverage(DOGE, D(3), MarginMode.ISOLATED)
    stand.run(8)
    stand.trade("10")
    stand.run(5)
    assert stand.owned() == D(40)
    line.set_leverage(DOGE, D(7), MarginMode.ISOLATED)
    stand.run(8)
    assert stand.owned() == stand.held() == D(50)


def test_c21_leverage_changed_outside_is_accepted_by_fix(stand: Follow) -> None:
    copying(stand, **{**SEVEN, "margin_mode": MarginChoice.ISOLATED})
    stand.lines[name(FIRST)].set_leverage(DOGE, D(3), MarginMode.ISOLATED)
    stand.run(8)
    stand.trade("10")
    stand.run(5)
    assert stand.owned() == D(40)
    stand.press("fix")
    stand.run(3)
    assert stand.owned() == stand.held() == D(50)
    assert stand.leverage() == D(3)
    stand.trade("10")
    stand.run(3)
    assert stand.owned() == D(60)


def test_c21_a_leader_who_changes_his_leverage_parks_nobody(stand: Follow) -> None:
    copying(stand, leverage_mode=LeverageMode.MIRROR)
    stand.lines[name(LEADER)].set_leverage(DOGE, D(4), MarginMode.ISOLATED)
    stand.run(8)
    stand.trade("10")
    stand.run(4)
    assert stand.owned() == stand.held() == D(50)


@pytest.mark.parametrize(
    ("rule", "code"),
    [(OnClose.RESPECT, Code.LATCHED), (OnClose.ENFORCE, Code.MODE_MISMATCH)],
)
def test_c21_the_followers_position_mode_changed_outside(
    rule: OnClose, code: Code, stand: Follow
) -> None:
    """He got out by hand and switched to hedge: no other leg opens in the same episode; the next
    one is copied in the new mode."""
    copying(stand, on_manual_close=rule)
    stand.trade("-40", uid=FIRST)
    stand.hedge(FIRST)
    stand.run(30)
    stand.trade("10")
    stand.run(20)
    assert stand.both() == (D(0), D(0))
    why = stand.why()
    assert why is not None
    assert why.code is code
    assert rule is OnClose.RESPECT or Code.MODE_MISMATCH in stand.alarms()
    stand.trade("-50")
    stand.run(20)
    stand.trade("-7")
    stand.run(6)
    assert stand.both() == (D(0), D(-7))


def test_c21_the_leaders_position_mode_changed_outside(stand: Follow) -> None:
    """A hedge leader of a one-way follower, which pre-flight would have refused."""
    stand.follow()
    stand.hedge(LEADER)
    stand.trade("40")
    stand.run(8)
    assert stand.executed() == []
    why = stand.why()
    assert why is not None
    assert why.code is Code.MODE_MISMATCH
    assert (why.numbers["leader_mode"], why.numbers["follower_mode"]) == ("dual", "single")
    assert Code.MODE_MISMATCH in stand.alarms()


@pytest.mark.parametrize("uid", [LEADER, FIRST], ids=["leader", "follower"])
def test_c21_split_while_copying_parks_increases_and_exits_work(uid: int, stand: Follow) -> None:
    copying(stand)
    moded(stand, uid, PositionMode.SPLIT)
    stand.run(12)  # until the wallet is read again
    parked(stand, Code.MODE_MISMATCH)


def test_a_leg_that_does_not_exist_yet_knows_that_the_mode_has_changed(stand: Follow) -> None:
    """The preview thinks such legs through."""
    stand.follow()
    stand.trade("40")
    stand.run(3)
    leg = stand.leg()
    fresh = replace(leg, id=0, side=Leg.LONG, episode=None)
    world, link = stand.core.world, stand.core.book.links[leg.link_id]
    assert not world._has_moved(link, leg)
    assert world._has_moved(link, fresh)
