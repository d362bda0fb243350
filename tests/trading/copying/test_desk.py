"""The facade: what people see and change, and what they are told when it cannot be."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.choices import OnUnfollow, SizeMode
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import Conflict, InvalidRequest, NotFound, StoreError
from mtrade.domain.instruments import Side
from mtrade.domain.positions import Leg
from mtrade.trading.copying.views import LinkWish
from tests.trading.copying.office import Office
from tests.trading.copying.stand import DOGE, FIRST, LEADER, SECOND, name


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_link_is_born_in_shadow_and_sends_nothing(office: Office) -> None:
    view = office.do(lambda: office.desk.create(office.wish(size_mode="ratio", multiplier="0.5")))
    assert view.link.state is LinkState.SHADOW
    assert view.link.params.size_mode is SizeMode.RATIO
    assert (view.leader_name, view.follower_name) == ("Acc 1", "Acc 2")
    office.stand.run(4)
    office.stand.trade("40")
    office.stand.run(6)
    assert office.stand.held() == 0


def test_wrong_parameters_are_named(office: Office) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        office.do(lambda: office.desk.create(office.wish(multiplier="200", nonsense="1")))
    assert set(refusal.value.fields) == {"multiplier", "nonsense"}


def test_circles_doubles_and_oneself_are_refused(office: Office) -> None:
    office.do(lambda: office.desk.create(office.wish(FIRST)))
    back = LinkWish(leader_id=name(FIRST), follower_id=name(LEADER))
    self_ = LinkWish(leader_id=name(FIRST), follower_id=name(FIRST))
    other = LinkWish(leader_id=name(SECOND), follower_id=name(FIRST))
    for wish, code in ((back, "copy_cycle"), (self_, "copy_self"), (other, "copy_conflict")):
        with pytest.raises(Conflict) as refusal:
            office.do(lambda wish=wish: office.desk.create(wish))  # type: ignore[misc]
        assert refusal.value.code == code


def test_two_leaders_may_share_a_follower_by_contract(office: Office) -> None:
    office.do(lambda: office.desk.create(office.wish(FIRST, allow=["DOGE_USDT"])))
    other = LinkWish(
        leader_id=name(SECOND), follower_id=name(FIRST), params={"allow": ["ETH_USDT"]}
    )
    office.do(lambda: office.desk.create(other))
    assert len(office.desk.links()) == 2


def test_arming_wants_a_confirmation_and_then_copies(office: Office) -> None:
    made = office.do(lambda: office.desk.create(office.wish()))
    office.stand.run(5)
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, False))
    assert refusal.value.code == "confirm_needed"
    office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    office.stand.trade("40")
    office.stand.run(3)
    (row,) = office.desk.sync(made.link.id)
    assert (row.leader, row.owned, row.foreign, row.side) == (D(40), D(20), D(0), Leg.NET)
    view = office.desk.link(made.link.id)
    assert view.leader_live
    assert view.owned_value is not None
    assert view.owned_value > 0


def test_a_hedge_leader_of_a_one_way_follower_is_refused_unless_chosen(office: Office) -> None:
    office.stand.hedge(LEADER)
    made = office.do(lambda: office.desk.create(office.wish()))
    office.stand.run(5)
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    assert refusal.value.code == "copy_mode"
    chosen = {"params": {"hedge_to_one_way": "net"}}
    office.do(lambda: office.desk.change(made.link.id, chosen, made.link.version))
    office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    office.stand.run(3)
    office.stand.trade("40")
    office.stand.run(3)
    assert office.stand.held() == D(20)
    office.stand.trade("-20")
    office.stand.run(3)
    assert office.stand.held() == D(10)


def test_a_change_of_an_old_version_is_refused(office: Office) -> None:
    made = office.do(lambda: office.desk.create(office.wish()))
    office.do(lambda: office.desk.change(made.link.id, {"name": "A"}, 1))
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.change(made.link.id, {"name": "B"}, 1))
    assert refusal.value.code == "copy_version"
    assert office.desk.link(made.link.id).link.name == "A"


def test_the_preview_names_the_orders_and_stores_nothing(office: Office) -> None:
    office.stand.trade("40")
    plan = office.do(lambda: office.desk.preview(office.wish()))
    assert office.desk.links() == ()
    assert [(row.leader, row.order and row.order.size) for row in plan.rows] == [(D(40), D(20))]


def test_the_preview_shows_sizes_in_real_numbers(office: Office) -> None:
    office.stand.trade("40")
    sizing = office.do(lambda: office.desk.preview(office.wish())).sizing
    assert sizing is not None
    assert (sizing.instrument, sizing.coin) == (DOGE, "DOGE")
    assert [rung.leader_value for rung in sizing.rungs] == [D(10), D(100), D(1000), D(10_000)]


def test_the_preview_of_a_link_in_shadow_is_what_arming_sends(office: Office) -> None:
    made = office.do(lambda: office.desk.create(office.wish()))
    office.stand.trade("40")
    office.stand.run(5)
    plan = office.do(lambda: office.desk.preview(made.link.id))
    office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    office.stand.run(3)
    (intent,) = office.stand.intents()
    (row,) = plan.rows
    assert row.order is not None
    assert (row.order.side, row.order.size) == (intent.order.side, intent.order.size)


def test_a_ticket_tells_what_each_follower_will_do(office: Office) -> None:
    office.armed(FIRST)
    office.armed(SECOND)
    rows = office.desk.ticket(name(LEADER), DOGE, Side.BUY, D(40))
    assert [row.follower_name for row in rows] == ["Acc 2", "Acc 3"]


def test_flatten_closes_everything_and_keeps_the_brake_on(office: Office) -> None:
    office.armed()
    office.stand.trade("40")
    office.stand.run(3)
    office.stand.trade("7", uid=FIRST)
    office.do(lambda: office.desk.flatten(name(FIRST), "pause", "test"))
    office.stand.run(3)
    assert office.stand.held() == 0
    (control,) = office.desk.brakes()
    assert (control.scope, control.state) == (name(FIRST), "pause")


def test_flatten_ends_in_a_halt_that_lets_its_own_orders_out_first(office: Office) -> None:
    office.armed()
    office.stand.trade("40")
    office.stand.run(3)
    office.do(lambda: office.desk.halt("all", "test"))
    office.do(lambda: office.desk.flatten("all", "halt", "test"))
    assert office.stand.held() == 0
    assert office.stand.brakes.halted(name(FIRST))


def test_leaving_copy_mode_asks_about_open_positions(office: Office) -> None:
    office.armed()
    office.stand.trade("40")
    office.stand.run(3)
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.switch_mode("normal", None))
    assert refusal.value.code == "copied_positions"
    assert office.do(lambda: office.desk.switch_mode("normal", OnUnfollow.KEEP)) == "normal"
    office.stand.run(9)
    assert office.stand.owned() == 0
    assert office.stand.held() == 20  # it is the user's now, and nothing was bought again


def test_a_mode_that_cannot_be_stored_lets_nothing_go(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.armed()
    office.stand.trade("40")
    office.stand.run(3)

    def full(key: str, value: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(office.choices, "set", full)
    with pytest.raises(StoreError):
        office.do(lambda: office.desk.switch_mode("normal", OnUnfollow.CLOSE_NOW))
    office.stand.run(3)
    assert (office.stand.mode, office.stand.owned(), office.stand.held()) == ("copy", 20, 20)


def test_an_account_with_copied_positions_is_not_let_go(office: Office) -> None:
    office.armed()
    office.stand.trade("40")
    office.stand.run(3)
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.leave_account(name(FIRST)))
    assert refusal.value.code == "copied_positions"
    office.stand.trade("-40")
    office.stand.run(3)
    office.do(lambda: office.desk.leave_account(name(FIRST)))
    assert office.desk.links() == ()


def test_what_does_not_exist_is_said(office: Office) -> None:
    with pytest.raises(NotFound):
        office.desk.link(7)
    with pytest.raises(NotFound):
        office.do(lambda: office.desk.act(7, DOGE, Leg.NET, "fix"))
