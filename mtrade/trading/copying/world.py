"""Puts together what a leg's decision depends on, from the memory; shared parts are made once a
pass. Reads only, so a preview may do it on any thread with a pass of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from mtrade.domain.accounts import MarginMode, Network
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts, FollowerFacts, LeaderFacts, MarketFacts
from mtrade.domain.copying.model import CopyLeg, Link
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Intent
from mtrade.domain.positions import Leg
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.holdings import SECOND_LOOK_MS, VISIBLE_MS, Held
from mtrade.trading.copying.leading import leader_facts
from mtrade.trading.copying.market import Markets
from mtrade.trading.copying.memory import Memory, Sight
from mtrade.trading.copying.pairing import first_leg, mirrored
from mtrade.trading.copying.rates import Rates

PRICE_FRESH_MS = 60_000


@lru_cache(maxsize=2048)
def network_of(account_id: str) -> Network:
    """An account's id begins with its network."""
    return Network(account_id.partition(":")[0])


@dataclass(slots=True)
class Totals:
    """A link's legs, orders under way included: value at mark and how many are open."""

    value: Decimal = ZERO
    open_legs: int = 0


@dataclass(slots=True)
class Pass:
    """One round of decisions at one moment; `now_ms` is exchange time by network."""

    now: Callable[[Network], int]
    leaders: dict[tuple[object, ...], LeaderFacts] = field(default_factory=dict)
    markets: dict[tuple[object, ...], MarketFacts] = field(default_factory=dict)
    totals: dict[int, Totals] = field(default_factory=dict)
    times: dict[Network, int] = field(default_factory=dict)
    marks: dict[tuple[Network, InstrumentId], Decimal | None] = field(default_factory=dict)

    def now_ms(self, network: Network) -> int:
        """The exchange's time, the same for the whole pass."""
        known = self.times.get(network)
        if known is None:
            known = self.times[network] = self.now(network)
        return known


