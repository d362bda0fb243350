"""A whole server with its own exchange and real threads: a manual order of the leader is copied
over real sockets, in one-way and hedge mode, and after a restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mtrade.bootstrap import build
from mtrade.config.settings import load
from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.model import LinkState
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import IntentKind, IntentState, OrderPath, OrderType
from mtrade.domain.positions import Leg
from mtrade.domain.sizing import SizeUnit
from mtrade.store import passwords
from mtrade.trading.copying import assembly
from mtrade.trading.copying.core import Tools
from mtrade.trading.copying.views import LinkWish
from mtrade.trading.desk import Desk
from mtrade.trading.wishes import OrderWish
from tests.trading.copying.stand import book, halve
from tests.web.fakes import Control

BTC = futures("BTC_USDT")
PATIENCE_S = 15.0

Opened = Callable[[], AbstractContextManager[Desk]]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Starts the server on the same folder each time."""
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)
    monkeypatch.setattr(assembly, "Tools", partial(Tools, step=halve, booked=book))
    home = tmp_path / "home"
    environ = {"MTRADE_KEY_FILE": str(tmp_path / "machine.key"), "MTRADE_PAPER_PRICES": "synthetic"}
    settings = load({"home": str(home)}, environ=environ)

    @contextmanager
    def start() -> Iterator[Desk]:
        with build(settings, Control(home=home)) as app:  # type: ignore[arg-type]
            yield app.extensions["mtrade"].desk  # type: ignore[attr-defined]

    return start


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        threading.Event().wait(0.01)


def order(account: str, side: Side, size: str, number: int) -> OrderWish:
    return OrderWish(
        account_id=account, request_id=f"manual-{number:04d}", instrument=BTC, side=side,
        type=OrderType.MARKET, size=D(size), unit=SizeUnit.CONTRACTS,
    )  # fmt: skip


def linked(desk: Desk, leader: str, follower: str) -> int:
    copying: Any = desk.copying
    made = copying.create(LinkWish(leader_id=leader, follower_id=follower))
    until(lambda: copying.link(made.link.id).leader_live)
    copying.set_state(made.link.id, LinkState.ON, True)
    copying.switch_mode("copy", None)
    return int(made.link.id)


def held(desk: Desk, account: str, leg: Leg) -> D:
    rows = desk.accounts.line(account).positions("usdt")
    return sum((row.size for row in rows if row.leg is leg), D(0))


def test_an_order_is_copied_over_sockets_and_what_was_missed_after_a_restart(
    opened: Opened,
) -> None:
    with opened() as desk:
        leader = desk.accounts.list()[0].id
        follower = desk.accounts.open_paper("Second").id
        hedged = desk.accounts.open_paper("Third").id
        desk.accounts.line(hedged).set_position_mode("usdt", PositionMode.DUAL)
        copying: Any = desk.copying
        linked(desk, leader, follower)
        linked(desk, leader, hedged)
        threading.Event().wait(1.0)
        desk.engine.submit(order(leader, Side.BUY, "40", 1))
        until(lambda: held(desk, follower, Leg.NET) == D(20))
        until(lambda: held(desk, hedged, Leg.LONG) == D(20))
        until(lambda: all(row.owned == D(20) for row in copying.sync(None)))
        copies = [i for i in desk.engine.intents(None, None, 50) if i.kind is IntentKind.COPY]
        assert {i.state for i in copies} == {IntentState.DONE}
        assert {i.path for i in copies} == {OrderPath.WS}
        copying.halt("all", "test")
        desk.engine.health()
    with opened() as desk:
        copying = desk.copying
        assert [row.scope for row in copying.brakes()] == ["all"]
        copying.release("all", "test")
        desk.engine.submit(order(leader, Side.SELL, "20", 2))
        until(lambda: held(desk, follower, Leg.NET) == D(10))
        until(lambda: held(desk, hedged, Leg.LONG) == D(10))
        until(lambda: all(row.owned == D(10) for row in copying.sync(None)))
        assert desk.engine.health().problems == ()
