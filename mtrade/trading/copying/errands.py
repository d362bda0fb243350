"""What is asked of the exchange, and when: positions, wallets, rules, leverage. Engine thread only.

Nothing here waits: the scout posts what it finds. An account whose key is refused is asked once a
minute.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from mtrade.domain.accounts import Network
from mtrade.domain.copying.model import Link, LinkState
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.ports import Clock, Feeds
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.holdings import SECOND_LOOK_MS, VISIBLE_MS
from mtrade.trading.copying.market import Markets
from mtrade.trading.copying.memory import Memory, Place, Sight
from mtrade.trading.copying.scout import Scout
from mtrade.trading.copying.world import network_of

RUN_S = 0.25
LEADER_S, ALONE_S = 5.0, 2.0  # reads of a leader's positions: beside its stream, and without it
FOLLOWER_S = 5.0
WALLET_S = 10.0
FULL_PACE, MOST_SLOWDOWN = 50, 3.0  # more accounts are read more rarely, up to three times
CONTRACT_S = 120.0
RULES_S, TIERS_S = 300.0, 3_600.0
MISSING_S = 5.0  # what is not known yet is asked for this often
TRADES_S = 5.0
BACK_MS = 600_000  # how far back missed executions of a leader are listed
KEY_S = 60.0
MOMENT_S = 1.0
SECOND_S = SECOND_LOOK_MS / 1000 + 0.05


class Errands:
    """`now_ms` is exchange time of a network."""

    def __init__(
        self,
        scout: Scout,
        memory: Memory,
        markets: Markets,
        book: Book,
        feeds: Feeds,
        clock: Clock,
        now_ms: Callable[[Network], int],
    ) -> None:
        self._scout = scout
        self._memory = memory
        self._markets = markets
        self._book = book
        self._feeds = feeds
        self._clock = clock
        self._now_ms = now_ms
        self._next: dict[Hashable, float] = {}
        self._run_at = 0.0
        self._slowdown = 1.0
        self._watched: set[tuple[Network, InstrumentId]] = set()
        self.refused: dict[str, tuple[float, bool]] = {}  # until when, and whether for an order

    def until_next(self) -> float:
        """Seconds until `run` has something to do."""
        return max(0.0, self._run_at - self._clock.monotonic())

    def run(self) -> bool:
        """Ask what is due; False when it is too early."""
        now = self._clock.monotonic()
        if now < self._run_at:
            return False
        self._run_at = now + RUN_S
        links = [link for link in self._book.links.values() if link.state is not LinkState.OFF]
        self._memory.keep(
            place
            for link in links
            for place in ((link.leader_id, link.settle), (link.follower_id, link.settle))
        )
        leaders = {(link.leader_id, link.settle) for link in links}
        self._slowdown = min(max(1.0, len(self._memory.sights) / FULL_PACE), MOST_SLOWDOWN)
        for place, sight in self._memory.sights.items():
            self._ask_about(place, sight, leader=place in leaders, now=now)
        self._ask_common(links, now)
        self._watch()
        return True

    def soon(self, account_id: str, settle: str) -> None:
        """Read an account's positions at once."""
        self._next.pop(("positions", (account_id, settle)), None)
        self._run_at = 0.0

    def look_again(self, account_id: str, settle: str) -> None:
        """A row is missing that is not proven flat: the next look need not wait for its turn."""
        self._no_later(("positions", (account_id, settle)), SECOND_S)

    def wallet_soon(self, account_id: str, settle: str) -> None:
        """Read an account's wallet at once."""
        self._next.pop(("wallet", (account_id, settle)), None)
        self._run_at = 0.0

    def wallet_after(self, account_id: str, settle: str) -> None:
        """Money moved: read the wallet in a moment."""
        self._no_later(("wallet", (account_id, settle)), MOMENT_S)

    def contract(self, account_id: str, instrument: InstrumentId) -> None:
        """Read leverage and margin mode, unless that is being done or was done lately."""
        if self._is_refused(account_id):
            return
        if self._is_due(("contract", account_id, instrument), CONTRACT_S):
            self._scout.ask_contract(account_id, instrument)

    def forget_contract(self, account_id: str, instrument: InstrumentId) -> None:
        """Leverage or margin mode may have changed."""
        self._next.pop(("contract", account_id, instrument), None)

    def refuse(self, account_id: str, *, by_order: bool) -> bool:
        """A call failed because of the key; True when that is news."""
        news = account_id not in self.refused
        if by_order or news or not self.refused[account_id][1]:
            self.refused[account_id] = (self._clock.monotonic() + KEY_S, by_order)
        return news

    def accept(self, account_id: str) -> bool:
        """A read with the key went well; True when that ends a refusal. A key that may read but
        not trade stays refused for its minute."""
        if account_id not in self.refused:
            return False
        until, by_order = self.refused[account_id]
        if by_order and self._clock.monotonic() < until:
            return False
        del self.refused[account_id]
        return True

    def close(self) -> None:
        """Watch nothing more."""
        for key in self._watched:
            self._feeds.unwatch(*key)
        self._watched.clear()

    def _ask_about(self, place: Place, sight: Sight, *, leader: bool, now: float) -> None:
        account_id, settle = place
        if self._is_refused(account_id):
            self._try_key(place)
            return
        if self._is_due(("positions", place), self._patience(sight, leader=leader)):
            self._scout.ask_positions(account_id, settle)
        if self._is_due(("wallet", place), self._wallet_s(sight, leader=leader)):
            self._scout.ask_wallet(account_id, settle)
        if not leader or not sight.read_ms or not (sight.jumped or not sight.trades_from_ms):
            return
        if self._is_due(("trades", place), TRADES_S):
            asked = self._now_ms(network_of(account_id))
            sight.jumped = asked < sight.jump_ms + VISIBLE_MS  # it may not be listed yet
            since = asked - BACK_MS
            self._scout.ask_trades(account_id, settle, since)

    def _patience(self, sight: Sight, *, leader: bool) -> float:
        if sight.live_from_ms is None or sight.read_ms < sight.live_from_ms:
            return ALONE_S
        return LEADER_S if leader else FOLLOWER_S * self._slowdown

    def _wallet_s(self, sight: Sight, *, leader: bool) -> float:
        if sight.wallet is None:
            return MISSING_S
        return WALLET_S if leader else WALLET_S * self._slowdown

    def _ask_common(self, links: Iterable[Link], now: float) -> None:
        for network, settle in sorted({(network_of(x.leader_id), x.settle) for x in links}):
            known = any(key[0] is network for key in self._markets.rules)
            known = known and not self._markets.doubts(network, settle)
            if self._is_due(("rules", network, settle), RULES_S if known else MISSING_S):
                self._scout.ask_rules(network, settle)
        for network, instrument in sorted(self.in_use()):
            known = (network, instrument) in self._markets.tiers
            if self._is_due(("tiers", network, instrument), TIERS_S if known else MISSING_S):
                self._scout.ask_tiers(network, instrument)
        for leg in list(self._book.legs.values()):
            link = self._book.links.get(leg.link_id)
            if link is not None and link.state is not LinkState.OFF and leg.episode is not None:
                self.contract(leg.follower_id, leg.instrument)

    def in_use(self) -> set[tuple[Network, InstrumentId]]:
        """The contracts that some leg trades or some leader holds."""
        found = {
            (network_of(leg.follower_id), leg.instrument)
            for leg in self._book.legs.values()
            if leg.episode is not None or not leg.owned.is_zero()
        }
        leaders = {(link.leader_id, link.settle) for link in self._book.links.values()}
        for place in leaders:
            sight = self._memory.sights.get(place)
            for (instrument, _), held in list(sight.positions.items()) if sight else ():
                if not held.size.is_zero():
                    found.add((network_of(place[0]), instrument))
        return found

    def _watch(self) -> None:
        wanted = self.in_use()
        for key in sorted(wanted - self._watched):
            self._feeds.watch(*key)
        for key in sorted(self._watched - wanted):
            self._feeds.unwatch(*key)
        self._watched = wanted

    def _is_refused(self, account_id: str) -> bool:
        """A key that may read but not trade is still good for reads."""
        return account_id in self.refused and not self.refused[account_id][1]

    def _try_key(self, place: Place) -> None:
        """One call a minute, to see whether the key is good again."""
        if self._clock.monotonic() >= self.refused[place[0]][0]:
            self.refused[place[0]] = (self._clock.monotonic() + KEY_S, False)
            self._scout.ask_positions(*place)

    def _no_later(self, key: Hashable, seconds: float) -> None:
        self._next[key] = min(self._next.get(key, 0.0), self._clock.monotonic() + seconds)

    def _is_due(self, key: Hashable, every_s: float) -> bool:
        now = self._clock.monotonic()
        if 0.0 < self._next.get(key, 0.0) - now <= every_s:  # a shorter interval counts at once
            return False
        self._next[key] = now + every_s
        return True
