"""The checklist over real sockets: a whole server, its own exchange and that exchange's faults.

Each case has a follower of its own; the leader is flat again at its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade import embedded
from mtrade.bootstrap import build
from mtrade.config.settings import load
from mtrade.domain.copying.model import LinkState
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import Intent, IntentKind, IntentState, OrderPath, OrderType
from mtrade.domain.positions import Leg
from mtrade.domain.sizing import SizeUnit
from mtrade.paper.exchange import PaperExchange
from mtrade.paper.faultplan import FaultPlan, Kind, Rule
from mtrade.store import passwords
from mtrade.trading.copying.views import LinkWish
from mtrade.trading.desk import Desk
from mtrade.trading.wishes import OrderWish
from tests.web.fakes import Control

BTC, ETH = futures("BTC_USDT"), futures("ETH_USDT")
PATIENCE_S = 40.0
PLACE = "futures.order_place"


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        threading.Event().wait(0.02)


@dataclass
class House:
    """The server, the plan of its exchange, and the exchange's own log of what arrived."""

    desk: Desk
    plan: FaultPlan
    exchange: PaperExchange
    orders: int = 0

    @property
    def leader(self) -> str:
        return self.desk.accounts.list()[0].id

    def uid(self, account: str) -> int:
        return int(self.desk.accounts.get(account).uid)

    def held(self, account: str, instrument: Any) -> D:
        """A position as the exchange itself has it."""
        state = self.exchange.world.futures.state
        return state.position(self.uid(account), "usdt", instrument.name, Leg.NET).size

    def follower(self, name: str) -> Follower:
        """A new account that copies contract for contract from now on."""
        account = self.desk.accounts.open_paper(name).id
        copying: Any = self.desk.copying
        params = {"size_mode": "ratio", "multiplier": "1", "leverage_mode": "leave",
                  "margin_mode": "leave"}  # fmt: skip
        made = copying.create(LinkWish(leader_id=self.leader, follower_id=account, params=params))
        until(lambda: copying.link(made.link.id).leader_live)
        copying.set_state(made.link.id, LinkState.ON, True)
        copying.switch_mode("copy", None)
        until(lambda: copying.link(made.link.id).transport == "ws")
        threading.Event().wait(1.0)  # the follower's position is known by two reads
        return Follower(self, account, made.link.id)

    def trade(self, side: Side, size: str, instrument: Any = BTC) -> None:
        """The leader trades at market."""
        self.orders += 1
        wish = OrderWish(
            account_id=self.leader, request_id=f"lead-{self.orders:05d}", instrument=instrument,
            side=side, type=OrderType.MARKET, size=D(size), unit=SizeUnit.CONTRACTS,
        )  # fmt: skip
        self.desk.engine.submit(wish)


