"""What a follower should hold: episodes, their ratio, and the exact target. Pure.

`exact` follows the leader's size: growth by the ratio, reductions by the ratio really achieved, so
that the result depends on sizes only, never on how they were batched (docs/copying.md).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from mtrade.domain.accounts import FuturesAccount
from mtrade.domain.copying.choices import AddRule, EquityBase, LateJoin, Rounding, SizeMode
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.gearing import wanted
from mtrade.domain.copying.model import CopyLeg, Episode, LinkState, Opening
from mtrade.domain.numbers import ZERO

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_AVAILABLE, _EQUITY = EquityBase.AVAILABLE, EquityBase.EQUITY
_SHADOW = LinkState.SHADOW
_DOWN = Rounding.DOWN
_RATIO = SizeMode.RATIO

FRESH_EQUITY_MS = 60_000
QUIET_MS, LONGEST_MS = 2_000, 10_000  # an order whose end is not seen counts as finished then
FIXED = frozenset({SizeMode.FIXED_NOTIONAL, SizeMode.FIXED_MARGIN, SizeMode.FIXED_CONTRACTS})
NOTHING = Fraction(0)
GRAIN = 10**12  # parts of a contract: what is added up again and again stays a short number

Equities = tuple[Decimal, Decimal]  # of the leader and the follower


def sign(number: Decimal | Fraction) -> int:
    """-1, 0 or 1."""
    whole = number.numerator if isinstance(number, Fraction) else number
    return (whole > 0) - (whole < 0)


def rounded(exact: Fraction, step: Decimal, rounding: Rounding) -> Decimal:
    """`exact` on the grid of contracts; toward zero unless the link says otherwise."""
    over, under = step.as_integer_ratio()
    whole_step = exact.denominator * over
    steps, rest = divmod(abs(exact.numerator) * under, whole_step)
    if rest and rounding is not _DOWN:
        steps += rounding is Rounding.UP or rest * 2 > whole_step
    return step * (steps if exact.numerator > 0 else -steps)


def equity(account: FuturesAccount, base: EquityBase) -> Decimal:
    """The figure of a futures wallet that a link counts with."""
    if base is _AVAILABLE:
        return account.available
    if base is _EQUITY:
        return account.total + account.unrealised_pnl
    return account.total


def equities(facts: Facts) -> Equities | None:
    """Of the leader and the follower; None while one of them is old, unknown or not positive."""
    leader, follower, base = facts.leader, facts.follower, facts.link.params.equity_base
    if leader.account is None or follower.account is None:
        return None
    oldest = facts.now_ms - min(leader.account_ms, follower.account_ms)
    both = equity(leader.account, base), equity(follower.account, base)
    return both if oldest <= FRESH_EQUITY_MS and min(both) > 0 else None


def times(ratio: Fraction, size: Decimal) -> Fraction:
    """`ratio` of `size`; at a fraction of what two Fractions cost to multiply."""
    over, under = size.as_integer_ratio()
    return Fraction(ratio.numerator * over, ratio.denominator * under)


def copied(episode: Episode, size: Decimal) -> Fraction:
    """The part of the leader that is copied, unsigned."""
    return Fraction(_part(episode.base, size))


def _part(base: Decimal | None, size: Decimal) -> Decimal:
    """What of the leader is beyond `base`, unsigned."""
    return ZERO if base is None else max(abs(size) - base, ZERO)


def was_in(facts: Facts) -> bool:
    """Whether the leader held this before the link was armed (or made, while it only watches)."""
    link, since = facts.link, facts.leader.increase_ms
    armed = link.created_ms if link.state is _SHADOW else link.armed_ms
    return since is not None and armed is not None and since < armed


def begun(leg: CopyLeg, facts: Facts, ratio: Fraction | None, both: Equities | None) -> Episode:
    """The episode of a leader who is in; `ratio` is None while a fixed size waits for the order,
    `both` are the equities that are noted."""
    leader, now = facts.leader, facts.now_ms
    joined = "shadow" if facts.link.state is _SHADOW else "open"
    late = was_in(facts)
    if late and joined == "open":
        joined = facts.link.params.late_join.value
    cost, opened = _bought(facts, abs(leader.size))
    episode = Episode(
        number=leg.episodes + 1,
        sign=sign(leader.size),
        started_ms=now,
        joined=joined,
        k=ratio,
        k_eff=ratio,
        anchor=leader.size,
        equity_leader=both[0] if both else None,
        equity_follower=both[1] if both else None,
        leader_cost=cost,
        leader_opened=opened,
        late_ms=leader.increase_ms,
        opening=_opening(facts) if ratio is None else None,
    )
    return aimed(_joined(episode, facts) if late else episode, facts)


def _joined(episode: Episode, facts: Facts) -> Episode:
    rule = facts.link.params.late_join
    if rule in (LateJoin.WAIT_FLAT, LateJoin.ASK, LateJoin.ADOPT):
        return replace(episode, base=None, late_ms=None)
    if rule is LateJoin.ADDS_ONLY:
        return replace(episode, base=abs(facts.leader.size), late_ms=None)
    return replace(episode, late_ms=None)


def aimed(episode: Episode, facts: Facts) -> Episode:
    """The episode with E for what the leader holds, by the ratio achieved."""
    if episode.k_eff is None:
        return episode
    whole = _part(episode.base, episode.anchor)
    exact = times(episode.k_eff, whole if _side(episode, facts) > 0 else -whole)
    return replace(episode, exact=exact)


def opened(episode: Episode, facts: Facts) -> Episode:
    """A fixed size: k is fixed now, because the leader's order has ended."""
    ratio = fixed_ratio(facts, episode)
    if ratio is None:
        return episode
    return aimed(replace(episode, k=ratio, k_eff=ratio, opening=None), facts)


