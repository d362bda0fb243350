"""What stops a leg from outside: brakes stop everything, gates increases. Engine thread only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from mtrade.domain.accounts import Network
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import Link, LinkState
from mtrade.domain.errors import StoreError
from mtrade.domain.orders import Intent, IntentState
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.brakes import Brakes
from mtrade.trading.copying.world import network_of
from mtrade.trading.ports import NetworkClock
from mtrade.trading.times import TOO_OLD_MS, TOO_VAGUE_MS

COPY_MODE = "copy"


class Gates:
    """`mode` and `clock_of` are asked each time.

    `blind` accounts may have orders that the journal lost: nothing at all moves there. `unproven`
    ones are not compared with the exchange yet, on `second` ones another mTrade trades. `keys` are
    the labels of refused keys. `unknown` accounts had too many unknown outcomes; of `broken`
    ones the monitor found what must not be.
    """

    def __init__(
        self,
        brakes: Brakes,
        book: Book,
        mode: Callable[[], str],
        clock_of: Callable[[Network], NetworkClock],
        live: Callable[[], Mapping[int, Intent]],
    ) -> None:
        self._brakes = brakes
        self._book = book
        self._mode = mode
        self._clock_of = clock_of
        self._live = live
        self.copying = False
        self.disk = False
        self.blind: set[str] = set()
        self.unproven: set[str] = set()
        self._met: set[str] = set()
        self.second: set[str] = set()
        self.alone_ms: dict[str, int] = {}  # when a person said that the other mTrade is gone
        self.keys: dict[str, str] = {}
        self.unknown: dict[str, Reason] = {}
        self.broken: dict[str, Reason] = {}
        self._held: dict[str, int] = {}
        self._clocks: dict[Network, Reason | None] = {}

    def meet(self, links: Iterable[Link]) -> None:
        """Links as they are now: a follower who is new is compared with the exchange first."""
        active = {link.follower_id for link in links if link.state is not LinkState.OFF}
        self.unproven |= active - self._met
        self._met |= active

    def refresh(self) -> None:
        """Look at what is the same for a whole pass."""
        self._clocks.clear()
        held = [i for i in self._live().values() if i.state is IntentState.HOLD]
        self._held = {intent.account_id: intent.planned_ms for intent in held}

    def look_at_mode(self) -> None:
        """The desk's mode, which is kept in a file; one that cannot be read is as it was."""
        with suppress(StoreError):
            self.copying = self._mode() == COPY_MODE

    def brake(self, link: Link) -> Reason | None:
        """Why not even an exit may be sent."""
        account_id = link.follower_id
        scope = self._brakes.scope_of(account_id)
        if scope is not None:
            control = self._book.controls.get(scope)
            return Reason(Code.HALTED, {"since": str(control.since_ms)} if control else {})
        if account_id in self.blind:
            return Reason(Code.NOT_RECONCILED)
        if account_id in self.keys:
            return Reason(Code.KEY, {"label": self.keys[account_id]})
        return None

    def gate(self, link: Link) -> Reason | None:
        """Why no increase may be sent."""
        if not self.copying:
            return Reason(Code.NORMAL_MODE)
        if self.disk:
            return Reason(Code.DISK)
        return self._account(link.follower_id) or self._clock(network_of(link.follower_id))

    def clock_fault(self, network: Network) -> Reason | None:
        """Why the exchange's time is not known well enough now to add risk."""
        return _clock_fault(self._clock_of(network))

    def _account(self, account_id: str) -> Reason | None:
        if account_id in self.unproven:
            return Reason(Code.NOT_RECONCILED)
        if account_id in self.second:
            return Reason(Code.SECOND_INSTANCE, human=True)
        if account_id in self._held:
            return Reason(Code.HOLD, {"since": str(self._held[account_id])}, human=True)
        return self.broken.get(account_id) or self.unknown.get(account_id)

    def _clock(self, network: Network) -> Reason | None:
        if network not in self._clocks:
            self._clocks[network] = self.clock_fault(network)
        return self._clocks[network]


def _clock_fault(clock: NetworkClock) -> Reason | None:
    age, trip = clock.age_ms, clock.round_trip_ms or 0
    if age is None or age > TOO_OLD_MS:
        return Reason(Code.CLOCK)
    if trip > TOO_VAGUE_MS:
        return Reason(Code.CLOCK, {"ms": str(trip // 2), "limit": str(TOO_VAGUE_MS // 2)})
    return None
