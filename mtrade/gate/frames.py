"""The frames of Gate's WebSocket v4: how they are written, and what one that came in means.

Pure. Written are JSON texts: `subscribe`, `unsubscribe`, `ping`, `api` (trading). Read is one frame
with `classify`, which returns exactly one of

    Ack         a subscription (or its end) was accepted
    Refused     a subscription, or a frame we sent, was refused: `code` and `message`
    Push        data of a channel; `result` is the decoded JSON, its numbers kept as printed
    Pong        the answer to a ping
    Upgrade     the server will drop this connection soon: open a new one first
    ApiAnswer   an ack or result of the trading API, told apart by `ack`
    Other       a well-formed frame that means nothing here

and raises `Unreadable` for everything else, whatever bytes came (Gate WebSocket docs, Frames).
Order book updates have a quicker reader of their own, `book_text`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtrade.domain.accounts import Credentials
from mtrade.domain.numbers import loads
from mtrade.gate.faults import Unreadable, printable
from mtrade.gate.signing import sign_subscribe

MAX_FRAME = 1 << 22  # characters; the largest honest frame is a full book of some 100 kB
NAME_LIMIT = 64
AUTH_FAILED = 4  # Gate's error code of a key or signature that is not accepted


@dataclass(frozen=True, slots=True)
class Ack:
    """`event` is `subscribe` or `unsubscribe`; `id` is the one we sent."""

    id: int
    channel: str
    event: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`id` is 0 and `channel` empty when the server could not even read the frame."""

    id: int
    channel: str
    event: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Push:
    """Data of a channel; `time_ms` is when the exchange sent it."""

    channel: str
    time_ms: int
    result: Any


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping."""

    channel: str


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Notice that the server is being replaced."""

    message: str


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A frame of the trading API.

    `ack` only says that the request was received; the result has it False. `status` is like
    HTTP's; `header` has the limiter's fields; on an error `label` and `message` tell it.
    """

    request_id: str
    ack: bool
    status: int
    channel: str
    header: Mapping[str, Any]
    result: Any
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class Other:
    """A frame of no interest."""

    channel: str
    event: str


Frame = Ack | Refused | Push | Pong | Upgrade | ApiAnswer | Other


def subscribe(
    channel: str,
    payload: Sequence[str],
    *,
    id: int,
    time_s: int,
    credentials: Credentials | None = None,
) -> str:
    """A subscription; a private one is signed with `credentials`. `time_s` by the exchange."""
    return _request("subscribe", channel, payload, id, time_s, credentials)


def unsubscribe(
    channel: str,
    payload: Sequence[str],
    *,
    id: int,
    time_s: int,
    credentials: Credentials | None = None,
) -> str:
    """The end of a subscription; of a private one it is signed too."""
    return _request("unsubscribe", channel, payload, id, time_s, credentials)


def ping(prefix: str, *, time_s: int) -> str:
    """An application ping; `prefix` is `spot` or `futures`."""
    return _compact({"time": time_s, "channel": f"{prefix}.ping"})


def api(channel: str, payload: Mapping[str, Any], *, time_s: int) -> str:
    """A frame of the trading API with its `payload` (`req_id`, `req_param`, ...)."""
    return _compact({"time": time_s, "channel": channel, "event": "api", "payload": payload})


def classify(data: str) -> Frame:
    """What a text frame means. Raises Unreadable, and nothing else."""
    if len(data) > MAX_FRAME:
        raise Unreadable(f"a frame of {len(data)} characters is too large")
    try:
        raw = loads(data)
    except (ValueError, ArithmeticError, RecursionError):
        raise Unreadable(f"a frame that is not JSON ({len(data)} characters)") from None
    if not isinstance(raw, dict):
        raise Unreadable("a frame that is not an object")
    if "request_id" in raw and isinstance(raw.get("header"), dict):
        return _api_answer(raw, raw["header"])
    return _stream_frame(raw)


def _stream_frame(raw: dict[str, Any]) -> Frame:
    channel, event = _name(raw.get("channel")), _name(raw.get("event"))
    error = raw.get("error")
    if error is not None:
        return _refused(raw, channel, event, error)
    if event in ("update", "all"):
        if channel.endswith(".system"):
            return _system(channel, event, raw.get("result"))
        return Push(channel, _whole(raw.get("time_ms")), raw.get("result"))
    if event in ("subscribe", "unsubscribe"):
        return _answer(raw, channel, event)
    if channel.endswith(".pong"):
        return Pong(channel)
    if event == "upgrade":
        return Upgrade("")
    return Other(channel, event)


def _answer(raw: dict[str, Any], channel: str, event: str) -> Frame:
    """Gate says to decide by `error` alone, but a bare `fail` is no success either."""
    result = raw.get("result")
    if isinstance(result, dict) and result.get("status") == "fail":
        return Refused(_whole(raw.get("id")), channel, event, 0, "refused without a reason")
    return Ack(_whole(raw.get("id")), channel, event)


def _refused(raw: dict[str, Any], channel: str, event: str, error: Any) -> Refused:
    code, message = 0, ""
    if isinstance(error, dict):
        code = _whole(error.get("code"))
        message = _free_text(error.get("message"))
    return Refused(_whole(raw.get("id")), channel, event, code, message)


def _system(channel: str, event: str, result: Any) -> Frame:
    if isinstance(result, dict) and result.get("type") == "upgrade":
        return Upgrade(_free_text(result.get("msg")))
    return Other(channel, event)


def _api_answer(raw: dict[str, Any], header: dict[str, Any]) -> ApiAnswer:
    data = raw.get("data")
    body: dict[str, Any] = data if isinstance(data, dict) else {}
    errs = body.get("errs")
    fault: dict[str, Any] = errs if isinstance(errs, dict) else {}
    return ApiAnswer(
        request_id=_name(raw["request_id"]),
        ack=raw.get("ack") is True,
        status=_whole(header.get("status")),
        channel=_name(header.get("channel")),
        header=header,
        result=body.get("result"),
        label=_name(fault.get("label")),
        message=_free_text(fault.get("message")),
    )


def _request(
    event: str,
    channel: str,
    payload: Sequence[str],
    id: int,
    time_s: int,
    credentials: Credentials | None,
) -> str:
    frame: dict[str, Any] = {"time": time_s, "id": id, "channel": channel, "event": event}
    if payload:
        frame["payload"] = list(payload)
    if credentials is not None:
        sign = sign_subscribe(credentials.secret.reveal(), channel, event, time_s)
        frame["auth"] = {"method": "api_key", "KEY": credentials.key, "SIGN": sign}
    return _compact(frame)


def _compact(frame: Mapping[str, Any]) -> str:
    return json.dumps(frame, separators=(",", ":"))


def _name(value: object) -> str:
    return value[:NAME_LIMIT] if isinstance(value, str) else ""


def _free_text(value: object) -> str:
    return printable(value) if isinstance(value, str) else ""


def _whole(value: object) -> int:
    """An integer, also written as text; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.isdigit():
        return int(value)
    return 0