class World:
    """`live` are the unfinished orders; `brake` and `gate` say what stops a link."""

    def __init__(
        self,
        memory: Memory,
        markets: Markets,
        book: Book,
        rates: Rates,
        live: Callable[[], Mapping[int, Intent]],
        brake: Callable[[Link], Reason | None],
        gate: Callable[[Link], Reason | None],
    ) -> None:
        self._memory = memory
        self._markets = markets
        self._book = book
        self._rates = rates
        self._live = live
        self._brake = brake
        self._gate = gate
        self.marks: dict[int, int] = {}  # by leg: the last growth of the leader it is done with
        self._first: dict[tuple[str, InstrumentId], Leg | None] = {}

    def facts(self, link: Link, leg: CopyLeg, at: Pass) -> Facts | None:
        """All that is known for this leg; None while nothing may be concluded from it."""
        network = network_of(link.follower_id)
        now = at.now_ms(network)
        leader = self._leader(link, leg, now, at)
        if leader is None:
            return None
        follower = self._follower(link, leg, now, at)
        return Facts(
            link=link,
            leader=leader,
            market=self._market(network, leg.instrument, follower.leverage, now, at),
            follower=follower,
            now_ms=now,
            brake=self._brake(link),
            gate=self._gate(link) or self._doubt(network, leg.instrument),
        )

    def _doubt(self, network: Network, instrument: InstrumentId) -> Reason | None:
        """Rules that the exchange contradicted are read again before the next entry."""
        label = self._markets.doubted(network, instrument)
        return Reason(Code.REFUSED, {"label": label}) if label else None

    def leader_size(self, link: Link, leg: CopyLeg) -> Held | None:
        """What the leader holds for a leg, as far as known."""
        sight = self._memory.sight(link.leader_id, link.settle)
        return None if sight is None else self._mirrored(link, leg, sight)

    def position(self, link: Link, leg: CopyLeg) -> Decimal | None:
        """The whole position of a follower's leg; None while that is not known."""
        sight = self._memory.sight(link.follower_id, link.settle)
        if sight is None:
            return None
        held = sight.positions.get((leg.instrument, leg.side)) or _absent(sight, leg)
        return None if held is None else held.size

    def total(self, link: Link, at: Pass) -> Totals:
        """The link's legs together."""
        known = at.totals.get(link.id)
        if known is None:
            known = at.totals[link.id] = self._totals(link, at)
        return known

    def grows(self, link: Link, leg: CopyLeg, size: Decimal, market: MarketFacts, at: Pass) -> None:
        """An entry of this pass: what the next legs must already reckon with."""
        totals = self.total(link, at)
        if leg.owned.is_zero():
            totals.open_legs += 1
        if market.rules is not None and market.mark is not None:
            totals.value += market.rules.value(size, market.mark)

    def mark_of(self, network: Network, instrument: InstrumentId, now_ms: int) -> Decimal | None:
        """The mark price while it is fresh, else what the youngest read of a position said."""
        quote = self._markets.quote(network, instrument)
        if quote.mark is not None and now_ms - quote.at_ms <= PRICE_FRESH_MS:
            return quote.mark
        best: tuple[int, Decimal] | None = None
        for (account_id, _), sight in list(self._memory.sights.items()):
            if network_of(account_id) is not network:
                continue
            for side in Leg:
                held = sight.positions.get((instrument, side))
                if held is not None and held.mark and (best is None or held.read_ms > best[0]):
                    best = (held.read_ms, held.mark)
        fresh = best is not None and now_ms - best[0] <= PRICE_FRESH_MS
        return best[1] if best is not None and fresh else None

    def _mark(self, network: Network, instrument: InstrumentId, at: Pass) -> Decimal | None:
        """The same for the whole pass: without a quote every account is looked at for one."""
        key = (network, instrument)
        if key not in at.marks:
            at.marks[key] = self.mark_of(network, instrument, at.now_ms(network))
        return at.marks[key]

    def _mirrored(self, link: Link, leg: CopyLeg, sight: Sight) -> Held | None:
        rows = {
            side: held
            for side in Leg
            if (held := sight.positions.get((leg.instrument, side))) is not None
        }
        key = (link.leader_id, leg.instrument)
        first = self._first[key] = first_leg(rows, self._first.get(key))
        held = mirrored(rows, leg.side, link.params, first)
        return held if held is not None else _absent(sight, leg)

    def _leader(self, link: Link, leg: CopyLeg, now: int, at: Pass) -> LeaderFacts | None:
        params = link.params
        mark = self.marks.get(leg.id, 0)
        key = (
            link.leader_id, leg.instrument, leg.side, params.inverse, params.hedge_to_one_way,
            params.signal_max_age_ms, mark, leg.episode and leg.episode.anchor,
            leg.planned_ms,
        )  # fmt: skip
        known = at.leaders.get(key)
        if known is None:
            sight = self._memory.sight(link.leader_id, link.settle)
            held = None if sight is None else self._mirrored(link, leg, sight)
            if sight is None or held is None:
                return None
            known = leader_facts(sight, held, leg, mark, now, params.signal_max_age_ms)
            at.leaders[key] = known
        return known

    def _market(
        self,
        network: Network,
        instrument: InstrumentId,
        leverage: Decimal | None,
        now: int,
        at: Pass,
    ) -> MarketFacts:
        key = (network, instrument, leverage)
        known = at.markets.get(key)
        if known is None:
            quote = self._markets.quote(network, instrument)
            fresh = now - quote.at_ms <= PRICE_FRESH_MS
            known = at.markets[key] = MarketFacts(
                rules=self._markets.rules.get((network, instrument)),
                mark=self._mark(network, instrument, at),
                bid=quote.bid if fresh else None,
                ask=quote.ask if fresh else None,
                volume_24h=quote.volume_24h,
                tier_value=self._markets.tier_value(network, instrument, leverage),
            )
        return known

    def _follower(self, link: Link, leg: CopyLeg, now: int, at: Pass) -> FollowerFacts:
        totals = self.total(link, at)
        entries = self._rates.counted(link.id, link.follower_id, now)
        sight = self._memory.sight(link.follower_id, link.settle)
        if sight is None:
            return FollowerFacts(total_value=totals.value, open_legs=totals.open_legs)
        held = sight.positions.get((leg.instrument, leg.side)) or _absent(sight, leg)
        leverage, margin_mode = _settings(sight, leg, held)
        return FollowerFacts(
            position=None if held is None else held.size,
            update_id=0 if held is None else held.update_id,
            position_ms=0 if held is None else held.read_ms,
            account=sight.wallet,
            account_ms=sight.wallet_ms,
            mode=None if sight.wallet is None else sight.wallet.mode,
            moved=self._has_moved(link, leg),
            leverage=leverage,
            margin_mode=margin_mode,
            total_value=totals.value,
            open_legs=totals.open_legs,
            entries_link=entries[0],
            entries_account=entries[1],
        )

    def _has_moved(self, link: Link, leg: CopyLeg) -> bool:
        """Whether the contract was copied in legs of another position mode, and still is."""
        keys = self._book.of_contract.get((link.id, leg.instrument), ())
        if keys == (leg.id,):
            return False
        others = [other for key in keys if (other := self._book.legs.get(key)) is not None]
        single = leg.side is Leg.NET
        return any(other.episode and (other.side is Leg.NET) is not single for other in others)

    def _totals(self, link: Link, at: Pass) -> Totals:
        network = network_of(link.follower_id)
        found = Totals()
        for leg in self._book.legs_of(link.id):
            size = leg.owned
            intent = None if leg.pending is None else self._live().get(leg.pending)
            if intent is not None:
                size += (intent.order.size - intent.filled) * intent.order.side.sign
            if size.is_zero():
                continue
            found.open_legs += 1
            rules = self._markets.rules.get((network, leg.instrument))
            mark = self._mark(network, leg.instrument, at)
            if rules is not None and mark is not None:
                found.value += rules.value(size, mark)
        return found


def _absent(sight: Sight, leg: CopyLeg) -> Held | None:
    """No row at all: flat, once two reads and enough time say so."""
    first = sight.first_read_ms
    if not first or sight.read_ms - first < SECOND_LOOK_MS:
        return None
    if sight.read_ms < leg.planned_ms + VISIBLE_MS:
        return None
    return Held(size=ZERO, update_id=0, read_ms=sight.read_ms, moved_ms=first, same_ms=first)


def _settings(
    sight: Sight, leg: CopyLeg, held: Held | None
) -> tuple[Decimal | None, MarginMode | None]:
    known = sight.settings.get(leg.instrument)
    newest = held is not None and (known is None or held.read_ms >= known.read_ms)
    if held is not None and newest and held.leverage is not None:
        return held.leverage, held.margin_mode
    if known is not None:
        for row in known.rows:
            if row.leg is leg.side:
                return row.leverage, row.margin_mode
    return None, None
