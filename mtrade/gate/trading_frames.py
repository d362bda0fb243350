"""What travels over Gate's trading socket, and what a reply means: the verdicts of REST. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mtrade.domain.errors import OutcomeUnknown
from mtrade.gate.faults import (
    DEFAULT_RETRY_S,
    Unreadable,
    doubt,
    label_and_text,
    refused,
    wait_until,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Frame:
    """A serialised request. `expires_ms`: its deadline on the exchange's clock, if it has one."""

    request_id: str
    channel: str
    text: str
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A final frame: `status` is an HTTP status (0 if there was none), `data` its payload."""

    request_id: str
    channel: str
    status: int
    header: Mapping[str, Any]
    data: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the exchange says that it did what was asked."""
        return 200 <= self.status < 300


def outcome(reply: Reply, parse: Callable[[Any], T], now_ms: int) -> T:
    """The parsed result of a changing request.

    Raises the errors of `faults.py` as for REST: a refusal needs a proven label in a 4xx, anything
    that is not a proper result of this request is OutcomeUnknown.
    """
    label, raw = error_of(reply)
    if reply.status and not reply.ok:
        wait = _wait_s(reply, now_ms)
        raise refused(reply.status, label, raw, wait_s=wait, changing=True)
    if not reply.ok or "errs" in reply.data or "result" not in reply.data:
        raise OutcomeUnknown(
            f"the outcome is unknown: status {reply.status} {label}", label=label, raw=raw
        )
    try:
        return parse(reply.data["result"])
    except Unreadable as error:
        raise doubt(error) from None


def error_of(reply: Reply) -> tuple[str, str]:
    """Label and text of the error a reply carries; empty when it carries none."""
    return label_and_text(reply.data.get("errs"))


def budget(reply: Reply) -> tuple[int, int] | None:
    """How many requests of this kind remain, and until when (UTC ms); None if it does not say.

    Over the socket the reset is in milliseconds, its name is misspelt, and a field that would be 0
    is left out (Gate futures WebSocket docs).
    """
    header = reply.header
    reset = header.get(
        "x_gat_ratelimit_reset_timestamp", header.get("x_gate_ratelimit_reset_timestamp")
    )
    remain = header.get("x_gate_ratelimit_requests_remain", 0)
    if not _whole(reset) or not _whole(remain):
        return None
    return (0 if reply.status == 429 else int(remain)), int(reset)


def _wait_s(reply: Reply, now_ms: int) -> int:
    known = budget(reply)
    return DEFAULT_RETRY_S if known is None else wait_until(known[1], now_ms)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**16


def read_reply(number: str, raw: Mapping[str, Any]) -> Reply:
    header, data = _object(raw.get("header")), _object(raw.get("data"))
    status, channel = header.get("status"), header.get("channel")
    code = str(status) if isinstance(status, str | int) else ""
    return Reply(
        number,
        channel if isinstance(channel, str) else "",
        int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0,
        header,
        data,
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
