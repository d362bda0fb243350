"""What the scout brings back. `read_ms` is the exchange's time when the read began, so whatever is
reported is at least that new; `error` says why there is no data."""

from __future__ import annotations

from msgspec import Struct

from mtrade.domain.accounts import FuturesAccount, Network
from mtrade.domain.copying.facts import Setting
from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import Instrument, InstrumentId
from mtrade.domain.market import RiskTier
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Position


class Sighting(Struct, frozen=True, kw_only=True):
    """One read that ended."""

    read_ms: int = 0
    error: MTradeError | None = None


class PositionsSeen(Sighting, frozen=True, kw_only=True):
    """All positions of an account that are not flat; what is missing was flat, if this read is
    right (a single one is no proof of that)."""

    account_id: str
    settle: str
    positions: tuple[Position, ...] = ()


class WalletSeen(Sighting, frozen=True, kw_only=True):
    """A futures wallet."""

    account_id: str
    settle: str
    account: FuturesAccount | None = None


class ContractSeen(Sighting, frozen=True, kw_only=True):
    """The rows of one contract, flat ones too: leverage and margin mode."""

    account_id: str
    instrument: InstrumentId
    rows: tuple[Position, ...] = ()


class TradesSeen(Sighting, frozen=True, kw_only=True):
    """Executions of an account since `since_ms`."""

    account_id: str
    settle: str
    since_ms: int
    trades: tuple[Fill, ...] = ()


class SettingSeen(Sighting, frozen=True, kw_only=True):
    """Leverage and margin mode were to be set: `rows` are what was read after that. They are there
    also when the answer to the change was lost, so they, not the answer, tell whether it worked."""

    account_id: str
    instrument: InstrumentId
    setting: Setting
    rows: tuple[Position, ...] = ()


class RulesSeen(Sighting, frozen=True, kw_only=True):
    """The rules of all contracts of a settle currency."""

    network: Network
    settle: str
    rules: tuple[Instrument, ...] = ()


class TiersSeen(Sighting, frozen=True, kw_only=True):
    """The risk limit tiers of a contract."""

    network: Network
    instrument: InstrumentId
    tiers: tuple[RiskTier, ...] = ()
