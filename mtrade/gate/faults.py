"""What an answer means: every failure of a call becomes one of our errors here, and nowhere else.

The question that decides is whether the request can have had an effect. Proof that it had none is a
label on the proven list in a 4xx answer, a 429, or the knowledge that no byte of it was written.
Everything else that happens to a changing call leaves its outcome unknown (trading-core rule:
absence of an answer is never a verdict). A read has no effect, so it is merely unavailable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtrade.domain.errors import (
    AuthenticationFailed,
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.domain.numbers import loads
from mtrade.gate.labels import Meaning, meaning

RAW_LIMIT = 300
DEFAULT_RETRY_S = 1
MAX_RETRY_S = 60


class Unreadable(ExchangeUnavailable):
    """An answer that is not what the protocol promises. For a changing call: OutcomeUnknown."""

    default_code = "exchange_answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, headers with lower-case names, and the body as bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the exchange says that it did what was asked."""
        return 200 <= self.status < 300


def decode(answer: Answer) -> Any:
    """The JSON of a successful answer; None for an empty 204. Raises Unreadable."""
    if answer.status == 204 and not answer.body:
        return None
    try:
        return loads(answer.body)
    except (ValueError, ArithmeticError, RecursionError):
        raise Unreadable(
            f"the exchange sent a body that is not JSON ({len(answer.body)} bytes)",
            raw=printable(answer.body.decode("utf-8", "replace")),
            http_status=answer.status,
        ) from None


def refusal(answer: Answer, *, changing: bool, now_ms: int) -> ExchangeError:
    """The error that an answer outside 2xx stands for."""
    label, raw = _label_and_text(answer)
    wait = retry_after(answer.headers, now_ms)
    return refused(answer.status, label, raw, wait_s=wait, changing=changing)


def refused(
    status: int, label: str, raw: str, *, wait_s: int = DEFAULT_RETRY_S, changing: bool
) -> ExchangeError:
    """The error that a status outside 2xx with this label stands for, on any transport."""
    if status == 429 or (400 <= status < 500 and meaning(label) is Meaning.LIMITED):
        said = f"the exchange asks to wait {wait_s} s"
        return RateLimited(said, label=label, raw=raw, http_status=status, retry_after=wait_s)
    verdict = meaning(label) if 400 <= status < 500 else Meaning.AMBIGUOUS
    said = f"HTTP {status} {label}: {raw}" if label else f"HTTP {status} without a label"
    return _by_verdict(verdict, said, label, raw, status, changing=changing)


def item_refusal(label: str, raw: str) -> ExchangeError:
    """The error of one failed item of a batch whose other items may have been accepted."""
    said = f"{label}: {printable(raw)}"
    verdict = meaning(label)
    if verdict is Meaning.LIMITED:
        return RateLimited(said, label=label, raw=raw, retry_after=DEFAULT_RETRY_S)
    return _by_verdict(verdict, said, label[:64], printable(raw), 400, changing=True)


def _by_verdict(
    verdict: Meaning, said: str, label: str, raw: str, status: int, *, changing: bool
) -> ExchangeError:
    if verdict is Meaning.AUTHENTICATION:
        return AuthenticationFailed(
            f"the exchange does not accept the key: {said}",
            label=label,
            raw=raw,
            http_status=status,
        )
    if verdict is Meaning.EXPIRED:
        return _expired(said, label, raw, status, changing=changing)
    if not changing:
        return ExchangeUnavailable(
            f"the exchange did not answer the question: {said}",
            label=label,
            raw=raw,
            http_status=status,
        )
    if verdict is Meaning.REFUSED:
        return OrderRejected(
            f"the exchange refused: {said}", label=label, raw=raw, http_status=status
        )
    return OutcomeUnknown(
        f"the outcome is unknown: {said}", label=label, raw=raw, http_status=status
    )


def _expired(said: str, label: str, raw: str, status: int, *, changing: bool) -> ExchangeError:
    """Too late by the exchange's clock: a missed deadline of an order, or a wrong clock here."""
    if changing:
        return OrderRejected(
            f"the request came too late: {said}",
            label=label,
            raw=raw,
            http_status=status,
            code="request_expired",
        )
    return AuthenticationFailed(
        f"the clock is off: {said}", label=label, raw=raw, http_status=status, code="exchange_clock"
    )


def transport_failure(kind: str, *, written: bool, changing: bool) -> ExchangeError:
    """The error of a call that got no complete answer.

    `written` tells whether a byte of the request may have left; `kind` names what happened and
    never carries a URL, header or body.
    """
    if not changing or not written:
        return ExchangeUnavailable(f"the exchange cannot be reached: {kind}")
    return OutcomeUnknown(f"the request left but no complete answer came: {kind}")


def doubt(error: ExchangeError) -> OutcomeUnknown:
    """An unreadable or contradicting answer to a changing call: the outcome is unknown."""
    return OutcomeUnknown(
        f"the outcome is unknown: {error.message}",
        label=error.label,
        raw=error.raw,
        http_status=error.http_status,
    )


def retry_after(headers: Mapping[str, str], now_ms: int) -> int:
    """Whole seconds until the limiter's reset header (in seconds), within 1 and 60."""
    reset = headers.get("x-gate-ratelimit-reset-timestamp", "")
    if not reset.isascii() or not reset.isdigit() or len(reset) > 16:
        return DEFAULT_RETRY_S
    return wait_until(int(reset) * 1000, now_ms)


def wait_until(reset_ms: int, now_ms: int) -> int:
    """Whole seconds until then, within 1 and 60."""
    wait = -(-(reset_ms - now_ms) // 1000)
    return min(max(wait, DEFAULT_RETRY_S), MAX_RETRY_S)


def printable(raw: str) -> str:
    """Foreign text for a message: one line, no control characters, bounded."""
    cut = raw[:RAW_LIMIT]
    return "".join(c if c.isprintable() else " " for c in cut).strip()


def _label_and_text(answer: Answer) -> tuple[str, str]:
    """Label and text of an error body."""
    try:
        body = loads(answer.body)
    except (ValueError, ArithmeticError, RecursionError):
        return "", printable(answer.body[: RAW_LIMIT * 4].decode("utf-8", "replace"))
    return label_and_text(body)


def label_and_text(body: object) -> tuple[str, str]:
    """Label and text of an error object; futures say `detail` where spot says `message`."""
    if not isinstance(body, dict):
        return "", ""
    label, raw = body.get("label"), body.get("message") or body.get("detail")
    return (
        label[:64] if isinstance(label, str) else "",
        printable(raw) if isinstance(raw, str) else "",
    )