def is_opening(episode: Episode, facts: Facts) -> bool:
    """Whether the leader's order may still grow."""
    opening, leader, now = episode.opening, facts.leader, facts.now_ms
    if opening is None or not leader.order_open:
        return False
    return now - opening.grew_ms < QUIET_MS and now - opening.began_ms < LONGEST_MS


def _opening(facts: Facts, before: Opening | None = None) -> Opening:
    began = before.began_ms if before else facts.now_ms
    return Opening(order_id=facts.leader.order_id, began_ms=began, grew_ms=facts.now_ms)


def ratio_of(facts: Facts, both: Equities | None) -> Fraction | None:
    """k for the modes that know it at once; None while equity is not known."""
    params = facts.link.params
    if params.size_mode is _RATIO:
        return Fraction(params.multiplier)
    if both is None:
        return None
    over, under = params.multiplier.as_integer_ratio()
    leader, leader_parts = both[0].as_integer_ratio()
    follower, follower_parts = both[1].as_integer_ratio()
    return Fraction(over * follower * leader_parts, under * follower_parts * leader)


def fixed_contracts(facts: Facts, *, first: bool) -> Fraction | None:
    """What one open (`first`) or add of a fixed size is, in contracts; None while no price is
    known, or no leverage for a fixed margin."""
    params, rules, amount = facts.link.params, facts.market.rules, facts.link.params.amount
    if amount is None or rules is None:
        return None
    if params.size_mode is SizeMode.FIXED_CONTRACTS:
        return Fraction(amount)
    price = facts.leader.increase_price or facts.market.mark or facts.leader.entry_price
    if price is None:
        return None
    value = Fraction(amount)
    if params.size_mode is SizeMode.FIXED_MARGIN:
        setting = wanted(facts) if first else None
        leverage = setting.leverage if setting is not None else facts.follower.leverage
        if leverage is None or leverage <= 0:
            return None
        value *= Fraction(leverage)
    return value / Fraction(rules.value(Decimal(1), price))


