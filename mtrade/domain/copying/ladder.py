"""The size settings in real numbers: what a follower opens when the leader opens so much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.copying.codes import Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyLeg, LegStatus, LinkState
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.copying.step import step
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import ONE, ZERO

RUNGS = tuple(Decimal(value) for value in (10, 100, 1_000, 10_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Sizes are unsigned contracts, values USDT at mark. `reason` tells what rounded, clipped or
    prevented it. `leader_value` is what was asked for; 0 contracts when that is less than one."""

    leader: Decimal
    leader_value: Decimal
    follower: Decimal
    follower_value: Decimal
    margin: Decimal | None = None
    reason: Reason | None = None


def ladder(leg: CopyLeg, facts: Facts, values: Iterable[Decimal] = RUNGS) -> tuple[Rung, ...]:
    """A long open of each value by a leader who was flat, decided as the engine decides it; empty
    while the contract or its price is not known."""
    rules, mark = facts.market.rules, facts.market.mark
    if rules is None or mark is None or mark <= 0:
        return ()
    quiet = _quiet(facts)
    fresh = replace(
        leg, owned=ZERO, shadow=ZERO, episode=None, pending=None, status=LegStatus.ACTIVE,
        reason=None, paused=False, tries=0, empty_ms=(),
    )  # fmt: skip
    return tuple(_rung(fresh, quiet, rules, mark, value) for value in values)


def _quiet(facts: Facts) -> Facts:
    """The link on, both sides flat, nothing in the way but sizes and caps."""
    link = replace(facts.link, state=LinkState.ON, armed_ms=0, created_ms=0, leaving=None)
    follower = replace(facts.follower, position=ZERO, entries_link=0, entries_account=0)
    return replace(facts, link=link, follower=follower, brake=None, gate=None)


def _rung(leg: CopyLeg, facts: Facts, rules: Instrument, mark: Decimal, value: Decimal) -> Rung:
    size = rules.conform_size(value / rules.value(ONE, mark))
    if size < rules.min_size:
        return Rung(leader=ZERO, leader_value=value, follower=ZERO, follower_value=ZERO)
    leader = replace(
        facts.leader, size=size, update_id=facts.leader.update_id + 1, read_ms=facts.now_ms,
        live=True, increase_price=mark, increase_ms=facts.now_ms, order_id="ladder",
        order_open=False, entry_price=mark, liquidated=False,
    )  # fmt: skip
    facts = replace(facts, leader=leader)
    outcome = step(leg, facts)
    leverage = facts.follower.leverage
    if outcome.setting is not None:
        leverage = outcome.setting.leverage
        outcome = _set(outcome, facts)
    sent = ZERO if outcome.order is None else outcome.order.order.size
    worth = rules.value(sent, mark)
    return Rung(
        leader=size,
        leader_value=value,
        follower=sent,
        follower_value=worth,
        margin=worth / leverage if leverage else None,
        reason=outcome.why,
    )


def _set(before: Outcome, facts: Facts) -> Outcome:
    """The decision once leverage is as wanted."""
    if before.setting is None:
        return before
    follower = replace(
        facts.follower,
        leverage=before.setting.leverage,
        margin_mode=before.setting.margin_mode,
    )
    after = step(before.leg, replace(facts, follower=follower))
    return replace(after, why=after.why or before.why)
