"""Why an order was not, not fully, or not yet copied: a code, the deciding numbers, a sentence.

The sentences are in the catalogue under `copy.reason.<code>` in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class Code(StrEnum):
    """The deciding fact."""

    MIN_SIZE = "MIN_SIZE"
    BUMP_REFUSED = "BUMP_REFUSED"
    DUST = "DUST"
    CAP_ORDER = "CAP_ORDER"
    CAP_POSITION = "CAP_POSITION"
    CAP_TOTAL = "CAP_TOTAL"
    CAP_COUNT = "CAP_COUNT"
    CAP_ADDS = "CAP_ADDS"
    ADDS_IGNORED = "ADDS_IGNORED"
    CAP_RATE = "CAP_RATE"
    CAP_MARGIN = "CAP_MARGIN"
    NO_MARGIN = "NO_MARGIN"
    RISK_TIER = "RISK_TIER"
    DENIED = "DENIED"
    SIDE_FILTER = "SIDE_FILTER"
    LEADER_SMALL = "LEADER_SMALL"
    SPREAD = "SPREAD"
    VOLUME = "VOLUME"
    CONTRACT_STATUS = "CONTRACT_STATUS"
    PRICE_RAN = "PRICE_RAN"
    NO_PRICE = "NO_PRICE"
    LATE = "LATE"
    STALE = "STALE"
    WAIT_FLAT = "WAIT_FLAT"
    NOT_BETTER = "NOT_BETTER"
    ADDS_ONLY = "ADDS_ONLY"
    ASKED = "ASKED"
    LATCHED = "LATCHED"
    IGNORED = "IGNORED"
    SHADOW = "SHADOW"
    PAUSED = "PAUSED"
    HANDS_OFF = "HANDS_OFF"
    HALTED = "HALTED"
    TRIPPED = "TRIPPED"
    NORMAL_MODE = "NORMAL_MODE"
    NOT_LIVE = "NOT_LIVE"
    CLOCK = "CLOCK"
    DISK = "DISK"
    SECOND_INSTANCE = "SECOND_INSTANCE"
    NOT_RECONCILED = "NOT_RECONCILED"
    IN_FLIGHT = "IN_FLIGHT"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"
    MONITOR = "MONITOR"
    HOLD = "HOLD"
    ZERO_FILL = "ZERO_FILL"
    OPENING = "OPENING"
    NO_EQUITY = "NO_EQUITY"
    MODE_MISMATCH = "MODE_MISMATCH"
    LEVERAGE_FAIL = "LEVERAGE_FAIL"
    SETTING_CHANGED = "SETTING_CHANGED"
    FOREIGN_OPPOSITE = "FOREIGN_OPPOSITE"
    MANUAL_FLIP = "MANUAL_FLIP"
    MANUAL = "MANUAL"
    KEY = "KEY"
    REFUSED = "REFUSED"
    NETTED = "NETTED"
    LEADER_LIQUIDATED = "LEADER_LIQUIDATED"
    LEADER_GEARING = "LEADER_GEARING"
    LEADER_MARGIN = "LEADER_MARGIN"
    LIQ_NEAR = "LIQ_NEAR"
    FOLLOWER_OUT = "FOLLOWER_OUT"


class Reason(Struct, frozen=True):
    """A code and the numbers (plain text) its sentence shows. `human` parks until a person acts."""

    code: Code
    numbers: Mapping[str, str] = field(default_factory=dict)
    human: bool = False


class Act(StrEnum):
    """What an event in the feed tells of; `seen` to `failed` are also counted per day."""

    SEEN = "seen"
    COPIED = "copied"
    CLIPPED = "clipped"
    SKIPPED = "skipped"
    FAILED = "failed"
    DELAYED = "delayed"
    EPISODE = "episode"
    STATE = "state"
    HAND = "hand"
    ALERT = "alert"
    SHADOW = "shadow"
