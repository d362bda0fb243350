"""Copying as a screen shows it: read from frozen values on the caller's thread."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal

from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyLeg, Link, LinkState
from mtrade.domain.copying.pricing import gap_bps
from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import Instrument, Side
from mtrade.domain.numbers import ZERO
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.foresight import target_of
from mtrade.trading.copying.perils import danger_of
from mtrade.trading.copying.views import LinkView, SyncRow
from mtrade.trading.copying.world import Pass, network_of
from mtrade.trading.ports import CopyShelf

DAY_S = 86_400
KEPT_S = 1.0
PARTS = Decimal("0.1")


class Showing:
    """Thread-safe."""

    def __init__(self, core: Core, accounts: AccountManager, shelf: CopyShelf) -> None:
        self._core = core
        self._accounts = accounts
        self._shelf = shelf
        self._counted: tuple[float, Mapping[int, Mapping[Act, int]]] = (-KEPT_S, {})

    def links(self) -> tuple[LinkView, ...]:
        """Every link."""
        counts, sockets = self.counts(), self._sockets()
        links = sorted(dict(self._core.book.links).items())
        return tuple(self._view(link, counts, sockets) for _, link in links)

    def link(self, link: Link) -> LinkView:
        """One link."""
        return self._view(link, self.counts(), self._sockets())

    def sync(self, link_id: int | None) -> tuple[SyncRow, ...]:
        """Every contract of all links, or of one."""
        book = self._core.book
        rows = []
        for _, leg in sorted(dict(book.legs).items()):
            link = book.links.get(leg.link_id)
            if link is not None and link_id in (None, link.id):
                rows.append(self.row(link, leg))
        return tuple(rows)

    def row(self, link: Link, leg: CopyLeg) -> SyncRow:
        """One contract of a link."""
        core, network = self._core, network_of(link.follower_id)
        held = core.world.leader_size(link, leg)
        position = core.world.position(link, leg)
        rules = core.markets.rules.get((network, leg.instrument))
        target = target_of(leg, rules)
        drift = None if target is None else target - leg.owned
        pending = self._pending(leg)
        episode = leg.episode
        in_sync = drift is not None and drift.is_zero() and pending.is_zero()
        danger = danger_of(core, link, leg)
        return SyncRow(
            link_id=link.id,
            instrument=leg.instrument,
            side=leg.side,
            leader=None if held is None else held.size,
            target=target,
            owned=leg.owned,
            pending=pending,
            foreign=None if position is None else position - leg.owned,
            drift=drift,
            leader_age_ms=self._age(link),
            k=None if episode is None else episode.k,
            k_eff=None if episode is None else episode.k_eff,
            status=leg.status,
            reason=core.whys.get(leg.id) or leg.reason,
            in_sync=in_sync,
            liq_price=danger.price,
            liq_pct=danger.distance,
            liq_near=danger.near,
            leader_liq_price=danger.leader_price,
            leader_liq_pct=danger.leader_distance,
            actions=_actions(leg, position, in_sync, core.whys.get(leg.id) or leg.reason),
        )

    def counts(self) -> Mapping[int, Mapping[Act, int]]:
        """Today's, by link; looked up once a second."""
        now = self._core.tools.clock.monotonic()
        at, known = self._counted
        if now - at < KEPT_S:
            return known
        found = self._shelf.counts(_midnight_ms(self._core.tools.clock.now_ms()))
        self._counted = (now, found)
        return found

    def _view(
        self, link: Link, counts: Mapping[int, Mapping[Act, int]], sockets: frozenset[str]
    ) -> LinkView:
        core = self._core
        legs = [leg for leg in core.book.legs_of(link.id) if _matters(leg)]
        rows = [self.row(link, leg) for leg in legs]
        last = self._shelf.events(link.id, None, None, 1)
        sight = core.memory.sight(link.leader_id, link.settle)
        now = core.now_ms(network_of(link.leader_id))
        live = sight is not None and sight.is_live(now, link.params.signal_max_age_ms)
        return LinkView(
            link=link,
            leader_name=self._name(link.leader_id),
            follower_name=self._name(link.follower_id),
            transport="ws" if link.follower_id in sockets else "rest",
            leader_live=live,
            leader_age_ms=self._age(link),
            lag_ms=core.lags.get(link.id),
            gap_bps=_gap(legs),
            pnl=self._pnl(link, legs),
            owned_value=core.world.total(link, Pass(core.now_ms)).value,
            legs_in_sync=sum(row.in_sync for row in rows),
            legs=len(rows),
            last_action=last[0] if last else None,
            counts=counts.get(link.id, {}),
            warnings=self._warnings(link, live),
        )

    def _warnings(self, link: Link, live: bool) -> tuple[Reason, ...]:
        core = self._core
        if link.state is LinkState.OFF:
            return ()
        found = []
        if not live:
            found.append(Reason(Code.NOT_LIVE))
        stops = (core.gates.brake(link), core.gates.gate(link))
        return (*found, *(reason for reason in stops if reason is not None))

    def _pending(self, leg: CopyLeg) -> Decimal:
        intent = None if leg.pending is None else self._core.live().get(leg.pending)
        if intent is None:
            return ZERO
        return (intent.order.size - intent.filled) * intent.order.side.sign

    def _age(self, link: Link) -> int | None:
        sight = self._core.memory.sight(link.leader_id, link.settle)
        if sight is None or not sight.read_ms:
            return None
        now = self._core.now_ms(network_of(link.leader_id))
        newest = max([sight.read_ms, *(h.read_ms for h in list(sight.positions.values()))])
        return max(0, now - newest)

    def _pnl(self, link: Link, legs: list[CopyLeg]) -> Decimal | None:
        total = ZERO
        network = network_of(link.follower_id)
        now = self._core.now_ms(network)
        for leg in legs:
            if leg.owned.is_zero():
                continue
            rules = self._core.markets.rules.get((network, leg.instrument))
            mark = self._core.world.mark_of(network, leg.instrument, now)
            entry = _average(leg)
            if rules is None or mark is None or entry is None:
                return None
            total += _profit(rules, leg.owned, entry, mark)
        return total

    def _sockets(self) -> frozenset[str]:
        found = self._accounts.order_sockets()
        return frozenset(name for name, row in found if row.ready and row.settle)

    def _name(self, account_id: str) -> str:
        try:
            return self._accounts.get(account_id).name
        except MTradeError:
            return account_id


