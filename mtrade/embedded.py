"""The paper exchange inside the server: opened with its storage, its clock and its prices."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from mtrade.config import Settings
from mtrade.domain.accounts import Credentials, Secret
from mtrade.domain.ports import Clock
from mtrade.gate.client import GateClient
from mtrade.gate.market_data import GateMarketData
from mtrade.gate.networks import LIVE
from mtrade.loop import LoopThread
from mtrade.paper.catalogue import COINS
from mtrade.paper.exchange import PaperExchange
from mtrade.paper.following import Prices
from mtrade.price_watch import PriceWatch
from mtrade.store.paper import SqlitePaperStorage
from mtrade.store.settings import SettingStore

PAPER_SEED = "paper_seed"
START_S = 30.0


class EmbeddedPaper:
    """The in-process paper exchange; implements the trading layer's PaperDesk."""

    def __init__(self, streams: LoopThread, exchange: PaperExchange, settings: Settings) -> None:
        self._streams = streams
        self._exchange = exchange
        self._money = settings.config.paper.start_balance
        self.url = streams.call(exchange.start(), START_S).rest

    def open_account(self, name: str) -> Credentials:
        """A new exchange account with play money on spot and futures."""
        opening = self._exchange.create_account(name, {"USDT": self._money})
        _, key, secret = self._streams.call(opening, START_S)
        return Credentials(key, Secret(secret))


def open_paper(
    stack: ExitStack,
    streams: LoopThread,
    settings: Settings,
    data: Path,
    choices: SettingStore,
    clock: Clock,
) -> EmbeddedPaper:
    """Start it on the loop; `stack` closes it, after whoever watches prices for it."""
    seed = choices.get(PAPER_SEED)
    if not isinstance(seed, int):
        seed = secrets.randbelow(2**31)
        choices.set(PAPER_SEED, seed)
    exchange = PaperExchange(
        seed=seed,
        clock=clock,
        storage=SqlitePaperStorage(data / "paper.db"),
        prices=Prices(settings.paper_prices),
    )
    stack.callback(lambda: streams.call(exchange.close(), START_S))
    embedded = EmbeddedPaper(streams, exchange, settings)
    # Who has switched real money off on this machine has nothing to say to the real exchange.
    if settings.live and settings.paper_prices != Prices.SYNTHETIC:
        market = GateMarketData(GateClient(LIVE, clock))
        stack.callback(market.close)
        coins = [coin.symbol for coin in COINS]
        watch = PriceWatch(market, coins, partial(streams.post, exchange.follow), clock)
        stack.callback(watch.close)
        watch.start()
    return embedded
