"""The product's side of the benchmark of copying, in a process of its own: see `copying.py`.

Reads the lines `peer_copy.py` reads; the followers of `arm NAME COUNT` are NAME-0, NAME-1 ... Real
are the stream of the leader, the engine's thread and pipeline, the journal and the fan-out over
each follower's trading socket. The guest that decides is as simple as can be.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from mtrade.clock import SystemClock
from mtrade.domain.accounts import Account, Credentials, Network, Secret
from mtrade.domain.copying.model import Cause, CopyChange, CopyLeg, Episode, Link
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.events import Event, Filled, PositionChanged
from mtrade.domain.instruments import Side, futures
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import LineClock, Lines
from mtrade.loop import LoopThread
from mtrade.store.journal import SqliteJournal
from mtrade.trading.copying.fanout import Fanout
from mtrade.trading.courier import Courier
from mtrade.trading.intents import EXPIRES_MS, order_text
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.ports import Host, Moved, NoGuest

BTC = futures("BTC_USDT")
LEADER = "paper:1"
PATIENCE_S = 60.0


class Accounts:
    """The part of AccountManager that a courier uses; all accounts are on one exchange."""

    def __init__(self, rest: str) -> None:
        self.loop = LoopThread()
        self.loop.start()
        self.lines = Lines(lambda: rest, self.loop)
        self.lines.start()
        self.time = self.lines.clock(Network.PAPER)
        self._exchanges: dict[str, GateExchange] = {}

    def open(self, account_id: str, key: str) -> None:
        """Keep an account's sockets ready."""
        pair = Credentials(key, Secret("secret"))
        self._exchanges[account_id] = self.lines.exchange(Network.PAPER, pair, warm=True)

    def ready(self) -> bool:
        return all(e.paths.sockets.line("usdt") for e in self._exchanges.values())

    def get(self, account_id: str) -> Account:
        return Account(id=account_id, name="", network=Network.PAPER, uid="1", key_tail="")

    def exchange(self, account_id: str) -> GateExchange:
        return self._exchanges[account_id]

    line = exchange

    def clock(self, network: Network) -> LineClock:
        return self.time


class Mirror(NoGuest):
    """Gives every follower what the leader did; keeps legs and causes as a copier must."""

    def __init__(self, accounts: Accounts, journal: SqliteJournal) -> None:
        self._accounts = accounts
        self._journal = journal
        self._host: Host
        self._legs: dict[int, CopyLeg] = {}
        self._size = Decimal(0)
        self.count = 0
        self.missing = 0
        self.done = threading.Event()

    def started(self, host: Host) -> None:
        self._host = host

    def follow(self, name: str, count: int) -> None:
        """That many followers take part from now on."""
        fresh = range(len(self._legs), count)
        for number in fresh:
            self._accounts.open(f"paper:{name}-{number}", f"{name}-{number}")
        links = [_link(number + 1, f"paper:{name}-{number}") for number in fresh]
        legs = [_leg(link) for link in links]
        self._host.write(CopyChange(links=tuple(links), legs=tuple(legs)))
        self._legs |= {leg.id: leg for leg in legs}
        self.count = self.missing = count
        self.done.clear()

    def hear(self, event: Event) -> bool:
        return isinstance(event, PositionChanged | Filled)

    def heard(self, event: Event) -> None:
        if isinstance(event, PositionChanged) and event.account_id == LEADER:
            change, self._size = event.update.size - self._size, event.update.size
            if change:
                self._copy(change, event.update.update_id)

    def settling(self, moved: Sequence[Moved]) -> CopyChange:
        legs = [self._legs[after.leg_id] for _, after in moved if after.leg_id]
        return CopyChange(legs=tuple(replace(leg, pending=None) for leg in legs))

    def settled(self, moved: Sequence[Moved], change: CopyChange) -> None:
        self._legs |= {leg.id: leg for leg in change.legs}
        self.missing -= sum(after.final for _, after in moved)
        if not self.missing:
            self.done.set()

    def _copy(self, change: Decimal, update_id: int) -> None:
        base, now = self._journal.next_id(), self._accounts.time.now_ms()
        intents, legs, causes = [], [], []
        for number, leg in enumerate(list(self._legs.values())[: self.count]):
            intent = _intent(base + number, leg, change, now)
            legs.append(replace(leg, pending=intent.id, planned_ms=now, version=leg.version + 1))
            intents.append(intent)
            causes.append(
                Cause(
                    follower_id=leg.follower_id,
                    leader_id=LEADER,
                    trade_id=f"{BTC.name}:{update_id}",
                    text=intent.order.text,
                )
            )
        self._legs |= {leg.id: leg for leg in legs}
        self._host.launch(intents, CopyChange(legs=tuple(legs), causes=tuple(causes)))


