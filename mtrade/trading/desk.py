"""The trading layer in one handful, for whoever shows it to people."""

from __future__ import annotations

from dataclasses import dataclass

from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.views import CopyDesk
from mtrade.trading.engine import TradingEngine
from mtrade.trading.live.hub import Hub
from mtrade.trading.state import LiveState


@dataclass(frozen=True, slots=True)
class Desk:
    """Accounts, what the exchange shows of them, what can be done, who tells the news, and who
    copies (None where nothing can be copied)."""

    accounts: AccountManager
    state: LiveState
    engine: TradingEngine
    hub: Hub
    copying: CopyDesk | None = None
