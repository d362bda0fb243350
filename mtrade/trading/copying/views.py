"""What copying shows a screen, and what a screen may wish. Frozen; None is "cannot be known now".

Sizes are signed contracts, money is the settle currency, ages and lags are milliseconds. `gap_bps`
is the follower's price against the leader's: above 0 is worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Reason
from mtrade.domain.copying.ladder import Rung
from mtrade.domain.copying.model import Control, CopyEvent, LegStatus, Link, LinkState
from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.positions import Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWish:
    """A link that does not exist yet. `params` are values as the API carries them; those left out
    have their defaults."""

    leader_id: str
    follower_id: str
    settle: str = "usdt"
    name: str = ""
    note: str = ""
    colour: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """A link and how it stands. `counts` are today's."""

    link: Link
    leader_name: str
    follower_name: str
    transport: str = "rest"
    leader_live: bool = False
    leader_age_ms: int | None = None
    lag_ms: int | None = None
    gap_bps: Decimal | None = None
    pnl: Decimal | None = None
    owned_value: Decimal | None = None
    legs_in_sync: int = 0
    legs: int = 0
    last_action: CopyEvent | None = None
    counts: Mapping[Act, int] = field(default_factory=dict)
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRow:
    """One contract of a link. `actions` are those of fix, adopt, ignore, close, catch_up, skip that
    make sense now; `pending` the signed rest of the order on its way. `liq_*` are of the follower's
    whole position: the price, how far mark is from it in percent, and whether that is too near."""

    link_id: int
    instrument: InstrumentId
    side: Leg
    leader: Decimal | None
    target: Decimal | None
    owned: Decimal
    pending: Decimal
    foreign: Decimal | None
    drift: Decimal | None
    leader_age_ms: int | None
    k: Fraction | None
    k_eff: Fraction | None
    status: LegStatus
    reason: Reason | None
    in_sync: bool
    liq_price: Decimal | None = None
    liq_pct: Decimal | None = None
    liq_near: bool = False
    leader_liq_price: Decimal | None = None
    leader_liq_pct: Decimal | None = None
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """An order that would be sent now; `price` None is at market."""

    side: Side
    size: Decimal
    price: Decimal | None
    reduce_only: bool
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What a link would do now in one contract, or why nothing."""

    instrument: InstrumentId
    side: Leg
    leader: Decimal | None
    target: Decimal | None
    owned: Decimal
    order: PlannedOrder | None
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The size settings in real numbers of one contract: equities and free margin as they are now,
    and a ladder of sizes from the smallest to the largest. `coins` is one contract in `coin`; None
    on an inverse contract."""

    instrument: InstrumentId
    coin: str
    coins: Decimal | None
    leader_equity: Decimal | None
    follower_equity: Decimal | None
    free_margin: Decimal | None
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """All of it; `problems` stop the link as a whole. `sizing` is there when a price is known."""

    rows: tuple[PlanRow, ...] = ()
    total_value: Decimal | None = None
    problems: tuple[Reason, ...] = ()
    sizing: Sizing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """What one follower would do with an order of its leader."""

    link_id: int
    follower_name: str
    order: PlannedOrder | None
    reason: Reason | None


class CopyDesk(Protocol):
    """Copying as a screen sees it. Thread-safe; changes wait at most 6 s for the engine.

    A `scope` is `all`, an account id, or (pause, resume, flatten) `link:<id>`. Raises NotFound
    (`unknown_link`, `unknown_leg`), Conflict (`copy_cycle`, `copy_conflict`, `copy_self`,
    `copy_network`, `copy_mode`, `copy_split`, `copy_clock`, `copy_state`, `copy_version`,
    `confirm_needed`, `copied_positions`) and InvalidRequest with the parameter's name in `fields`.
    """

    def links(self) -> tuple[LinkView, ...]: ...
    def link(self, link_id: int) -> LinkView: ...
    def create(self, wish: LinkWish) -> LinkView: ...
    def change(self, link_id: int, fields: Mapping[str, object], version: int) -> LinkView: ...
    def set_state(self, link_id: int, state: LinkState, confirm: bool) -> LinkView: ...
    def remove(self, link_id: int, how: OnUnfollow) -> None: ...
    def preview(self, wanted: int | LinkWish) -> LinkPlan: ...
    def sync(self, link_id: int | None) -> tuple[SyncRow, ...]: ...
    def act(self, link_id: int, instrument: InstrumentId, side: Leg, action: str) -> SyncRow: ...
    def events(
        self, link_id: int | None, act: Act | None, before_id: int | None, limit: int
    ) -> tuple[CopyEvent, ...]: ...
    def counts(self) -> Mapping[int, Mapping[Act, int]]: ...
    def pause(self, scope: str, actor: str) -> None: ...
    def resume(self, scope: str, actor: str) -> None: ...
    def halt(self, scope: str, actor: str) -> None: ...
    def release(self, scope: str, actor: str) -> None: ...
    def flatten(self, scope: str, then: str, actor: str) -> None: ...
    def brakes(self) -> tuple[Control, ...]: ...
    def ticket(
        self, account_id: str, instrument: InstrumentId, side: Side, size: Decimal
    ) -> tuple[TicketRow, ...]: ...
    def switch_mode(self, mode: str, positions: OnUnfollow | None) -> str: ...
