"""Orders over Gate's trading socket without a socket: frames in, frames and replies out. Pure.

One core serves one connection after another (gate-notes, WebSocket trading). A connection is
trusted after its login and one answered question; an acknowledgement never changes anything, the
final frame of the same request id does. What a reply means is decided as over REST.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.json import Encoder

from mtrade.domain.accounts import Credentials
from mtrade.domain.instruments import Market
from mtrade.domain.numbers import dumps, loads
from mtrade.domain.ports import Clock
from mtrade.gate import order_text
from mtrade.gate.bodies import Param
from mtrade.gate.labels import Meaning, meaning
from mtrade.gate.signing import sign_login
from mtrade.gate.trading_frames import (
    NOT_JSON,
    Frame,
    Reply,
    contradicts,
    error_of,
    read_reply,
    usual_reply,
)

SILENCE_S = 5.0  # without a final frame the outcome is unknown
PING_S = 5.0
FRESH_S = 10.0  # an older connection is not chosen
DEAD_S = 15.0
MOST_UNANSWERED = 32
LEAST_LEAD_MS = 300
REMEMBERED = 64
PROBE = "t-mtprobe"  # an order that does not exist: any proper answer proves the way there and back


class Phase(Enum):
    """How far the present connection has come."""

    DOWN = "down"
    LOGIN = "login"
    PROOF = "proof"
    READY = "ready"


# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_DOWN, _LOGIN, _PROOF, _READY = Phase.DOWN, Phase.LOGIN, Phase.PROOF, Phase.READY


class Step(Struct, frozen=True):
    """What follows from an input. `broken` says why the connection must be torn down; `label` is
    the exchange's word when it refused the login; `notes` are for the log."""

    write: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    broken: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()


class _Waiting(Struct, frozen=True):
    channel: str
    since: float


NOTHING = Step()
_encode = Encoder().encode


