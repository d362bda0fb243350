"""What travels over Gate's trading socket, and what a reply means: the verdicts of REST. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import UNSET, Raw, Struct

from mtrade.domain.errors import OutcomeUnknown
from mtrade.domain.numbers import loads
from mtrade.gate.faults import (
    DEFAULT_RETRY_S,
    Unreadable,
    doubt,
    label_and_text,
    refused,
    wait_until,
)
from mtrade.gate.order_text import LATEST, Answer

T = TypeVar("T")
NOT_JSON = (ValueError, ArithmeticError, RecursionError)


class Frame(Struct, frozen=True):
    """A serialised request. `expires_ms`: its deadline on the exchange's clock, if it has one."""

    request_id: str
    channel: str
    text: str
    expires_ms: int | None = None


class Reply(Struct, frozen=True):
    """A final frame: `status` is an HTTP status (0 if there was none), `data` its payload, which is
    empty while a result that came alone is `unread`.

    `budget` is how many requests of this kind remain, and until when (UTC ms); None if it does not
    say.
    """

    request_id: str
    channel: str
    status: int
    budget: tuple[int, int] | None = None
    data: Mapping[str, Any] = {}
    unread: Raw | None = None

    @property
    def ok(self) -> bool:
        """Whether the exchange says that it did what was asked."""
        return 200 <= self.status < 300

    def whole(self) -> Mapping[str, Any]:
        """The payload, read."""
        return self.data if self.unread is None else {"result": loads(bytes(self.unread))}


def outcome(
    reply: Reply,
    parse: Callable[[Any], T],
    now_ms: int,
    quick: Callable[[Raw], T | None] = lambda text: None,
) -> T:
    """The parsed result of a changing request. `quick` may read it from its text, or say None.

    Raises the errors of `faults.py` as for REST: a refusal needs a proven label in a 4xx, anything
    that is not a proper result of this request is OutcomeUnknown.
    """
    if reply.unread is not None:
        return _read(reply.unread, parse, quick)
    label, raw = error_of(reply)
    if reply.status and not reply.ok:
        wait = _wait_s(reply, now_ms)
        raise refused(reply.status, label, raw, wait_s=wait, changing=True)
    if not reply.ok or "errs" in reply.data or "result" not in reply.data:
        raise OutcomeUnknown(
            f"the outcome is unknown: status {reply.status} {label}", label=label, raw=raw
        )
    return _parsed(reply.data["result"], parse)


def error_of(reply: Reply) -> tuple[str, str]:
    """Label and text of the error a reply carries; empty when it carries none."""
    return label_and_text(reply.data.get("errs"))


def read_reply(number: str, raw: Mapping[str, Any]) -> Reply:
    """A final frame that was read as JSON, whatever is in it."""
    header = _object(raw.get("header"))
    status, channel = header.get("status"), header.get("channel")
    code = str(status) if isinstance(status, str | int) else ""
    proper = code.isascii() and code.isdigit() and len(code) == 3
    return Reply(
        number,
        channel if isinstance(channel, str) else "",
        int(code) if proper else 0,
        _budget(header, refused=proper and int(code) == 429),
        _object(raw.get("data")),
    )


def usual_reply(answer: Answer) -> Reply:
    """A final frame that was written as usual; its result is not read yet."""
    header = answer.header
    reset = header.x_gat_ratelimit_reset_timestamp
    if reset is UNSET:
        reset = header.x_gate_ratelimit_reset_timestamp
    remain = header.x_gate_ratelimit_requests_remain
    budget = None
    if isinstance(reset, int) and 0 <= reset < LATEST and 0 <= remain < LATEST:
        budget = (remain, reset)
    return Reply(answer.request_id, header.channel, 200, budget, unread=answer.data.result)


def _budget(header: Mapping[str, Any], *, refused: bool) -> tuple[int, int] | None:
    """Over the socket the reset is in milliseconds, its name is misspelt, and a field that would be
    0 is left out (Gate futures WebSocket docs)."""
    reset = header.get(
        "x_gat_ratelimit_reset_timestamp", header.get("x_gate_ratelimit_reset_timestamp")
    )
    remain = header.get("x_gate_ratelimit_requests_remain", 0)
    if not _whole(reset) or not _whole(remain):
        return None
    return (0 if refused else int(remain)), int(reset)


def contradicts(first: Reply, second: Reply) -> bool:
    """Whether two answers to one request say different things, or nobody can read them."""
    try:
        return first.whole() != second.whole()
    except NOT_JSON:
        return True


def _read(text: Raw, parse: Callable[[Any], T], quick: Callable[[Raw], T | None]) -> T:
    try:
        found = quick(text)
    except Unreadable as error:
        raise doubt(error) from None
    return _parsed(_json(text), parse) if found is None else found


def _json(text: Raw) -> Any:
    try:
        return loads(bytes(text))
    except NOT_JSON:
        raise OutcomeUnknown("the outcome is unknown: the result is not JSON") from None


def _parsed(raw: Any, parse: Callable[[Any], T]) -> T:
    try:
        return parse(raw)
    except Unreadable as error:
        raise doubt(error) from None


def _wait_s(reply: Reply, now_ms: int) -> int:
    return DEFAULT_RETRY_S if reply.budget is None else wait_until(reply.budget[1], now_ms)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LATEST


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
