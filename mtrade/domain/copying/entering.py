"""The way in: states, gates, lateness, lists, caps, leverage, price; then one bounded IOC. Pure."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from mtrade.domain.copying import caps
from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.choices import LateEntries, LateJoin
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts, Wanted
from mtrade.domain.copying.fitting import misfit
from mtrade.domain.copying.foreign import in_the_way
from mtrade.domain.copying.gearing import setting_for
from mtrade.domain.copying.model import CopyEvent, CopyLeg, Episode, LegStatus, LinkState
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.copying.pricing import Band, entry_band, limit, shown, touch
from mtrade.domain.copying.tracking import because, held, told
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import text
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_IF_BETTER = LateJoin.IF_BETTER
_ACTIVE, _PARKED = LegStatus.ACTIVE, LegStatus.PARKED
_CLOSE_ONLY, _SHADOW, _TRIPPED = LinkState.CLOSE_ONLY, LinkState.SHADOW, LinkState.TRIPPED
_LIMIT = OrderType.LIMIT
_BUY, _SELL = Side.BUY, Side.SELL
_IOC = TimeInForce.IOC

Events = tuple[CopyEvent, ...]

LATEST_MS = 300_000
EMPTY_MS, MOST_EMPTY, EMPTY_WAIT_MS = 60_000, 6, 300
LOOK_MS = 500
LAPSED_MS = 4 * LOOK_MS


def ready(leg: CopyLeg, facts: Facts, aim: Decimal) -> Outcome | None:
    """Why no entry may follow now; None when one may."""
    episode = leg.episode
    if episode is None:
        return Outcome(leg=leg)
    stopped = _stopped(leg, facts)
    if stopped is not None:
        return waits(leg, facts, stopped)
    if episode.ignored:
        return waits(leg, facts, Reason(Code.IGNORED))
    if episode.latch:
        return _skipped(leg, facts, Reason(Code.LATCHED))
    if leg.status is _PARKED and leg.reason is not None and leg.reason.human:
        return Outcome(leg=leg, why=leg.reason)
    if not facts.leader.live:
        why = Reason(Code.NOT_LIVE, {"seconds": str(facts.leader.silent_s)})
        return waits(leg, facts, why)
    gate = facts.gate or misfit(leg, episode, facts) or in_the_way(leg, facts, aim)
    if gate is not None:
        return waits(leg, facts, gate, LOOK_MS)
    return _late(leg, episode, facts) or _refused(leg, facts, aim)


def _stopped(leg: CopyLeg, facts: Facts) -> Reason | None:
    link = facts.link
    if link.state is _CLOSE_ONLY or link.leaving is not None:
        return Reason(Code.PAUSED, {"since": str(link.since_ms)})
    if link.state is _TRIPPED:
        return link.why or Reason(Code.TRIPPED)
    return Reason(Code.PAUSED) if leg.paused else None


def _late(leg: CopyLeg, episode: Episode, facts: Facts) -> Outcome | None:
    """An increase that is not fresh any more: by the link's rule, in its band, or not at all."""
    params = facts.link.params
    if episode.joined == _IF_BETTER and not _is_better(episode, facts):
        return waits(leg, facts, _not_better(facts), LOOK_MS)
    age = _age(episode, facts)
    if age <= params.signal_max_age_ms:
        return None
    if params.late_entries is LateEntries.EXITS_ONLY:
        return _skipped(leg, facts, _too_late(age))
    if params.late_entries is LateEntries.LATE_JOIN and params.late_join in (
        LateJoin.WAIT_FLAT, LateJoin.ADDS_ONLY,
    ):  # fmt: skip
        return _skipped(leg, facts, _too_late(age))
    band = entry_band(episode, facts, late=True)
    side = _side(episode, facts)
    if age > LATEST_MS or (band is not None and band.ran(side, touch(facts, side)) is not None):
        return _parked(leg, facts, _too_late(age))
    return None


def lapsed(leg: CopyLeg, facts: Facts) -> CopyLeg:
    """Whoever could not look when the time of retrying ended knows nothing of the price then: what
    is missing is late, and the rule of late entries decides."""
    episode = leg.episode
    if episode is None or episode.retry_until_ms is None:
        return leg
    if facts.now_ms <= episode.retry_until_ms + LAPSED_MS:
        return leg
    return replace(leg, episode=replace(episode, retry_until_ms=None))


