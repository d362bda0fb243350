"""The board for whoever would otherwise ask the exchange: a value if it is certain, else None.

Certain means: the stream is live and young, the part was read or pushed since it came back, and we
did not change the account ourselves a moment ago, when our own answer may be ahead of the push.
Thread-safe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mtrade.domain.accounts import Network, SpotBalance
from mtrade.domain.events import StreamId
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.market import Book, PublicTrade, Ticker
from mtrade.domain.orders import VenueOrder, VenueTrigger
from mtrade.domain.positions import Position
from mtrade.trading.live import looks
from mtrade.trading.live.board import Board, private_stream, public_stream
from mtrade.trading.live.markets import BOOK, TAPE, TICKER, quoted
from mtrade.trading.live.views import MarketView, Section
from mtrade.trading.views import Aged, FuturesBalance

YOUNG_MS = 12_000  # two missed pings: the stream will not call itself live for long
OWN_CHANGE_S = 0.5

T = TypeVar("T")


class LiveReads:
    """What needs no request."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._changed_at: dict[str, float] = {}

    def changed(self, account_id: str) -> None:
        """We changed something of this account ourselves."""
        self._changed_at[account_id] = self._board.clock.monotonic()

    def ticker(self, network: Network, wanted: InstrumentId) -> Aged[Ticker] | None:
        """One instrument's ticker."""
        return self._market(network, wanted, TICKER, quoted)

    def book(self, network: Network, wanted: InstrumentId, depth: int) -> Aged[Book] | None:
        """The local book, if it is at least `depth` levels deep."""

        def cut(view: MarketView) -> Book | None:
            book = view.book
            if book is None or min(len(book.bids), len(book.asks)) < depth:
                return None
            return book.cut(depth)

        return self._market(network, wanted, BOOK, cut)

    def trades(
        self, network: Network, wanted: InstrumentId, limit: int
    ) -> Aged[tuple[PublicTrade, ...]] | None:
        """The latest prints, newest first, if as many are known."""

        def newest(view: MarketView) -> tuple[PublicTrade, ...] | None:
            return view.trades[:limit] if len(view.trades) >= limit else None

        return self._market(network, wanted, TAPE, newest)

    def positions(self, account_id: str, settle: str) -> Aged[tuple[Position, ...]] | None:
        """Open positions at their mark price, if what pushes leave out was read since they moved
        and each mark price is live."""
        stream = private_stream(account_id, Market.FUTURES, settle)

        def valued(section: Section) -> tuple[Position, ...] | None:
            sure = self._is_valued(stream.network, section)
            return looks.positions(self._board, stream) if sure else None

        return self._section(stream, valued)

    def open_orders(
        self, account_id: str, market: Market, settle: str
    ) -> Aged[tuple[VenueOrder, ...]] | None:
        """Resting orders, newest first."""
        stream = private_stream(account_id, market, settle)
        return self._section(stream, lambda s: s.open_orders)

    def triggers(
        self, account_id: str, market: Market, settle: str
    ) -> Aged[tuple[VenueTrigger, ...]] | None:
        """Waiting conditional orders, newest first."""
        stream = private_stream(account_id, market, settle)
        return self._section(stream, lambda s: s.open_triggers)

    def spot(self, account_id: str) -> Aged[tuple[SpotBalance, ...]] | None:
        """Coins."""
        return self._section(private_stream(account_id, Market.SPOT, ""), lambda s: s.balances)

    def futures(self, account_id: str, settle: str) -> Aged[FuturesBalance] | None:
        """A futures wallet, under the same condition as its positions."""
        stream = private_stream(account_id, Market.FUTURES, settle)

        def wallet(section: Section) -> FuturesBalance | None:
            sure = self._is_valued(stream.network, section)
            found = looks.wallet(self._board, stream) if sure else None
            return None if found is None else FuturesBalance(settle, found)

        return self._section(stream, wallet)

    def _is_valued(self, network: Network, section: Section) -> bool:
        """Whether margins are those of the present positions and mark prices flow for them all."""
        if section.wallet_moved:
            return False
        rules = self._board.rules
        return all(
            (network, row.instrument) in rules and self.ticker(network, row.instrument)
            for row in section.positions
        )

    def _market(
        self,
        network: Network,
        wanted: InstrumentId,
        part: str,
        take: Callable[[MarketView], T | None],
    ) -> Aged[T] | None:
        view = self._board.markets.get((network, wanted))
        stream = public_stream(network, wanted)
        if view is None or part not in view.fresh or not self._board.is_live(stream):
            return None
        return _aged(take(view), self._board.age_ms(stream, view.heard_at, proven=True))

    def _section(self, stream: StreamId, take: Callable[[Section], T | None]) -> Aged[T] | None:
        changed_at = self._changed_at.get(stream.account_id, float("-inf"))
        if self._board.clock.monotonic() - changed_at < OWN_CHANGE_S:
            return None
        if not self._board.is_proven(stream):
            return None
        age = looks.section_age(self._board, stream)
        return _aged(take(self._board.section(stream)), age)


def _aged(value: T | None, age_ms: int | None) -> Aged[T] | None:
    if value is None or age_ms is None or age_ms > YOUNG_MS:
        return None
    return Aged(value, age_ms)
