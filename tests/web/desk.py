"""The real trading layer over the scripted exchange."""

from __future__ import annotations

import random
from contextlib import ExitStack
from decimal import Decimal as D
from pathlib import Path

from mtrade.domain.risk import RiskLimits
from mtrade.store.journal import SqliteJournal
from mtrade.trading.accounts import AccountManager
from mtrade.trading.courier import Courier
from mtrade.trading.desk import Desk
from mtrade.trading.drafts import Drafter
from mtrade.trading.engine import TradingEngine
from mtrade.trading.live.board import Board
from mtrade.trading.live.hub import Hub
from mtrade.trading.live.reader import Reader
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.planner import Planner
from mtrade.trading.preview import Previewer
from mtrade.trading.state import LiveState
from tests.clocks import FakeClock
from tests.trading.fakes import MemoryChoices, position
from tests.trading.live.stand import FakeFeeds
from tests.web.copying import FakeCopying
from tests.web.fakes import Bank, Book, Net

LIMITS = RiskLimits(max_order_value=D(1_000_000), max_leverage=D(50), price_band=D("0.1"))


def real_desk(stack: ExitStack, folder: Path, clock: FakeClock) -> tuple[Desk, Net]:
    """The real trading layer over a scripted exchange, with one open position."""
    net, choices = Net(clock), MemoryChoices()
    accounts = AccountManager(Book(), net, choices, clock, Bank())  # type: ignore[arg-type]
    journal = SqliteJournal(folder / "mtrade.db")
    stack.callback(journal.close)
    state = LiveState(accounts, clock)
    planner = Planner(accounts, state, lambda: LIMITS)
    pipeline = Pipeline(
        journal,
        lambda post: Courier(accounts, post),
        clock,
        lambda account_id: clock.now_ms(),
        state.forget,
    )
    engine = TradingEngine(
        accounts=accounts,
        state=state,
        planner=planner,
        previewer=Previewer(planner, state),
        pipeline=pipeline,
        drafter=Drafter(clock, "abcd", random.Random(1).randbytes),
        journal=journal,
        choices=choices,
        clock=clock,
        limits=lambda: LIMITS,
    )
    stack.callback(pipeline.close)
    pipeline.start()
    accounts.open_paper("Main")
    for exchange in net.exchanges.values():
        exchange.rows = (position("10", margin=D(6), initial_margin=D(6), liq_price=D(55000)),)
    board = Board(clock)
    hub = Hub(board, accounts, clock, FakeFeeds(), lambda post: Reader(accounts, clock, post))
    stack.callback(hub.close)
    hub.start()
    return Desk(accounts, state, engine, hub, FakeCopying(set_mode=engine.set_mode)), net
