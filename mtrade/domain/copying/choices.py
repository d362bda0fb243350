"""The words a parameter of a link can have."""

from __future__ import annotations

from enum import StrEnum


class SizeMode(StrEnum):
    """What fixes the ratio of an episode when it starts."""

    EQUITY = "equity"
    RATIO = "ratio"
    FIXED_NOTIONAL = "fixed_notional"
    FIXED_MARGIN = "fixed_margin"
    FIXED_CONTRACTS = "fixed_contracts"


class EquityBase(StrEnum):
    """Which figure of the futures wallet counts as equity."""

    WALLET = "wallet"
    EQUITY = "equity"
    AVAILABLE = "available"


class AddRule(StrEnum):
    """What a follower does when the leader adds."""

    PROPORTIONAL = "proportional"
    FIXED_EACH = "fixed_each"
    IGNORE = "ignore"


class SideFilter(StrEnum):
    """Which sides of the follower are copied, judged after `inverse`."""

    BOTH = "both"
    LONG = "long"
    SHORT = "short"


class Rounding(StrEnum):
    """To the contract step."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


class BelowMin(StrEnum):
    """What becomes of a share that is smaller than one contract."""

    SKIP = "skip"
    BUMP = "bump"
    ACCUMULATE = "accumulate"


class CapPolicy(StrEnum):
    """What a breached cap does to an entry."""

    CLIP = "clip"
    SKIP = "skip"


class MarginPolicy(StrEnum):
    """What missing margin does to an entry."""

    CLIP = "clip"
    SKIP = "skip"
    PAUSE_LINK = "pause_link"


class LimitAction(StrEnum):
    """What a reached loss limit does."""

    ALERT = "alert"
    CLOSE_ONLY = "close_only"
    FLATTEN_AND_STOP = "flatten_and_stop"


class Rearm(StrEnum):
    """How a tripped link comes back."""

    MANUAL = "manual"
    NEXT_DAY = "next_day"


class LeverageMode(StrEnum):
    """Which leverage a follower's contract gets before an episode's first order."""

    MIRROR = "mirror"
    CAP = "cap"
    FIXED = "fixed"
    LEAVE = "leave"


class MarginChoice(StrEnum):
    """Which margin mode it gets."""

    MIRROR = "mirror"
    CROSS = "cross"
    ISOLATED = "isolated"
    LEAVE = "leave"


class OnFail(StrEnum):
    """What an entry does when leverage or margin mode cannot be set."""

    SKIP = "skip"
    CONTINUE = "continue"


class HedgeToOneWay(StrEnum):
    """How a hedge leader is copied to a one-way follower."""

    REFUSE = "refuse"
    NET = "net"
    FIRST_LEG = "first_leg"


class LateJoin(StrEnum):
    """What happens with positions the leader holds when a link is armed."""

    WAIT_FLAT = "wait_flat"
    COPY_NOW = "copy_now"
    IF_BETTER = "if_better"
    ADDS_ONLY = "adds_only"
    ADOPT = "adopt"
    ASK = "ask"


class LateEntries(StrEnum):
    """What happens with an increase that is older than `signal_max_age_ms`."""

    CONVERGE = "converge"
    LATE_JOIN = "late_join"
    EXITS_ONLY = "exits_only"


class OnBlind(StrEnum):
    """What happens with copied positions while the leader cannot be seen for long."""

    HOLD = "hold"
    CLOSE = "close"


class OnReduce(StrEnum):
    """The user reduced a copied position by hand."""

    RESPECT = "respect"
    FOLLOW_ADDS = "follow_adds"
    ENFORCE = "enforce"
    PAUSE_CONTRACT = "pause_contract"


class OnClose(StrEnum):
    """The user closed a copied position by hand."""

    RESPECT = "respect"
    ENFORCE = "enforce"
    PAUSE_CONTRACT = "pause_contract"


class OnAdd(StrEnum):
    """The user added to a copied position by hand."""

    FOREIGN = "foreign"
    ADOPT = "adopt"
    ENFORCE = "enforce"


class OnForeign(StrEnum):
    """An opposite position was there before the first copy."""

    BLOCK_CONTRACT = "block_contract"
    ADOPT = "adopt"
    CLOSE_FIRST = "close_first"


class OnLeaderLiq(StrEnum):
    """The leader was liquidated."""

    CLOSE = "close"
    KEEP = "keep"
    CLOSE_AND_PAUSE = "close_and_pause"


class OnUnfollow(StrEnum):
    """What becomes of the copied positions when a link is deleted."""

    KEEP = "keep"
    WIND_DOWN = "wind_down"
    CLOSE_NOW = "close_now"
