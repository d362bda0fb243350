"""What copying knows of contracts: prices, rules, risk tiers. Prices are written by the thread of
the streams, the rest by the engine's; entries are frozen and replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.accounts import Network
from mtrade.domain.events import TickerChanged, TopChanged
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId
from mtrade.domain.market import RiskTier

Contract = tuple[Network, InstrumentId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Prices of a contract; `at_ms` is the exchange's time of the last of them."""

    mark: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume_24h: Decimal | None = None
    at_ms: int = 0


NO_QUOTE = Quote()


class Markets:
    """The newest of each contract."""

    def __init__(self) -> None:
        self.quotes: dict[Contract, Quote] = {}
        self.rules: dict[Contract, Instrument] = {}
        self.tiers: dict[Contract, tuple[RiskTier, ...]] = {}
        self._doubts: dict[Contract, str] = {}

    def listed(self, network: Network, settle: str, rows: Iterable[Instrument]) -> None:
        """The rules of all contracts of a settle currency; what is not among them is gone."""
        fresh = {(network, row.id): row for row in rows}
        if not fresh:
            return
        for key in [key for key in self.rules if key[0] is network and key[1].settle == settle]:
            if key not in fresh:
                self.rules[key] = replace(self.rules[key], tradable=False)
        self.rules.update(fresh)
        doubts = self._doubts.items()
        self._doubts = {k: v for k, v in doubts if k[0] is not network or k[1].settle != settle}

    def doubt(self, network: Network, instrument: InstrumentId, label: str) -> None:
        """The exchange refused an order by a rule that was thought to be kept."""
        self._doubts = {**self._doubts, (network, instrument): label}

    def doubted(self, network: Network, instrument: InstrumentId) -> str:
        """The label of such a refusal, until the rules have been read again; else empty."""
        return self._doubts.get((network, instrument), "")

    def doubts(self, network: Network, settle: str) -> bool:
        """Whether the rules of a settle currency have to be read again."""
        return any(key[0] is network and key[1].settle == settle for key in self._doubts)

    def quote(self, network: Network, instrument: InstrumentId) -> Quote:
        """The newest prices."""
        return self.quotes.get((network, instrument), NO_QUOTE)

    def price(self, event: TickerChanged | TopChanged) -> None:
        """Prices, from the thread of the streams."""
        if isinstance(event, TopChanged):
            key = (event.network, event.instrument)
            known = self.quotes.get(key, NO_QUOTE)
            self.quotes[key] = Quote(
                mark=known.mark,
                bid=event.bid.price if event.bid else None,
                ask=event.ask.price if event.ask else None,
                volume_24h=known.volume_24h,
                at_ms=event.time_ms,
            )
            return
        ticker, key = event.ticker, (event.network, event.ticker.instrument)
        known = self.quotes.get(key, NO_QUOTE)
        self.quotes[key] = Quote(
            mark=known.mark if ticker.mark is None else ticker.mark,
            bid=known.bid if ticker.bid is None else ticker.bid,
            ask=known.ask if ticker.ask is None else ticker.ask,
            volume_24h=known.volume_24h if ticker.volume_quote is None else ticker.volume_quote,
            at_ms=event.time_ms,
        )

    def tier_value(
        self, network: Network, instrument: InstrumentId, leverage: Decimal | None
    ) -> Decimal | None:
        """The largest position value at a leverage; None when that is not known."""
        tiers = self.tiers.get((network, instrument))
        if not tiers or leverage is None:
            return None
        return max((t.limit for t in tiers if t.leverage_max >= leverage), default=None)