class TradingCore:
    """The protocol of one trading socket of one market. `frame` may be called from any thread,
    everything else from the socket's own."""

    def __init__(self, market: Market, credentials: Credentials, clock: Clock) -> None:
        self._market = market
        self._credentials = credentials
        self._clock = clock
        self._numbers = itertools.count(1)
        self._own = ""
        self._waiting: dict[str, _Waiting] = {}
        self._answered: OrderedDict[str, Reply] = OrderedDict()
        self._heard = self._pinged = 0.0
        self._retiring = False
        self.phase = _DOWN
        self.ack_ms: int | None = None
        self.round_trip_ms: int | None = None

    def frame(self, channel: str, param: Param, expires_ms: int | None = None) -> Frame:
        """A request to `futures.order_place` and the like, ready to be written."""
        number = f"m{next(self._numbers)}"
        limit = f',"req_header":{{"x-gate-exptime":"{expires_ms}"}}' if expires_ms else ""
        payload = f'{{"req_id":"{number}","req_param":{_encode(param).decode()}{limit}}}'
        return Frame(number, channel, self._api(channel, payload), expires_ms)

    def open(self) -> str:
        """A connection is there; returns the login to write."""
        self._waiting.clear()
        self._answered.clear()
        self._heard = self._pinged = self._clock.monotonic()
        self._retiring = False
        self.phase = _LOGIN
        return self._ask(self._login())

    def close(self) -> tuple[str, ...]:
        """The connection is gone; returns the requests that were left without an answer."""
        lost = tuple(number for number in self._waiting if number != self._own)
        self._waiting.clear()
        self.phase = _DOWN
        return lost

    def objection(self, frame: Frame | None, buffered: int) -> str:
        """Why this frame, or none in general, must not be written here now; empty when it may."""
        if self.phase is not _READY:
            return "the socket is not ready"
        if self._retiring:
            return "the exchange is closing this socket"
        if self._clock.monotonic() - self._heard > FRESH_S:
            return "the socket is silent"
        if len(self._waiting) >= MOST_UNANSWERED:
            return "too many requests are unanswered"
        if buffered > 0:
            return "the write buffer is not empty"
        return _too_late(frame, self._clock)

    def wrote(self, frame: Frame) -> None:
        """The frame is being written: from now on it may have an effect."""
        self._waiting[frame.request_id] = _Waiting(frame.channel, self._clock.monotonic())

    def take(self, text: str) -> Step:
        """A text frame came in."""
        usual = order_text.read(text)
        if usual is None:
            return self._take_any(text)
        self._heard = self._clock.monotonic()
        if usual.ack:
            return self._acknowledged(usual.request_id)
        return self._final(usual_reply(usual))

    def tick(self) -> Step:
        """Time has passed: call a few times a second."""
        if self.phase is _DOWN:
            return NOTHING
        now = self._clock.monotonic()
        if any(now - w.since >= SILENCE_S for w in self._waiting.values()):
            return Step(broken="no answer in time")
        if now - self._heard >= DEAD_S:
            return Step(broken="no sign of life")
        if self._retiring and not self._waiting:
            return Step(broken="the exchange asked for a new connection")
        if now - self._pinged < PING_S:
            return NOTHING
        self._pinged = now
        return Step(write=(self._plain(f"{self._market}.ping"),))

    def _take_any(self, text: str) -> Step:
        try:
            raw = loads(text)
        except NOT_JSON:
            return Step(broken="a frame that is not JSON")
        if not isinstance(raw, dict):
            return Step(broken="a frame that is not an object")
        self._heard = self._clock.monotonic()
        number = raw.get("request_id")
        if not isinstance(number, str) or not number:
            return self._notice(raw)
        if raw.get("ack") is True:
            return self._acknowledged(number)
        return self._final(read_reply(number, raw))

    def _notice(self, raw: Mapping[str, Any]) -> Step:
        """A pong, or word that the exchange is about to close (gate-notes, WebSocket)."""
        if raw.get("channel") == f"{self._market}.system" or raw.get("event") == "upgrade":
            self._retiring = True
            return Step(notes=("the exchange is about to close the trading socket",))
        return NOTHING

    def _acknowledged(self, number: str) -> Step:
        waiting = self._waiting.get(number)
        if waiting is not None:
            self.ack_ms = self._since(waiting)
        return NOTHING

    def _final(self, reply: Reply) -> Step:
        waiting = self._waiting.pop(reply.request_id, None)
        if waiting is None:
            return self._stray(reply)
        self.round_trip_ms = self._since(waiting)
        if reply.request_id == self._own:
            return self._welcome(reply)
        self._answered[reply.request_id] = reply
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        if reply.channel not in ("", waiting.channel):
            reply = Reply(reply.request_id, "", 0, reply.budget)
        gone = not reply.ok and error_of(reply)[0] == "AUTHENTICATION_FAILED"
        return Step(replies=(reply,), broken="the login is gone" if gone else "")

    def _stray(self, reply: Reply) -> Step:
        """A final frame nobody waits for changes nothing; one that contradicts itself is told."""
        first = self._answered.get(reply.request_id)
        if first is None:
            return Step(notes=(f"an answer to an unknown request {reply.request_id[:40]!r}",))
        if contradicts(first, reply):
            return Step(notes=(f"two different answers to request {reply.request_id}",))
        return NOTHING

    def _welcome(self, reply: Reply) -> Step:
        """The answer to the login or to the proof."""
        label = error_of(reply)[0]
        if self.phase is _LOGIN and reply.ok and not label:
            self.phase = _PROOF
            return Step(write=(self._ask(self._proof()),))
        sound = reply.ok or (400 <= reply.status < 500 and meaning(label) is Meaning.REFUSED)
        if self.phase is _PROOF and sound:
            self.phase = _READY
            return NOTHING
        what = "login" if self.phase is _LOGIN else "proof"
        return Step(broken=f"the {what} was refused: {reply.status} {label}", label=label)

    def _login(self) -> Frame:
        number, channel = f"m{next(self._numbers)}", f"{self._market}.login"
        stamp = str(self._clock.now_ms() // 1000)
        signature = sign_login(self._credentials.secret.reveal(), channel, "", stamp)
        payload = {
            "req_id": number,
            "api_key": self._credentials.key,
            "timestamp": stamp,
            "signature": signature,
        }
        return Frame(number, channel, self._api(channel, dumps(payload)))

    def _proof(self) -> Frame:
        pair = {"currency_pair": "BTC_USDT", "account": "spot"}
        more = pair if self._market is Market.SPOT else {}
        return self.frame(f"{self._market}.order_status", {"order_id": PROBE, **more})

    def _ask(self, frame: Frame) -> str:
        """A request of the core's own."""
        self._own = frame.request_id
        self.wrote(frame)
        return frame.text

    def _api(self, channel: str, payload: str) -> str:
        now = self._clock.now_ms() // 1000
        return f'{{"time":{now},"channel":"{channel}","event":"api","payload":{payload}}}'

    def _plain(self, channel: str) -> str:
        return f'{{"time":{self._clock.now_ms() // 1000},"channel":"{channel}"}}'

    def _since(self, waiting: _Waiting) -> int:
        return round((self._clock.monotonic() - waiting.since) * 1000)


def _too_late(frame: Frame | None, clock: Clock) -> str:
    if frame is None or frame.expires_ms is None:
        return ""
    return "too late to send" if frame.expires_ms - clock.now_ms() < LEAST_LEAD_MS else ""