def fixed_ratio(facts: Facts, episode: Episode) -> Fraction | None:
    """k of the fixed modes: the amount over all that the leader holds when it is fixed, also what
    is not copied, so that a small addition never sets a large ratio."""
    fixed, leader = fixed_contracts(facts, first=True), abs(Fraction(facts.leader.size))
    return None if fixed is None or not leader else fixed / leader


def grown(episode: Episode, facts: Facts) -> Episode:
    """The leader added."""
    size, params = facts.leader.size, facts.link.params
    more = abs(size) - abs(episode.anchor)
    moved = _cost(replace(episode, anchor=size, adds=episode.adds + 1), facts, more)
    moved = replace(
        moved,
        late_ms=episode.late_ms or facts.leader.increase_ms,
        retry_until_ms=None,
        opening=None if episode.opening is None else _opening(facts, episode.opening),
    )
    if moved.k is None or moved.k_eff is None or moved.base is None:
        return moved
    if refused_add(moved, facts) is not None:
        return kept(moved)
    whole = copied(moved, size)
    if params.add_rule is AddRule.FIXED_EACH and params.size_mode in FIXED:
        extra = fixed_contracts(facts, first=False) or NOTHING
        aim = Fraction(int((abs(episode.exact) + extra) * GRAIN), GRAIN)
    elif moved.k_eff <= moved.k:
        aim = moved.k_eff * whole
    else:
        aim = max(abs(episode.exact), moved.k * whole)
    ratio = aim / whole if whole else moved.k_eff
    return replace(moved, exact=aim * _side(episode, facts), k_eff=ratio)


def refused_add(episode: Episode, facts: Facts) -> Reason | None:
    """Why the add that `episode` counts already is not copied; None when it is."""
    params = facts.link.params
    if params.add_rule is AddRule.IGNORE:
        return Reason(Code.ADDS_IGNORED)
    if params.max_adds is None or episode.adds <= params.max_adds:
        return None
    numbers = {"count": str(episode.adds), "limit": str(params.max_adds)}
    return Reason(Code.CAP_ADDS, numbers)


def kept(episode: Episode) -> Episode:
    """E stays what it is although the leader has grown: the ratio falls."""
    whole = copied(episode, episode.anchor)
    return replace(episode, k_eff=abs(episode.exact) / whole) if whole else episode


def shrunk(episode: Episode, facts: Facts) -> Episode:
    """The leader reduced: first the copied part goes."""
    size = facts.leader.size
    base = episode.base if episode.base is None else min(episode.base, abs(size))
    return aimed(replace(episode, anchor=size, base=base), facts)


def ratcheted(episode: Episode, obtained: Decimal) -> Episode:
    """What is missing is not copied in this episode: E is what there is, the ratio falls to it."""
    whole = copied(episode, episode.anchor)
    ratio = abs(Fraction(obtained)) / whole if whole else episode.k_eff
    return replace(
        episode,
        exact=Fraction(obtained),
        k_eff=ratio,
        late_ms=None,
        retry_until_ms=None,
        accepted_late=False,
    )


def reached(episode: Episode) -> Episode:
    """Nothing is missing."""
    if episode.late_ms is None and episode.retry_until_ms is None and not episode.accepted_late:
        return episode
    return replace(episode, late_ms=None, retry_until_ms=None, accepted_late=False)


def _side(episode: Episode, facts: Facts) -> int:
    return -episode.sign if facts.link.params.inverse else episode.sign


def _cost(episode: Episode, facts: Facts, size: Decimal) -> Episode:
    cost, opened = _bought(facts, size)
    return replace(
        episode,
        leader_cost=episode.leader_cost + cost,
        leader_opened=episode.leader_opened + opened,
    )


def _bought(facts: Facts, size: Decimal) -> tuple[Decimal, Decimal]:
    """Contracts x price and contracts of what the leader added; nothing without a price."""
    price = facts.leader.increase_price
    return (ZERO, ZERO) if price is None else (size * price, size)