def _actions(
    leg: CopyLeg, position: Decimal | None, in_sync: bool, why: Reason | None
) -> tuple[str, ...]:
    found = []
    episode = leg.episode
    if not in_sync or (episode is not None and (episode.latch or episode.ignored)):
        found.append("fix")
    if position is not None and position != leg.owned:
        found.append("adopt")
    if episode is not None and not episode.ignored:
        found.append("ignore")
    if not leg.owned.is_zero():
        found.append("close")
    asks = why is not None and why.code is Code.FOREIGN_OPPOSITE and why.human
    if asks or (why is not None and why.code in (Code.STALE, Code.ASKED, Code.LATE)):
        found += ["catch_up", "skip"]
    return tuple(found)


def _matters(leg: CopyLeg) -> bool:
    return leg.episode is not None or not leg.owned.is_zero() or leg.pending is not None


def _average(leg: CopyLeg) -> Decimal | None:
    episode = leg.episode
    if episode is None or episode.own_opened.is_zero():
        return None
    return episode.own_cost / episode.own_opened


def _profit(rules: Instrument, size: Decimal, entry: Decimal, mark: Decimal) -> Decimal:
    if rules.inverse:
        return size * (1 / entry - 1 / mark)
    return size * rules.multiplier * (mark - entry)


def _gap(legs: list[CopyLeg]) -> Decimal | None:
    """The worst of the open contracts; above 0 is worse than the leader."""
    gaps = []
    for leg in legs:
        episode, own = leg.episode, _average(leg)
        if episode is None or own is None or episode.leader_opened.is_zero():
            continue
        theirs = episode.leader_cost / episode.leader_opened
        if not theirs.is_zero():
            gaps.append(gap_bps(own, theirs, Side.BUY if leg.owned >= 0 else Side.SELL))
    return max(gaps).quantize(PARTS) if gaps else None


def _midnight_ms(now_ms: int) -> int:
    here = time.localtime(now_ms // 1000)
    return now_ms - ((here.tm_hour * 60 + here.tm_min) * 60 + here.tm_sec) * 1000
