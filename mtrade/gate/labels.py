"""What Gate's error labels mean: a table, never a look at message texts.

A label that is not in this table proves nothing: fail closed. The proven list holds labels after
which the request certainly had no effect (gate-notes, errors).
"""

from __future__ import annotations

from enum import Enum


class Meaning(Enum):
    """The verdict of a label on the request that got it."""

    REFUSED = "refused"  # a rule of the exchange said no; no effect
    AUTHENTICATION = "authentication"  # key, signature, permission, address list; no effect
    EXPIRED = "expired"  # the clock or the request's own deadline; no effect
    LIMITED = "limited"  # the limiter; no effect
    AMBIGUOUS = "ambiguous"  # proves nothing


def _labels(words: str) -> frozenset[str]:
    return frozenset(words.split())


AUTHENTICATION = _labels(
    """
    INVALID_CREDENTIALS INVALID_KEY INVALID_SIGNATURE MISSING_REQUIRED_HEADER IP_FORBIDDEN READ_ONLY
    FORBIDDEN ACCOUNT_LOCKED AUTHENTICATION_FAILED
    """
)

EXPIRED = frozenset({"REQUEST_EXPIRED"})

LIMITED = frozenset({"TOO_MANY_REQUESTS", "TOO_FAST"})

# Left out on purpose, because an order may exist or a transfer may have moved although they came:
# TOO_BUSY, INTERNAL*, SERVER_ERROR, CANCEL_FAIL, DUPLICATE_REQUEST, ORDER_EXISTS,
# REPEATED_CREATION, ACCOUNT_EXCEPTION, SUB_ACCOUNT_TRANSFER_FAILED.
REFUSED = _labels(
    """
    INVALID_PARAM_VALUE INVALID_ARGUMENT INVALID_PROTOCOL INVALID_REQUEST_BODY
    MISSING_REQUIRED_PARAM BAD_REQUEST INVALID_CONTENT_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED
    NOT_FOUND INVALID_CLIENT_ORDER_ID

    INVALID_PRECISION INVALID_CURRENCY INVALID_CURRENCY_PAIR BALANCE_NOT_ENOUGH QUANTITY_NOT_ENOUGH
    AMOUNT_TOO_LITTLE AMOUNT_TOO_MUCH POC_FILL_IMMEDIATELY FOK_NOT_FILL ORDER_NOT_FOUND
    CLIENT_ID_NOT_FOUND ORDER_CLOSED ORDER_CANCELLED NO_CHANGE TOO_MANY_ORDERS
    TOO_MANY_CURRENCY_PAIRS MIXED_ACCOUNT_TYPE TRADE_RESTRICTED PRICE_THRESHOLD_EXCEEDED
    ORDER_BOOK_NOT_FOUND INITIAL_MARGIN_TOO_LOW

    USER_NOT_FOUND CONTRACT_NOT_FOUND CONTRACT_NO_COUNTER CONTRACT_IN_DELISTING
    INSUFFICIENT_AVAILABLE RISK_LIMIT_EXCEEDED RISK_LIMIT_NOT_MULTIPLE RISK_LIMIT_TOO_HIGH
    RISK_LIMIT_TOO_lOW LEVERAGE_TOO_HIGH LEVERAGE_TOO_LOW LIQUIDATE_IMMEDIATELY PRICE_TOO_DEVIATED
    PRICE_OVER_LIQUIDATION PRICE_OVER_BANKRUPT SIZE_TOO_LARGE SIZE_TOO_SMALL ORDER_NOT_OWNED
    ORDER_FINISHED ORDER_POC_IMMEDIATE ORDER_FOK POSITION_NOT_FOUND POSITION_EMPTY
    POSITION_CROSS_MARGIN POSITION_IN_LIQUIDATION POSITION_IN_CLOSE POSITION_DUAL_MODE
    POSITION_HOLDING ORDER_PENDING INCREASE_POSITION REDUCE_EXCEEDED REMOVE_TOO_MUCH
    AMEND_WITH_STOP AUTO_TRIGGER_PRICE_LESS_LAST AUTO_TRIGGER_PRICE_GREATE_LAST
    AUTO_INVALID_PARAM_TRIGGER_RULE USER_PORTFOLIO_MARGIN

    SUB_ACCOUNT_NOT_FOUND SUB_ACCOUNT_LOCKED TOO_MUCH_FUTURES_AVAILABLE FUTURES_BALANCE_NOT_ENOUGH
    """
)

UNKNOWN_ORDER = frozenset({"ORDER_NOT_FOUND", "CLIENT_ID_NOT_FOUND"})
"""The exchange knows no such order (any more)."""

BENIGN_ON_CANCEL = UNKNOWN_ORDER | {"ORDER_CLOSED", "ORDER_CANCELLED", "ORDER_FINISHED"}
"""A cancel came too late: read the final state instead of alarming."""


def meaning(label: str) -> Meaning:
    """The verdict of a label; what is not known proves nothing."""
    for known, verdict in (
        (REFUSED, Meaning.REFUSED),
        (AUTHENTICATION, Meaning.AUTHENTICATION),
        (EXPIRED, Meaning.EXPIRED),
        (LIMITED, Meaning.LIMITED),
    ):
        if label in known:
            return verdict
    return Meaning.AMBIGUOUS
