"""A whole server: an account that goes takes its sockets along; a new key is used everywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.bootstrap import build
from mtrade.config.settings import load
from mtrade.domain.accounts import Network, Secret
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import Conflict
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import IntentKind, IntentState, OrderPath, OrderType
from mtrade.domain.sizing import SizeUnit
from mtrade.paper.users import ALL_PERMISSIONS
from mtrade.paper.world import ApiKey
from mtrade.store import passwords
from mtrade.trading.copying.views import LinkWish
from mtrade.trading.desk import Desk
from mtrade.trading.live.topics import MarketTopic
from mtrade.trading.wishes import OrderWish
from tests.web.fakes import Control

BTC = futures("BTC_USDT")
PATIENCE_S = 20.0
EACH = 5  # sockets of an account: two for orders, three private streams
ALONE = EACH + 1  # and one public stream
PARAMS = {"size_mode": "ratio", "leverage_mode": "leave", "margin_mode": "leave"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)
    home = tmp_path / "home"
    environ = {"MTRADE_KEY_FILE": str(tmp_path / "machine.key"), "MTRADE_PAPER_PRICES": "synthetic"}
    settings = load({"home": str(home)}, environ=environ)
    with build(settings, Control(home=home)) as app:  # type: ignore[arg-type]
        made: Desk = app.extensions["mtrade"].desk  # type: ignore[attr-defined]
        made.hub.subscribe([MarketTopic(Network.PAPER, BTC)])  # public streams come and go else
        until(lambda: sockets(made) == ALONE)
        yield made


def until(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        threading.Event().wait(0.02)


def exchange(desk: Desk) -> Any:
    """The paper exchange inside the server."""
    return desk.accounts._paper._exchange  # type: ignore[union-attr]


def sockets(desk: Desk) -> int:
    """How many the exchange has open."""
    return len(exchange(desk)._server.sockets._open)


def settled(desk: Desk, count: int) -> None:
    """So many sockets are open, and stay so."""
    until(lambda: sockets(desk) == count)
    threading.Event().wait(0.5)
    assert sockets(desk) == count


def change_key(desk: Desk, uid: str, key: str) -> None:
    """A user makes a new key at the exchange and revokes the old one."""
    user = exchange(desk).world.users[int(uid)]
    fresh = ApiKey(key, "new-secret", dict(ALL_PERMISSIONS), (), "new", 0)
    user.keys.clear()
    user.keys[key] = fresh
    exchange(desk).world.add_user(user)


def linked(desk: Desk, leader: str, follower: str) -> None:
    copying: Any = desk.copying
    made = copying.create(LinkWish(leader_id=leader, follower_id=follower, params=PARAMS))
    until(lambda: copying.link(made.link.id).leader_live)
    copying.set_state(made.link.id, LinkState.ON, True)
    copying.switch_mode("copy", None)


def trade(desk: Desk, account: str, side: Side, number: int) -> None:
    wish = OrderWish(
        account_id=account, request_id=f"manual-{number:04d}", instrument=BTC, side=side,
        type=OrderType.MARKET, size=D(40), unit=SizeUnit.CONTRACTS,
    )  # fmt: skip
    desk.engine.submit(wish)


def copies(desk: Desk, follower: str) -> list[OrderPath | None]:
    """How the finished copies of a follower went, newest first."""
    found = desk.engine.intents(follower, None, 50)
    return [i.path for i in found if i.kind is IntentKind.COPY and i.state is IntentState.DONE]


def test_sockets_go_with_the_account_and_a_new_key_is_used_everywhere(desk: Desk) -> None:
    leader = desk.accounts.list()[0].id
    follower = desk.accounts.open_paper("Second")
    linked(desk, leader, follower.id)
    settled(desk, ALONE + EACH)
    trade(desk, leader, Side.BUY, 1)
    until(lambda: copies(desk, follower.id) == [OrderPath.WS])
    with pytest.raises(Conflict) as refusal:
        desk.accounts.remove(follower.id, "Second")
    assert refusal.value.code == "copied_positions"
    trade(desk, leader, Side.SELL, 2)
    until(lambda: len(copies(desk, follower.id)) == 2)

    desk.accounts.remove(follower.id, "Second")
    settled(desk, ALONE)
    change_key(desk, follower.uid, "new-key")
    again = desk.accounts.add(Network.PAPER, "Again", "new-key", Secret("new-secret"))
    assert again.id == follower.id
    settled(desk, ALONE + EACH)
    linked(desk, leader, again.id)
    until(lambda: all(row.ready for _, row in desk.accounts.order_sockets()))
    trade(desk, leader, Side.BUY, 3)
    until(lambda: len(copies(desk, again.id)) == 3)
    assert copies(desk, again.id)[0] is OrderPath.WS
    assert desk.engine.health().problems == ()


def test_a_follower_is_not_disabled_while_a_link_may_send(desk: Desk) -> None:
    """Nobody would get it out any more, and nothing would say so."""
    leader = desk.accounts.list()[0].id
    follower = desk.accounts.open_paper("Second")
    linked(desk, leader, follower.id)
    copying: Any = desk.copying
    with pytest.raises(Conflict) as refusal:
        desk.accounts.update(follower.id, enabled=False)
    assert refusal.value.code == "account_follows"
    assert desk.accounts.get(follower.id).enabled
    copying.set_state(copying.links()[0].link.id, LinkState.OFF, False)
    assert not desk.accounts.update(follower.id, enabled=False).enabled


def test_a_disabled_account_keeps_no_socket_and_gets_them_back(desk: Desk) -> None:
    second = desk.accounts.open_paper("Second")
    settled(desk, ALONE + EACH)
    desk.accounts.update(second.id, enabled=False)
    settled(desk, ALONE)
    assert desk.accounts.line(second.id).positions("usdt") == ()  # it can still be looked at
    settled(desk, ALONE)
    desk.accounts.update(second.id, enabled=True)
    settled(desk, ALONE + EACH)