@dataclass
class Follower:
    """One follower, as the journal, the exchange's positions and its log of arrivals show it."""

    house: House
    account: str
    link: int

    @property
    def uid(self) -> int:
        return self.house.uid(self.account)

    def fault(self, kind: Kind, **more: Any) -> None:
        """What the next order of this follower meets on its socket."""
        rule = Rule(kind=kind, match=PLACE, uid=self.uid, **{"count": 1, **more})
        self.house.plan.add([rule], int(time.time() * 1000))

    def held(self, instrument: Any = BTC) -> D:
        return self.house.held(self.account, instrument)

    def owned(self, instrument: Any = BTC) -> D:
        copying: Any = self.house.desk.copying
        rows = [row for row in copying.sync(self.link) if row.instrument == instrument]
        return sum((row.owned for row in rows), D(0))

    def stands(self, size: str, instrument: Any = BTC) -> bool:
        return self.owned(instrument) == self.held(instrument) == D(size)

    def copies(self) -> list[Intent]:
        """Its orders, oldest first."""
        rows = self.house.desk.engine.intents(self.account, None, 50)
        return [row for row in reversed(rows) if row.kind is IntentKind.COPY]

    def arrived(self) -> list[tuple[str, str]]:
        """Texts and paths of its create requests that reached the exchange."""
        rows = self.house.exchange.arrivals.rows()
        return [(row["text"], row["path"]) for row in rows if row["uid"] == self.uid]

    def leave(self) -> None:
        """The leader gets out, and so does this follower; the next case has its own."""
        for instrument in (BTC, ETH):
            if size := self.house.held(self.house.leader, instrument):
                self.house.trade(Side.SELL if size > 0 else Side.BUY, str(abs(size)), instrument)
        until(lambda: self.stands("0") and self.stands("0", ETH))
        copying: Any = self.house.desk.copying
        copying.set_state(self.link, LinkState.OFF, True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    plan = FaultPlan(1)
    made: list[PaperExchange] = []

    def exchange(**given: Any) -> PaperExchange:
        made.append(PaperExchange(**given, faults=plan, control=True))
        return made[0]

    environ = {"MTRADE_KEY_FILE": str(folder / "k.key"), "MTRADE_PAPER_PRICES": "synthetic"}
    settings = load({"home": str(folder / "home")}, environ=environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_MEMORY_KIB", 64)
        patch.setattr(embedded, "PaperExchange", exchange)
        with build(settings, Control(home=folder / "home")) as app:  # type: ignore[arg-type]
            yield House(app.extensions["mtrade"].desk, plan, made[0])  # type: ignore[attr-defined]


def once(follower: Follower, size: str) -> None:
    """One execution in total, of the size, under one name that came once."""
    until(lambda: follower.stands(size))
    texts = [text for text, _ in follower.arrived()]
    assert len(texts) == len(set(texts))
    done = [row for row in follower.copies() if row.filled]
    assert [row.filled for row in done] == [D(size)]


def test_c06_a_time_out_after_the_order_landed_over_a_socket(house: House) -> None:
    follower = house.follower("Landed")
    follower.fault(Kind.LOSE_ANSWER)
    house.trade(Side.BUY, "40")
    once(follower, "40")
    (intent,) = follower.copies()
    assert (intent.state, intent.path) == (IntentState.DONE, OrderPath.WS)
    assert follower.arrived() == [(intent.order.text, "ws")]
    follower.leave()


@pytest.mark.full  # the same in virtual time is quick
def test_c06_a_time_out_of_an_order_that_never_landed_over_a_socket(house: House) -> None:
    follower = house.follower("Never landed")
    follower.fault(Kind.DROP_REQUEST)
    house.trade(Side.BUY, "40")
    once(follower, "40")
    lost, made = follower.copies()
    assert (lost.state, lost.label, made.state) == (IntentState.VOID, "FENCED", IntentState.DONE)
    assert [text for text, _ in follower.arrived()] == [made.order.text]
    follower.leave()


@pytest.mark.parametrize("kind", [Kind.CLOSE_BEFORE_FINAL, Kind.CLOSE_BEFORE_ACK,
                                  Kind.CLOSE_MID_FRAME])  # fmt: skip
def test_c07_the_connection_dies_before_the_final_frame(kind: Kind, house: House) -> None:
    """Executed and cut off: found by its text, one execution, and nothing goes over REST."""
    follower = house.follower(kind.value)
    follower.fault(kind)
    house.trade(Side.BUY, "40")
    once(follower, "40")
    (intent,) = follower.copies()
    assert (intent.state, intent.path) == (IntentState.DONE, OrderPath.WS)
    assert follower.arrived() == [(intent.order.text, "ws")]
    follower.leave()


@pytest.mark.full
def test_c07_the_connection_dies_with_a_frame_that_was_never_read(house: House) -> None:
    """Nothing may be concluded from that: first it is proven void, then it is made anew."""
    follower = house.follower("Cut before")
    follower.fault(Kind.CLOSE_BEFORE)
    house.trade(Side.BUY, "40")
    once(follower, "40")
    lost, made = follower.copies()
    assert (lost.state, lost.label, lost.path) == (IntentState.VOID, "FENCED", OrderPath.WS)
    assert made.state is IntentState.DONE
    follower.leave()


def limited(house: House, name: str) -> tuple[Follower, int]:
    """A follower whose entry has just been turned away for six seconds; how many orders came."""
    follower = house.follower(name)
    house.trade(Side.BUY, "40")
    until(lambda: follower.stands("40"))
    before = len(follower.arrived())
    follower.fault(Kind.RATE_LIMIT, seconds=D(6))
    house.trade(Side.BUY, "2", ETH)
    until(lambda: any(row.label == "TOO_MANY_REQUESTS" for row in follower.copies()))
    return follower, before


def test_c12_an_entry_waits_for_the_limiter(house: House) -> None:
    """The moment the exchange named is honoured: nothing leaves before it; then one order does."""
    follower, before = limited(house, "Limited")
    since = time.monotonic()
    until(lambda: len(follower.arrived()) > before)
    assert time.monotonic() - since > 4.5
    until(lambda: follower.stands("2", ETH))
    assert len(follower.arrived()) == before + 1
    follower.leave()


def test_c12_an_exit_does_not_wait_with_it(house: House) -> None:
    follower, before = limited(house, "Limited too")
    house.trade(Side.SELL, "40")
    until(lambda: follower.stands("0"))
    (out,) = [row for row in follower.copies() if row.order.reduce_only]
    assert follower.arrived()[before] == (out.order.text, "ws")
    until(lambda: follower.stands("2", ETH))
    assert len(follower.arrived()) == before + 2
    follower.leave()
