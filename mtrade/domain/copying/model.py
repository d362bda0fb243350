"""What copying remembers: links, legs with their ledger, episodes, and the feed of decisions.

All of it is durable: one `CopyChange` is one transaction of the journal, together with the intents
it goes with. Sizes are signed contracts, ratios are Fractions, times UTC milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct, field

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg


class LinkState(StrEnum):
    """What a link may send; see docs/copying.md."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"
    CLOSE_ONLY = "close_only"
    HANDS_OFF = "hands_off"
    TRIPPED = "tripped"


# Every change of state goes through this table; TRIPPED is entered by a limit, left by re-arming.
LINK_STATES: Mapping[LinkState, frozenset[LinkState]] = {
    LinkState.OFF: frozenset({LinkState.SHADOW, LinkState.ON}),
    LinkState.SHADOW: frozenset({LinkState.OFF, LinkState.ON}),
    LinkState.ON: frozenset(
        {LinkState.CLOSE_ONLY, LinkState.HANDS_OFF, LinkState.TRIPPED, LinkState.OFF}
    ),
    LinkState.CLOSE_ONLY: frozenset(
        {LinkState.ON, LinkState.HANDS_OFF, LinkState.TRIPPED, LinkState.OFF}
    ),
    LinkState.HANDS_OFF: frozenset({LinkState.ON, LinkState.CLOSE_ONLY, LinkState.OFF}),
    LinkState.TRIPPED: frozenset({LinkState.ON, LinkState.HANDS_OFF, LinkState.OFF}),
}


class Guard(Struct, frozen=True, kw_only=True):
    """What the loss limits of a link are measured against, in USDT of adjusted equity.

    `day` is the day (of the server's zone) `day_base` belongs to. `flows` are deposits, withdrawals
    and transfers since arming, which no limit counts; `paid` is all that was ever paid in, at
    the last reading. `warned` names limits already warned about.
    """

    day: str = ""
    day_base: Decimal | None = None
    day_flows: Decimal = ZERO
    high: Decimal | None = None
    flows: Decimal = ZERO
    warned: frozenset[str] = frozenset()
    paid: Decimal | None = None


class Link(Struct, frozen=True, kw_only=True):
    """A follower account mirrors a leader account. `since_ms` and `why` belong to the state.

    `leaving` says that the link is being removed and how. `paused_on` remembers that "pause all"
    found it on.
    """

    id: int
    leader_id: str
    follower_id: str
    params: CopyParams
    state: LinkState = LinkState.SHADOW
    settle: str = "usdt"
    name: str = ""
    note: str = ""
    colour: str = ""
    version: int = 1
    created_ms: int = 0
    armed_ms: int | None = None
    since_ms: int = 0
    why: Reason | None = None
    guard: Guard = Guard()
    leaving: OnUnfollow | None = None
    paused_on: bool = False


class Opening(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The leader's order that opens (or adds) is still growing; `k` is fixed when it ends."""

    order_id: str
    began_ms: int
    grew_ms: int


class Episode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From leader flat to leader flat (or flipped), for one leg.

    `sign` is the leader's side. `k` is fixed once, None while `opening`. `k_eff` is the ratio
    really achieved. `exact` is E, the exact signed target of the follower. `base` is the part of
    the leader that is not copied, unsigned; None is infinite (wait for flat). `anchor` is the
    leader size that E was last computed for. `leader_cost` sums contracts x price of the leader's
    increases, `leader_opened` their contracts, for the VWAP; `own_*` those of the follower's
    entries. `late_ms`: exchange time of the oldest increase not yet obtained, None when nothing is
    missing. `accepted_late`: a person chose "catch up now". `over`: the leader has left, and what
    the follower still holds goes before anything new begins. `latched_ms`: when it was first seen
    that somebody else had reduced the follower. `leverage` and `margin_mode` are those of the first
    order.
    """

    number: int
    sign: int
    started_ms: int
    joined: str
    k: Fraction | None = None
    k_eff: Fraction | None = None
    exact: Fraction = Fraction(0)
    base: Decimal | None = ZERO
    anchor: Decimal = ZERO
    latch: bool = False
    latched_ms: int | None = None
    ignored: bool = False
    adds: int = 0
    opening: Opening | None = None
    equity_leader: Decimal | None = None
    equity_follower: Decimal | None = None
    leader_cost: Decimal = ZERO
    leader_opened: Decimal = ZERO
    own_cost: Decimal = ZERO
    own_opened: Decimal = ZERO
    late_ms: int | None = None
    retry_until_ms: int | None = None
    accepted_late: bool = False
    over: bool = False
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None


class LegStatus(StrEnum):
    """PARKED: no increases for a reason, exits go on. BLOCKED: nothing until a human looked."""

    ACTIVE = "active"
    PARKED = "parked"
    BLOCKED = "blocked"


class CopyLeg(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One follower leg of a link: what its own orders have filled (`owned`) and why it stands so.

    `shadow` is the virtual ledger of a link in shadow. `pending` is the id of its one unfinished
    intent. `tries` counts exits in a row without any fill; `empty_ms` are times of recent sends
    without a fill. `planned_ms` is when the last order was planned.
    """

    id: int
    link_id: int
    follower_id: str
    instrument: InstrumentId
    side: Leg
    owned: Decimal = ZERO
    shadow: Decimal = ZERO
    status: LegStatus = LegStatus.ACTIVE
    reason: Reason | None = None
    episode: Episode | None = None
    episodes: int = 0
    pending: int | None = None
    tries: int = 0
    empty_ms: tuple[int, ...] = ()
    planned_ms: int = 0
    paused: bool = False
    version: int = 0


class CopyEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of the feed; `id` 0 until stored. `numbers` are plain texts for the sentence."""

    id: int = 0
    time_ms: int
    link_id: int
    act: Act
    code: Code | None = None
    instrument: InstrumentId | None = None
    side: Leg | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)
    intent_id: int | None = None


class Cause(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A leader trade was consumed by one order (`text`) of a follower, or netted out (empty)."""

    follower_id: str
    leader_id: str
    trade_id: str
    text: str = ""


class Control(Struct, frozen=True, kw_only=True):
    """A brake: scope `all` or an account id, state `halt` or `pause`."""

    scope: str
    state: str
    since_ms: int
    actor: str
    why: str = ""


class CopyChange(Struct, frozen=True, kw_only=True):
    """What is to be written in one transaction. `links` and `legs` replace rows of the same id;
    `freed` are texts whose causes are released because their order had no effect."""

    links: tuple[Link, ...] = ()
    removed: tuple[int, ...] = ()
    legs: tuple[CopyLeg, ...] = ()
    events: tuple[CopyEvent, ...] = ()
    causes: tuple[Cause, ...] = ()
    freed: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    lifted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


NO_CHANGE = CopyChange()


class CopyState(Struct, frozen=True, kw_only=True):
    """Everything a start loads. `last_*` are the largest ids ever given, also to what is gone."""

    links: tuple[Link, ...] = ()
    legs: tuple[CopyLeg, ...] = ()
    controls: tuple[Control, ...] = ()
    last_link_id: int = 0
    last_leg_id: int = 0
