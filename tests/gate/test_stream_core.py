"""A stream in virtual time: it comes up, notices every way of dying, and never gives up."""

from __future__ import annotations

import pytest

from mtrade.domain.events import StreamStatus
from mtrade.gate.frames import Ack, Pong, Refused, Upgrade
from mtrade.gate.stream_core import Changed, Command, Connect, Drop, Resync, StreamCore
from mtrade.gate.stream_link import Acked, Denied, Ping, Subscribe, Subscription

BOOK = Subscription("spot.order_book_update", ("BTC_USDT", "100ms"), busy=True)
TICKER = Subscription("spot.tickers", ("BTC_USDT",))
ORDERS = Subscription("spot.orders_v2", ("!all",), private=True, required=True)


class Driver:
    """Obeys a core; the exchange it plays acks and pongs unless told otherwise."""

    def __init__(self, *wanted: Subscription, chance: float = 1.0) -> None:
        self.core = StreamCore(chance=lambda: chance)
        self.now = 100.0
        self.log: list[Command] = []
        self.accepts = self.acks = self.pongs = True
        self.refusal = ""
        self.links: list[int] = []
        self.do(self.core.add(wanted, self.now))
        self.do(self.core.start(self.now))

    def do(self, commands: list[Command]) -> None:
        for command in commands:
            self.log.append(command)
            match command:
                case Connect(link):
                    if self.accepts:
                        self.links.append(link)
                        self.do(self.core.opened(link, self.now))
                    else:
                        self.do(self.core.closed(link, "refused", self.now))
                case Drop(link):
                    self.links = [other for other in self.links if other != link]
                case Subscribe(link, id, item):
                    if self.refusal:
                        no = Refused(id, item.channel, "subscribe", 4, self.refusal)
                        self.do(self.core.heard(link, no, self.now))
                    elif self.acks:
                        ack = Ack(id, item.channel, "subscribe")
                        self.do(self.core.heard(link, ack, self.now))
                case Ping(link):
                    if self.pongs:
                        self.do(self.core.heard(link, Pong("spot.pong"), self.now))

    def run(self, seconds: float, push: str = "") -> None:
        """Let time pass, with a push each quarter of a second."""
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            if push:
                for link in self.links:
                    assert self.core.pushed(link, push, self.now)
            self.do(self.core.tick(self.now))

    def lose(self) -> None:
        link = self.links.pop(0)
        self.do(self.core.closed(link, "reset", self.now))

    def since(self, mark: int, kind: type) -> list[Command]:
        return [command for command in self.log[mark:] if isinstance(command, kind)]

    @property
    def live(self) -> bool:
        return self.core.status is StreamStatus.LIVE


DATA = "spot.order_book_update"  # a push of this channel


def test_it_is_live_when_everything_is_acknowledged_and_then_asks_for_a_resync() -> None:
    driver = Driver(TICKER, ORDERS)
    assert driver.live
    kinds = [type(command) for command in driver.log]
    assert kinds.index(Resync) > max(i for i, kind in enumerate(kinds) if kind is Acked)
    assert driver.since(0, Resync) == [Resync("", gap=True)]


def test_without_an_ack_it_is_not_live_asks_again_and_then_starts_over() -> None:
    driver = Driver()
    driver.acks = False
    driver.do(driver.core.add([ORDERS], driver.now))
    driver.lose()
    driver.run(2)
    assert driver.core.status is StreamStatus.CONNECTING
    driver.run(13)
    assert len(driver.since(0, Subscribe)) >= 3
    driver.run(5)
    assert any("subscription" in drop.reason for drop in driver.since(0, Drop))  # type: ignore[attr-defined]
    driver.acks = True
    driver.run(20)
    assert driver.live


def test_a_refused_symbol_leaves_the_others_alone_and_is_asked_again() -> None:
    driver = Driver()
    driver.acks = False
    driver.do(driver.core.add([TICKER, BOOK], driver.now))
    asked = {c.subscription: c.id for c in driver.since(0, Subscribe)}  # type: ignore[attr-defined]
    link = driver.links[0]
    driver.do(driver.core.heard(link, Ack(asked[TICKER], "", "subscribe"), driver.now))
    bad = Refused(asked[BOOK], "", "subscribe", 2, "unknown")
    driver.do(driver.core.heard(link, bad, driver.now))
    assert driver.live
    assert driver.since(0, Denied) == [Denied(BOOK, 2, "unknown")]
    mark = len(driver.log)
    driver.acks = True
    driver.run(6)
    assert [c.subscription for c in driver.since(mark, Subscribe)] == [BOOK]  # type: ignore[attr-defined]
    assert not driver.since(0, Drop)


def test_a_refused_required_channel_keeps_it_from_being_live_and_says_why() -> None:
    driver = Driver()
    driver.refusal = "INVALID_KEY"
    driver.do(driver.core.add([ORDERS], driver.now))
    driver.run(600)
    assert not driver.live
    assert "INVALID_KEY" in driver.core.reason
    assert 10 < len(driver.since(0, Subscribe)) < 20, "asked for ever, but not all the time"
    driver.refusal = ""
    driver.run(61)
    assert driver.live
    assert driver.core.reason == ""


