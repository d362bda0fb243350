"""Values of copying for tests of the store, and strategies that draw any of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import (
    CopyEvent,
    CopyLeg,
    Episode,
    Guard,
    LegStatus,
    Link,
    LinkState,
    Opening,
)
from mtrade.domain.copying.params import RULES, CopyParams, Kind, Rule, Share
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg

BTC = futures("BTC_USDT")
LEADER = "paper:1"


def link(number: int = 1, **changes: Any) -> Link:
    base = Link(
        id=number, leader_id=LEADER, follower_id=f"paper:{100 + number}", params=CopyParams()
    )
    return replace(base, **changes)


def leg(number: int = 1, **changes: Any) -> CopyLeg:
    base = CopyLeg(
        id=number,
        link_id=number,
        follower_id=f"paper:{100 + number}",
        instrument=BTC,
        side=Leg.NET,
    )
    return replace(base, **changes)


def event(time_ms: int, link_id: int = 1, act: Act = Act.COPIED, **changes: Any) -> CopyEvent:
    return CopyEvent(time_ms=time_ms, link_id=link_id, act=act, **changes)


def copy_intent(number: int, text: str, leg_id: int = 1, **changes: Any) -> Intent:
    order = OrderRequest(
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=Decimal(3),
        text=text,
        price=Decimal("60000.1"),
        tif=TimeInForce.IOC,
    )
    base = Intent(
        id=number,
        account_id="paper:101",
        kind=IntentKind.COPY,
        request_id="",
        order=order,
        expires_ms=5_000,
        state=IntentState.SENDING,
        planned_ms=1_000,
        plan_position=Decimal(0),
        leg_id=leg_id,
    )
    return replace(base, **changes)


sizes = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
amounts = st.decimals(min_value=0, max_value=10**12, places=8)
ratios = st.fractions(max_denominator=10**9)
moments = st.integers(0, 2**45)
words = st.text(max_size=20)
numbers = st.dictionaries(words, words, max_size=3)
reasons = st.builds(Reason, st.sampled_from(Code), numbers, st.booleans())

episodes = st.builds(
    Episode,
    number=st.integers(1, 10**6),
    sign=st.sampled_from((-1, 1)),
    started_ms=moments,
    joined=words,
    k=st.none() | ratios,
    k_eff=st.none() | ratios,
    exact=ratios,
    base=st.none() | amounts,
    anchor=sizes,
    latch=st.booleans(),
    latched_ms=st.none() | moments,
    ignored=st.booleans(),
    adds=st.integers(0, 100),
    opening=st.none() | st.builds(Opening, order_id=words, began_ms=moments, grew_ms=moments),
    equity_leader=st.none() | amounts,
    equity_follower=st.none() | amounts,
    leader_cost=amounts,
    leader_opened=amounts,
    own_cost=amounts,
    own_opened=amounts,
    late_ms=st.none() | moments,
    retry_until_ms=st.none() | moments,
    accepted_late=st.booleans(),
    leverage=st.none() | sizes,
    margin_mode=st.none() | st.sampled_from(MarginMode),
    over=st.booleans(),
)
legs = st.builds(
    CopyLeg,
    id=st.just(1),
    link_id=st.just(1),
    follower_id=st.just("paper:101"),
    instrument=st.just(BTC),
    side=st.sampled_from(Leg),
    owned=sizes,
    shadow=sizes,
    status=st.sampled_from(LegStatus),
    reason=st.none() | reasons,
    episode=st.none() | episodes,
    episodes=st.integers(0, 10**6),
    pending=st.none(),
    tries=st.integers(0, 100),
    empty_ms=st.lists(moments, max_size=6).map(tuple),
    planned_ms=moments,
    paused=st.booleans(),
    version=st.integers(0, 10**9),
)
guards = st.builds(
    Guard,
    day=words,
    day_base=st.none() | amounts,
    day_flows=sizes,
    high=st.none() | amounts,
    flows=sizes,
    warned=st.frozensets(words, max_size=3),
    paid=st.none() | sizes,
)


def _values(rule: Rule) -> st.SearchStrategy[Any]:
    kinds: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.NUMBER: amounts,
        Kind.WHOLE: st.integers(0, 10**6),
        Kind.FLAG: st.booleans(),
        Kind.CHOICE: st.sampled_from(list(rule.choices or ())) if rule.choices else st.nothing(),
        Kind.NAMES: st.lists(words, max_size=3).map(tuple),
        Kind.STEPS: st.lists(amounts, max_size=4).map(tuple),
        Kind.SHARE: st.builds(Share, amounts, st.booleans()),
    }
    return st.none() | kinds[rule.kind] if rule.optional else kinds[rule.kind]


params = st.builds(CopyParams, **{name: _values(rule) for name, rule in RULES.items()})
links = st.builds(
    Link,
    id=st.just(1),
    leader_id=st.just(LEADER),
    follower_id=st.just("paper:101"),
    params=params,
    state=st.sampled_from(LinkState),
    settle=st.sampled_from(("usdt", "btc")),
    name=words,
    note=words,
    colour=words,
    version=st.integers(1, 10**6),
    created_ms=moments,
    armed_ms=st.none() | moments,
    since_ms=moments,
    why=st.none() | reasons,
    guard=guards,
    leaving=st.none() | st.sampled_from(OnUnfollow),
    paused_on=st.booleans(),
)
