"""What each topic says, in the shapes of docs/api.md. Called by the hub's thread."""

from __future__ import annotations

from collections.abc import Iterator

from mtrade.domain import numbers
from mtrade.domain.accounts import Account, Network
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Candle
from mtrade.domain.orders import Intent, VenueOrder
from mtrade.trading.live.board import public_stream
from mtrade.trading.live.looks import AccountLook, account_look, market_look
from mtrade.trading.live.markets import BOOK, PRINTS
from mtrade.trading.live.topics import (
    AccountTopic,
    CandleTopic,
    CopyTopic,
    MarketTopic,
    Topic,
)
from mtrade.web import codec, codec_market
from mtrade.web.api import copy
from mtrade.web.api.server import order_sockets_json, problems_json, streams_json
from mtrade.web.codec import Json
from mtrade.web.context import WebContext
from mtrade.web.copy_words import Words
from mtrade.web.errors import desk_language
from mtrade.web.i18n import DEFAULT_LANGUAGE

LEVELS = 50
ROWS = 50
REMEMBERED = 5_000

_UNKNOWN: Json = dict.fromkeys(
    ("orders", "triggers", "positions", "position_mode", "balance", "fills")
)


class EventData:
    """The newest state of a topic as JSON texts. Raises MTradeError when it cannot be told."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._desk = context.desk
        self._board = context.desk.hub.board
        self._sources: dict[tuple[str, str], Intent | None] = {}

    def __call__(self, topic: Topic) -> Iterator[str]:
        """One text per message."""
        for body in self._bodies(topic):
            yield numbers.dumps({"topic": str(topic), **body})

    def _bodies(self, topic: Topic) -> Iterator[Json]:
        match topic:
            case MarketTopic():
                yield self._market(topic.network, topic.instrument)
            case CandleTopic():
                yield from self._candles(topic)
            case AccountTopic():
                yield self._account(self._desk.accounts.get(topic.account_id))
            case CopyTopic():
                yield self._copy(topic)
            case _:
                yield self._server()

    def _market(self, network: Network, instrument: InstrumentId) -> Json:
        look = market_look(self._board, network, instrument)
        book = None
        if look.book is not None:
            stream = public_stream(network, instrument)
            age = self._board.age_ms(stream, look.view.heard_at, proven=BOOK in look.view.fresh)
            book = codec_market.book(look.book.cut(LEVELS), age or 0)
        return {
            "ticker": None if look.ticker is None else codec_market.ticker(look.ticker),
            "book": book,
            "trades": [codec_market.trade(row) for row in look.view.trades[:PRINTS]],
            "age_ms": look.age_ms,
        }

    def _candles(self, topic: CandleTopic) -> Iterator[Json]:
        view = self._board.candles.get((topic.network, topic.instrument, topic.interval))
        if view is not None and view.closed is not None:
            yield _candle(view.closed, closed=True)
        if view is not None and view.running is not None:
            yield _candle(view.running, closed=False)

    def _account(self, account: Account) -> Json:
        look = account_look(self._board, account)
        intents = self._desk.engine.intents(account.id, None, ROWS)
        return {
            "account": account.id,
            **(_UNKNOWN if look is None else self._known(account, look)),
            "intents": [codec.intent(row) for row in intents],
            "age_ms": None if look is None else look.age_ms,
        }

    def _known(self, account: Account, look: AccountLook) -> Json:
        own = self._own(account.id, look.orders)
        rules = self._board.rules
        return {
            "orders": [codec.order(row, own) for row in look.orders],
            "triggers": [codec.trigger(row) for row in look.triggers],
            "positions": [
                codec.position(row, account.id, rules.get((account.network, row.instrument)))
                for row in look.positions
            ],
            "position_mode": look.position_mode,
            "balance": None if look.balance is None else codec.balance(look.balance),
            "fills": [codec.fill(row) for row in look.fills[:ROWS]],
        }

    def _own(self, account_id: str, orders: tuple[VenueOrder, ...]) -> dict[str, Intent]:
        """The own intents among orders. Whose an order is never changes, so it is asked once."""
        texts = {order.text for order in orders if order.text}
        new = [text for text in texts if (account_id, text) not in self._sources]
        if new:
            if len(self._sources) > REMEMBERED:
                self._sources.clear()
                new = list(texts)
            found = self._desk.engine.source_of(account_id, new)
            self._sources.update({(account_id, text): found.get(text) for text in new})
        known = {text: self._sources[account_id, text] for text in texts}
        return {text: intent for text, intent in known.items() if intent is not None}

    def _copy(self, topic: CopyTopic) -> Json:
        language = topic.language or desk_language(self._context) or DEFAULT_LANGUAGE
        words = Words(self._context.catalogue, language)
        return copy.whole(self._desk.copying, words, self._desk.engine.mode())

    def _server(self) -> Json:
        desk, control = self._desk, self._context.control
        language = desk_language(self._context) or DEFAULT_LANGUAGE
        return {
            "now_ms": self._context.clock.now_ms(),
            "mode": desk.engine.mode(),
            "active_account": desk.accounts.active_id(),
            "streams": streams_json(self._board),
            "order_sockets": order_sockets_json(desk.accounts),
            "unfinished": desk.engine.unfinished(),
            "health": problems_json(self._context, language),
            "version": control.version,
            "instance": control.instance,
        }


def _candle(row: Candle, *, closed: bool) -> Json:
    return {"candle": codec_market.candle(row), "closed": closed}
