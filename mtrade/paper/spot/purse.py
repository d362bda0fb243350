"""Spot balances and their ledger. Every coin has an owner: fees go to the house, so the sum over
all users of a currency only changes by deposits and by transfers to and from the futures wallet.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import ZERO, text
from mtrade.paper.faults import GateFault
from mtrade.paper.spot.model import Balance, LedgerLine
from mtrade.paper.world import HOUSE, Event, World

LEDGER_KEPT = 10_000


class Purse:
    """Balances of all users. Refuses to go below zero, except for the house."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.balances: dict[tuple[int, str], Balance] = {}
        self.ledger: dict[int, dict[int, LedgerLine]] = {}

    def balance(self, uid: int, currency: str) -> Balance:
        """The balance, created empty on first sight."""
        return self.balances.setdefault((uid, currency), Balance())

    def of(self, uid: int) -> Iterator[tuple[str, Balance]]:
        """A user's balances that were ever touched."""
        return ((cur, held) for (owner, cur), held in self.balances.items() if owner == uid)

    def require(self, uid: int, currency: str, amount: Decimal) -> None:
        """Refuse when less than `amount` is available. The house has unlimited credit."""
        if uid != HOUSE and self.balance(uid, currency).available < amount:
            message = f"Not enough balance: {text(amount)} {currency} needed"
            raise GateFault("BALANCE_NOT_ENOUGH", message)

    def lock(self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str) -> None:
        """Block `amount` for an order."""
        if uid == HOUSE or amount.is_zero():
            return
        self.require(uid, currency, amount)
        self._move(uid, currency, -amount, amount, now_ms, kind)

    def unlock(self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str) -> None:
        """Give back what an order blocked."""
        if uid == HOUSE or amount.is_zero():
            return
        self._move(uid, currency, amount, -amount, now_ms, kind)

    def credit(
        self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str, note: str = ""
    ) -> None:
        """Add to what is available."""
        self._move(uid, currency, amount, ZERO, now_ms, kind)
        self._book(uid, currency, amount, now_ms, kind, note)

    def debit(
        self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str, note: str = ""
    ) -> None:
        """Take from what is available."""
        self.require(uid, currency, amount)
        self._move(uid, currency, -amount, ZERO, now_ms, kind)
        self._book(uid, currency, -amount, now_ms, kind, note)

    def spend_locked(
        self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str, note: str
    ) -> None:
        """Take from what an order blocked; the house pays from its credit."""
        if uid == HOUSE:
            self._move(uid, currency, -amount, ZERO, now_ms, kind)
            return
        self._move(uid, currency, ZERO, -amount, now_ms, kind)
        self._book(uid, currency, -amount, now_ms, kind, note)

    def _move(
        self, uid: int, currency: str, available: Decimal, locked: Decimal, now_ms: int, kind: str
    ) -> None:
        held = self.balance(uid, currency)
        held.available += available
        held.locked += locked
        held.update_id += 1
        if held.locked < 0 or (uid != HOUSE and held.available < 0):
            raise RuntimeError(f"balance of {uid} in {currency} went below zero")
        self._world.dirty("spot_balance", f"{uid}:{currency}")
        if uid != HOUSE:
            self._announce(uid, currency, held, available + locked, locked, now_ms, kind)

    def _announce(
        self,
        uid: int,
        currency: str,
        held: Balance,
        change: Decimal,
        freeze_change: Decimal,
        now_ms: int,
        kind: str,
    ) -> None:
        body = {
            "timestamp": str(now_ms // 1000),
            "timestamp_ms": str(now_ms),
            "user": str(uid),
            "currency": currency,
            "change": text(change),
            "total": text(held.available + held.locked),
            "available": text(held.available),
            "freeze": text(held.locked),
            "freeze_change": text(freeze_change),
            "change_type": kind,
        }
        self._world.emit(
            Event(
                market=Market.SPOT,
                settle="",
                channel="balances",
                uid=uid,
                instrument="",
                body=body,
            )
        )

    def _book(
        self, uid: int, currency: str, change: Decimal, now_ms: int, kind: str, note: str
    ) -> None:
        """Write a ledger line; the house keeps none."""
        if uid == HOUSE or change.is_zero():
            return
        held = self.balance(uid, currency)
        line = LedgerLine(
            id=self._world.next_id(),
            uid=uid,
            time_ms=now_ms,
            currency=currency,
            change=change,
            balance=held.available + held.locked,
            kind=kind,
            text=note,
        )
        lines = self.ledger.setdefault(uid, {})
        lines[line.id] = line
        self._world.dirty("spot_ledger", f"{line.id}:{uid}")
        if len(lines) > LEDGER_KEPT:
            oldest = next(iter(lines))
            del lines[oldest]
            self._world.dirty("spot_ledger", f"{oldest}:{uid}")
