"""The network between the client and the model exchange: every way a request can go wrong."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from mtrade.gate.connection import Outgoing
from mtrade.gate.faults import Answer
from mtrade.gate.trading_line import TradingLine
from mtrade.gate.transport import WireFailure
from tests.storm.faces import ApiFace, RestFace, final
from tests.storm.stage import Stage

REST_FAULTS = (
    "refused", "lost", "late", "answer_lost", "error_with_effect", "error_without", "limited",
    "garbage",
)  # fmt: skip
READ_FAULTS = ("refused", "lost", "error_without", "garbage")
WS_FAULTS = (
    "lost", "late", "close_before", "close_before_ack", "close_after_ack", "no_final", "late_final",
    "twice", "stray", "swap", "error_with_effect", "error_without", "limited", "new_label",
    "write_fails", "write_fails_after",
)  # fmt: skip
PATIENCE_S = 5.0
DELAYS_S = (0.3, 1.2, 2.4, 2.9, 4.0, 8.0, 20.0, 45.0)  # a request lives for 3 s


@dataclass(frozen=True)
class Instead:
    """An error frame in place of the result; `executed` tells whether the request took effect."""

    status: int
    label: str
    executed: bool


INSTEAD = {
    "error_without": Instead(500, "INTERNAL", False),
    "limited": Instead(429, "TOO_MANY_REQUESTS", False),
    "error_with_effect": Instead(502, "SERVER_ERROR", True),
    "new_label": Instead(400, "SOMETHING_NEW", True),
}


class Faults:
    """What goes wrong in one schedule: every kind has a rate of its own, some have none."""

    def __init__(self, pick: random.Random, worst: float) -> None:
        self._pick = pick
        self.on = True
        self.met: Counter[str] = Counter()
        total = pick.uniform(0.05, worst)
        self._rest = self._rates(REST_FAULTS, total)
        self._reads = self._rates(READ_FAULTS, total / 2)
        self._ws = self._rates(WS_FAULTS, total)
        self.no_connect = pick.choice([0.0, 0.3, 0.9])
        self.bad_login = pick.choice([0.0, 0.0, 0.3])

    def rest(self, *, changing: bool) -> str:
        return self._draw("rest", self._rest if changing else self._reads)

    def ws(self) -> str:
        return self._draw("ws", self._ws)

    def hits(self, rate: float) -> bool:
        return self.on and self._pick.random() < rate

    def _rates(self, kinds: tuple[str, ...], total: float) -> dict[str, float]:
        weights = {kind: self._pick.choice([0.0, 1.0, 1.0, 3.0]) for kind in kinds}
        whole = sum(weights.values()) or 1.0
        return {kind: total * weight / whole for kind, weight in weights.items()}

    def _draw(self, where: str, rates: dict[str, float]) -> str:
        if not self.on:
            return ""
        roll = self._pick.random()
        for kind, rate in rates.items():
            roll -= rate
            if roll < 0:
                self.met[f"{where} {kind}"] += 1
                return kind
        return ""


class RestWire:
    """Stands in for `Transport`. Called in jobs; blocks in virtual time."""

    def __init__(self, stage: Stage, face: RestFace, faults: Faults, pick: random.Random) -> None:
        self._stage = stage
        self._face = face
        self._faults = faults
        self._pick = pick

    def send(self, asked: Outgoing, cap: int) -> Answer:
        fault = self._faults.rest(changing=asked.method != "GET")
        if fault == "refused":
            self._stage.sleep(0.01)
            raise WireFailure("ConnectionRefusedError", written=False)
        if fault in ("lost", "late"):
            if fault == "late":
                self._stage.at(self._pick.choice(DELAYS_S), self._arrive, asked)
            self._give_up(self._pick.choice([0.01, PATIENCE_S]))
        self._stage.sleep(self._pick.uniform(0.001, 0.15))
        if fault == "error_without":
            return Answer(self._pick.choice([500, 502, 504]), {}, b"<html>")
        if fault == "limited":
            return Answer(429, {}, b'{"label":"TOO_MANY_REQUESTS","message":"slow down"}')
        answer = self._arrive(asked)
        self._stage.sleep(self._pick.uniform(0.001, 0.15))
        if fault == "answer_lost":
            self._give_up(self._pick.choice([0.01, PATIENCE_S]))
        if fault == "error_with_effect":
            return Answer(502, {}, b"<html>")
        if fault == "garbage":
            return Answer(answer.status, {}, answer.body[: len(answer.body) // 2])
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def _arrive(self, asked: Outgoing) -> Answer:
        parts = urlsplit(asked.target)
        path = unquote(parts.path).removeprefix("/api/v4")
        body = json.loads(asked.body) if asked.body else None
        exptime = asked.headers.get("X-Gate-Exptime")
        query = dict(parse_qsl(parts.query))
        status, body = self._face.answer(asked.method, path, query, exptime, body)
        return Answer(status, {}, body)

    def _give_up(self, after: float) -> None:
        self._stage.sleep(after)
        raise WireFailure("ReadTimeout", written=True)


class SocketWire:
    """One connection of the trading socket."""

    def __init__(self, keeper: SocketKeeper) -> None:
        self._keeper = keeper
        self.open = True

    def write(self, text: str) -> None:
        if not self.open:
            raise ConnectionResetError
        self._keeper.carry(self, text)

    def buffered(self) -> int:
        return 4096 if self._keeper.faults.hits(0.02) else 0

    def drop(self, reason: str) -> None:
        self._keeper.lose(self, reason)


class SocketKeeper:
    """Keeps a line connected as `TradingSocket` does, and plays the exchange's end."""

    def __init__(
        self, stage: Stage, line: TradingLine, face: ApiFace, faults: Faults, pick: random.Random
    ) -> None:
        self._stage = stage
        self.line = line
        self._face = face
        self.faults = faults
        self._pick = pick
        self._wire: SocketWire | None = None
        self._held: tuple[SocketWire, str] | None = None
        self.dead = False
        stage.at(0.05, self._connect)
        stage.at(0.5, self._tick)

    def carry(self, wire: SocketWire, text: str) -> None:
        """A frame is written."""
        fault = self.faults.ws() if _number_of_order(text) else ""
        if ".login" in text and self.faults.hits(self.faults.bad_login):
            fault = "close_before"
        if fault == "lost":
            return
        if fault == "close_before":
            self._stage.at(0.001, self.lose, wire, "reset")
        elif fault == "write_fails":
            raise ConnectionResetError
        elif fault == "write_fails_after":
            self._stage.at(0.01, self._deliver, wire, text, "no_final")
            raise ConnectionResetError
        else:
            late = fault == "late"
            delay = self._pick.choice(DELAYS_S) if late else self._pick.uniform(0, 0.1)
            self._stage.at(delay, self._deliver, wire, text, fault)
            if late and self._pick.random() < 0.5:
                self.lose(wire, "reset")

    def lose(self, wire: SocketWire, reason: str) -> None:
        """The connection ends."""
        if wire.open:
            wire.open = False
            self._stage.at(0.0, self._closed, wire, reason)

    def _deliver(self, wire: SocketWire, text: str, fault: str) -> None:
        """The frame arrives at the exchange, whatever has become of the connection."""
        instead = INSTEAD.get(fault)
        if instead is None or instead.executed:
            *acks, last = self._face.replies(text)
        else:
            acks, last = [], ""
        if fault == "close_before_ack":
            self.lose(wire, "closed by the exchange")
            return
        for early in acks:
            self._later(wire, early)
        if instead is not None:
            number, channel = _number_of_order(text), json.loads(text)["channel"]
            last = final(number, channel, instead.status, label=instead.label)
        self._conclude(wire, last, fault)

    def _conclude(self, wire: SocketWire, last: str, fault: str) -> None:
        """The final frame, or what becomes of it."""
        if fault == "close_after_ack":
            self._stage.at(0.2, self.lose, wire, "closed by the exchange")
        elif fault == "late_final":
            self._stage.at(self._pick.choice([4.6, 6.0]), self._send, wire, last)
        elif fault == "swap" and '"errs"' not in last:  # a refusal names no order, only a request
            self._swap(wire, last)
        elif fault != "no_final":
            self._later(wire, last)
            if fault == "twice":
                self._later(wire, last)
            if fault == "stray":
                self._later(wire, last.replace('"request_id":"', '"request_id":"nobody', 1))

    def _swap(self, wire: SocketWire, last: str) -> None:
        """Two final frames get each other's request id; one alone comes late."""
        if self._held is None:
            self._held = wire, last
            self._stage.at(2.0, self._release, last)
            return
        other_wire, other = self._held
        self._held = None
        one, two = json.loads(last)["request_id"], json.loads(other)["request_id"]
        self._later(wire, last.replace(f'"{one}"', f'"{two}"', 1))
        self._later(other_wire, other.replace(f'"{two}"', f'"{one}"', 1))

    def _release(self, last: str) -> None:
        if self._held is not None and self._held[1] == last:
            wire, self._held = self._held[0], None
            self._send(wire, last)

    def _later(self, wire: SocketWire, text: str) -> None:
        self._stage.at(self._pick.uniform(0.001, 0.1), self._send, wire, text)

    def _send(self, wire: SocketWire, text: str) -> None:
        if wire.open and wire is self._wire and not self.dead:
            self.line.received(text)

    def _connect(self) -> None:
        if self.dead:
            return
        if self.faults.hits(self.faults.no_connect):
            self._stage.at(self._pick.uniform(1.0, 4.0), self._connect)
            return
        self._wire = SocketWire(self)
        self.line.opened(self._wire)

    def _closed(self, wire: SocketWire, reason: str) -> None:
        if wire is self._wire and not self.dead:
            self.line.closed(reason)
            self._stage.at(self._pick.uniform(1.0, 2.0), self._connect)

    def _tick(self) -> None:
        if not self.dead:
            self.line.tick()
            self._stage.at(0.5, self._tick)


def _number_of_order(text: str) -> str:
    """The request id of a frame that changes something; empty for the others."""
    frame = json.loads(text)
    changing = any(word in frame["channel"] for word in ("_place", "_cancel", "_amend"))
    return str(frame["payload"]["req_id"]) if changing else ""
