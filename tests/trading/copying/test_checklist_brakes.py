"""The checklist: pause, hands off, halt and flatten in the midst of a burst, and while the exchange
does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import ExchangeUnavailable, StoreError
from mtrade.domain.orders import IntentKind
from tests.trading.copying.office import REAL, Office
from tests.trading.copying.stand import DOGE, FIRST, LEADER, SECOND, name

PLAIN = {"size_mode": "ratio", "max_order": "10000000", "max_total": "100",
         "max_entries_per_min": "30", "late_band_bps": "2000"}  # fmt: skip
LOOK_S = 12.0
PROMPT_S = 1.0
MINUTE_S = 75.0  # after it a burst has used up no rate of entries any more

Weather = Callable[["Room"], AbstractContextManager[object]]


class Room(Office):
    """Two followers that copy one to one; `left` are the orders that left the process, with their
    times."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 2, **REAL)
        self.left: list[tuple[float, str]] = []
        self.numbers = [self.armed(uid, **PLAIN) for uid in (FIRST, SECOND)]
        self.stand.trade("40")
        self.stand.run(LOOK_S)
        assert self.held() == [D(40), D(40)]
        self.listen()

    def listen(self) -> None:
        """Note what leaves the process that runs now."""
        for line in self.stand.lines.values():
            line.leaves = lambda text: self.left.append((self.stand.stage.now, text))

    def held(self) -> list[D]:
        return [self.stand.held(uid) for uid in (FIRST, SECOND)]

    def prompt(self, act: Callable[[], object]) -> None:
        """A command that is done within a second."""
        before = self.stand.stage.now
        self.do(act)
        assert self.stand.stage.now - before <= PROMPT_S

    def leads(self, size: str) -> None:
        self.stand.trade(size)
        self.stand.run(LOOK_S)

    def grew(self, since: float) -> list[str]:
        """Entries that left since then."""
        reducing = {i.order.text for i in self.stand.intents() if i.order.reduce_only}
        flat = {i.order.text for i in self.stand.intents() if i.kind is IntentKind.FLATTEN}
        return [text for at, text in self.left if at > since and text not in reducing | flat]


@contextmanager
def down(room: Room) -> Iterator[None]:
    """No call reaches the exchange; only what it pushes is heard."""
    troubles = room.stand.troubles
    with pytest.MonkeyPatch.context() as during:
        during.setattr(troubles, "no_socket", 1.0)
        during.setattr(troubles, "sending", lambda: "refused_line")
        during.setattr(troubles, "reading", lambda: "down")
        during.setattr(troubles, "pushing", lambda: "")
        troubles.on = True
        yield
    troubles.on = False


@contextmanager
def burst(room: Room) -> Iterator[None]:
    """The leader buys one contract twenty times a second, for six seconds around what is done."""
    stand = room.stand
    for n in range(120):
        stand.stage.at(n * 0.05, stand.trade, "1")
    stand.run(2.0)
    yield
    stand.run(6.0)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


WEATHERS = pytest.mark.parametrize("weather", [burst, down], ids=["burst", "down"])


@WEATHERS
def test_c40_pause_stops_entries_within_a_second_and_keeps_exits(
    room: Room, weather: Weather
) -> None:
    with weather(room):
        room.prompt(lambda: room.desk.pause("all", "test"))
        paused_at = room.stand.stage.now
        room.stand.run(3)
    room.stand.run(LOOK_S)
    assert room.grew(paused_at) == []
    held = room.held()
    room.restart()
    room.listen()
    room.stand.run(LOOK_S)
    assert {view.link.state for view in room.desk.links()} == {LinkState.CLOSE_ONLY}
    room.leads("20")
    assert room.held() == held
    leader = room.stand.bourse.held(LEADER, DOGE)
    room.leads(str(5 - leader))
    assert room.held() == [D(5), D(5)]
    assert room.grew(paused_at) == []


@WEATHERS
def test_c40_halt_lets_nothing_out_from_the_moment_it_returns(room: Room, weather: Weather) -> None:
    """Not even exits, also after a restart; a release makes good what is missing."""
    with weather(room):
        room.prompt(lambda: room.desk.halt("all", "test"))
        halted_at = room.stand.stage.now
        room.stand.run(3)
    room.leads("10")
    room.restart()
    room.listen()
    room.stand.run(LOOK_S)
    room.leads("-30")
    assert [row for row in room.left if row[0] > halted_at] == []
    assert {row.state for row in room.desk.brakes()} == {"halt"}
    room.prompt(lambda: room.desk.release("all", "test"))
    room.stand.run(LOOK_S)
    leader = room.stand.bourse.held(LEADER, DOGE)
    assert room.held() == [leader, leader]


