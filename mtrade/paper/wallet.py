"""Transfers between the wallets of one user, and their record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mtrade.paper.faults import GateFault
from mtrade.paper.rows import pack, unpack
from mtrade.paper.world import World

KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A finished transfer between `spot` and `futures` (of one settle currency)."""

    id: int
    uid: int
    currency: str
    amount: Decimal
    source: str
    target: str
    settle: str
    time_ms: int


class Wallet:
    """Moves coins between a user's wallets; both ends change, or none."""

    kinds = ("transfer",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._transfers: dict[int, Transfer] = {}

    def transfer(
        self, uid: int, currency: str, amount: Decimal, source: str, settle: str, now_ms: int
    ) -> Transfer:
        """From `source` (`spot` or `futures`) to the other; the venue that pays may refuse."""
        spot, futures = self._world.spot, self._world.futures
        if source == "spot":
            spot.withdraw(uid, currency, amount, now_ms, "future-transfer")
            futures.deposit(uid, settle, amount, now_ms)
        else:
            futures.withdraw(uid, settle, amount, now_ms)
            spot.deposit(uid, currency, amount, now_ms, "future-transfer")
        done = Transfer(
            id=self._world.next_id(),
            uid=uid,
            currency=currency,
            amount=amount,
            source=source,
            target="futures" if source == "spot" else "spot",
            settle=settle,
            time_ms=now_ms,
        )
        self._keep(done)
        return done

    def find(self, uid: int, reference: str) -> Transfer:
        """A user's transfer by its id."""
        digits = reference.isascii() and reference.isdigit() and len(reference) <= 19
        found = self._transfers.get(int(reference)) if digits else None
        if found is None or found.uid != uid:
            raise GateFault("INVALID_PARAM_VALUE", "no such transfer")
        return found

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed entity; None when it no longer exists."""
        found = self._transfers.get(int(key))
        return None if found is None else pack(found)

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved entity back."""
        found = unpack(Transfer, data)
        self._transfers[found.id] = found

    def _keep(self, done: Transfer) -> None:
        self._transfers[done.id] = done
        self._world.dirty("transfer", str(done.id))
        if len(self._transfers) > KEPT:
            oldest = next(iter(self._transfers))
            del self._transfers[oldest]
            self._world.dirty("transfer", str(oldest))
