"""The frames of Gate's sockets, read and written (Gate WebSocket docs). Pure text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mtrade.domain.numbers import loads
from mtrade.paper.ws.wire import exact

MALFORMED, INVALID, SERVICE, UNAUTHENTICATED = 1, 2, 3, 4


class FrameFault(Exception):
    """A refusal on a socket, with Gate's code 1 to 4."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Request(NamedTuple):
    """One frame of a client. `document` is its text, for what is signed character by character."""

    document: str
    time: object
    id: object
    channel: str
    event: str
    payload: Any
    auth: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The channel without its market: `orders` of `spot.orders`."""
        return self.channel.partition(".")[2]


class Out(NamedTuple):
    """A frame to send. `role` is pong, ack, api_ack, final or push; `uid` whom it concerns.

    `settled` frames may leave only when what they report is on disk.
    """

    text: str
    role: str
    channel: str
    uid: int | None = None
    settled: bool = False


def read(document: str) -> Request:
    """A client's frame; FrameFault 1 when it is none."""
    try:
        body = loads(document)
    except (ValueError, RecursionError):
        raise FrameFault(MALFORMED, "invalid request struct") from None
    if not isinstance(body, dict):
        raise FrameFault(MALFORMED, "invalid request struct")
    channel, event, auth = body.get("channel"), body.get("event"), body.get("auth")
    if not isinstance(channel, str) or not isinstance(event, str | None):
        raise FrameFault(MALFORMED, "invalid request struct")
    return Request(
        document=document,
        time=body.get("time"),
        id=body.get("id"),
        channel=channel,
        event=event or "",
        payload=body.get("payload"),
        auth=auth if isinstance(auth, dict) else {},
    )


class Pen:
    """Writes the answers of one connection."""

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self._traces = 0

    def ack(self, request: Request, now_ms: int, fault: FrameFault | None = None) -> str:
        """The answer to a subscribe or unsubscribe."""
        trace = self.trace()
        body: dict[str, object] = {"time": now_ms // 1000, "time_ms": now_ms}
        if request.id is not None:
            body["id"] = request.id
        body |= {"conn_id": self.conn_id, "trace_id": trace, "channel": request.channel}
        body |= {"event": request.event, "payload": request.payload}
        if fault is not None:
            body["error"] = {"code": fault.code, "message": fault.message}
        body["result"] = {"status": "success" if fault is None else "fail"}
        body["requestId"] = trace
        return exact(body)

    def malformed(self, now_ms: int, fault: FrameFault) -> str:
        """The answer to something that is no request: nobody knows what it asked for."""
        error = {"code": fault.code, "message": fault.message}
        body = {"time": now_ms // 1000, "time_ms": now_ms, "channel": "", "event": ""}
        return exact({**body, "error": error, "result": None})

    def trace(self) -> str:
        """A fresh trace id."""
        self._traces += 1
        return f"{self.conn_id}{self._traces:08x}"


def push(channel: str, event: str, result: str, now_ms: int) -> str:
    """A frame that nobody asked for just now; `result` is JSON text."""
    return (
        f'{{"time":{now_ms // 1000},"time_ms":{now_ms},'
        f'"channel":"{channel}","event":"{event}","result":{result}}}'
    )


def pong(channel: str, now_ms: int) -> str:
    """The answer to `spot.ping` or `futures.ping`, whatever event it carried."""
    return push(channel.removesuffix("ping") + "pong", "", "null", now_ms)
