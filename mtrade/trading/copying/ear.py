"""What streams and reads tell: remembered, and the legs concerned are looked at next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.episodes import sign
from mtrade.domain.copying.interference import is_forced
from mtrade.domain.copying.model import CopyChange, CopyLeg, Link
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.errors import AuthenticationFailed
from mtrade.domain.events import (
    AccountSnapshot,
    Event,
    Filled,
    Liquidated,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    StreamChanged,
    StreamStatus,
    TickerChanged,
    TopChanged,
)
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Leg
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.memory import Sight
from mtrade.trading.copying.pairing import all_sides
from mtrade.trading.copying.settings import Settings
from mtrade.trading.copying.sightings import (
    ContractSeen,
    PositionsSeen,
    RulesSeen,
    SettingSeen,
    Sighting,
    TiersSeen,
    TradesSeen,
    WalletSeen,
)
from mtrade.trading.copying.world import network_of
from mtrade.trading.inbox import Rank

_OF_ACCOUNTS = (
    PositionChanged, Filled, OrderChanged, PositionClosed, Liquidated, AccountSnapshot,
)  # fmt: skip

_time = attrgetter("time_ms")
LATE = "exchange_clock"  # the exchange found a read too late: no word about the key


class Ear:
    """`strangers` is told every execution on a follower. Engine thread only, except `hear`."""

    def __init__(
        self, core: Core, settings: Settings, strangers: Callable[[str, Sequence[Fill]], None]
    ) -> None:
        self._core = core
        self._settings = settings
        self._strangers = strangers
        self._moved: dict[tuple[str, InstrumentId], None] = {}

    def hear(self, event: Event) -> Rank | None:
        """On the thread of the streams: note prices at once, let the rest through if it matters;
        what a leader did waits for no other news."""
        if isinstance(event, TickerChanged | TopChanged):
            self._core.markets.price(event)
            return None
        book = self._core.book
        if isinstance(event, StreamChanged):
            account_id = event.stream.account_id
        elif isinstance(event, _OF_ACCOUNTS):
            account_id = event.account_id
        else:
            return None
        if account_id in book.of_leader:
            return Rank.SIGNAL
        return Rank.NEWS if account_id in book.of_follower else None

    def heard(self, event: Event) -> None:
        """An event, on the engine's thread."""
        memory = self._core.memory
        match event:
            case PositionChanged():
                if memory.position(event):
                    self.moved(event.account_id, event.update.instrument)
            case Filled():
                self.filled(event.account_id, memory.heard_fills(event))
            case OrderChanged():
                if memory.order(event):
                    self._core.touch_contract(event.account_id, event.order.instrument)
            case AccountSnapshot():
                self._snapshot(event)
            case StreamChanged():
                self._stream(event)
            case _:
                self._ended(event)

    def seen(self, seen: Sighting) -> None:
        """The scout came back."""
        if not isinstance(seen, RulesSeen | TiersSeen):
            self._key(seen)
        match seen:
            case SettingSeen():
                self._settings.done(seen)
            case ContractSeen():
                self._settings.read(seen)
                self._flat_rows(seen)
            case _ if seen.error is not None:
                return
            case PositionsSeen():
                self._positions(seen)
            case WalletSeen():
                self._wallet(seen)
            case TradesSeen():
                self._trades(seen)
            case RulesSeen():
                self._core.markets.listed(seen.network, seen.settle, seen.rules)
            case TiersSeen():
                self._core.markets.tiers[(seen.network, seen.instrument)] = seen.tiers

    def moved(self, account_id: str, instrument: InstrumentId) -> None:
        """The position of an account may have changed."""
        self._moved[account_id, instrument] = None

    def look(self) -> None:
        """At the legs of what moved; one may be missing. While it lasts nothing is heard."""
        moved, self._moved = self._moved, {}
        for account_id, instrument in moved:
            self._complete(account_id, instrument)
            self._core.touch_contract(account_id, instrument)

    def _complete(self, account_id: str, instrument: InstrumentId) -> None:
        """Make the legs that mirror what a leader holds in a contract."""
        book = self._core.book
        if held := self._held_in(account_id, instrument):
            links = map(book.links.__getitem__, book.of_leader.get(account_id, ()))
            self._add([leg for link in links for leg in self._missing_legs(link, instrument, held)])

    def _add(self, fresh: Sequence[CopyLeg]) -> None:
        core = self._core
        if fresh:
            core.book.apply(CopyChange(legs=tuple(fresh)))
            for leg in fresh:
                core.errands.contract(leg.follower_id, leg.instrument)
            core.touch([leg.id for leg in fresh])

    def everything(self) -> None:
        """Look at all that leaders hold: a leg may be missing."""
        core = self._core
        leaders = {(link.leader_id, link.settle) for link in core.active()}
        for account_id, settle in sorted(leaders):
            for instrument in _held(core.memory.sight(account_id, settle)):
                self._complete(account_id, instrument)

    def filled(self, account_id: str, fresh: list[Fill]) -> None:
        """Executions of an account that were not known."""
        core = self._core
        core.causes.heard(
            [core.book.links[n] for n in core.book.of_leader.get(account_id, ())], fresh
        )
        for instrument in {fill.instrument for fill in fresh}:
            core.touch_contract(account_id, instrument)
        for fill in fresh:
            if is_forced(fill.text):
                self._forced(account_id, fill.instrument, fill.time_ms)
        if fresh and account_id in core.book.of_follower:
            self._strangers(account_id, fresh)

    def _forced(self, account_id: str, instrument: InstrumentId, time_ms: int) -> None:
        """The exchange made a leader's position smaller: tell whoever copies it, or just did."""
        core, why, rows = self._core, Reason(Code.LEADER_LIQUIDATED), []
        for link_id in core.book.of_leader.get(account_id, ()):
            for leg in core.book.legs_of(link_id):
                if leg.instrument == instrument and (leg.episode or leg.planned_ms >= time_ms):
                    outcome = Outcome(leg=leg, alerts=(why,))
                    rows += core.alarms(core.book.links[link_id], leg, outcome)
        if rows:
            core.launch((), CopyChange(events=tuple(rows)))

    def _held_in(self, account_id: str, instrument: InstrumentId) -> tuple[int, ...]:
        """The signs of what an account holds in a contract, a leg each."""
        sight = self._core.memory.sight(account_id, instrument.settle)
        rows = [] if sight is None else [sight.positions.get((instrument, side)) for side in Leg]
        return tuple(sign(row.size) for row in rows if row is not None and row.size)

    def _missing_legs(
        self, link: Link, instrument: InstrumentId, held: tuple[int, ...]
    ) -> list[CopyLeg]:
        """Legs for what the leader holds in a contract, as far as they do not exist."""
        book = self._core.book
        mode = self._mode(link) if instrument.settle == link.settle else None
        wanted = () if mode is None else all_sides(mode, held, link.params.inverse)
        return [
            book.fresh_leg(link, instrument, side)
            for side in wanted
            if (link.id, instrument, side) not in book.by_key
        ]

    def _mode(self, link: Link) -> PositionMode | None:
        """How the follower's positions are kept; asked for when it is not known."""
        sight = self._core.memory.sight(link.follower_id, link.settle)
        if sight is None or sight.wallet is None:
            self._core.errands.wallet_soon(link.follower_id, link.settle)
            return None
        return sight.wallet.mode

    def _positions(self, seen: PositionsSeen) -> None:
        place = (seen.account_id, seen.settle)
        for instrument in sorted(self._core.memory.rows(place, seen.positions, seen.read_ms)):
            self.moved(seen.account_id, instrument)
        sight = self._core.memory.sight(*place)
        if sight is not None and sight.missing:
            self._core.errands.look_again(*place)

    def _trades(self, seen: TradesSeen) -> None:
        memory = self._core.memory
        trades = sorted(seen.trades, key=_time)
        self.filled(seen.account_id, memory.fills(seen.account_id, trades))
        sight = memory.sight(seen.account_id, seen.settle)
        if sight is not None:
            first = not sight.trades_from_ms
            sight.trades_from_ms = min(seen.since_ms, sight.trades_from_ms or seen.since_ms)
            sight.trades_read_ms = max(seen.read_ms, sight.trades_read_ms)
            if first:
                self._core.touch_account(seen.account_id)

    def _flat_rows(self, seen: ContractSeen) -> None:
        """A contract read by itself lists flat legs too, with their `update_id`."""
        sight = self._core.memory.sight(seen.account_id, seen.instrument.settle)
        if sight is None or seen.error is not None:
            return
        if self._core.memory.contract(sight, seen.rows, seen.read_ms):
            self.moved(seen.account_id, seen.instrument)

    def _wallet(self, seen: WalletSeen) -> None:
        sight = self._core.memory.sight(seen.account_id, seen.settle)
        if sight is None or seen.account is None or seen.read_ms < sight.wallet_ms:
            return
        known = sight.wallet
        sight.wallet, sight.wallet_ms = seen.account, seen.read_ms
        if known is None or known.mode is not seen.account.mode:
            self._all_moved(seen.account_id)

    def _all_moved(self, account_id: str) -> None:
        """Something about an account that concerns all its contracts."""
        core = self._core
        for link_id in core.book.of_follower.get(account_id, ()):
            link = core.book.links[link_id]
            for instrument in _held(core.memory.sight(link.leader_id, link.settle)):
                held = self._held_in(link.leader_id, instrument)
                self._add(self._missing_legs(link, instrument, held))
        core.touch_account(account_id)

    def _snapshot(self, event: AccountSnapshot) -> None:
        core = self._core
        sight = core.memory.sight(event.account_id, event.settle)
        before = None if sight is None else sight.wallet
        for instrument in sorted(core.memory.snapshot(event)):
            self.moved(event.account_id, instrument)
        fresh = core.memory.fills(event.account_id, sorted(event.fills, key=_time))
        self.filled(event.account_id, fresh)
        if sight is not None and before is None and sight.wallet is not None:
            self._all_moved(event.account_id)

    def _ended(self, event: Event) -> None:
        """A position ended, by will or by force."""
        core = self._core
        if isinstance(event, PositionClosed):
            core.memory.closed(event)
            core.errands.soon(event.account_id, event.close.instrument.settle)
        elif isinstance(event, Liquidated) and core.memory.forced(event):
            told = event.liquidation
            self._forced(event.account_id, told.instrument, told.time_ms)
            core.touch_contract(event.account_id, told.instrument)

    def _stream(self, event: StreamChanged) -> None:
        core, stream = self._core, event.stream
        now = core.now_ms(network_of(stream.account_id))
        if core.memory.stream(event, now):
            if event.status is StreamStatus.LIVE:
                core.errands.soon(stream.account_id, stream.settle)
            core.touch_account(stream.account_id)

    def _key(self, seen: Sighting) -> None:
        account_id = getattr(seen, "account_id", "")
        core = self._core
        if isinstance(seen.error, AuthenticationFailed) and seen.error.code != LATE:
            core.key_refused(account_id, seen.error.label or seen.error.code)
        elif seen.error is None:
            core.key_accepted(account_id)


def _held(sight: Sight | None) -> list[InstrumentId]:
    rows = {} if sight is None else sight.positions
    return [key[0] for key, held in rows.items() if not held.size.is_zero()]
