"""The product's side of the benchmark of copying, in a process of its own: see `copying.py`.

Reads the lines `peer_copy.py` reads; the followers of `arm NAME COUNT` are NAME-0, NAME-1 ...
"""

from __future__ import annotations

import random
import sys
import threading
import time
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from mtrade.clock import SystemClock
from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import Cause, CopyChange, CopyEvent, CopyLeg, Episode, Link
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
from mtrade.gate.lines import Lines
from mtrade.loop import LoopThread
from mtrade.store.journal import SqliteJournal
from mtrade.trading.copying.fanout import Fanout
from mtrade.trading.courier import Courier
from mtrade.trading.intents import judge, order_text
from mtrade.trading.messages import Answered, AnsweredAll
from mtrade.trading.troubles import Troubles
from mtrade.trading.worker import Worker

BTC = futures("BTC_USDT")
READY_S = 60.0


class Mini:
    """Stands where the copier will be."""

    def __init__(self, rest: str, folder: Path) -> None:
        self.loop = LoopThread()
        self.loop.start()
        self.lines = Lines(lambda: rest, self.loop)
        self.clock = self.lines.clock(Network.PAPER)
        self.lines.start()
        self.journal = SqliteJournal(folder / "ours.db")
        self.journal.begin_epoch(1, "b", "i", "v")
        self.exchanges: dict[str, Any] = {}
        self.legs: list[CopyLeg] = []
        self.live: dict[int, Intent] = {}
        self.size = Decimal(0)
        self.done = threading.Event()
        self.trace: list[str] = []
        self.worker = Worker(self.handle, lambda: None, lambda: 1.0, Troubles())
        accounts: Any = self
        self.courier = Courier(accounts, self.worker.post)
        self.fanout = Fanout(
            lambda name: (self.exchanges[name], self.clock),
            self.courier,
            self.loop,
            self.worker.post,
        )
        self.worker.start()
        leader = self.made("leader-mtrade")
        self.feeds = self.lines.feeds(
            self.hear,
            lambda name: Credentials("leader-mtrade", Secret("secret")),
            lambda name: leader,
        )
        self.feeds.open_account("paper:1")

    def exchange(self, name: str) -> Any:
        return self.exchanges[name]

    def made(self, key: str, warm: bool = True) -> Any:
        return self.lines.exchange(Network.PAPER, Credentials(key, Secret("secret")), warm=warm)

    def hear(self, event: Event) -> None:
        if isinstance(event, PositionChanged | Filled):
            self.worker.post((time.perf_counter(), event))

    def handle(self, message: Any) -> None:
        if isinstance(message, AnsweredAll | Answered):
            answers = message.answers if isinstance(message, AnsweredAll) else (message,)
            after = [
                judge(self.live.pop(a.intent_id), a.answer, self.clock.now_ms()) for a in answers
            ]
            self.journal.update(after)
            if not self.live:
                self.done.set()
            return
        at, event = message
        if isinstance(event, PositionChanged) and event.update.size != self.size:
            change = event.update.size - self.size
            self.size = event.update.size
            self.plan(at, change)

    def plan(self, at: float, change: Decimal) -> None:
        t0 = time.perf_counter()
        now, base = self.clock.now_ms(), self.journal.next_id()
        intents, legs, causes, events = [], [], [], []
        for n, leg in enumerate(self.legs[: self.count]):
            text = order_text(IntentKind.COPY, Leg.NET, "abcd", random.randrange)
            order = OrderRequest(
                instrument=BTC,
                side=Side.BUY if change > 0 else Side.SELL,
                type=OrderType.LIMIT,
                size=abs(change),
                text=text,
                price=Decimal("64192") if change > 0 else Decimal("63808"),
                tif=TimeInForce.IOC,
            )
            intents.append(
                Intent(
                    id=base + n,
                    account_id=leg.follower_id,
                    kind=IntentKind.COPY,
                    request_id="",
                    order=order,
                    expires_ms=now + 3000,
                    state=IntentState.SENDING,
                    planned_ms=now,
                    sent_ms=now,
                    leg_id=leg.id,
                    plan_position=Decimal(0),
                )
            )
            legs.append(replace(leg, pending=base + n, planned_ms=now))
            causes.append(
                Cause(follower_id=leg.follower_id, leader_id="l", trade_id=f"B:{base}", text=text)
            )
            events.append(
                CopyEvent(
                    time_ms=now,
                    link_id=leg.link_id,
                    act=Act.COPIED,
                    instrument=BTC,
                    side=Leg.NET,
                    numbers={"target": "10", "owned": "0"},
                    intent_id=base + n,
                )
            )
        t1 = time.perf_counter()
        change_ = CopyChange(legs=tuple(legs), causes=tuple(causes), events=tuple(events))
        stored = self.journal.commit(intents, change_)
        t2 = time.perf_counter()
        self.live = {i.id: i for i in stored}
        self.fanout.send(stored)
        self.trace.append(
            f"inbox {(t0 - at) * 1e3:.2f} plan {(t1 - t0) * 1e3:.2f} commit {(t2 - t1) * 1e3:.2f}"
        )

    def arm(self, name: str, count: int) -> None:
        fresh = range(len(self.legs), count)
        for n in fresh:
            self.exchanges[f"paper:{n}"] = self.made(f"{name}-{n}")
        links = tuple(
            Link(id=n + 1, leader_id="l", follower_id=f"paper:{n}", params=CopyParams())
            for n in fresh
        )
        episode = Episode(
            number=1, sign=1, started_ms=1, joined="x", k=Fraction(1), k_eff=Fraction(1)
        )
        legs = tuple(
            CopyLeg(
                id=n + 1,
                link_id=n + 1,
                follower_id=f"paper:{n}",
                instrument=BTC,
                side=Leg.NET,
                episode=episode,
            )
            for n in fresh
        )
        if links:
            self.journal.update((), CopyChange(links=links, legs=legs))
        self.legs += legs
        self.count = count
        self.done.clear()
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if all(e.paths.sockets.line("usdt") for e in self.exchanges.values()):
                break
            time.sleep(0.02)

    def finish(self) -> None:
        assert self.done.wait(READY_S)
        print(self.trace[-1], file=sys.stderr)


def main() -> None:
    use_decimal_context()
    import os
    if os.environ.get('SWI'): sys.setswitchinterval(float(os.environ['SWI']))
    ours = Mini(sys.argv[1], Path(sys.argv[2]))
    for line in sys.stdin:
        match line.split():
            case ["arm", name, count]:
                ours.arm(name, int(count))
            case ["done"]:
                ours.finish()
        print("1", flush=True)
    SystemClock()


if __name__ == "__main__":
    main()