@WEATHERS
def test_c40_halt_of_one_account_holds_back_no_other(room: Room, weather: Weather) -> None:
    with weather(room):
        room.prompt(lambda: room.desk.halt(name(FIRST), "test"))
        room.stand.run(1)
        before = room.stand.held(FIRST)
    room.leads("-15")
    room.stand.run(MINUTE_S)
    leader = room.stand.bourse.held(LEADER, DOGE)
    assert room.held() == [before, leader]


@WEATHERS
def test_c40_hands_off_sends_nothing_and_calls_when_the_leader_leaves(
    room: Room, weather: Weather
) -> None:
    first, second = room.numbers
    with weather(room):
        room.prompt(lambda: room.desk.set_state(first, LinkState.HANDS_OFF, True))
        off_at = room.stand.stage.now
        room.stand.run(3)
    room.stand.run(LOOK_S)
    held = room.stand.held(FIRST)
    room.restart()
    room.listen()
    room.stand.run(LOOK_S)
    leader = room.stand.bourse.held(LEADER, DOGE)
    room.leads(str(-leader))
    assert room.held() == [held, D(0)]
    own = {i.order.text for i in room.stand.intents() if i.account_id == name(FIRST)}
    assert [row for row in room.left if row[0] > off_at and row[1] in own] == []
    alerts = [row for row in room.stand.store.events(code=Code.HANDS_OFF) if row.act is Act.ALERT]
    assert {row.link_id for row in alerts} == {first}
    assert second not in {row.link_id for row in alerts}


@pytest.mark.parametrize("then", ["pause", "halt"])
def test_c40_flatten_in_a_burst_ends_flat_and_stays_so(room: Room, then: str) -> None:
    """Also what was on its way when it came, and what the user held beside."""
    room.stand.trade("7", uid=FIRST)
    with burst(room):
        room.do(lambda: room.desk.flatten("all", then, "test"))
        room.stand.run(3)
    room.stand.run(60)
    assert room.held() == [D(0), D(0)]
    room.leads("30")
    assert room.held() == [D(0), D(0)]
    owned = [room.stand.owned(uid) for uid in (FIRST, SECOND)]
    assert owned == [D(0), D(0)] or then == "halt"


def test_c40_flatten_of_a_link_also_closes_a_first_entry_that_is_on_its_way(tmp_path: Path) -> None:
    office = Office(tmp_path, 1, **REAL)
    number = office.armed(FIRST, **PLAIN)
    stand = office.stand
    stand.trade("40")
    while not any(leg.pending is not None for leg in stand.core.book.legs.values()):
        stand.run(0.001)
    office.do(lambda: office.desk.flatten(f"link:{number}", "pause", "test"))
    stand.run(LOOK_S)
    assert [i.filled for i in stand.intents()] == [D(40), D(40)]
    assert stand.owned() == stand.held() == D(0)


@WEATHERS
def test_c40_flatten_of_a_link_closes_its_own_part_whatever_the_weather(
    room: Room, weather: Weather
) -> None:
    room.stand.trade("7", uid=FIRST)
    first = room.numbers[0]
    with weather(room):
        room.prompt(lambda: room.desk.flatten(f"link:{first}", "pause", "test"))
        room.stand.run(3)
    room.stand.run(MINUTE_S)
    assert room.stand.held(FIRST) == D(7)
    assert room.stand.held(SECOND) == room.stand.bourse.held(LEADER, DOGE)


def test_c40_flatten_while_the_exchange_is_down_closes_copied_parts_when_it_is_back(
    room: Room,
) -> None:
    """What cannot be read is said; the copied parts leave by the ordinary way, again and again."""
    with down(room):
        with pytest.raises(ExchangeUnavailable):
            room.do(lambda: room.desk.flatten("all", "pause", "test"))
        room.stand.run(20)
        assert room.held() == [D(40), D(40)]
    room.stand.run(40)
    assert room.held() == [D(0), D(0)]


def test_c40_a_brake_that_cannot_be_written_down_still_holds(room: Room) -> None:
    """A full disk: STOP counts before it is written."""

    def full(*anything: object) -> None:
        raise StoreError("the disk is full", code="disk_full")

    with pytest.MonkeyPatch.context() as during:
        during.setattr(room.stand.journal, "commit", full)
        during.setattr(room.stand.journal, "update", full)
        with pytest.raises(StoreError):
            room.do(lambda: room.desk.halt("all", "test"))
        halted_at = room.stand.stage.now
        room.leads("-20")
    room.stand.run(LOOK_S)
    assert [row for row in room.left if row[0] > halted_at] == []


def test_c40_every_brake_and_its_release_work_while_the_exchange_is_down(room: Room) -> None:
    with down(room):
        for act in (
            lambda: room.desk.pause("all", "test"),
            lambda: room.desk.resume("all", "test"),
            lambda: room.desk.halt("all", "test"),
            lambda: room.desk.release("all", "test"),
        ):
            room.prompt(act)
