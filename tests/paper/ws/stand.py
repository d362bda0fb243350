"""An exchange with its sockets' cores but no socket and no loop: frames in, frames out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import loads
from mtrade.gate.signing import sign_login, sign_subscribe
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.exchange import ROUTES
from mtrade.paper.futures import FuturesVenue
from mtrade.paper.gateway import Gateway
from mtrade.paper.limits import Limiter
from mtrade.paper.market import MarketEngine, build_rooms
from mtrade.paper.spot import SpotVenue
from mtrade.paper.users import PaperAccount, Users
from mtrade.paper.wallet import Wallet
from mtrade.paper.world import World
from mtrade.paper.ws.frames import Out
from mtrade.paper.ws.hub import Hub
from mtrade.paper.ws.private import in_order
from mtrade.paper.ws.session import Line, Session
from mtrade.paper.ws.trading import TradingApi
from tests.paper.bench import Clock


class Stand:
    """Two users, `ann` (42) and `bob` (43), with 10,000 USDT and 1 BTC in every wallet."""

    def __init__(self, *, limits: bool = False, seed: int = 7) -> None:
        self.clock = Clock()
        self.world = World(seed)
        self.world.rooms = build_rooms(seed, self.clock.ms)
        self.world.spot = SpotVenue(self.world)
        self.world.futures = FuturesVenue(self.world)
        self.world.wallet = Wallet(self.world)
        self.users = Users(self.world)
        for key, uid in (("ann", 42), ("bob", 43)):
            deposits = {"USDT": Decimal(10_000), "BTC": Decimal(1)}
            account = PaperAccount(key=key, secret=f"{key}-secret", uid=uid, deposits=deposits)
            self.users.ensure(account, self.clock.ms)
        self.market = MarketEngine(self.world)
        self.market.tick(self.clock.ms)
        self.arrivals = Arrivals()
        self.gateway = Gateway(
            self.world,
            ROUTES,
            clock=self.clock,
            limiter=Limiter(enforced=limits),
            arrivals=self.arrivals,
        )
        self.hub = Hub(self.world)
        self.world.events.clear()

    def pass_time(self, ms: int, *, tick: bool = True) -> None:
        """Let the market go on, and push what is due."""
        self.clock.ms += ms
        if tick:
            self.market.tick(self.clock.ms)
        self.publish()
        self.hub.beat(self.clock.ms)

    def publish(self) -> None:
        """Push the private events that have piled up."""
        events, self.world.events = in_order(self.world.events), []
        self.hub.publish(events, self.clock.ms)


class Client:
    """One connection. `got` holds its frames, parsed, oldest first."""

    def __init__(
        self,
        stand: Stand,
        market: str = "futures",
        settle: str = "usdt",
        *,
        sizes: bool = True,
        remote: str = "127.0.0.1",
    ) -> None:
        self.stand = stand
        self.decimal_sizes = sizes
        self.outs: list[Out] = []
        self.market = market
        kind = Market(market)
        line = Line(
            market=kind,
            settle=settle if kind is Market.FUTURES else "",
            decimal_sizes=sizes,
            remote=remote,
            conn_id="c0ffee",
        )
        api = TradingApi(
            stand.world,
            stand.gateway.dispatch,
            self,
            market=kind,
            settle=settle,
            remote=remote,
            conn_id="c0ffee",
        )
        self.session = Session(stand.world, stand.hub, line, self, api)

    def send(self, out: Out) -> None:
        self.outs.append(out)

    def take(self) -> list[dict[str, Any]]:
        """The frames that have come since the last call."""
        outs, self.outs = self.outs, []
        return [loads(out.text) for out in outs]

    def results(self, channel: str) -> list[Any]:
        """The results of the pushes of one channel since the last call."""
        frames = self.take()
        return [f["result"] for f in frames if f.get("channel") == channel and "id" not in f]

    def say(self, frame: object) -> list[dict[str, Any]]:
        """Send a frame (a text as it is) and return what it was answered with."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        request = self.session.read(text, self.stand.clock.ms)
        if request is not None:
            self.session.receive(request, self.stand.clock.ms)
        return self.take()

    def subscribe(
        self, channel: str, payload: object = None, *, key: str = "", event: str = "subscribe"
    ) -> list[dict[str, Any]]:
        """(Un)subscribe, signed with `key` if given; the first frame is the answer."""
        now_s = self.stand.clock.ms // 1000
        frame: dict[str, Any] = {"time": now_s, "id": 7, "channel": channel, "event": event}
        if payload is not None:
            frame["payload"] = payload
        if key:
            sign = sign_subscribe(f"{key}-secret", channel, event, now_s)
            frame["auth"] = {"method": "api_key", "KEY": key, "SIGN": sign}
        return self.say(frame)

    def login(self, key: str = "ann", param: str | None = None) -> dict[str, Any]:
        """Log in to the trading API; `param` is the raw text of req_param."""
        stamp, channel = str(self.stand.clock.ms // 1000), f"{self.market}.login"
        sign = sign_login(f"{key}-secret", channel, param or "", stamp)
        extra = "" if param is None else f', "req_param":{param}'
        text = (
            f'{{"time":{stamp},"channel":"{channel}","event":"api","payload":{{"req_id":"r1",'
            f'"api_key":"{key}","signature":"{sign}","timestamp":"{stamp}"{extra} }} }}'
        )
        (answer,) = self.say(text)
        return answer

    def api(self, channel: str, param: object, **more: object) -> list[dict[str, Any]]:
        """A trading request; returns its frames."""
        payload = {"req_id": "r2", "req_param": param, **more}
        now_s = self.stand.clock.ms // 1000
        return self.say({"time": now_s, "channel": channel, "event": "api", "payload": payload})

    def done(self, channel: str, param: object, **more: object) -> Any:
        """The result of a trading request that must succeed."""
        final = self.api(channel, param, **more)[-1]
        assert "result" in final["data"], final
        return final["data"]["result"]
