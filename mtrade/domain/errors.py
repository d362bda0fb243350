"""The error tree. Every failure that a user or a caller can meet is one of these.

    MTradeError
    ├── InvalidRequest        400  a field is wrong; `fields` says which and why
    ├── AccessDenied          403  known, but not allowed
    │   └── LoginRequired     401  not known
    ├── NotFound              404
    ├── Conflict              409  duplicate, or the wrong state for this
    ├── OrderDenied           422  mTrade's own risk check said no; nothing left this machine
    ├── LimitExceeded         429  mTrade's own limiter
    ├── ExchangeError
    │   ├── OrderRejected     422  the exchange said no, finally
    │   ├── AuthenticationFailed 502  key, signature, permission or address list
    │   ├── RateLimited       503  the exchange's limiter; certainly not executed
    │   ├── ExchangeUnavailable 503  certainly not executed, or a read that failed
    │   └── OutcomeUnknown    504  sent, no proof: never resend, find first
    ├── StoreError            503  a file or the database cannot be read or written
    ├── ConfigError                the start stops; names file and key
    └── ProcessError               carries the exit code of the scripts

Each error answers two questions. *May I try again?* (`retryable`) and *do I know what happened?*
(`outcome_known`). Messages are English; `code` and `params` let the page say it in the user's
language. Foreign exceptions become one of these at the door they come through.
"""

from __future__ import annotations

from collections.abc import Mapping


class MTradeError(Exception):
    """Root of the tree. `code` is stable and part of the API; `params` fill the translated text."""

    status = 500
    default_code = "internal"
    retryable = False
    outcome_known = True

    def __init__(
        self, message: str, *, code: str | None = None, params: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.params: dict[str, str] = dict(params or {})


class InvalidRequest(MTradeError):
    """The caller's input is wrong. `fields` maps a field name to the reason with its limit."""

    status = 400
    default_code = "invalid_request"

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        code: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, params=params)
        self.fields: dict[str, str] = dict(fields or {})


class AccessDenied(MTradeError):
    """The caller is known but may not do this."""

    status = 403
    default_code = "forbidden"


class LoginRequired(AccessDenied):
    """The caller is not known."""

    status = 401
    default_code = "login_required"


class NotFound(MTradeError):
    """No such object."""

    status = 404
    default_code = "not_found"


class Conflict(MTradeError):
    """Duplicate, or the wrong state for this request."""

    status = 409
    default_code = "conflict"


class OrderDenied(MTradeError):
    """mTrade's own risk check said no. Nothing was sent."""

    status = 422
    default_code = "order_denied"


class LimitExceeded(MTradeError):
    """mTrade's own limiter said wait; `retry_after` is in seconds."""

    status = 429
    default_code = "too_many_requests"
    retryable = True

    def __init__(self, message: str, *, retry_after: int, code: str | None = None) -> None:
        super().__init__(message, code=code, params={"seconds": str(retry_after)})
        self.retry_after = retry_after


class ExchangeError(MTradeError):
    """Something the exchange answered, or failed to answer.

    `label` is the exchange's own error label, `raw` its message text, `http_status` its status.
    """

    status = 502
    default_code = "exchange_error"

    def __init__(
        self,
        message: str,
        *,
        label: str = "",
        raw: str = "",
        http_status: int = 0,
        retry_after: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code, params={"label": label, "raw": raw})
        self.label = label
        self.raw = raw
        self.http_status = http_status
        self.retry_after = retry_after


class OrderRejected(ExchangeError):
    """The exchange refused this request for good; it had no effect."""

    status = 422
    default_code = "order_rejected"


class AuthenticationFailed(ExchangeError):
    """Key, signature, clock, permission or address list. The account needs its owner."""

    status = 502
    default_code = "exchange_authentication"


class RateLimited(ExchangeError):
    """The exchange's limiter refused the request before executing it."""

    status = 503
    default_code = "exchange_rate_limited"
    retryable = True


class ExchangeUnavailable(ExchangeError):
    """Certainly not executed: no byte of the request left, or it was only a read."""

    status = 503
    default_code = "exchange_unavailable"
    retryable = True


class OutcomeUnknown(ExchangeError):
    """The request left and no proof came back. Never resend; look it up first."""

    status = 504
    default_code = "outcome_unknown"
    outcome_known = False


class StoreError(MTradeError):
    """A file or the database cannot be read or written; names the file."""

    status = 503
    default_code = "store"


class ConfigError(MTradeError):
    """A setting is wrong; the start stops. Names the file, the key and the allowed values."""

    default_code = "config"


class ProcessError(MTradeError):
    """A start, stop or restart failed; `exit_code` is what the script returns."""

    default_code = "process"

    def __init__(self, message: str, *, exit_code: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.exit_code = exit_code
