"""Query strings of reading calls (and of the DELETE calls that name their object there)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtrade.domain.accounts import Network
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.web.fields import AccountId, InstrumentName, Interval, Settle, Whole
from mtrade.web.forms import Form
from mtrade.web.order_forms import InstrumentForm, settle_of

Limit = Annotated[Whole, Field(ge=1, le=1000)]
Depth = Annotated[Whole, Field(ge=1, le=100)]
AccountOrAll = Annotated[
    str, Field(strict=True, pattern=r"^(all|[a-z]{1,16}:[A-Za-z0-9]{1,32})$", examples=["all"])
]
Topics = Annotated[str, Field(strict=True, max_length=4096, examples=["server"])]
IntentNumber = Annotated[Whole, Field(ge=1)]


class AccountQuery(Form):
    account: AccountId | None = None


class BalanceQuery(Form):
    """`all` asks for every account."""

    account: AccountOrAll | None = None


class SettleQuery(AccountQuery):
    settle: Settle = "usdt"


class IntentsQuery(AccountQuery):
    before: IntentNumber | None = None
    limit: Limit = 100


class OrdersQuery(AccountQuery):
    """History needs an instrument, because the exchange asks for one."""

    market: Market = Market.FUTURES
    settle: Settle = "usdt"
    instrument: InstrumentName | None = None
    status: Literal["open", "history"] = "open"
    limit: Limit = 100

    def settle_text(self) -> str:
        return settle_of(self.market, self.settle)

    def instrument_id(self) -> InstrumentId | None:
        if self.instrument is None:
            return None
        return InstrumentId(self.market, self.settle_text(), self.instrument)


class FillsQuery(AccountQuery):
    market: Market = Market.FUTURES
    settle: Settle = "usdt"
    instrument: InstrumentName | None = None
    limit: Limit = 100

    def settle_text(self) -> str:
        return settle_of(self.market, self.settle)

    def instrument_id(self) -> InstrumentId | None:
        if self.instrument is None:
            return None
        return InstrumentId(self.market, self.settle_text(), self.instrument)


class ObjectQuery(InstrumentForm):
    """Names the instrument and account an order or trigger belongs to."""


class MarketQuery(Form):
    """A market of a network; the network left out is that of the active account."""

    network: Network | None = None
    market: Market = Market.FUTURES
    settle: Settle = "usdt"

    def settle_text(self) -> str:
        return settle_of(self.market, self.settle)


class InstrumentQuery(MarketQuery):
    instrument: InstrumentName

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(self.market, self.settle_text(), self.instrument)


class BookQuery(InstrumentQuery):
    depth: Depth = 20


class TradesQuery(InstrumentQuery):
    limit: Limit = 50


class CandlesQuery(InstrumentQuery):
    interval: Interval = "1m"
    limit: Limit = 300


class FundingQuery(Form):
    network: Network | None = None
    settle: Settle = "usdt"
    instrument: InstrumentName

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(Market.FUTURES, self.settle, self.instrument)


class SnapshotQuery(InstrumentForm):
    depth: Depth = 20


class EventsQuery(Form):
    """A comma-separated list of topics."""

    topics: Topics
