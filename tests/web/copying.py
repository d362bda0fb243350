"""A copying desk of memory alone: links, one contract each, and notes of what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal as D
from fractions import Fraction

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import Control, CopyEvent, LegStatus, Link, LinkState
from mtrade.domain.copying.params import RULES, CopyParams
from mtrade.domain.errors import Conflict, InvalidRequest, NotFound
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.positions import Leg
from mtrade.trading.copying.views import (
    LinkPlan,
    LinkView,
    LinkWish,
    PlannedOrder,
    PlanRow,
    Sizing,
    SyncRow,
    TicketRow,
)

BTC = InstrumentId(Market.FUTURES, "usdt", "BTC_USDT")
ORDER = PlannedOrder(
    side=Side.BUY, size=D(3), price=D("60180"), reduce_only=False, value=D("18.054")
)


def event(
    number: int, act: Act = Act.COPIED, code: Code | None = None, **numbers: str
) -> CopyEvent:
    """A row of the feed."""
    return CopyEvent(
        id=number, time_ms=1_700_000_000_000 + number, link_id=1, act=act, code=code,
        instrument=BTC, side=Leg.NET, numbers=numbers, intent_id=7,
    )  # fmt: skip


@dataclass
class FakeCopying:
    """Behaves as the contract says, as far as the web can tell."""

    rows: dict[int, Link] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    feed: tuple[CopyEvent, ...] = ()
    asked: list[tuple[object, ...]] = field(default_factory=list)
    order: PlannedOrder | None = ORDER
    why: Reason | None = None
    held: D = D(0)
    sizing: Sizing | None = None
    modes: list[tuple[str, OnUnfollow | None]] = field(default_factory=list)
    network: str = "paper"
    set_mode: Callable[[str], str] = str

    def add(self, state: LinkState = LinkState.SHADOW, **changes: object) -> Link:
        number = len(self.rows) + 1
        link = Link(
            id=number, leader_id=f"{self.network}:10001", follower_id=f"{self.network}:10002",
            params=CopyParams(), state=state,
        )  # fmt: skip
        self.rows[number] = replace(link, **changes)  # type: ignore[arg-type]
        return self.rows[number]

    def links(self) -> tuple[LinkView, ...]:
        return tuple(self._view(row) for row in self.rows.values())

    def link(self, link_id: int) -> LinkView:
        return self._view(self._row(link_id))

    def create(self, wish: LinkWish) -> LinkView:
        self._params(wish.params)
        if wish.leader_id == wish.follower_id:
            raise Conflict("leader and follower are one account", code="copy_self")
        self.asked.append(("create", wish))
        row = self.add(name=wish.name, note=wish.note, colour=wish.colour)
        return self._view(row)

    def change(self, link_id: int, fields: Mapping[str, object], version: int) -> LinkView:
        self._params(fields.get("params", {}))  # type: ignore[arg-type]
        row = self._row(link_id)
        if row.version != version:
            raise Conflict("changed meanwhile", code="copy_version")
        self.asked.append(("change", link_id, dict(fields)))
        plain = {name: value for name, value in fields.items() if name != "params"}
        self.rows[link_id] = replace(row, version=version + 1, **plain)  # type: ignore[arg-type]
        return self.link(link_id)

    def set_state(self, link_id: int, state: LinkState, confirm: bool) -> LinkView:
        self.asked.append(("state", link_id, state, confirm))
        self.rows[link_id] = replace(self._row(link_id), state=state, since_ms=5)
        return self.link(link_id)

    def remove(self, link_id: int, how: OnUnfollow) -> None:
        self._row(link_id)
        self.asked.append(("remove", link_id, how))

    def preview(self, wanted: int | LinkWish) -> LinkPlan:
        if isinstance(wanted, int):
            self._row(wanted)
        else:
            self._params(wanted.params)
        row = PlanRow(
            instrument=BTC, side=Leg.NET, leader=D(12), target=D(3), owned=self.held,
            order=self.order, reason=self.why,
        )  # fmt: skip
        total = None if self.order is None else self.order.value
        return LinkPlan(rows=(row,), total_value=total, sizing=self.sizing)

    def sync(self, link_id: int | None) -> tuple[SyncRow, ...]:
        if link_id is not None:
            self._row(link_id)
        return tuple(self._sync(row) for row in self.rows.values() if link_id in (None, row.id))

    def act(self, link_id: int, instrument: InstrumentId, side: Leg, action: str) -> SyncRow:
        row = self._row(link_id)
        if instrument != BTC:
            raise NotFound("no such contract", code="unknown_leg")
        self.asked.append(("act", link_id, str(instrument), side, action))
        return self._sync(row)

    def events(
        self, link_id: int | None, act: Act | None, before_id: int | None, limit: int
    ) -> tuple[CopyEvent, ...]:
        found = [
            row
            for row in sorted(self.feed, key=lambda row: -row.id)
            if link_id in (None, row.link_id)
            and act in (None, row.act)
            and (before_id is None or row.id < before_id)
        ]
        return tuple(found[:limit])

    def counts(self) -> Mapping[int, Mapping[Act, int]]:
        return {number: {} for number in self.rows}

    def pause(self, scope: str, actor: str) -> None:
        self.asked.append(("pause", scope, actor))

    def resume(self, scope: str, actor: str) -> None:
        self.asked.append(("resume", scope, actor))

    def halt(self, scope: str, actor: str) -> None:
        self.controls = (Control(scope=scope, state="halt", since_ms=9, actor=actor),)

    def release(self, scope: str, actor: str) -> None:
        self.controls = ()

    def flatten(self, scope: str, then: str, actor: str) -> None:
        self.asked.append(("flatten", scope, then))

    def brakes(self) -> tuple[Control, ...]:
        return self.controls

    def ticket(
        self, account_id: str, instrument: InstrumentId, side: Side, size: D
    ) -> tuple[TicketRow, ...]:
        order = PlannedOrder(side=side, size=size / 4, price=None, reduce_only=False, value=None)
        return tuple(
            TicketRow(link_id=number, follower_name="Second", order=order, reason=None)
            for number in self.rows
        )

    def switch_mode(self, mode: str, positions: OnUnfollow | None) -> str:
        if mode == "normal" and self.held and positions is None:
            raise Conflict("copied positions are open", code="copied_positions")
        self.modes.append((mode, positions))
        return self.set_mode(mode)

    def _row(self, link_id: int) -> Link:
        if link_id not in self.rows:
            raise NotFound("no such link", code="unknown_link")
        return self.rows[link_id]

    def _view(self, row: Link) -> LinkView:
        last = self.feed[-1] if self.feed else None
        return LinkView(
            link=row, leader_name="Main", follower_name="Second", leader_live=True,
            leader_age_ms=400, lag_ms=12, gap_bps=D("0.6"), pnl=D("1.5"), last_action=last,
            counts={Act.SKIPPED: 2},
        )  # fmt: skip

    def _sync(self, row: Link) -> SyncRow:
        return SyncRow(
            link_id=row.id, instrument=BTC, side=Leg.NET, leader=D(12), target=D(3),
            owned=self.held, pending=D(0), foreign=D(0), drift=D(3) - self.held,
            leader_age_ms=400, k=Fraction(1, 3), k_eff=Fraction(1, 4), status=LegStatus.ACTIVE,
            reason=self.why, in_sync=False, actions=("fix", "ignore"),
        )  # fmt: skip

    @staticmethod
    def _params(found: Mapping[str, object]) -> None:
        """The bounds of numbers and the words of choices: enough to refuse by name."""
        faults = {}
        for name, value in found.items():
            rule = RULES.get(name)
            if rule is None:
                faults[name] = "unknown field"
            elif rule.kind == "flag" and not isinstance(value, bool):
                faults[name] = "must be true or false"
            elif rule.choices is not None and value not in list(rule.choices):
                faults[name] = "is not valid"
            elif rule.kind == "number" and not (value is None and rule.optional):
                text = str(value)
                plain = text.isascii() and text.replace(".", "", 1).isdigit()
                if isinstance(value, bool) or not plain or len(text) > 20:
                    faults[name] = "must be a number like 0.012"
        if faults:
            raise InvalidRequest("please correct", fields=faults)