def _link(number: int, follower_id: str) -> Link:
    return Link(id=number, leader_id=LEADER, follower_id=follower_id, params=CopyParams())


def _leg(link: Link) -> CopyLeg:
    one = Fraction(1)
    episode = Episode(number=1, sign=1, started_ms=1, joined="", k=one, k_eff=one, exact=one)
    return CopyLeg(
        id=link.id,
        link_id=link.id,
        follower_id=link.follower_id,
        instrument=BTC,
        side=Leg.NET,
        episode=episode,
    )


def _intent(number: int, leg: CopyLeg, change: Decimal, now_ms: int) -> Intent:
    order = OrderRequest(
        instrument=BTC,
        side=Side.BUY if change > 0 else Side.SELL,
        type=OrderType.LIMIT,
        size=abs(change),
        text=order_text(IntentKind.COPY, leg.side, "abcd", secrets.randbelow),
        price=Decimal(64_192 if change > 0 else 63_808),
        tif=TimeInForce.IOC,
    )
    return Intent(
        id=number,
        account_id=leg.follower_id,
        kind=IntentKind.COPY,
        request_id="",
        order=order,
        expires_ms=now_ms + EXPIRES_MS,
        state=IntentState.SENDING,
        planned_ms=now_ms,
        sent_ms=now_ms,
        plan_position=Decimal(0),
        leg_id=leg.id,
    )


class Ours:
    """Everything wired as the server wires it."""

    def __init__(self, rest: str, folder: Path) -> None:
        self._accounts = accounts = Accounts(rest)
        journal = SqliteJournal(folder / "ours.db")
        journal.begin_epoch(0, "benchmark", "abcd", "0")
        self._mirror = Mirror(accounts, journal)
        carrier: Any = accounts
        self._pipeline = Pipeline(
            journal,
            lambda post: Courier(carrier, post),
            SystemClock(),
            lambda account_id: accounts.time.now_ms(),
            lambda account_id: None,
            guest=self._mirror,
            sender_for=lambda courier, post: Fanout(
                lambda name: (accounts.exchange(name), accounts.time), courier, accounts.loop, post
            ),
            hears=lambda intent: True,
        )
        self._pipeline.start()

    def listen(self, key: str) -> None:
        """To the leader's stream."""
        pair = Credentials(key, Secret("secret"))
        leader = self._accounts.lines.exchange(Network.PAPER, pair)
        feeds = self._accounts.lines.feeds(self._pipeline.hear, lambda _: pair, lambda _: leader)
        feeds.open_account(LEADER)

    def arm(self, name: str, count: int) -> None:
        self._mirror.follow(name, count)
        deadline = time.monotonic() + PATIENCE_S
        while not self._accounts.ready():
            if time.monotonic() > deadline:
                raise SystemExit("the sockets never logged in")
            time.sleep(0.02)

    def finish(self) -> None:
        if not self._mirror.done.wait(PATIENCE_S):
            raise SystemExit("some orders were never answered")


def main() -> None:
    use_decimal_context()
    ours = Ours(sys.argv[1], Path(sys.argv[2]))
    listening = False
    for line in sys.stdin:
        match line.split():
            case ["arm", name, count]:
                ours.arm(name, int(count))
                if not listening:
                    ours.listen(f"leader-{name}")
                    time.sleep(1.0)  # the stream proves itself
                    listening = True
            case ["done"]:
                ours.finish()
        print("1", flush=True)


if __name__ == "__main__":
    main()
