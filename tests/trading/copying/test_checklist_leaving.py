"""The checklist: the three ways out of a link, also when an account with copied positions goes."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import Conflict
from tests.sim.copying.troubles import Troubles
from tests.trading.copying.office import REAL, Office
from tests.trading.copying.stand import FIRST, LEADER, SECOND, name

PLAIN = {"size_mode": "ratio", "max_order": "10000000", "max_total": "100"}
LOOK_S = 12.0


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """One follower that owns 40 and has 7 of its own beside."""
    office = Office(tmp_path, 2, **REAL)
    office.armed(FIRST, **PLAIN)
    office.stand.trade("40")
    office.stand.run(LOOK_S)
    office.stand.trade("7", uid=FIRST)
    office.stand.run(LOOK_S)
    assert (office.stand.owned(), office.stand.held()) == (D(40), D(47))
    return office


def unfollow(office: Office, how: OnUnfollow) -> None:
    (view,) = office.desk.links()
    office.do(lambda: office.desk.remove(view.link.id, how))


def links(office: Office) -> int:
    return len(office.stand.store.load().links)


def test_c33_keep_removes_the_link_and_touches_nothing(office: Office) -> None:
    unfollow(office, OnUnfollow.KEEP)
    assert (links(office), office.desk.sync(None)) == (0, ())
    office.stand.trade("-40")
    office.stand.run(LOOK_S)
    assert office.stand.held() == D(47)
    assert len(office.stand.intents()) == 1


def test_c33_wind_down_follows_the_leader_out_and_then_removes_itself(office: Office) -> None:
    """Also after a restart in the midst of it."""
    unfollow(office, OnUnfollow.WIND_DOWN)
    (view,) = office.desk.links()
    assert (view.link.state, view.link.leaving) == (LinkState.CLOSE_ONLY, OnUnfollow.WIND_DOWN)
    office.stand.trade("20")
    office.stand.run(LOOK_S)
    assert office.stand.held() == D(47)
    office.stand.trade("-30")
    office.stand.run(LOOK_S)
    assert (office.stand.owned(), links(office)) == (D(30), 1)
    office.restart()
    office.stand.run(LOOK_S)
    office.stand.trade("-30")
    office.stand.run(LOOK_S)
    assert (links(office), office.stand.held()) == (0, D(7))


def test_c33_close_now_closes_the_owned_part_only_and_removes_the_link(office: Office) -> None:
    unfollow(office, OnUnfollow.CLOSE_NOW)
    office.stand.run(LOOK_S)
    assert (links(office), office.stand.held()) == (0, D(7))
    assert office.stand.intents()[-1].order.reduce_only
    office.stand.trade("10")
    office.stand.run(LOOK_S)
    assert office.stand.held() == D(7)


@pytest.mark.parametrize("how", [OnUnfollow.KEEP, OnUnfollow.CLOSE_NOW])
def test_c33_an_open_intent_is_resolved_before_the_link_goes(
    tmp_path: Path, how: OnUnfollow
) -> None:
    """The answer to the last order was lost: the link stays, sends nothing new on `keep`, and goes
    when the order's end is proven."""
    office = Office(tmp_path, 1, **REAL)
    office.armed(FIRST, **PLAIN)
    stand = office.stand
    stand.troubles.on = True
    with pytest.MonkeyPatch.context() as during:
        during.setattr(Troubles, "sending", lambda self: "answer_lost")
        during.setattr(stand.troubles, "no_socket", 0.0)
        during.setattr(stand.troubles, "reading", lambda: "")
        during.setattr(stand.troubles, "pushing", lambda: "")
        stand.streams.cut(name(FIRST), 20.0)
        stand.trade("40")
        stand.run(0.5)
        assert any(leg.pending is not None for leg in stand.core.book.legs.values())
        unfollow(office, how)
        assert links(office) == 1
    stand.troubles.on = False
    stand.run(30)
    assert links(office) == 0
    assert stand.held() == (D(40) if how is OnUnfollow.KEEP else D(0))
    kept = stand.intents()[0]
    assert (kept.final, kept.filled) == (True, D(40))


@pytest.mark.parametrize("account", [FIRST, LEADER])
def test_c33_an_account_with_copied_positions_is_not_deleted_unasked(
    office: Office, account: int
) -> None:
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.leave_account(name(account)))
    assert refusal.value.code == "copied_positions"
    assert (links(office), office.stand.held()) == (1, D(47))


@pytest.mark.parametrize("account", [FIRST, LEADER])
def test_c33_deleting_an_account_with_keep_leaves_its_positions(
    office: Office, account: int
) -> None:
    office.do(lambda: office.desk.leave_account(name(account), OnUnfollow.KEEP))
    office.stand.run(LOOK_S)
    assert (links(office), office.stand.held()) == (0, D(47))


@pytest.mark.parametrize("account", [FIRST, LEADER])
def test_c33_deleting_an_account_with_close_now_waits_for_the_close(
    office: Office, account: int
) -> None:
    office.do(lambda: office.desk.leave_account(name(account), OnUnfollow.CLOSE_NOW))
    assert (links(office), office.stand.held()) == (0, D(7))


def test_c33_deleting_an_account_with_wind_down_has_to_wait_for_the_leader(office: Office) -> None:
    """The key is needed until then, so the account stays and says why."""
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.leave_account(name(FIRST), OnUnfollow.WIND_DOWN))
    assert refusal.value.code == "account_leaving"
    (view,) = office.desk.links()
    assert view.link.leaving is OnUnfollow.WIND_DOWN
    office.stand.trade("-40")
    office.stand.run(LOOK_S)
    office.do(lambda: office.desk.leave_account(name(FIRST)))
    assert (links(office), office.stand.held()) == (0, D(7))


def test_c33_deleting_an_account_whose_close_hangs_says_so_and_goes_on(office: Office) -> None:
    office.stand.troubles.on = True
    with pytest.MonkeyPatch.context() as during:
        during.setattr(office.stand.troubles, "no_socket", 1.0)
        during.setattr(office.stand.troubles, "sending", lambda: "refused_line")
        with pytest.raises(Conflict) as refusal:
            office.do(lambda: office.desk.leave_account(name(FIRST), OnUnfollow.CLOSE_NOW))
    assert refusal.value.code == "account_leaving"
    assert links(office) == 1
    office.stand.troubles.on = False
    office.stand.run(30)
    assert (links(office), office.stand.held()) == (0, D(7))
    office.do(lambda: office.desk.leave_account(name(FIRST)))


def test_c33_other_links_stay_when_an_account_goes(office: Office) -> None:
    office.armed(SECOND, **PLAIN)
    office.do(lambda: office.desk.leave_account(name(FIRST), OnUnfollow.KEEP))
    (view,) = office.desk.links()
    assert view.link.follower_id == name(SECOND)
