"""The checklist: a link armed while the leader is in, each of the six ways, and the list of orders
that is shown before."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyEvent, LinkState
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.positions import Leg
from mtrade.trading.copying.views import LinkPlan, SyncRow
from tests.trading.copying.office import REAL, Office
from tests.trading.copying.stand import ADA, DOGE, ETH, FIRST, name

PLAIN = {"size_mode": "ratio", "max_order": "10000000", "max_total": "100"}
LOOK_S = 12.0  # longer than any read of positions waits


def no_answer(*anything: object) -> Any:
    raise ExchangeUnavailable("no answer")


class Room(Office):
    """One follower that joins late."""

    number: int
    armed_at = 0

    def join(self, **params: object) -> LinkPlan:
        """Watch for a while, look at the list, arm."""
        made = self.do(lambda: self.desk.create(self.wish(FIRST, **{**PLAIN, **params})))
        self.number = made.link.id
        self.stand.run(LOOK_S)
        plan = self.do(lambda: self.desk.preview(self.number))
        self.armed_at = max((row.id for row in self.desk.events(None, None, None, 1)), default=0)
        self.do(lambda: self.desk.set_state(self.number, LinkState.ON, True))
        self.stand.run(LOOK_S)
        return plan

    def row(self) -> SyncRow:
        (row,) = self.desk.sync(self.number)
        return row

    def press(self, action: str) -> None:
        self.do(lambda: self.desk.act(self.number, DOGE, Leg.NET, action))
        self.stand.run(LOOK_S)

    def told(self, code: Code) -> list[CopyEvent]:
        """The rows of the feed since arming, newest first."""
        rows = self.desk.events(self.number, None, None, 500)
        return [row for row in rows if row.code is code and row.id > self.armed_at]

    def orders(self) -> list[D]:
        return [i.order.signed_size for i in self.stand.intents()]

    def leads(self, size: str) -> None:
        self.stand.trade(size)
        self.stand.run(LOOK_S)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """The leader bought 40 long ago, and the price has gone up since."""
    room = Room(tmp_path, 1, **REAL)
    room.stand.trade("40")
    room.stand.bourse.move(DOGE, D("0.05"))
    room.stand.run(60)
    return room


def test_c30_wait_flat_begins_with_the_leaders_next_position(room: Room) -> None:
    room.join(late_join="wait_flat")
    assert (room.orders(), room.row().reason and room.row().reason.code) == ([], Code.WAIT_FLAT)
    assert [row.act for row in room.told(Code.WAIT_FLAT)] == [Act.SKIPPED]
    room.leads("10")
    assert room.orders() == []
    assert [row.act for row in room.told(Code.WAIT_FLAT)] == [Act.SKIPPED, Act.SKIPPED]
    room.leads("-50")
    room.leads("15")
    assert room.orders() == [D(15)]


def test_c30_wait_flat_begins_with_a_flip(room: Room) -> None:
    room.join(late_join="wait_flat")
    room.leads("-55")
    assert room.orders() == [D(-15)]


def test_c30_copy_now_enters_at_mark_however_far_the_price_went(room: Room) -> None:
    room.join(late_join="copy_now")
    (sent,) = room.stand.intents()
    mark = room.stand.bourse.ticker(DOGE).mark
    assert mark is not None
    assert sent.order.price is not None
    assert mark < sent.order.price <= mark * D("1.003")
    assert room.stand.owned() == room.stand.held() == D(40)
    room.leads("-20")
    assert room.stand.owned() == D(20)


def test_c30_if_better_waits_until_the_price_is_the_leaders_or_better(room: Room) -> None:
    room.join(late_join="if_better")
    why = room.row().reason
    assert why is not None
    assert why.code is Code.NOT_BETTER
    assert {"price", "entry"} <= set(why.numbers)
    assert room.orders() == []
    assert [row.act for row in room.told(Code.NOT_BETTER)] == [Act.DELAYED]
    room.stand.bourse.move(DOGE, D("-0.07"))
    room.stand.run(LOOK_S)
    assert room.stand.owned() == D(40)


def test_c30_if_better_takes_a_slip_that_the_link_allows(room: Room) -> None:
    room.join(late_join="if_better", late_slip_bps="600")
    assert room.stand.owned() == D(40)


def test_c30_adds_only_copies_adds_and_takes_them_off_first(room: Room) -> None:
    room.join(late_join="adds_only")
    assert room.orders() == []
    assert [row.act for row in room.told(Code.ADDS_ONLY)] == [Act.SKIPPED]
    for size, owned in (("10", 10), ("-4", 6), ("-6", 0), ("-5", 0), ("8", 8)):
        room.leads(size)
        assert room.stand.owned() == owned
    room.leads("-43")
    assert room.stand.owned() == room.stand.held() == 0


def test_c30_adopt_takes_the_followers_position_over_without_an_order(room: Room) -> None:
    room.stand.trade("12", uid=FIRST)
    room.join(late_join="adopt")
    assert (room.orders(), room.stand.owned()) == ([], D(12))
    (told,) = room.told(Code.MANUAL)
    assert told.numbers == {"action": "adopt", "before": "0", "after": "12"}
    room.leads("-20")
    assert room.stand.owned() == room.stand.held() == D(6)
    room.leads("-20")
    assert room.stand.held() == 0


@pytest.mark.parametrize("size", ["-12", ""])
def test_c30_adopt_of_nothing_on_that_side_waits_until_flat(room: Room, size: str) -> None:
    if size:
        room.stand.trade(size, uid=FIRST)
    room.join(late_join="adopt")
    room.leads("10")
    assert (room.orders(), room.stand.owned()) == ([], D(0))
    why = room.row().reason
    assert why is not None
    assert why.code is Code.WAIT_FLAT


def test_c30_adopt_is_not_decided_before_the_followers_position_is_known(tmp_path: Path) -> None:
    """A link that was off knows nothing of its follower yet when it is armed."""
    room = Room(tmp_path, 1, **REAL)
    room.stand.trade("40")
    room.stand.trade("12", uid=FIRST)
    made = room.do(lambda: room.desk.create(room.wish(FIRST, late_join="adopt", **PLAIN)))
    room.do(lambda: room.desk.set_state(made.link.id, LinkState.OFF, False))
    room.stand.run(LOOK_S)
    line: Any = room.stand.lines[name(FIRST)]
    with pytest.MonkeyPatch.context() as during:
        during.setattr(line, "positions", no_answer)
        room.do(lambda: room.desk.set_state(made.link.id, LinkState.ON, True))
        room.stand.run(4)
        assert room.stand.owned() == 0
    room.stand.run(LOOK_S)
    assert room.stand.owned() == D(12)


def test_c30_ask_waits_and_catches_up_when_told(room: Room) -> None:
    room.join(late_join="ask")
    why = room.row().reason
    assert why is not None
    assert (why.code, why.human) == (Code.ASKED, True)
    assert {"catch_up", "skip"} <= set(room.row().actions)
    assert {row.act for row in room.told(Code.ASKED)} == {Act.DELAYED, Act.ALERT}
    assert room.orders() == []
    room.press("catch_up")
    assert room.stand.owned() == room.stand.held() == D(40)
    (sent,) = room.stand.intents()
    mark = room.stand.bourse.ticker(DOGE).mark
    assert mark is not None
    assert sent.order.price is not None
    assert sent.order.price <= mark * D("1.003")


def test_c30_ask_and_skip_is_out_until_flat(room: Room) -> None:
    room.join(late_join="ask")
    room.press("skip")
    assert "catch_up" not in room.row().actions
    room.leads("10")
    assert room.orders() == []
    room.leads("-50")
    room.leads("15")
    assert room.orders() == [D(15)]


def planned(plan: LinkPlan) -> set[tuple[str, str, D, bool, D | None]]:
    """The orders of a list, as a person compares them."""
    return {
        (row.instrument.name, row.order.side.value, row.order.size, row.order.reduce_only,
         row.order.price)
        for row in plan.rows if row.order is not None
    }  # fmt: skip


def sent(room: Room) -> set[tuple[str, str, D, bool, D | None]]:
    return {
        (i.order.instrument.name, i.order.side.value, i.order.size, i.order.reduce_only,
         i.order.price)
        for i in room.stand.intents()
    }  # fmt: skip


def shadow(folder: Path, seconds: float, **params: object) -> tuple[Room, LinkPlan]:
    """A leader trades three contracts while a link watches; then it is armed."""
    room = Room(folder, 1, **REAL)
    trades = (("300", DOGE), ("-4", ETH), ("50", ADA), ("-120", DOGE), ("-50", ADA), ("2", ETH))
    for number, (size, contract) in enumerate(trades, 1):
        at = seconds * number / (len(trades) + 1)
        room.stand.stage.at(at, room.stand.trade, size, contract)
    given = {**PLAIN, "late_join": "copy_now", **params}
    made = room.do(lambda: room.desk.create(room.wish(FIRST, **given)))
    room.number = made.link.id
    room.stand.run(seconds)
    assert room.stand.intents() == []
    assert room.desk.counts()[room.number][Act.SHADOW] > 0
    plan = room.do(lambda: room.desk.preview(room.number))
    room.do(lambda: room.desk.set_state(room.number, LinkState.ON, True))
    room.stand.run(3)
    return room, plan


PLANS: list[tuple[dict[str, str], set[str]]] = [
    ({}, {"DOGE_USDT", "ETH_USDT"}),
    ({"multiplier": "0.37"}, {"DOGE_USDT", "ETH_USDT"}),
    ({"size_mode": "equity"}, {"DOGE_USDT", "ETH_USDT"}),
    ({"inverse": True, "side_filter": "long"}, {"ETH_USDT"}),
    ({"deny": ["ETH_USDT"], "max_position": "10"}, {"DOGE_USDT"}),
    ({"max_open_positions": 1}, {"DOGE_USDT"}),
    ({"max_total": "0.01", "multiplier": "3"}, {"DOGE_USDT", "ETH_USDT"}),
    ({"late_join": "wait_flat"}, set()),
    ({"late_join": "ask"}, set()),
    ({"leverage_mode": "fixed", "fixed_leverage": "7", "margin_mode": "cross"},
     {"DOGE_USDT", "ETH_USDT"}),
]  # type: ignore[list-item]  # fmt: skip


@pytest.mark.parametrize(("params", "contracts"), PLANS)
def test_c41_the_list_at_arming_is_exactly_what_is_sent(
    tmp_path: Path, params: dict[str, object], contracts: set[str]
) -> None:
    """Sides, sizes, prices and reduce-only, also where one order leaves less room for the next."""
    room, plan = shadow(tmp_path, 120, **params)
    assert {order[0] for order in planned(plan)} == contracts
    assert planned(plan) == sent(room)
    assert len(room.stand.intents()) == len(contracts)


def test_c41_a_second_arming_lists_exits_and_what_is_missing(tmp_path: Path) -> None:
    """After a pause in which the leader went on: less, more, and out."""
    room, _ = shadow(tmp_path, 120)
    room.stand.run(LOOK_S)
    room.do(lambda: room.desk.set_state(room.number, LinkState.HANDS_OFF, True))
    known = len(room.stand.intents())
    for size, contract in (("-100", DOGE), ("-3", ETH), ("25", ADA)):
        room.stand.trade(size, contract)
    room.stand.run(LOOK_S)
    plan = room.do(lambda: room.desk.preview(room.number))
    room.do(lambda: room.desk.set_state(room.number, LinkState.ON, True))
    room.stand.run(3)
    late = room.stand.intents()[known:]
    orders = {(i.order.instrument.name, i.order.side.value, i.order.size) for i in late}
    assert {order[:3] for order in planned(plan)} == orders
    assert len(orders) == 3


@pytest.mark.full
def test_c41_a_whole_day_in_shadow_and_then_the_list(tmp_path: Path) -> None:
    room, plan = shadow(tmp_path, 86_400)
    assert planned(plan) == sent(room)
    assert len(sent(room)) == 2
