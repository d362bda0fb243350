"""What somebody has to fetch because somebody looks: feeds for what is shown, and the few reads
that no push replaces. Owned by the hub's thread.
"""

from __future__ import annotations

from collections.abc import Iterator

from mtrade.domain.accounts import Network
from mtrade.domain.events import StreamId, TickerChanged
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.trading.live.board import Board, MarketKey
from mtrade.trading.live.listeners import Listeners
from mtrade.trading.live.messages import PricesRead, RulesRead, TickersRead, WalletRead
from mtrade.trading.live.reader import Reader
from mtrade.trading.live.topics import AccountTopic, CandleTopic, MarketTopic
from mtrade.trading.live.watching import Key, Watching
from mtrade.trading.valuing import STABLE


class Errands:
    """Nobody listening: nothing is fetched."""

    def __init__(
        self, board: Board, listeners: Listeners, watching: Watching, reader: Reader
    ) -> None:
        self._board = board
        self._listeners = listeners
        self._watching = watching
        self._reader = reader
        self._held: dict[MarketKey, set[AccountTopic]] = {}

    def wanted(self) -> None:
        """Listeners or positions changed: watch exactly what is shown or valued."""
        self._held = self._find_held()
        self._watching.want([*self._shown(), *self._held])

    def heard(self, event: object) -> None:
        """An event was taken in: a new mark price moves the positions of who holds them."""
        if isinstance(event, TickerChanged):
            for topic in self._held.get((event.network, event.ticker.instrument), ()):
                self._listeners.mark(topic)

    def run(self) -> None:
        """Now and then: follow positions that came or went, ask for what is missing."""
        for topic in self._listeners.topics:
            if isinstance(topic, MarketTopic):
                self._reader.ask_tickers(topic.network, topic.instrument)
        if self._find_held() != self._held:
            self.wanted()
        for network, instrument in self._held:
            self._ask_rules(network, instrument)
        for stream in self._streams():
            self._ask_money(stream)

    def done(self, answer: RulesRead | TickersRead | PricesRead | WalletRead) -> None:
        """An answer came back."""
        match answer:
            case RulesRead():
                known = {(answer.network, row.id): row for row in answer.rows}
                self._board.rules.update(known)
            case TickersRead():
                self._board.read_tickers(answer)
            case PricesRead():
                self._board.prices[answer.network] = answer.prices
            case WalletRead():
                self._board.read(answer)
                self._listeners.mark(AccountTopic(answer.account_id))

    def _shown(self) -> Iterator[Key]:
        for topic in self._listeners.topics:
            match topic:
                case MarketTopic():
                    yield topic.network, topic.instrument
                case CandleTopic():
                    yield topic.network, topic.instrument, topic.interval

    def _find_held(self) -> dict[MarketKey, set[AccountTopic]]:
        """The instruments of open positions that somebody looks at."""
        found: dict[MarketKey, set[AccountTopic]] = {}
        for stream in self._streams():
            topic = AccountTopic(stream.account_id)
            for row in self._board.section(stream).positions:
                found.setdefault((stream.network, row.instrument), set()).add(topic)
        return found

    def _streams(self) -> list[StreamId]:
        """The private streams of accounts that somebody looks at."""
        shown = {t.account_id for t in self._listeners.topics if isinstance(t, AccountTopic)}
        return [
            stream for account_id in shown for stream in self._board.account_streams(account_id)
        ]

    def _ask_rules(self, network: Network, instrument: InstrumentId) -> None:
        if (network, instrument) not in self._board.rules:
            self._reader.ask_rules(network, instrument)

    def _ask_money(self, stream: StreamId) -> None:
        section = self._board.section(stream)
        if stream.market is Market.SPOT:
            if any(coins.currency != STABLE for coins in section.balances):
                self._reader.ask_prices(stream.network)
        elif section.futures is not None and section.wallet_moved and self._board.is_live(stream):
            self._reader.ask_wallet(stream.account_id, stream.settle)
