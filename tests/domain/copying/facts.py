"""Facts of a quiet world, for tests of decisions."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode
from mtrade.domain.copying.choices import BelowMin, SizeMode
from mtrade.domain.copying.facts import Facts, FollowerFacts, LeaderFacts, MarketFacts
from mtrade.domain.copying.model import CopyLeg, Link, LinkState
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.copying.step import booked, step
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, futures
from mtrade.domain.orders import Intent, IntentKind, IntentState, OrderType
from mtrade.domain.positions import Leg

NOW = 1_700_000_000_000
BTC = futures("BTC_USDT")
RULES = Instrument(
    id=BTC, base="BTC", quote="USDT", price_step=D("0.1"), size_step=D(1), min_size=D(1),
    max_size=D(1_000_000), multiplier=D("0.001"), leverage_max=D(100),
)  # fmt: skip


def wallet(total: str = "100000") -> FuturesAccount:
    return FuturesAccount(
        uid="1", currency="USDT", total=D(total), available=D(total), unrealised_pnl=D(0),
        position_margin=D(0), order_margin=D(0), maintenance_margin=D(0), mode=PositionMode.SINGLE,
    )  # fmt: skip


class Bench:
    """One leg of one link, stepped by hand; orders fill in full at once unless told otherwise."""

    def __init__(self, state: LinkState = LinkState.ON, **params: Any) -> None:
        given = {"size_mode": SizeMode.RATIO, "multiplier": D(1), **params}
        self.link = Link(
            id=1, leader_id="paper:1", follower_id="paper:2", params=CopyParams(**given),
            state=state, armed_ms=NOW - 1_000, created_ms=NOW - 1_000,
        )  # fmt: skip
        self.leg = CopyLeg(id=1, link_id=1, follower_id="paper:2", instrument=BTC, side=Leg.NET)
        self.now = NOW
        self.size = D(0)
        self.leader: dict[str, Any] = {"entry_price": D(60_000), "leverage": D(5)}
        self.market = MarketFacts(rules=RULES, mark=D(60_000), bid=D(59_999), ask=D(60_001))
        self.follower = FollowerFacts(
            account=wallet(), account_ms=NOW, mode=PositionMode.SINGLE, leverage=D(5),
            margin_mode=MarginMode.ISOLATED, position=D(0), position_ms=NOW,
        )  # fmt: skip
        self.gate: Any = None
        self.brake: Any = None
        self.sent: list[D] = []
        self.events: list[Any] = []
        self.alerts: list[Any] = []

    def facts(self) -> Facts:
        leader: dict[str, Any] = {
            "size": self.size, "update_id": 1, "read_ms": self.now, "live": True,
            "increase_price": D(60_000), "increase_ms": self.now, "account": wallet(),
            "account_ms": self.now, "margin_mode": MarginMode.ISOLATED,
        }  # fmt: skip
        return Facts(
            link=self.link, leader=LeaderFacts(**{**leader, **self.leader}), market=self.market,
            follower=replace(self.follower, account_ms=self.now), now_ms=self.now,
            gate=self.gate, brake=self.brake,
        )  # fmt: skip

    def look(self) -> Outcome:
        """One decision, remembered."""
        outcome = step(self.leg, self.facts())
        self.leg = outcome.leg
        self.events += outcome.events
        self.alerts += outcome.alerts
        return outcome

    def to(self, size: str, fill: str = "1") -> Outcome:
        """The leader now holds `size`; the orders that follow fill this share, until none comes."""
        self.size = D(size)
        self.now += 200
        outcome = self.look()
        while outcome.order is not None:
            self.fill(outcome, D(fill))
            outcome = self.look()
        return outcome

    def fill(self, outcome: Outcome, share: D = D(1), label: str = "") -> Intent:
        """What came of an order."""
        assert outcome.order is not None
        order = outcome.order.order
        filled = RULES.conform_size(order.size * share)
        before = Intent(
            id=len(self.sent) + 1, account_id="paper:2", kind=IntentKind.COPY, request_id="",
            order=order, expires_ms=self.now + 3_000, state=IntentState.SENDING,
            planned_ms=self.now, leg_id=1,
        )  # fmt: skip
        state = IntentState.VOID if label else IntentState.DONE
        after = replace(
            before, state=state, filled=D(0) if label else filled, average=D(60_000),
            closed_ms=self.now, label=label,
        )  # fmt: skip
        self.sent.append(order.signed_size)
        self.follower = replace(
            self.follower,
            position=(self.follower.position or D(0)) + after.filled * order.side.sign,
        )
        assert order.reduce_only is outcome.order.reducing
        planned = replace(self.leg, pending=before.id, planned_ms=self.now)
        result = booked(planned, before, after, self.facts())
        self.leg, self.events = result.leg, [*self.events, *result.events]
        self.now += 400
        return after


__all__ = ["BTC", "NOW", "RULES", "BelowMin", "Bench", "OrderType", "wallet"]
