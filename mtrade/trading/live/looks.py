"""The board as a screen wants it: values at mark, money summed up, each part with its age."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.accounts import Account, FuturesAccount, Network, PositionMode
from mtrade.domain.events import StreamId
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, spot
from mtrade.domain.market import Book, Ticker
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill, VenueOrder, VenueTrigger
from mtrade.domain.positions import Position
from mtrade.trading.live.board import Board, private_stream, public_stream
from mtrade.trading.live.markets import mark_of, quoted
from mtrade.trading.live.values import revalued
from mtrade.trading.live.views import MarketView, Section
from mtrade.trading.valuing import STABLE, PriceOf, total_worth, valued
from mtrade.trading.views import BalanceView, FuturesBalance

MAIN_SETTLE = "usdt"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketLook:
    """One instrument; a part that was never heard is None. Trades are newest first."""

    ticker: Ticker | None
    book: Book | None
    view: MarketView
    age_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLook:
    """One account over all its streams."""

    orders: tuple[VenueOrder, ...]
    triggers: tuple[VenueTrigger, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...]
    position_mode: PositionMode | None
    balance: BalanceView | None
    age_ms: int


def market_look(board: Board, network: Network, instrument: InstrumentId) -> MarketLook:
    """What is known of an instrument."""
    view = board.markets.get((network, instrument)) or MarketView()
    stream = public_stream(network, instrument)
    age = board.age_ms(stream, view.heard_at, proven=bool(view.fresh))
    return MarketLook(ticker=quoted(view), book=view.book, view=view, age_ms=age)


def account_look(board: Board, account: Account) -> AccountLook | None:
    """What is known of an account; None until every stream of it has given its first whole state,
    because half of the orders would look like all of them."""
    streams = board.account_streams(account.id)
    sections = [board.section(stream) for stream in streams]
    if not sections or any(section.read_ms == 0 for section in sections):
        return None
    ages = [section_age(board, stream) or 0 for stream in streams]
    main = board.section(private_stream(account.id, Market.FUTURES, MAIN_SETTLE)).futures
    return AccountLook(
        orders=_newest_orders(sections),
        triggers=_newest_triggers(sections),
        fills=_newest_fills(sections),
        positions=tuple(p for s in streams for p in positions(board, s)),
        position_mode=None if main is None else main.mode,
        balance=_balance(board, account, streams, max(ages)),
        age_ms=max(ages),
    )


def section_age(board: Board, stream: StreamId) -> int | None:
    """How old what a private stream told is."""
    section = board.section(stream)
    return board.age_ms(stream, section.heard_at, proven=section.complete)


def positions(board: Board, stream: StreamId) -> tuple[Position, ...]:
    """The open positions of a section, at the newest mark price that was heard."""
    return tuple(_at_mark(board, stream.network, row) for row in board.section(stream).positions)


def wallet(board: Board, stream: StreamId) -> FuturesAccount | None:
    """The futures wallet of a section with its newest total and unrealised profit."""
    section = board.section(stream)
    if section.futures is None:
        return None
    total = section.futures.total if section.wallet_total is None else section.wallet_total
    open_profit = sum((row.unrealised_pnl for row in positions(board, stream)), ZERO)
    return replace(section.futures, total=total, unrealised_pnl=open_profit)


def _at_mark(board: Board, network: Network, row: Position) -> Position:
    key = (network, row.instrument)
    return revalued(row, board.rules.get(key), mark_of(board.markets.get(key)))


def _balance(
    board: Board, account: Account, streams: tuple[StreamId, ...], age_ms: int
) -> BalanceView:
    price_of = prices(board, account.network)
    coins = valued(
        [b for s in streams if s.market is Market.SPOT for b in board.section(s).balances],
        price_of,
    )
    found = [(stream.settle, wallet(board, stream)) for stream in streams]
    wallets = tuple(FuturesBalance(settle, w) for settle, w in found if w is not None)
    return BalanceView(
        account=account,
        age_ms=age_ms,
        total_usdt=total_worth(coins, wallets, price_of),
        spot=coins,
        futures=wallets,
    )


def prices(board: Board, network: Network) -> PriceOf:
    """Prices of currencies: from a live ticker, else from the last list that was read."""

    def price_of(currency: str) -> Decimal | None:
        view = board.markets.get((network, spot(f"{currency}_{STABLE}")))
        if view is not None and view.ticker is not None and view.ticker.last is not None:
            return view.ticker.last
        return board.prices.get(network, {}).get(currency)

    return price_of


def _newest_orders(sections: list[Section]) -> tuple[VenueOrder, ...]:
    rows = [row for section in sections for row in section.open_orders]
    return tuple(sorted(rows, key=lambda o: o.created_ms, reverse=True))


def _newest_triggers(sections: list[Section]) -> tuple[VenueTrigger, ...]:
    rows = [row for section in sections for row in section.open_triggers]
    return tuple(sorted(rows, key=lambda t: t.created_ms, reverse=True))


def _newest_fills(sections: list[Section]) -> tuple[Fill, ...]:
    rows = [row for section in sections for row in section.newest_fills]
    return tuple(sorted(rows, key=lambda f: f.time_ms, reverse=True))
