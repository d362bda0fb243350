"""The futures wallets: every change is a flow with a ledger row, and nothing is lost between users.

The house (uid 0) is the counterpart of fees and of losses a margin no longer covers: it is market
maker and insurance fund in one, so its total may be negative and it keeps no rows.
"""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.numbers import text
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.entities import Account
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.history import Flow, LedgerRow
from mtrade.paper.futures.pushes import Pushes
from mtrade.paper.futures.state import State
from mtrade.paper.world import HOUSE


class Wallets:
    """Changes totals; nobody else does."""

    def __init__(self, state: State, exposure: Exposure, pushes: Pushes) -> None:
        self._state = state
        self._exposure = exposure
        self._pushes = pushes

    def deposit(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        """Money arrives from the spot wallet."""
        row = self.flow(self._state.account(uid, settle), Flow.DEPOSIT, amount, now_ms)
        self._pushes.balance(row)

    def withdraw(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        """Money leaves for the spot wallet; GateFault when that much is not free."""
        account = self._state.account(uid, settle)
        free = self._exposure.available(account)
        if uid != HOUSE and amount > free:
            message = f"only {text(max(free, free * 0))} {settle} is free to transfer"
            raise GateFault("FUTURES_BALANCE_NOT_ENOUGH", message)
        self._pushes.balance(self.flow(account, Flow.DEPOSIT, -amount, now_ms))

    def flow(
        self,
        account: Account,
        kind: Flow,
        change: Decimal,
        now_ms: int,
        *,
        note: str = "",
        contract: str = "",
        trade_id: int = 0,
    ) -> LedgerRow | None:
        """Add `change` to a wallet. Returns the ledger row, which the house does not get."""
        if change.is_zero():
            return None
        account.total += change
        setattr(account, kind, getattr(account, kind) + change)
        account.update_id += 1
        account.update_ms = now_ms
        self._state.accounts.put(account)
        if account.uid == HOUSE:
            return None
        row = LedgerRow(
            id=self._state.world.next_id(),
            uid=account.uid,
            settle=account.settle,
            time_ms=now_ms,
            change=change,
            balance=account.total,
            flow=kind,
            text=note,
            contract=contract,
            trade_id=trade_id,
        )
        self._state.ledger.add(row)
        return row

    def house(self, settle: str, kind: Flow, change: Decimal, now_ms: int) -> None:
        """The other end of a flow that is not between two traders."""
        self.flow(self._state.account(HOUSE, settle), kind, change, now_ms)