@pytest.mark.parametrize("silent", ["pongs", "everything"])
def test_a_zombie_is_torn_down_within_fifteen_seconds(silent: str) -> None:
    driver = Driver(BOOK)
    driver.run(30, DATA)
    assert not driver.since(0, Drop)
    driver.pongs = False
    began = driver.now
    while driver.live and not driver.since(0, Drop):
        driver.run(0.25, DATA if silent == "pongs" else "")
    assert driver.now - began <= 15.0
    driver.pongs = True
    driver.run(5, DATA)
    assert driver.live


def test_a_loop_that_stood_still_does_not_blame_the_connection() -> None:
    driver = Driver(BOOK)
    driver.run(10, DATA)
    driver.now += 40.0
    driver.do(driver.core.tick(driver.now))
    assert not driver.since(0, Drop)
    driver.run(10, DATA)
    assert not driver.since(0, Drop)


def test_a_busy_channel_that_fell_quiet_gets_a_new_connection_before_the_old_one_goes() -> None:
    driver = Driver(BOOK, TICKER)
    driver.run(20, DATA)
    mark = len(driver.log)
    driver.run(17)
    kinds = [type(c) for c in driver.log[mark:] if isinstance(c, Connect | Drop | Resync)]
    assert kinds == [Connect, Drop, Resync]
    assert driver.since(mark, Resync)[0].gap is False  # type: ignore[attr-defined]


def test_a_market_that_sleeps_is_disturbed_less_and_less() -> None:
    driver = Driver(BOOK)
    driver.run(1800)
    first = len([c for c in driver.log if isinstance(c, Connect)])
    driver.run(1800)
    second = len([c for c in driver.log if isinstance(c, Connect)]) - first
    assert second <= 7
    assert first < 15


def test_an_upgrade_notice_opens_the_new_connection_first_and_stays_live() -> None:
    driver = Driver(BOOK)
    driver.run(15, DATA)
    mark = len(driver.log)
    old = driver.links[0]
    driver.acks = False
    driver.do(driver.core.heard(old, Upgrade("soon"), driver.now))
    driver.run(2, DATA)
    assert driver.live
    assert driver.since(mark, Connect)
    assert not driver.since(mark, Drop)
    assert len(driver.links) == 2
    driver.acks = True
    driver.run(6, DATA)
    assert driver.since(mark, Drop) == [Drop(old, "replaced")]
    assert driver.live


def test_when_the_old_one_dies_during_an_upgrade_the_new_one_takes_over() -> None:
    driver = Driver(BOOK)
    driver.run(15, DATA)
    driver.acks = False
    driver.do(driver.core.heard(driver.links[0], Upgrade("soon"), driver.now))
    driver.run(1)
    driver.lose()
    assert not driver.live
    driver.acks = True
    mark = len(driver.log)
    driver.run(6, DATA)
    assert driver.live
    assert driver.since(mark, Resync)[0].gap is True  # type: ignore[attr-defined]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_back_off_grows_to_fifteen_seconds_and_never_ends(chance: float) -> None:
    driver = Driver(BOOK, chance=chance)
    driver.accepts = False
    driver.lose()
    mark = len(driver.log)
    driver.run(3600)
    tries = len(driver.since(mark, Connect))
    assert 3600 / 15 <= tries <= 3600 / 7
    driver.accepts = True
    driver.run(16)
    assert driver.live


def test_two_hundred_disconnects_in_a_minute_are_at_most_one_connect_a_second() -> None:
    driver = Driver(BOOK, chance=0.0)
    mark = len(driver.log)
    for _ in range(200):
        if driver.links:
            driver.lose()
        driver.run(0.25)
    assert len(driver.since(mark, Connect)) <= 51
    driver.run(16)
    assert driver.live


def test_distrust_drops_the_connection_and_opens_another_at_once() -> None:
    driver = Driver(BOOK)
    driver.run(20, DATA)
    mark = len(driver.log)
    driver.do(driver.core.distrust("REST knows more", driver.now))
    driver.run(1)
    assert driver.since(mark, Drop) == [Drop(1, "REST knows more")]
    assert driver.live


def test_subscriptions_are_additive_and_a_new_connection_asks_for_all() -> None:
    driver = Driver(BOOK)
    mark = len(driver.log)
    driver.do(driver.core.add([BOOK, TICKER], driver.now))
    assert [c.subscription for c in driver.since(mark, Subscribe)] == [TICKER]  # type: ignore[attr-defined]
    driver.do(driver.core.remove([BOOK]))
    driver.lose()
    mark = len(driver.log)
    driver.run(2)
    assert [c.subscription for c in driver.since(mark, Subscribe)] == [TICKER]  # type: ignore[attr-defined]


def test_pushes_are_delivered_and_pongs_tell_the_round_trip() -> None:
    driver = Driver(BOOK)
    assert driver.core.pushed(1, DATA, driver.now)
    driver.pongs = False
    driver.run(1)
    out = driver.core.heard(1, Pong("spot.pong"), driver.now + 0.042)
    assert Changed() in out
    assert driver.core.round_trip_ms == 42


def test_what_a_forgotten_connection_says_is_ignored() -> None:
    driver = Driver(BOOK)
    driver.lose()
    assert not driver.core.pushed(1, DATA, driver.now)
    assert driver.core.opened(1, driver.now) == []
    assert driver.core.closed(1, "again", driver.now) == []


def test_after_stop_nothing_is_opened() -> None:
    driver = Driver(BOOK)
    driver.do(driver.core.stop())
    mark = len(driver.log)
    driver.run(60)
    assert not driver.since(mark, Connect)
    assert driver.core.status is StreamStatus.DOWN
