"""One connection without its socket: a client's frames in, answers out (Gate WebSocket docs)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import dumps
from mtrade.gate.signing import sign_subscribe
from mtrade.paper.admission import authorise, check_time
from mtrade.paper.faults import GateFault
from mtrade.paper.world import User, World
from mtrade.paper.ws.frames import (
    INVALID,
    UNAUTHENTICATED,
    FrameFault,
    Out,
    Pen,
    Request,
    pong,
    read,
)
from mtrade.paper.ws.hub import Hub, Listener
from mtrade.paper.ws.private import PRIVATE, Address
from mtrade.paper.ws.topics import ALL, Reader, strings

_UNOWNED = ("futures.autoorders", "futures.position_adl_rank")  # the user id may be left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the handshake said. `settle` is empty on spot, `remote` the client's address."""

    market: Market
    settle: str
    decimal_sizes: bool
    remote: str
    conn_id: str


class Api(Protocol):
    """The trading API of one connection."""

    def answer(self, request: Request, now_ms: int) -> None: ...


class Session:
    """Reads frames and sends everything that follows to `listener`, in order."""

    def __init__(self, world: World, hub: Hub, line: Line, listener: Listener, api: Api) -> None:
        self._world = world
        self._hub = hub
        self._line = line
        self._listener = listener
        self._api = api
        self._pen = Pen(line.conn_id)
        self._reader = Reader(world, line.market, line.settle)

    def read(self, document: str, now_ms: int) -> Request | None:
        """A frame, or None after saying that it is none."""
        try:
            return read(document)
        except FrameFault as fault:
            text = self._pen.malformed(now_ms, fault)
            self._listener.send(Out(text=text, role="ack", channel=""))
            return None

    def receive(self, request: Request, now_ms: int) -> None:
        """Do what one frame asks for. It never raises for anything a client can send."""
        if request.channel == f"{self._line.market}.ping":
            text = pong(request.channel, now_ms)
            self._listener.send(Out(text=text, role="pong", channel=request.channel))
        elif request.event == "api":
            self._api.answer(request, now_ms)
        else:
            self._subscription(request, now_ms)

    def refuse(self, request: Request, fault: FrameFault, now_ms: int) -> None:
        """Answer a frame with a fault that is not its own."""
        self._ack(request, now_ms, fault)

    def close(self) -> None:
        """The connection is gone."""
        self._hub.drop(self._listener)

    def _subscription(self, request: Request, now_ms: int) -> None:
        try:
            if request.event not in ("subscribe", "unsubscribe"):
                raise FrameFault(INVALID, f"unknown event: {request.event}"[:200])
            if request.channel in PRIVATE and self._mine(request.channel):
                self._private(request, now_ms)
            elif self._mine(request.channel) and self._reader.knows(request.subject):
                self._public(request, now_ms)
                return
            else:
                raise FrameFault(INVALID, f"unknown channel: {request.channel}"[:200])
        except FrameFault as fault:
            self._ack(request, now_ms, fault)
            return
        self._ack(request, now_ms)

    def _mine(self, channel: str) -> bool:
        return channel.startswith(f"{self._line.market}.")

    def _public(self, request: Request, now_ms: int) -> None:
        topics = self._reader.topics(request.channel, request.payload)
        if request.event == "unsubscribe":
            self._hub.leave(self._listener, topics)
            self._ack(request, now_ms)
            return
        for topic in topics:
            if topic.once and self._hub.hears(self._listener, topic):
                raise FrameFault(INVALID, f"Alert sub {topic.key[0]}")
        self._ack(request, now_ms)
        self._hub.join(self._listener, topics, now_ms)

    def _private(self, request: Request, now_ms: int) -> None:
        if request.event == "unsubscribe":
            # Clients sign this one in several ways, and it gives nothing away.
            for instrument in self._asked(request)[1]:
                self._hub.leave_private(self._listener, request.channel, instrument)
            return
        user = self._authenticated(request, now_ms)
        uid, instruments = self._asked(request)
        # A wrong user id is acknowledged, and then there is silence (gate-notes, private channels).
        if uid in ("", str(user.uid)):
            address = Address(request.channel, self._line.settle, user.uid)
            for instrument in instruments:
                self._hub.join_private(self._listener, address, instrument)

    def _authenticated(self, request: Request, now_ms: int) -> User:
        try:
            check_time(str(request.time), now_ms)
            name = str(request.auth.get("KEY", ""))
            user = self._world.by_key.get(name)
            if user is None:
                raise GateFault("INVALID_KEY", "Invalid key provided", 401)
            key = user.keys[name]
            sign = sign_subscribe(key.secret, request.channel, request.event, str(request.time))
            given = str(request.auth.get("SIGN", ""))
            if not hmac.compare_digest(sign.encode(), given.encode("utf-8", "replace")):
                raise GateFault("INVALID_SIGNATURE", "Signature mismatch", 401)
            authorise(key, str(self._line.market), self._line.remote, write=False)
        except GateFault as fault:
            # Gate embeds the JSON of its REST error in the message, line feed included.
            told = dumps({"label": fault.label, "message": fault.message}) + "\n"
            raise FrameFault(UNAUTHENTICATED, told) from None
        return user

    def _asked(self, request: Request) -> tuple[str, list[str]]:
        """The user id of a payload ("" when it has none) and the instruments."""
        words = strings(request.payload)
        if self._line.market is Market.SPOT:
            if request.channel == "spot.balances":
                return "", [ALL]
            if not words:
                raise FrameFault(INVALID, "invalid argument: empty payload")
            return "", self._checked(words)
        if not 1 <= len(words) <= 2:
            raise FrameFault(INVALID, f"need 1 or 2 param and here is {len(words)}")
        if len(words) == 1 and request.channel in _UNOWNED and not words[0].isdigit():
            return "", self._checked(words)
        uid = "" if request.channel == "futures.positions" else words[0]
        return uid, self._checked(words[1:]) or [ALL]

    def _checked(self, names: list[str]) -> list[str]:
        """Instruments that exist, or a fault: a payload counts as a whole."""
        return [ALL if name == ALL else self._reader.room(name).id.name for name in names]

    def _ack(self, request: Request, now_ms: int, fault: FrameFault | None = None) -> None:
        text = self._pen.ack(request, now_ms, fault)
        self._listener.send(Out(text=text, role="ack", channel=request.channel))
