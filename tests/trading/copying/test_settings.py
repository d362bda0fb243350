"""Leverage before an entry: when it fails, why, when it is tried again, and what the page says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import LeverageMode, MarginChoice, OnFail
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from tests.trading.copying.follow import FIRST, Follow
from tests.trading.copying.stand import name

SEVEN: dict[str, Any] = {
    "leverage_mode": LeverageMode.FIXED, "fixed_leverage": D(7), "margin_mode": MarginChoice.CROSS,
}  # fmt: skip
TRANSIENT: list[tuple[Callable[[], ExchangeError], str]] = [
    (lambda: ExchangeUnavailable("no connection"), "no_answer"),
    (lambda: OutcomeUnknown("no answer", label="SERVER_ERROR", http_status=502), "SERVER_ERROR"),
    (lambda: RateLimited("wait", label="TOO_MANY_REQUESTS", retry_after=1), "rate_limited"),
    (lambda: OrderRejected("late", label="REQUEST_EXPIRED", code="request_expired"),
     "REQUEST_EXPIRED"),
]  # fmt: skip


class Desk:
    """A follower whose leverage can be set, or not."""

    def __init__(self, folder: Path) -> None:
        self.stand = Follow(folder)
        self.line: Any = self.stand.lines[name(FIRST)]
        self.set = self.line.set_leverage
        self.asked: list[float] = []
        self.fault: Callable[[], ExchangeError | None] = lambda: None
        self.ignored = False
        self.line.set_leverage = self._set

    def _set(self, *args: Any) -> Any:
        self.asked.append(self.stand.stage.now)
        fault = self.fault()
        if fault is not None:
            raise fault
        return self.line.contract(args[0]) if self.ignored else self.set(*args)

    @property
    def pauses(self) -> list[int]:
        """Whole seconds between the attempts."""
        pairs = zip(self.asked, self.asked[1:], strict=False)
        return [int(later - earlier) for earlier, later in pairs]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(("fault", "label"), TRANSIENT)
def test_what_could_not_be_asked_is_asked_again_soon(
    desk: Desk, fault: Callable[[], ExchangeError], label: str
) -> None:
    desk.stand.follow(**SEVEN)
    desk.fault = fault
    desk.stand.trade("40")
    desk.stand.run(1.0)
    why = desk.stand.why()
    assert why is not None
    assert (why.code, why.numbers["label"]) == (Code.LEVERAGE_FAIL, label)
    desk.fault = lambda: None
    desk.stand.run(2.0)
    assert len(desk.asked) == 2
    assert desk.stand.owned() == D(40)
    assert desk.stand.told(Code.LEVERAGE_FAIL)[0].act is Act.DELAYED
    assert Act.ALERT not in [row.act for row in desk.stand.told(Code.LEVERAGE_FAIL)]


def test_pauses_grow_and_a_person_is_called_when_it_goes_on(desk: Desk) -> None:
    desk.stand.follow(late_band_bps=D(2000), **SEVEN)
    desk.fault = lambda: ExchangeUnavailable("no connection")
    desk.stand.trade("40")
    desk.stand.run(6.0)
    assert "LEVERAGE_FAIL" not in desk.stand.alarms()
    desk.stand.run(30.0)
    assert desk.pauses[:4] == [1, 2, 4, 8]
    assert set(desk.pauses[4:]) == {8}
    alerts = [row for row in desk.stand.told(Code.LEVERAGE_FAIL) if row.act is Act.ALERT]
    assert len(alerts) == 1
    assert "LEVERAGE_FAIL" in desk.stand.alarms()
    desk.fault = lambda: None
    desk.stand.run(10.0)
    assert desk.stand.owned() == D(40)
    assert "LEVERAGE_FAIL" not in desk.stand.alarms()


def test_the_exchange_may_ask_for_more_time(desk: Desk) -> None:
    desk.stand.follow(**SEVEN)
    desk.fault = lambda: RateLimited("wait", label="TOO_MANY_REQUESTS", retry_after=5)
    desk.stand.trade("40")
    desk.stand.run(14.0)
    assert desk.pauses == [5, 5]


def test_a_refusal_parks_for_a_minute_and_calls_at_once(desk: Desk) -> None:
    desk.stand.follow(late_band_bps=D(2000), **SEVEN)
    desk.fault = lambda: OrderRejected("no", label="POSITION_HOLDING")
    desk.stand.trade("40")
    desk.stand.run(59.0)
    assert len(desk.asked) == 1
    why = desk.stand.why()
    assert why is not None
    assert why.numbers == {
        "leverage": "7", "margin": MarginMode.CROSS.value, "label": "POSITION_HOLDING",
        "at": why.numbers["at"],
    }  # fmt: skip
    assert int(why.numbers["at"]) > desk.stand.clock.now_ms()
    assert [row.act for row in desk.stand.told(Code.LEVERAGE_FAIL)] == [Act.ALERT, Act.DELAYED]
    desk.stand.run(65.0)
    assert desk.pauses == [60, 60]
    alerts = [row for row in desk.stand.told(Code.LEVERAGE_FAIL) if row.act is Act.ALERT]
    assert len(alerts) == 1  # the same one, still
    assert desk.stand.owned() == D(0)


def test_continue_enters_as_it_is_after_a_refusal_with_a_warning(desk: Desk) -> None:
    desk.stand.follow(on_leverage_fail=OnFail.CONTINUE, **SEVEN)
    desk.fault = lambda: OrderRejected("no", label="POSITION_HOLDING")
    desk.stand.trade("40")
    desk.stand.run(3.0)
    assert desk.stand.owned() == D(40)
    assert [row.act for row in desk.stand.told(Code.LEVERAGE_FAIL)] == [Act.ALERT]


def test_continue_does_not_enter_because_a_line_was_bad(desk: Desk) -> None:
    desk.stand.follow(on_leverage_fail=OnFail.CONTINUE, **SEVEN)
    desk.fault = lambda: ExchangeUnavailable("no connection")
    desk.stand.trade("40")
    desk.stand.run(2.5)
    assert desk.stand.owned() == D(0)
    desk.fault = lambda: None
    desk.stand.run(4.0)
    assert desk.stand.owned() == D(40)
    assert desk.stand.lines[name(FIRST)].contract(desk.stand.leg().instrument)[0].leverage == D(7)


def test_what_is_taken_but_never_done_counts_as_a_refusal(desk: Desk) -> None:
    desk.stand.follow(late_band_bps=D(2000), **SEVEN)
    desk.ignored = True
    desk.stand.trade("40")
    desk.stand.run(90.0)
    assert desk.pauses == [1, 2, 4, 8, 60]
    assert desk.stand.owned() == D(0)
    assert "LEVERAGE_FAIL" in desk.stand.alarms()
