"""The checklist: a clock that is known too vaguely, and one that is wrong by a known amount."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import AuthenticationFailed, Conflict
from tests.trading.copying.office import REAL, Office
from tests.trading.copying.stand import FIRST, START_MS, name

PLAIN = {"size_mode": "ratio", "max_order": "10000000", "max_total": "100"}
VAGUE = {"round_trip_ms": 4_000}  # so the error is 2 s
OLD = {"age_ms": 601_000}


def spoil(office: Office, **clock: Any) -> None:
    """How well the exchange's time is known from now on."""
    for key, value in clock.items():
        setattr(office.stand.clock, key, value)


def heal(office: Office) -> None:
    spoil(office, round_trip_ms=1, age_ms=0)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, 1, **REAL)


@pytest.mark.parametrize("clock", [VAGUE, OLD, {"age_ms": None}])
def test_c37_arming_is_refused_on_a_clock_error_of_2_s(
    office: Office, clock: dict[str, Any]
) -> None:
    """Refused by a code of its own, also shown in the list before; fine when the clock is."""
    made = office.do(lambda: office.desk.create(office.wish(FIRST, **PLAIN)))
    office.stand.run(5)
    spoil(office, **clock)
    plan = office.do(lambda: office.desk.preview(made.link.id))
    assert Code.CLOCK in {problem.code for problem in plan.problems}
    with pytest.raises(Conflict) as refusal:
        office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    assert refusal.value.code == "copy_clock"
    assert office.desk.link(made.link.id).link.state is LinkState.SHADOW
    heal(office)
    assert office.do(lambda: office.desk.preview(made.link.id)).problems == ()
    view = office.do(lambda: office.desk.set_state(made.link.id, LinkState.ON, True))
    assert view.link.state is LinkState.ON


@pytest.mark.parametrize("clock", [VAGUE, OLD])
def test_c37_entries_are_off_while_exits_go_on(office: Office, clock: dict[str, Any]) -> None:
    number = office.armed(**PLAIN)
    stand = office.stand
    stand.trade("40")
    stand.run(3)
    spoil(office, **clock)
    stand.trade("10")
    stand.run(6)
    assert stand.held() == D(40)
    (row,) = office.desk.sync(number)
    assert row.reason is not None
    assert row.reason.code is Code.CLOCK
    if clock is VAGUE:
        assert row.reason.numbers == {"ms": "2000", "limit": "500"}
    assert Code.CLOCK in {reason.code for reason in office.desk.link(number).warnings}
    (told,) = [row for row in stand.store.events(code=Code.CLOCK) if row.act is Act.DELAYED]
    assert told.numbers == row.reason.numbers
    stand.trade("-20")
    stand.run(6)
    assert stand.held() == D(30)
    heal(office)
    stand.trade("6")
    stand.run(6)
    assert stand.held() == D(36)


def test_c37_a_link_that_has_copied_nothing_yet_says_so_too(office: Office) -> None:
    number = office.armed(**PLAIN)
    office.stand.run(3)
    assert office.desk.link(number).warnings == ()
    spoil(office, **OLD)
    office.stand.run(6)
    assert [reason.code for reason in office.desk.link(number).warnings] == [Code.CLOCK]


@pytest.mark.parametrize("behind_ms", [8_000, -8_000])
def test_c37_a_computer_8_s_off_copies_at_once_because_that_is_known(
    tmp_path: Path, behind_ms: int
) -> None:
    """Deadlines and ages are by the exchange's time, so nothing comes late and nothing expires."""
    office = Office(tmp_path, 1, behind_ms=behind_ms, **REAL)
    stand = office.stand
    number = office.armed(**PLAIN)
    for size, held in (("40", D(40)), ("10", D(50)), ("-30", D(20)), ("-20", D(0))):
        stand.trade(size)
        stand.run(2)
        assert stand.owned() == stand.held() == held
    assert {arrival.label for arrival in stand.bourse.arrivals} == {""}
    lag = office.desk.link(number).lag_ms
    assert lag is not None
    assert lag < 1_000
    exchange_ms = START_MS + round(stand.stage.now * 1000)
    times = [row.time_ms for row in office.desk.events(number, None, None, 100)]
    assert all(0 <= exchange_ms - time < 60_000 for time in times)


def test_c37_a_read_that_came_too_late_is_no_refused_key(office: Office) -> None:
    """The exchange says REQUEST_EXPIRED when clocks differ: exits must not wait for that."""
    office.armed(**PLAIN)
    stand = office.stand
    stand.trade("40")
    stand.run(3)
    line: Any = stand.lines[name(FIRST)]

    def late(*anything: object) -> Any:
        raise AuthenticationFailed("too late", label="REQUEST_EXPIRED", code="exchange_clock")

    with pytest.MonkeyPatch.context() as during:
        during.setattr(line, "positions", late)
        during.setattr(line, "futures_account", late)
        stand.run(15)
        stand.trade("-40")
        stand.run(5)
    assert stand.held() == D(0)
    assert not stand.store.events(code=Code.KEY)