def _age(episode: Episode, facts: Facts) -> int:
    """How long something has been missing; an entry being retried, or wished for, is not late."""
    if episode.late_ms is None or episode.accepted_late or episode.retry_until_ms is not None:
        return 0
    return facts.now_ms - episode.late_ms


def _too_late(age: int) -> Reason:
    return Reason(Code.STALE, {"minutes": str(age // 60_000)}, human=True)


def _is_better(episode: Episode, facts: Facts) -> bool:
    entry, side = facts.leader.entry_price, _side(episode, facts)
    now = touch(facts, side) or facts.market.mark
    if entry is None or now is None:
        return False
    return Band(entry, facts.link.params.late_slip_bps).ran(side, now) is None


def _not_better(facts: Facts) -> Reason:
    numbers = {}
    if facts.market.mark is not None and facts.leader.entry_price is not None:
        entry = text(facts.leader.entry_price)
        numbers = {"price": text(facts.market.mark), "entry": entry}
    return Reason(Code.NOT_BETTER, numbers)


def _side(episode: Episode, facts: Facts) -> Side:
    up = (episode.sign > 0) is not facts.link.params.inverse
    return _BUY if up else _SELL


def _refused(leg: CopyLeg, facts: Facts, aim: Decimal) -> Outcome | None:
    why = caps.refused(leg, facts, aim > 0)
    if why is not None:
        return _skipped(leg, facts, why)
    if (fast := caps.too_fast(facts)) is not None:
        return waits(leg, facts, fast, LOOK_MS)
    return _empty(leg, facts)


def _empty(leg: CopyLeg, facts: Facts) -> Outcome | None:
    """Sends that found no counterpart: wait longer each time, then until a person looks."""
    recent = sum(at > facts.now_ms - EMPTY_MS for at in leg.empty_ms) if leg.empty_ms else 0
    if not recent:
        return None
    why = Reason(Code.ZERO_FILL, {"count": str(recent)}, human=recent >= MOST_EMPTY)
    if why.human:
        return _parked(leg, facts, why)
    again = leg.planned_ms + EMPTY_WAIT_MS * recent
    return Outcome(leg=leg, why=why, again_ms=again) if facts.now_ms < again else None


def entry(leg: CopyLeg, facts: Facts, aim: Decimal) -> Outcome:
    """Grow what is held toward `aim`."""
    episode, rules = leg.episode, facts.market.rules
    if episode is None or rules is None:
        return Outcome(leg=leg)
    now, side = held(leg, facts), _BUY if aim > 0 else _SELL
    late = _age(episode, facts) > facts.link.params.signal_max_age_ms
    band = entry_band(episode, facts, late=late)
    if band is None:
        return Outcome(leg=leg, why=Reason(Code.NO_PRICE), again_ms=facts.now_ms + LOOK_MS)
    if (out := _ran(leg, episode, facts, band, side)) is not None:
        return out
    size = abs(aim - now)
    if now and size * 100 < facts.link.params.resize_tolerance * abs(aim):
        return Outcome(leg=leg)
    clip = caps.clipped(leg, facts, now, size, band.reference)
    events: Events = ()
    if clip.why is not None and not clip.waits:
        leg, events = _ratcheted(leg, facts, now, side, clip)
    if not clip.size:
        again = facts.now_ms + LOOK_MS if clip.waits else None
        pause = clip.why if clip.pause else None
        return Outcome(leg=leg, why=clip.why, again_ms=again, events=events, pause=pause)
    return _sent(leg, facts, side, _fitting(clip.size, facts), band, events)


def _fitting(size: Decimal, facts: Facts) -> Decimal:
    most = facts.market.rules.max_size if facts.market.rules else None
    return size if most is None else min(size, most)


def _ratcheted(
    leg: CopyLeg, facts: Facts, now: Decimal, side: Side, clip: caps.Clip
) -> tuple[CopyLeg, Events]:
    """The clipped part is not sent later in this episode."""
    if leg.episode is None or clip.why is None:
        return leg, ()
    fixed = ep.ratcheted(leg.episode, now + clip.size * side.sign)
    fixed = replace(
        fixed, late_ms=leg.episode.late_ms, retry_until_ms=leg.episode.retry_until_ms
    ) if clip.size else fixed  # fmt: skip
    act = Act.CLIPPED if clip.size else Act.SKIPPED
    event = because(leg, facts, act, clip.why)
    return replace(leg, episode=fixed), (event,)


def _ran(leg: CopyLeg, episode: Episode, facts: Facts, band: Band, side: Side) -> Outcome | None:
    """Wait while the market stands beyond the band; when the time is up, keep what there is."""
    bps = band.ran(side, touch(facts, side))
    until = episode.retry_until_ms
    if bps is None and (until is None or facts.now_ms <= until):
        return None
    numbers = {"seconds": str(facts.link.params.entry_retry_s)}  # there was not enough inside it
    if bps is not None:
        numbers = {"bps": shown(bps), "limit": text(band.bps)}
    why = Reason(Code.PRICE_RAN, numbers)
    if until is not None and facts.now_ms > until:
        return _skipped(leg, facts, why)
    if until is None:
        leg = replace(leg, episode=replace(episode, retry_until_ms=_until(facts)))
    return Outcome(leg=leg, why=why, again_ms=facts.now_ms + LOOK_MS)


def _until(facts: Facts) -> int:
    return facts.now_ms + facts.link.params.entry_retry_s * 1000


def _sent(
    leg: CopyLeg, facts: Facts, side: Side, size: Decimal, band: Band, events: Events
) -> Outcome:
    if facts.link.state is _SHADOW:
        return _watched(leg, facts, side, size, events)
    setting = setting_for(leg, facts)
    if setting is not None:
        return Outcome(leg=leg, setting=setting, events=events, again_ms=facts.now_ms + LOOK_MS)
    rules, episode = facts.market.rules, leg.episode
    if rules is None or episode is None:
        return Outcome(leg=leg, events=events)
    first = not leg.owned or episode.leverage is None
    geared, until = facts.follower if first else episode, episode.retry_until_ms
    episode = replace(
        episode,
        leverage=geared.leverage,
        margin_mode=geared.margin_mode,
        retry_until_ms=_until(facts) if until is None else until,
    )
    if leg.status is _PARKED:
        leg = replace(leg, episode=episode, status=_ACTIVE, reason=None)
    else:
        leg = replace(leg, episode=episode)
    order = OrderRequest(
        instrument=leg.instrument,
        side=side,
        type=_LIMIT,
        size=size,
        text="",
        price=limit(band, rules, side),
        tif=_IOC,
    )
    wanted = Wanted(order=order, reducing=False, plan_position=facts.follower.position)
    return Outcome(leg=leg, order=wanted, events=events)


def _watched(leg: CopyLeg, facts: Facts, side: Side, size: Decimal, events: Events) -> Outcome:
    event = told(leg, facts, Act.SHADOW, Code.SHADOW, side=side.value, size=text(size))
    leg = replace(leg, shadow=leg.shadow + size * side.sign)
    return Outcome(leg=leg, why=Reason(Code.SHADOW), events=(*events, event))


def _skipped(leg: CopyLeg, facts: Facts, why: Reason) -> Outcome:
    """What is missing is not copied in this episode."""
    if leg.episode is None:
        return Outcome(leg=leg, why=why)
    fixed = ep.ratcheted(leg.episode, held(leg, facts))
    event = because(leg, facts, Act.SKIPPED, why)
    return Outcome(leg=replace(leg, episode=fixed), why=why, events=(event,))


def waits(leg: CopyLeg, facts: Facts, why: Reason, look_ms: int | None = None) -> Outcome:
    """Not now; it goes on by itself as soon as the reason is gone. Told once."""
    again = None if look_ms is None else facts.now_ms + look_ms
    known = leg.reason is not None and leg.reason.code is why.code
    if known and leg.status is _PARKED:
        return Outcome(leg=leg, why=why, again_ms=again)
    event = because(leg, facts, Act.DELAYED, why)
    parked = replace(leg, status=_PARKED, reason=replace(why, human=False))
    alerts = (why,) if why.human else ()
    return Outcome(leg=parked, why=why, again_ms=again, events=(event,), alerts=alerts)


def _parked(leg: CopyLeg, facts: Facts, why: Reason) -> Outcome:
    """No increases until a person decides; told once."""
    known = leg.reason is not None and leg.reason.code is why.code
    if known and leg.status is _PARKED:
        return Outcome(leg=leg, why=leg.reason)
    event = because(leg, facts, Act.DELAYED, why)
    parked = replace(leg, status=_PARKED, reason=why)
    return Outcome(leg=parked, why=why, events=(event,), alerts=(why,))
